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

"""The brick of the demonstration: Django, the plugin, an administrator.

What differs between runs comes from the environment, set by ``python -m demo``: ``DATABASE_URL``,
``DEMO_FOLDER``, ``DEMO_BASE_URL`` (our own address), ``DEMO_TRUSTED_HOSTS`` (comma separated ``host:port``),
``DEMO_API_URLS`` (``network=url``, comma separated), ``WCS_URL``, ``WCS_ORIG``, ``WCS_SECRET``.
"""

from __future__ import annotations

import os
from pathlib import Path

from demo.postgres import django_database

BASE_DIR = Path(os.environ.get('DEMO_FOLDER', '.'))
SECRET_KEY = 'only-for-the-demonstration'
DEBUG = True
ALLOWED_HOSTS = ['127.0.0.1', 'localhost']
ROOT_URLCONF = 'demo.site.urls'
DEFAULT_AUTO_FIELD = 'django.db.models.BigAutoField'
LANGUAGE_CODE = 'fr'
TIME_ZONE = 'Europe/Paris'
USE_TZ = True
STATIC_URL = '/static/'
STATICFILES_FINDERS = (
    'django.contrib.staticfiles.finders.AppDirectoriesFinder',
    'gadjo.finders.XStaticFinder',
)
LOGIN_URL = '/admin/login/'
DATABASES = {'default': django_database(os.environ['DATABASE_URL'])}

INSTALLED_APPS = (
    'demo.site.apps.AdminConfig',
    'django.contrib.auth',
    'django.contrib.contenttypes',
    'django.contrib.messages',
    'django.contrib.sessions',
    'django.contrib.staticfiles',
    'gadjo',
    'publik_socialmedia',
)
MIDDLEWARE = (
    'django.contrib.sessions.middleware.SessionMiddleware',
    'django.middleware.locale.LocaleMiddleware',
    'django.middleware.common.CommonMiddleware',
    'django.middleware.csrf.CsrfViewMiddleware',
    'django.contrib.auth.middleware.AuthenticationMiddleware',
    'django.contrib.messages.middleware.MessageMiddleware',
)
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
LOGGING = {
    'version': 1,
    'disable_existing_loggers': False,
    'formatters': {'short': {'format': '%(asctime)s %(levelname)s %(name)s: %(message)s'}},
    'handlers': {
        'file': {
            'class': 'logging.FileHandler',
            'filename': str(BASE_DIR / 'site.log'),
            'formatter': 'short',
            'delay': True,
        }
    },
    'root': {'handlers': ['file'], 'level': 'INFO'},
}

PUBLIK_SOCIALMEDIA_ENABLED = True
PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS = ['keys-of-the-demonstration-only']
PUBLIK_SOCIALMEDIA_BASE_URL = os.environ.get('DEMO_BASE_URL', '')
PUBLIK_SOCIALMEDIA_PRIVATE_STORAGE = str(BASE_DIR / 'private')
PUBLIK_SOCIALMEDIA_GROUPING_DELAY = 2
PUBLIK_SOCIALMEDIA_TRUSTED_HOSTS = [h for h in os.environ.get('DEMO_TRUSTED_HOSTS', '').split(',') if h]
PUBLIK_SOCIALMEDIA_API_URLS = dict(
    pair.split('=', 1) for pair in os.environ.get('DEMO_API_URLS', '').split(',') if pair
)
if 'WCS_URL' in os.environ:
    PUBLIK_SOCIALMEDIA_WCS = {
        'demarches': {
            'title': 'Démarches',
            'url': os.environ['WCS_URL'],
            'orig': os.environ['WCS_ORIG'],
            'secret': os.environ['WCS_SECRET'],
        }
    }
