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

"""The bare minimum under the client of w.c.s.: one call of requests, with the errors of ``http.py``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests

from publik_socialmedia.errors import OutcomeUnknown, TemporaryError


@dataclass(frozen=True)
class PlainAnswer:
    status: int
    headers: Mapping[str, str]
    body: bytes


class PlainHttp:
    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        json: Any = None,
        files: Any = None,
        timeout: float | None = None,
    ) -> PlainAnswer:
        try:
            answer = requests.request(
                method, url, headers=headers, json=json, files=files, timeout=timeout, allow_redirects=False
            )
        except requests.ConnectTimeout:
            raise TemporaryError('connection') from None
        except (requests.ConnectionError, requests.Timeout):
            if method == 'GET':
                raise TemporaryError('connection') from None
            raise OutcomeUnknown from None
        return PlainAnswer(answer.status_code, answer.headers, answer.content)
