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

"""What must be so in a project that the package was installed in; its first argument: where it must be."""

import json
import os
import sys

import django
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles import finders
from django.test import Client

import publik_socialmedia
from publik_socialmedia import networks

django.setup()

assert publik_socialmedia.__file__.startswith(sys.argv[1]), publik_socialmedia.__file__
assert settings.INSTALLED_APPS.count('publik_socialmedia') == 1, settings.INSTALLED_APPS
assert 'socialmedia' in settings.JSON_CELL_TYPES
client = Client()
client.force_login(get_user_model().objects.create_superuser('admin'))
answer = client.get('/socialmedia/manage/')
assert answer.status_code == 200, answer.status_code
# dressed, and in French
assert finders.find('publik_socialmedia/manager.css')
assert 'Connecter un compte' in answer.content.decode(), answer.content.decode()
# the page of each network is in the package
for slug in networks.registry():
    guide = client.get(f'/socialmedia/manage/new/{slug}/')
    assert guide.status_code in (200, 302, 404), guide.status_code
    assert os.path.exists(os.path.join(networks.__path__[0], slug, 'README.md')), slug
assert client.get('/api/socialmedia/webhook/messenger/unknown/').status_code == 404
sys.stdout.write(json.dumps({'django': django.__version__, 'networks': sorted(networks.registry())}) + '\n')
