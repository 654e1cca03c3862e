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

"""Addresses of files that networks give: which are theirs, and where they are in tests and demonstrations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from publik_socialmedia.networks.base import Account, Fetch


def is_media_url(url: str, hosts: Sequence[str]) -> bool:
    """https, without user nor port, on one of those hosts ('host' or '*.host')."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or '').lower(), parts.port
    except ValueError:
        return False
    if parts.scheme != 'https' or port not in (None, 443) or '@' in parts.netloc:
        return False
    return any(host == name or name.startswith('*.') and host.endswith(name[1:]) for name in hosts)


def as_served(account: Account, url: str) -> str:
    """That address, or where what stands in for the API serves it: it stands in for the media hosts too."""
    if not account.api_url:
        return url
    parts = urlsplit(url)
    query = f'?{parts.query}' if parts.query else ''
    return f'{account.api_url.rstrip("/")}/cdn/{parts.netloc}{parts.path}{query}'


def fetch(account: Account, url: str, headers: Mapping[str, str] | None = None) -> Fetch:
    """What to fetch for a file at that address, which is one of the network's media hosts."""
    served = as_served(account, url)
    return Fetch(served, headers or {}, hosts=(urlsplit(served).hostname or '',) if account.api_url else ())
