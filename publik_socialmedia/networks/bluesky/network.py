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

"""Bluesky: the network's class. What it does is in the modules beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from publik_socialmedia import errors
from publik_socialmedia.networks import base
from publik_socialmedia.networks.base import JSON, Account, Http, Outgoing, OutgoingFile, Page

from . import health, parsing, polling, sending, signing
from .api import meaning
from .history import history
from .messages import DID
from .session import SERVICE


def _(msgid: str) -> str:
    """Marks a text to translate."""
    return msgid


class Bluesky(base.Network):
    slug = 'bluesky'
    label = 'Bluesky'
    capabilities = base.Capabilities(
        polling=True,
        history=True,
        unsends=True,
        reactions=True,
        profiles=True,
        text_limit=sending.MAX_GRAPHEMES,
        text_unit='graphemes',
    )
    api_url = SERVICE
    other_hosts = ('*.host.bsky.network',)  # the servers (PDS) of the accounts that it signs in
    credentials = (
        base.Credential(
            'identifier',
            _('Handle of the account'),
            _('Without @, for example ville.bsky.social or ville.example.org.'),
            secret=False,
        ),
        base.Credential(
            'app_password',
            _('App password'),
            _(
                'In Bluesky: Settings, Privacy and security, App passwords, Add. Tick « Allow access to your '
                'direct messages »: it cannot be changed afterwards. Never give the password of the account.'
            ),
        ),
        base.Credential(
            'accept_requests',
            _('Accept message requests'),
            _(
                'Write yes to have each request accepted as soon as it is received, so that colleagues find '
                'it in the main list of the application. Else requests are read all the same, and accepted '
                'when they are answered.'
            ),
            secret=False,
            required=False,
        ),
        base.Credential(
            'server',
            _('Server where the account signs in'),
            _('Only if it is not bsky.social, for example https://pds.example.org.'),
            secret=False,
            required=False,
        ),
        base.Credential(
            'session', _('Session of the account'), _('Kept by itself.'), required=False, typed=False
        ),
    )

    # -- receiving

    def parse(self, raw: base.Raw) -> list[base.Event]:
        return parsing.parse(raw)

    def poll(self, account: Account, cursor: Mapping[str, JSON], http: Http) -> Page:
        return polling.poll(account, cursor, http)

    def history(self, account: Account, cursor: Mapping[str, JSON], since: datetime, http: Http) -> Page:
        return history(account, cursor, since, http)

    def profile(self, account: Account, user: str, http: Http) -> str:
        return health.profile_name(account, user, http)

    # -- sending

    def split(self, account: Account, outgoing: Outgoing, files: Sequence[OutgoingFile]) -> list[Outgoing]:
        """PermanentError('no_files') for any file: messages hold text only."""
        return sending.split(self.capabilities, outgoing, files)

    def send(self, account: Account, outgoing: Outgoing, http: Http) -> base.Sent:
        return sending.send(account, outgoing, http)

    def find_sent(self, account: Account, outgoing: Outgoing, http: Http) -> base.Sent | None:
        return sending.find_sent(account, outgoing, http)

    def profile_url(self, facts: Mapping[str, JSON], user: str, details: Mapping[str, JSON]) -> str:
        return f'https://bsky.app/profile/{user}' if DID.fullmatch(user) else ''

    def error(self, answer: base.Answer) -> errors.SocialMediaError | None:
        return meaning(answer)

    # -- administration

    def check(self, account: Account, http: Http) -> base.Health:
        return health.check(account, http)

    def subscribe(self, account: Account, http: Http) -> None:
        """There is no webhook; what can be asked is that everyone may write to the account."""
        health.accept_everyone(account, http)

    def renewal_due(self, account: Account) -> datetime | None:
        return signing.renewal_due(account)

    def renew(self, account: Account, http: Http, *, refused: bool = False) -> Mapping[str, str] | None:
        return signing.renew(account, http, refused)
