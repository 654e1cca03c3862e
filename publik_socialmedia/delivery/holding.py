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

"""Calls that keep the conversation for which they are made."""

from __future__ import annotations

from typing import Any

from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.delivery import queue
from publik_socialmedia.delivery.queue import Claim
from publik_socialmedia.networks.base import Answer, Http


class Held:
    """An ``Http`` by which a network's class may call several times, for longer than a lease: a film sent in
    pieces, then processed. Another worker would send the same message meanwhile. LeaseLost if one has taken
    the conversation: the call is not made.

    ``plain``: the same without that, for calls that are not of the conversation (a token is renewed for all).
    """

    def __init__(self, claim: Claim, http: Http) -> None:
        self._claim, self.plain = claim, http

    def request(self, method: str, url: str, *, timeout: float | None = None, **arguments: Any) -> Answer:
        queue.hold(self._claim, timeout or app_settings.NETWORK_TIMEOUT)
        return self.plain.request(method, url, timeout=timeout, **arguments)
