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

"""A brick of Publik with tenants: its own settings, hobo's layer, then ours from settings.d.

From the environment: ``DATABASE_URL``, ``TENANT_BASE`` (the folder of the tenants' folders).
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from demo.postgres import django_database

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE))  # the stand-in of hobo

# -- the brick's own

SECRET_KEY = 'only-for-tests'
DEBUG = False
ALLOWED_HOSTS = ['*']
ROOT_URLCONF = 'tests.tenants.urls'
DEFAULT_AUTO_FIELD = 'django.db.models.BigAutoField'
INSTALLED_APPS = (
    'django.contrib.auth',
    'django.contrib.contenttypes',
    'django.contrib.messages',
    'django.contrib.sessions',
    'django.contrib.staticfiles',
    'gadjo',
)
MIDDLEWARE = (
    'django.middleware.security.SecurityMiddleware',
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
            ],
        },
    }
]
DATABASES = {'default': django_database(os.environ.get('DATABASE_URL', 'postgresql:///socialmedia'))}
PASSWORD_HASHERS = ('django.contrib.auth.hashers.MD5PasswordHasher',)
LANGUAGE_CODE = 'fr'
TIME_ZONE = 'Europe/Paris'
USE_I18N = True
USE_TZ = True
STATIC_URL = '/static/'
STATICFILES_FINDERS = (
    'django.contrib.staticfiles.finders.AppDirectoriesFinder',
    'gadjo.finders.XStaticFinder',
)
LOGIN_URL = '/login/'
EMAIL_BACKEND = 'django.core.mail.backends.locmem.EmailBackend'

# -- hobo's layer

TENANT_BASE = os.environ.get('TENANT_BASE', '')
TENANT_MODEL = 'multitenant.Tenant'
TENANT_APPS = INSTALLED_APPS
SHARED_APPS = ()
INSTALLED_APPS = ('hobo.multitenant', 'tenant_schemas', *INSTALLED_APPS)
MIDDLEWARE = ('hobo.multitenant.middleware.TenantMiddleware', *MIDDLEWARE)
DATABASES['default']['ENGINE'] = 'tenant_schemas.postgresql_backend'
DATABASE_ROUTERS = ('tenant_schemas.routers.TenantSyncRouter',)
CACHES = {
    'default': {
        'BACKEND': 'django.core.cache.backends.locmem.LocMemCache',
        'KEY_FUNCTION': 'tenant_schemas.cache.make_key',
    }
}

# -- settings.d, each file in the same namespace; ours twice, as an administrator may have copied it

_snippet = (ROOT / 'docs' / 'settings.d' / '50publik_socialmedia.py').read_text()
for _ in range(2):
    exec(compile(_snippet, '50publik_socialmedia.py', 'exec'))
