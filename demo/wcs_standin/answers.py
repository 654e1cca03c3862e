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

"""What an endpoint gives back, and the refusals of w.c.s. in the words it uses."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Answer:
    """An HTTP answer."""

    status: int
    body: bytes
    content_type: str = 'application/json'
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Request:
    """An HTTP request, its query as received and as read (w.c.s. keeps all values of a repeated
    parameter).
    """

    method: str
    path: str
    query: str
    parameters: dict[str, list[str]]
    headers: dict[str, str]  # names in lower case
    body: bytes
    #: The JSON of the body; absent (:data:`NOTHING`) if it was not sent as JSON.
    json: Any = None

    def get(self, name: str) -> str | None:
        """Return a parameter given once, None if it is absent or repeated."""
        values = self.parameters.get(name, [])
        return values[0] if len(values) == 1 else None

    def flag(self, name: str) -> bool:
        return self.get(name) in ('True', 'true', 'on', '1')


class Nothing:
    """Type of :data:`NOTHING`: no JSON was sent, which is not the same as ``null``."""


NOTHING = Nothing()


class Refused(Exception):
    """An error that w.c.s. answers."""

    def __init__(self, status: int, code: str, sentence: str | None) -> None:
        super().__init__(code)
        self.status, self.code, self.sentence = status, code, sentence

    def answer(self) -> Answer:
        classes = {400: 'Invalid request', 404: 'Page non trouvée', 405: 'Method not allowed'}
        return json_answer(
            {
                'err': 1,
                'err_class': classes.get(self.status, 'Access denied'),
                'err_code': self.code,
                'err_desc': self.sentence and _french_spaces(self.sentence),
            },
            self.status,
        )


def _french_spaces(sentence: str) -> str:
    return sentence.replace('« ', '«\u00a0').replace(' »', '\u00a0»').replace(' :', '\u00a0:')


class Crash(Exception):
    """An exception in w.c.s. itself: answered 500 ``{"err": 1}``."""


def json_answer(content: Any, status: int = 200) -> Answer:
    return Answer(status, json.dumps(content).encode())


def denied(sentence: str | None) -> Refused:
    return Refused(403, 'access-denied', sentence)


def invalid(sentence: str | None) -> Refused:
    return Refused(400, 'invalid-request', sentence)


def not_found() -> Refused:
    return Refused(404, 'not-found', None)


def crashed() -> Answer:
    return json_answer({'err': 1}, 500)
