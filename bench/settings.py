# publik_socialmedia - private messages of social networks as w.c.s. demands
# Copyright (C) 2026  publik_socialmedia contributors
#
# This program is free software: you can redistribute it and/or modify it
# under the terms of the GNU Affero General Public License as published
# by the Free Software Foundation, either version 3 of the License, or
# (at your option) any later version.
#
# This program is distributed in the hope that it will be useful,
# but WITHOUT ANY WARRANTY; without even the implied warranty of
# MERCHANTABILITY or FITNESS FOR A PARTICULAR PURPOSE.  See the
# GNU Affero General Public License for more details.
#
# You should have received a copy of the GNU Affero General Public License
# along with this program.  If not, see <http://www.gnu.org/licenses/>.

"""A brick as in production for the measures: no debugging, connections kept, PostgreSQL, the plugin.

From the environment, set by ``python -m bench``: ``DATABASE_URL``, ``BENCH_FOLDER``, ``BENCH_CONN_MAX_AGE``
(seconds), ``BENCH_API_URLS``, ``WCS_URL``, ``WCS_ORIG``, ``WCS_SECRET``.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from demo.postgres import django_database

BASE_DIR = Path(os.environ.get('BENCH_FOLDER', '.'))
SECRET_KEY = 'only-for-the-measures'
DEBUG = False
ALLOWED_HOSTS = ['127.0.0.1']
ROOT_URLCONF = 'bench.urls'
DEFAULT_AUTO_FIELD = 'django.db.models.BigAutoField'
LANGUAGE_CODE = 'fr'
TIME_ZONE = 'Europe/Paris'
USE_TZ = True
DATABASES = {
    'default': {
        **django_database(os.environ.get('DATABASE_URL', 'postgresql:///socialmedia')),
        'CONN_MAX_AGE': int(os.environ.get('BENCH_CONN_MAX_AGE', '60')),
    }
}

INSTALLED_APPS = (
    'django.contrib.auth',
    'django.contrib.contenttypes',
    'django.contrib.messages',
    'django.contrib.sessions',
    'django.contrib.staticfiles',
    'gadjo',
    'publik_socialmedia',
)
STATIC_URL = '/static/'
TEMPLATES = [
    {
        'BACKEND': 'django.template.backends.django.DjangoTemplates',
        'APP_DIRS': True,
        'OPTIONS': {
            'context_processors': [
                'django.template.context_processors.request',
                'django.contrib.auth.context_processors.auth',
                'django.contrib.messages.context_processors.messages',
            ]
        },
    }
]
# both views of the comparison go through it
MIDDLEWARE = (
    'django.middleware.security.SecurityMiddleware',
    'django.contrib.sessions.middleware.SessionMiddleware',
    'django.middleware.locale.LocaleMiddleware',
    'django.middleware.common.CommonMiddleware',
    'django.middleware.csrf.CsrfViewMiddleware',
    'django.contrib.auth.middleware.AuthenticationMiddleware',
    'django.contrib.messages.middleware.MessageMiddleware',
    'django.middleware.clickjacking.XFrameOptionsMiddleware',
)
LOGGING = {
    'version': 1,
    'disable_existing_loggers': False,
    'formatters': {'short': {'format': '%(asctime)s %(levelname)s %(name)s: %(message)s'}},
    'handlers': {
        'file': {
            'class': 'logging.FileHandler',
            'filename': str(BASE_DIR / 'brick.log'),
            'formatter': 'short',
            'delay': True,
        }
    },
    'root': {'handlers': ['file'], 'level': 'WARNING'},
}

# the stand-in of w.c.s. is on the loopback: a warning that is meant here
SILENCED_SYSTEM_CHECKS = ['publik_socialmedia.W002', 'publik_socialmedia.W005']

PUBLIK_SOCIALMEDIA_ENABLED = True
PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS = ['a-key-that-is-only-for-the-measures-of-bench']
PUBLIK_SOCIALMEDIA_PRIVATE_STORAGE = str(BASE_DIR / 'private')
PUBLIK_SOCIALMEDIA_GROUPING_DELAY = 0
PUBLIK_SOCIALMEDIA_BASE_URL = 'http://127.0.0.1'
PUBLIK_SOCIALMEDIA_METRICS_TOKEN = 'only-for-the-measures'
PUBLIK_SOCIALMEDIA_SERVICES = {'bench': 'only-for-the-measures'}
# emulators of networks: « slug=address », separated by commas
PUBLIK_SOCIALMEDIA_API_URLS = dict(
    pair.split('=', 1) for pair in os.environ.get('BENCH_API_URLS', '').split(',') if pair
)
PUBLIK_SOCIALMEDIA_TRUSTED_HOSTS = [urlsplit(url).netloc for url in PUBLIK_SOCIALMEDIA_API_URLS.values()]
if 'WCS_URL' in os.environ:
    PUBLIK_SOCIALMEDIA_TRUSTED_HOSTS += [urlsplit(os.environ['WCS_URL']).netloc]
    PUBLIK_SOCIALMEDIA_WCS = {
        'demarches': {
            'title': 'Démarches',
            'url': os.environ['WCS_URL'],
            'orig': os.environ['WCS_ORIG'],
            'secret': os.environ['WCS_SECRET'],
        }
    }
