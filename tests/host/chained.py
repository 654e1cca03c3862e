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

"""Settings of a brick, then the snippets of settings.d in one namespace, as Publik's bricks execute them.

``HOST``: ``combo`` (default), or ``plain``: any Django project, without gadjo, under a prefix.
"""

from __future__ import annotations

import os
from pathlib import Path

from tests.settings import *  # noqa: F403

_host = os.environ.get('HOST', 'combo')
_without = {'publik_socialmedia'} if _host == 'combo' else {'publik_socialmedia', 'gadjo'}
INSTALLED_APPS = tuple(name for name in INSTALLED_APPS if name not in _without)  # noqa: F405
ROOT_URLCONF = f'tests.host.{_host}_urls'
STATIC_ROOT = os.environ.get('STATIC_ROOT', '')

if _host == 'combo':
    TENANT_APPS = INSTALLED_APPS
    JSON_CELL_TYPES = {'meteo': {'name': 'Météo', 'url': 'https://meteo.example.org/'}}
    for _snippet in sorted((Path(__file__).parents[2] / 'docs' / 'settings.d').glob('*.py')):
        exec(compile(_snippet.read_text(), _snippet.name, 'exec'))
else:
    INSTALLED_APPS = [*INSTALLED_APPS, 'publik_socialmedia']
    STATICFILES_FINDERS = ['django.contrib.staticfiles.finders.AppDirectoriesFinder']
