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

"""The other services of Publik that may call us: those that hobo made known, and those of our settings."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from django.conf import settings

from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.wcs import calls

Keyrings = Mapping[str, Mapping[str, str]]


def prove(query: str) -> frozenset[str]:
    """The services that may have signed this raw query string, now and for the first time; see
    ``calls.prove``. WebhookRejected (403) else."""
    return calls.prove(query, keyrings())


def keyrings() -> Keyrings:
    """By service, the names under which it may sign, each with the secret that it shares with us.

    ``KNOWN_SERVICES``: each service signs with the name of its host, or with ``verif_orig`` where hobo gives
    it; ours is never among them. The setting SERVICES adds names and secrets.
    """
    found: dict[str, Mapping[str, str]] = {}
    for kind, services in getattr(settings, 'KNOWN_SERVICES', {}).items():
        for slug, values in services.items():
            secret, host = values.get('secret'), urlsplit(str(values.get('url') or '')).hostname
            names = [str(name) for name in (host, values.get('verif_orig')) if name]
            if secret and names:
                found[f'{kind}/{slug}'] = dict.fromkeys(names, str(secret))
    for name, secret in app_settings.SERVICES.items():
        if name and secret:
            found[f'settings/{name}'] = {name: secret}
    return found
