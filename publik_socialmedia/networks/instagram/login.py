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

"""Instagram Login: an account without a Page, reached by its own token on a host of its own."""

from __future__ import annotations

from publik_socialmedia.networks.base import Account

LOGIN_HOST = 'graph.instagram.com'
PAGE_HOST = 'www.instagram.com'
CODE_HOST = 'api.instagram.com'
LOGIN_TOKEN = 'instagram_token'  # noqa: S105 - the name of a credential


def is_login(account: Account) -> bool:
    return bool(account.credentials.get(LOGIN_TOKEN, '').strip())


def login_url(account: Account, host: str = LOGIN_HOST) -> str:
    """Base of the addresses of that host; what stands in for the API stands in for it too."""
    return f'{account.api_url.rstrip("/")}/{host}' if account.api_url else f'https://{host}'
