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

"""Who is who: our account among the accounts of a body, and the facts of our server.

An ``acct`` is ``jeanne`` for an account of our own server, ``jeanne@ailleurs.example`` for another's; snac
gives the domain of its own accounts too. We always cut our own domain, so that one person has one identifier.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from publik_socialmedia import text
from publik_socialmedia.networks.base import JSON, Account

MASTODON, GOTOSOCIAL, SNAC = 'mastodon', 'gotosocial', 'snac'  # facts['server']; anything else: 'other'

# Usernames of the three servers, with an optional domain which may be followed by a port.
ACCT = re.compile(r'[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_])?(?:@\w(?:[\w.-]*\w)?(?::\d{1,5})?)?')

ID_LENGTH = 255


def word(value: JSON) -> str:
    """A string or an integer of a body as a clean short string, '' if it is nothing like an identifier."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return ''
    if isinstance(value, int) and abs(value) >= 10**30:  # no id; and long integers are slow to write
        return ''
    cleaned = text.clean(str(value)).strip()
    return cleaned if len(cleaned) <= ID_LENGTH else ''


def items(value: JSON) -> list[Mapping[str, JSON]]:
    """The objects of a list, [] if it is something else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def mapping(value: JSON) -> Mapping[str, JSON]:
    """That object, {} if it is something else."""
    return value if isinstance(value, dict) else {}


def host_of(url: str) -> str:
    """Host (and port) of a URL in lower case, '' if it has none."""
    try:
        return urlsplit(url).netloc.rpartition('@')[2].lower()
    except ValueError:
        return ''


@dataclass(frozen=True, slots=True)
class Ours:
    """Our account, as far as a body can be compared with it.

    ``acct``: without our own domain; ``ids``: its id on the server; ``domains``: those of our server, the one
    of its accounts first; ``server``: family of the server, '' before the first check.
    """

    acct: str = ''
    ids: frozenset[str] = frozenset()
    domains: tuple[str, ...] = ()
    server: str = ''

    @classmethod
    def of(cls, account: Account | None) -> Ours:
        if account is None:
            return cls()
        facts = account.facts
        hosts = (word(facts.get('domain')).lower(), host_of(account.credentials.get('instance', '')))
        domains = tuple(host for host in hosts if host)
        ids = frozenset({word(facts.get('id'))} - {''})
        return cls(_local(account.external_id, domains), ids, domains, word(facts.get('server')))

    def acct_of(self, person: JSON) -> str:
        """Identifier of a person of a body, '' if there is none or it is not one."""
        acct = word(mapping(person).get('acct')) or word(mapping(person).get('username'))
        return _local(acct.lstrip('@'), self.domains)

    def is_us(self, person: JSON) -> bool:
        """By id first: our account may have been renamed."""
        if word(mapping(person).get('id')) in self.ids:
            return True
        acct = self.acct_of(person)
        return bool(acct) and acct.lower() == self.acct.lower()

    def full(self, acct: str) -> str:
        """The same acct with our domain if it had none; as it is while our domain is not known."""
        return acct if '@' in acct or not self.domains else f'{acct}@{self.domains[0]}'


def _local(acct: str, domains: tuple[str, ...]) -> str:
    name, _, domain = acct.partition('@')
    return name if domain.lower() in domains else acct


def name_of(person: JSON) -> str:
    """Displayed name, else user name, else ''. ``:emoji:`` codes are left as they are."""
    display = mapping(person).get('display_name')
    shown = text.clean(display).strip()[:ID_LENGTH] if isinstance(display, str) else ''
    return shown or word(mapping(person).get('username')).partition('@')[0]
