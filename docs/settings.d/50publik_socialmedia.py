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

# Loads the application into the brick: goes to /etc/combo/settings.d/. It does nothing on a site until its
# switch is on (SETTING_PUBLIK_SOCIALMEDIA_ENABLED in Hobo).
#
# Settings of your own go to another file (60socialmedia_keys.py for the keys): upgrades replace this one.

import importlib.util

# This file outlives the package when it is removed without being purged: the brick must start all the same.
if importlib.util.find_spec('publik_socialmedia') is not None:
    # lists in some bricks, tuples in others; the second one exists only where there are tenants
    for _apps in ('INSTALLED_APPS', 'TENANT_APPS'):
        if _apps in globals() and 'publik_socialmedia' not in globals()[_apps]:
            globals()[_apps] += type(globals()[_apps])(['publik_socialmedia'])
