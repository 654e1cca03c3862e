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

"""A minimal brick of Publik for the tests; processes that the tests start use it too.

What differs between processes comes from the environment: ``DATABASE_URL`` (set by ``conftest.py`` for the
tests; a process started by a test is given ``demo.postgres.database_url(connection.settings_dict)``),
``SOCIALMEDIA_TRUSTED_HOSTS`` (``host:port`` separated by commas), ``SOCIALMEDIA_API_URLS``
(``network=url`` separated by commas), ``SOCIALMEDIA_BASE_URL``, ``SOCIALMEDIA_STORAGE``,
``SOCIALMEDIA_WCS_URL`` and ``SOCIALMEDIA_WCS_SECRET``. ``WCS_URL``… are something else: the real w.c.s. that
tests of the contract are played on (``tests/wcs/target.py``).
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from demo.postgres import django_database

BASE_DIR = Path(__file__).resolve().parent


def _words(name: str) -> list[str]:
    return [word for word in os.environ.get(name, '').split(',') if word]


SECRET_KEY = 'only-for-tests'
DEBUG = False
ALLOWED_HOSTS = ['*']
ROOT_URLCONF = 'tests.urls'
DEFAULT_AUTO_FIELD = 'django.db.models.BigAutoField'

INSTALLED_APPS = (
    'django.contrib.auth',
    'django.contrib.contenttypes',
    'django.contrib.messages',
    'django.contrib.sessions',
    'django.contrib.staticfiles',
    'gadjo',
    'publik_socialmedia',
)

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

TEMPLATES = [
    {
        'BACKEND': 'django.template.backends.django.DjangoTemplates',
        'APP_DIRS': True,
        'OPTIONS': {
            'context_processors': [
                'django.template.context_processors.request',
                'django.contrib.auth.context_processors.auth',
                'django.contrib.messages.context_processors.messages',
            ],
        },
    }
]

# without DATABASE_URL, conftest.py starts a private server and fills this in
DATABASES = {'default': django_database(os.environ.get('DATABASE_URL', 'postgresql:///socialmedia'))}

CACHES = {'default': {'BACKEND': 'django.core.cache.backends.locmem.LocMemCache'}}
PASSWORD_HASHERS = ('django.contrib.auth.hashers.MD5PasswordHasher',)

LANGUAGE_CODE = 'fr'
LANGUAGES = (('fr', 'Français'),)
TIME_ZONE = 'Europe/Paris'
USE_I18N = True
USE_TZ = True

STATIC_URL = '/static/'
STATICFILES_FINDERS = (
    'django.contrib.staticfiles.finders.FileSystemFinder',
    'django.contrib.staticfiles.finders.AppDirectoriesFinder',
    'gadjo.finders.XStaticFinder',
)
MEDIA_ROOT = str(BASE_DIR / 'var' / 'media')
MEDIA_URL = '/media/'
LOGIN_URL = '/login/'

KNOWN_SERVICES = {
    'wcs': {
        'default': {
            'title': 'Démarches',
            'url': os.environ.get('SOCIALMEDIA_WCS_URL', 'https://demarches.example.org/'),
            'orig': 'combo.example.org',
            'secret': os.environ.get('SOCIALMEDIA_WCS_SECRET', 'wcs-secret-only-for-tests'),
            'backoffice-menu-url': 'https://demarches.example.org/backoffice/',
        },
    },
}

PUBLIK_SOCIALMEDIA_ENABLED = True
PUBLIK_SOCIALMEDIA_BASE_URL = os.environ.get('SOCIALMEDIA_BASE_URL', 'https://combo.example.org')
PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS = ['first-key-only-for-tests']
PUBLIK_SOCIALMEDIA_PRIVATE_STORAGE = os.environ.get(
    'SOCIALMEDIA_STORAGE', os.path.join(tempfile.gettempdir(), f'socialmedia-tests-{os.getuid()}')
)
PUBLIK_SOCIALMEDIA_TRUSTED_HOSTS = _words('SOCIALMEDIA_TRUSTED_HOSTS')
PUBLIK_SOCIALMEDIA_API_URLS = dict(word.split('=', 1) for word in _words('SOCIALMEDIA_API_URLS'))
