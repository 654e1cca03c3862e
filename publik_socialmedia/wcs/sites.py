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

"""The w.c.s. sites that we know, from the settings that hobo writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings

from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.errors import ConfigurationError


@dataclass(frozen=True)
class Site:
    """One w.c.s.; ``orig`` is the name under which it knows us, ``secret`` what it shares with us.

    ``callers``: the names under which it may sign its calls to us, with the same secret.
    """

    slug: str
    title: str
    url: str  # ends with a slash
    orig: str
    secret: str = field(repr=False)
    secondary: bool = False
    callers: tuple[str, ...] = ()


def sites() -> dict[str, Site]:
    """Return the usable sites by slug: those of ``KNOWN_SERVICES['wcs']``, then our own setting over them."""
    known: dict[str, Mapping[str, Any]] = {}
    known.update(getattr(settings, 'KNOWN_SERVICES', {}).get('wcs', {}))
    known.update(app_settings.WCS)
    return {slug: _site(slug, values) for slug, values in known.items() if _usable(values)}


def default_site() -> Site:
    """Return the first site that is not secondary. Raises ``ConfigurationError('wcs_site_unknown')``."""
    found = sites().values()
    for site in found:
        if not site.secondary:
            return site
    raise ConfigurationError('wcs_site_unknown')


def site_for(slug: str) -> Site:
    """Return a site by its slug, the default one for an empty slug."""
    if not slug:
        return default_site()
    try:
        return sites()[slug]
    except KeyError:
        raise ConfigurationError('wcs_site_unknown', detail=slug) from None


def _usable(values: Mapping[str, Any]) -> bool:
    return all(values.get(key) for key in ('url', 'orig', 'secret'))


def _site(slug: str, values: Mapping[str, Any]) -> Site:
    url = str(values['url']).rstrip('/') + '/'
    # seen: w.c.s. signs with the name of its host, without port; hobo may give another one
    callers = (urlsplit(url).hostname, values.get('verif_orig'))
    return Site(
        slug=slug,
        title=str(values.get('title') or slug),
        url=url,
        callers=tuple(str(name) for name in callers if name),
        orig=str(values['orig']),
        secret=str(values['secret']),
        secondary=bool(values.get('secondary')),
    )
