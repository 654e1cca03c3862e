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

# Executed at the end of combo.settings: the brick on a host of Publik. The names are those of combo.settings.
# ruff: noqa: F821

import glob

# -- hobo's layer

TENANT_BASE = '/var/lib/combo/tenants'
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

# -- the host's own, then what plugins and administrators add

for _filename in ('/etc/combo/settings.py', *sorted(glob.glob('/etc/combo/settings.d/*.py'))):
    with open(_filename, encoding='utf-8') as _file:
        exec(compile(_file.read(), _filename, 'exec'))
