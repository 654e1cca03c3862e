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

"""Settings of the processes of the kill test: those of the tests, with short times."""

from __future__ import annotations

import json
import os

from tests.settings import *  # noqa: F403

_values = json.loads(os.environ['KILL_SETTINGS'])
globals().update({f'PUBLIK_SOCIALMEDIA_{name}': value for name, value in _values.items()})
PUBLIK_SOCIALMEDIA_ENABLED = True
PUBLIK_SOCIALMEDIA_API_URLS = {'messenger': 'https://127.0.0.1:9'}  # nobody there to ask names of
LOGGING = {
    'version': 1,
    'disable_existing_loggers': False,
    'handlers': {'file': {'class': 'logging.FileHandler', 'filename': os.environ['KILL_LOG']}},
    'root': {'handlers': ['file'], 'level': 'ERROR'},
}
