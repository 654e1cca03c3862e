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

"""The least ``Http`` that keeps the contract."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests

from publik_socialmedia.errors import OutcomeUnknown, TemporaryError
from tests.networks.corpus import StoredAnswer


class LoopbackHttp:
    def request(self, method: str, url: str, *, timeout: float | None = None, **options: Any) -> StoredAnswer:
        try:
            answer = requests.request(method, url, timeout=timeout or 5, allow_redirects=False, **options)
        except requests.ConnectionError as error:
            if method == 'GET' or 'refused' in str(error):
                raise TemporaryError('connection') from None
            raise OutcomeUnknown() from None
        except requests.Timeout:
            raise OutcomeUnknown() from None
        headers: Mapping[str, str] = {name.lower(): value for name, value in answer.headers.items()}
        return StoredAnswer(answer.status_code, answer.content, headers, url)
