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

"""Who is who in a webhook of WhatsApp: numbers, business-scoped ids, names.

Since 31 March 2026 a person has a business-scoped user id (BSUID, « FR. » and letters or digits), and since
they may choose a user name, their number may be absent. Names are found by these ids, never by their rank.
https://developers.facebook.com/documentation/business-messaging/whatsapp/business-scoped-user-ids
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from publik_socialmedia.networks.base import JSON
from publik_socialmedia.networks.meta import dicts, ident, mapping, string

Payload = Mapping[str, JSON]

# placeholders (« <BSUID> ») stand for ids in the samples of Meta, which its dashboard sends as tests
_BSUID = re.compile(r'[A-Z]{2}\.[A-Za-z0-9.]{1,140}|<.+>')
_NUMBER = re.compile(r'[0-9]{6,15}')


def is_bsuid(user: str) -> bool:
    return bool(_BSUID.fullmatch(user))


def is_number(user: str) -> bool:
    """Whether that identifier is a telephone number as WhatsApp writes them: its digits alone."""
    return bool(_NUMBER.fullmatch(user))


def digits(number: str) -> str:
    """A displayed number (« +33 1 99 00 00 02 ») as an identifier."""
    return re.sub('[^0-9]', '', number)


@dataclass(frozen=True, slots=True)
class Person:
    """One side of a message. ``user``: the number if there is one; ``aliases``: the other ids."""

    user: str
    aliases: tuple[str, ...] = ()
    name: str = ''


NOBODY = Person('')


class People:
    """The persons that a ``value`` names in its ``contacts``, whose ids may all be absent."""

    def __init__(self, contacts: JSON) -> None:
        self._cards = dicts(contacts)

    def person(self, number: JSON, user_id: JSON) -> Person:
        """The person of these ids, completed by the card that bears one of them; NOBODY if both lack."""
        given = _known(number, user_id)
        if not given:
            return NOBODY
        for card in self._cards:
            found = _known(card.get('wa_id'), card.get('user_id'))
            if set(found) & set(given):
                return _person([*given, *found], _name(card))
        return _person(given)


def _known(number: JSON, user_id: JSON) -> list[str]:
    """These ids, without an id that is not one; alone, it is all that there is, and is kept as it is."""
    first, second = ident(number), ident(user_id)
    if first and second and not is_bsuid(second):
        second = ''
    return [user for user in (first, second) if user]


def _person(ids: Iterable[str], name: str = '') -> Person:
    unique = list(dict.fromkeys(ids))
    unique.sort(key=is_bsuid)  # a number first: it can always be written to
    return Person(unique[0], tuple(unique[1:]), name)


def _name(card: Payload) -> str:
    profile = mapping(card.get('profile'))
    return string(profile.get('name')).strip() or string(profile.get('username')).strip()
