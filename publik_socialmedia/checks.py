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

"""Mistakes of configuration that ``manage.py check`` tells before anything goes wrong.

publik_socialmedia.E001  attachments would be stored where the web server shows them to everyone
publik_socialmedia.E002  the database is not PostgreSQL
publik_socialmedia.E003  an encryption key is not a text
publik_socialmedia.E004  with tenants, the tables would be those of nobody, or of everybody
publik_socialmedia.W001  no encryption key: SECRET_KEY is used
publik_socialmedia.W002  trusted hosts or other API addresses, made for tests, on a real site
publik_socialmedia.W003  an encryption key is short
publik_socialmedia.W004  nothing says the address of this site
publik_socialmedia.W005  the address of this site is not an https one
publik_socialmedia.W006  public holidays of a region that is not known
publik_socialmedia.W007  the token of the figures for Prometheus is short
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.db import connection

from publik_socialmedia import tenants
from publik_socialmedia.app_settings import PREFIX, app_settings
from publik_socialmedia.conversations.workdays import REGIONS
from publik_socialmedia.media import is_public

NAME = 'publik_socialmedia'
SHORTEST_KEY = 20


def _name(setting: str) -> str:
    return PREFIX + setting


@checks.register('publik_socialmedia')
def check_storage(**kwargs: Any) -> list[checks.CheckMessage]:
    folder = app_settings.PRIVATE_STORAGE
    if not is_public(folder):
        return []
    message = f'The folder of the private attachments, {folder}, is inside MEDIA_ROOT or STATIC_ROOT.'
    hint = f'Set {_name("PRIVATE_STORAGE")} to a folder that the web server does not show.'
    return [checks.Error(message, hint=hint, id='publik_socialmedia.E001')]


@checks.register('publik_socialmedia')
def check_database(**kwargs: Any) -> list[checks.CheckMessage]:
    if connection.vendor == 'postgresql':
        return []
    message = 'The database is not PostgreSQL, the only one that the queue of messages works on.'
    return [checks.Error(message, id='publik_socialmedia.E002')]


@checks.register('publik_socialmedia')
def check_tenants(**kwargs: Any) -> list[checks.CheckMessage]:
    """Tables in the common schema would be read by each tenant that is not migrated."""
    if not tenants.several():
        return []
    shared, own = getattr(settings, 'SHARED_APPS', ()), getattr(settings, 'TENANT_APPS', ())
    if NAME in own and NAME not in shared:
        return []
    message = f'{NAME} must be in TENANT_APPS, and not in SHARED_APPS: each tenant has its own messages.'
    return [checks.Error(message, id='publik_socialmedia.E004')]


@checks.register('publik_socialmedia')
def check_keys(**kwargs: Any) -> list[checks.CheckMessage]:
    """The values of the keys are in no message."""
    keys = app_settings.ENCRYPTION_KEYS
    if not all(isinstance(key, str) for key in keys):
        message = f'Each of {_name("ENCRYPTION_KEYS")} must be a text.'
        return [checks.Error(message, id='publik_socialmedia.E003')]
    if keys == (settings.SECRET_KEY,):
        message = 'Tokens and messages are encrypted with SECRET_KEY: changing it would lose them.'
        hint = f'Set {_name("ENCRYPTION_KEYS")} to a list of one long random text.'
        return [checks.Warning(message, hint=hint, id='publik_socialmedia.W001')]
    if any(len(key) < SHORTEST_KEY for key in keys):
        message = f'One of {_name("ENCRYPTION_KEYS")} has less than {SHORTEST_KEY} characters.'
        return [checks.Warning(message, id='publik_socialmedia.W003')]
    return []


@checks.register('publik_socialmedia')
def check_test_settings(**kwargs: Any) -> list[checks.CheckMessage]:
    used = [name for name in ('TRUSTED_HOSTS', 'API_URLS') if getattr(app_settings, name)]
    if settings.DEBUG or not used:
        return []
    message = f'{" and ".join(map(_name, used))} are for tests and demonstrations, and DEBUG is off.'
    hint = 'They let messages reach this machine and its network. Remove them from a real site.'
    return [checks.Warning(message, hint=hint, id='publik_socialmedia.W002')]


@checks.register('publik_socialmedia')
def check_address(**kwargs: Any) -> list[checks.CheckMessage]:
    """With tenants, the address is known only while working for one of them."""
    url = app_settings.BASE_URL
    if not url:
        if hasattr(connection, 'tenant'):
            return []
        message = 'The address of this site is not known: w.c.s. could not be told where to call us.'
        hint = f'Set {_name("BASE_URL")} to its https address.'
        return [checks.Warning(message, hint=hint, id='publik_socialmedia.W004')]
    parts = urlsplit(url)
    if parts.scheme != 'https' and not settings.DEBUG and parts.netloc not in app_settings.TRUSTED_HOSTS:
        message = f'The address of this site, {url}, is not an https one: answers could be read on their way.'
        return [checks.Warning(message, id='publik_socialmedia.W005')]
    return []


@checks.register('publik_socialmedia')
def check_holidays(**kwargs: Any) -> list[checks.CheckMessage]:
    if app_settings.HOLIDAYS in REGIONS:
        return []
    message = f'{_name("HOLIDAYS")} is not the name of a region.'
    hint = f'It is one of: {", ".join(filter(None, REGIONS))}.'
    return [checks.Warning(message, hint=hint, id='publik_socialmedia.W006')]


@checks.register('publik_socialmedia')
def check_metrics_token(**kwargs: Any) -> list[checks.CheckMessage]:
    """Its value is in no message."""
    if not app_settings.METRICS_TOKEN or len(app_settings.METRICS_TOKEN) >= SHORTEST_KEY:
        return []
    message = f'{_name("METRICS_TOKEN")} has less than {SHORTEST_KEY} characters.'
    return [checks.Warning(message, id='publik_socialmedia.W007')]
