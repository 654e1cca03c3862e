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

"""The addresses of our own pages, as others are given them."""

from __future__ import annotations

from django.urls import reverse

from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.errors import ConfigurationError


def absolute(name: str, **values: str | int) -> str:
    """Absolute address of one of the names of ``urls``; ConfigurationError('base_url') if nothing says where
    we are."""
    if not app_settings.BASE_URL:
        raise ConfigurationError('base_url')
    return app_settings.BASE_URL + reverse(name, kwargs=values)
