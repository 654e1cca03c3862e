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

"""Settings of a plain Django project, without tenants, that the package was installed in.

From the environment: ``DATABASE_URL``, as libpq writes it; ``SNIPPETS``, folder of the files of settings.d.
"""

import os
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

_url = urlsplit(os.environ['DATABASE_URL'])
_query = parse_qs(_url.query)
DATABASES = {
    'default': {
        'ENGINE': 'django.db.backends.postgresql',
        'NAME': _url.path.lstrip('/'),
        'USER': unquote(_url.username or ''),
        'PASSWORD': unquote(_url.password or ''),
        'HOST': _query.get('host', [_url.hostname])[0],
        'PORT': _query.get('port', [_url.port or ''])[0],
    }
}
SECRET_KEY = 'only-for-the-test'
ROOT_URLCONF = 'urls'
ALLOWED_HOSTS = ['*']
LANGUAGE_CODE = 'fr'
USE_TZ = True
STATIC_URL = '/static/'
LOGIN_URL = '/login/'
INSTALLED_APPS = (
    'django.contrib.auth',
    'django.contrib.contenttypes',
    'django.contrib.sessions',
    'django.contrib.messages',
    'django.contrib.staticfiles',
    'gadjo',
)
MIDDLEWARE = (
    'django.contrib.sessions.middleware.SessionMiddleware',
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
# as a brick does; twice, since an administrator may have a copy
for _snippet in sorted(Path(os.environ['SNIPPETS']).glob('50publik_socialmedia*.py')) * 2:
    exec(compile(_snippet.read_text(), _snippet, 'exec'))
PUBLIK_SOCIALMEDIA_ENABLED = True
PUBLIK_SOCIALMEDIA_ENCRYPTION_KEYS = ['a-key-that-is-only-for-the-test']
PUBLIK_SOCIALMEDIA_BASE_URL = 'https://combo.example.org'
PUBLIK_SOCIALMEDIA_PRIVATE_STORAGE = str(Path.cwd() / 'private')
