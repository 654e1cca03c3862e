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

"""Instagram: the private messages of a professional account. Facts and their dates: this folder's README.

Two ways in, told apart by which token the account has: through the Page that the account is linked to
(graph.facebook.com), or by Instagram Login (graph.instagram.com), whose token lives 60 days.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from publik_socialmedia.networks.base import (
    JSON,
    Account,
    Answer,
    Authorization,
    Capabilities,
    Credential,
    Health,
    Http,
    Outgoing,
    Return,
    Status,
)
from publik_socialmedia.networks.instagram import authorization, events, health, renewal, sending
from publik_socialmedia.networks.instagram.login import (
    CODE_HOST,
    LOGIN_HOST,
    LOGIN_TOKEN,
    is_login,
    login_url,
)
from publik_socialmedia.networks.meta import string
from publik_socialmedia.networks.meta_graph import APPLICATION, valid_token
from publik_socialmedia.networks.meta_inbox import InboxNetwork
from publik_socialmedia.networks.meta_sending import HUMAN_WINDOW, WINDOW


def _(msgid: str) -> str:
    """Marks a text to translate."""
    return msgid


class Instagram(InboxNetwork):
    slug = 'instagram'
    label = 'Instagram'
    capabilities = Capabilities(
        webhook=True,
        history=True,
        receipts=(Status.READ,),
        edits=True,
        unsends=True,
        reactions=True,
        profiles=True,
        authorizes=True,
        declares_return=True,
        text_limit=1000,
        text_unit='utf8',
        files_out=sending.FILES,
        files_by_url=True,
        answer_window=WINDOW,
        human_window=HUMAN_WINDOW,
    )
    other_hosts = (LOGIN_HOST, CODE_HOST)
    authorize_help = _(
        'Only for an account without a Page (Instagram Login). In Meta for Developers, your application, '
        'product « Instagram », « Set up Instagram business login »: declare the address of return below, '
        'exactly. Then sign in to Instagram, in this browser, with the account to connect.'
    )
    credentials = (
        *APPLICATION,
        Credential(
            'instagram_app_id',
            _('Identifier of the Instagram application'),
            _(
                'Only to connect with Instagram Login: Meta for Developers, your application, product '
                '« Instagram », « Instagram app ID ». It is another one than above.'
            ),
            secret=False,
            required=False,
            scope='endpoint',
        ),
        Credential(
            'instagram_app_secret',
            _('Secret of the Instagram application'),
            _(
                'Only with Instagram Login: Meta for Developers, your application, product « Instagram », '
                '« Instagram app secret ».'
            ),
            required=False,
            scope='endpoint',
            rotates=True,
        ),
        Credential(
            'page_token',
            _('Page access token'),
            _(
                'If the account is linked to a Facebook Page: the token of that Page, preferably made with a '
                'system user. Else leave it empty.'
            ),
            required=False,
            obtained=True,
        ),
        Credential(
            LOGIN_TOKEN,
            _('Instagram access token'),
            _(
                'Only without a Page: token of 60 days, made in Meta for Developers, your application, '
                'product « Instagram », « Generate token ». It is then renewed by itself.'
            ),
            required=False,
            obtained=True,
        ),
        Credential(
            'human_agent',
            _('« Human Agent » granted'),
            _(
                'Type « yes » if Meta granted the feature « Human Agent » to the application: a person may '
                'then answer for 7 days. With a Page, the test finds it out by itself.'
            ),
            secret=False,
            required=False,
        ),
        Credential(
            renewal.STATE,
            _('Renewal of the Instagram token'),
            _('Its end, and when it is renewed next.'),
            required=False,
            typed=False,
        ),
    )
    error_table = sending.ERRORS
    shown_types = sending.SHOWN_TYPES
    doubtful = frozenset({'1545041', '2534014'})
    settle = sending.SETTLED
    dialect = events.DIALECT
    reading = events.READING

    # -- the two ways in

    def token(self, account: Account) -> str:
        return valid_token(account, LOGIN_TOKEN if is_login(account) else 'page_token')

    def owner(self, account: Account) -> str:
        """The Page behind which the account is, else the account itself."""
        return 'me' if is_login(account) else str(account.facts.get('page_id') or 'me')

    def url(self, account: Account, path: Sequence[str]) -> str:
        if is_login(account):
            account = replace(account, api_url=login_url(account))
        return super().url(account, path)

    def call(self, http: Http, account: Account, *args: Any, **kwargs: Any) -> Answer:
        if is_login(account):
            # whether a proof is taken there, and made with which secret, is said nowhere
            account = replace(account, facts={**account.facts, 'proof_required': False})
        return super().call(http, account, *args, **kwargs)

    # -- receiving

    def signing_secrets(self, secrets: Mapping[str, Sequence[str]]) -> Sequence[str]:
        """Which of the two signs with Instagram Login is not clear: both are taken."""
        return (*secrets.get('app_secret', ()), *secrets.get('instagram_app_secret', ()))

    def profile(self, account: Account, user: str, http: Http) -> str:
        """Name, else user name; both only for somebody who wrote to us."""
        found = self.profile_facts(account, user, 'name,username', http)
        name = string(found.get('name')).strip() or string(found.get('username')).strip()
        return name or self.name_in_thread(account, user, http)

    # -- sending

    def body(self, outgoing: Outgoing, declared: Mapping[str, str], shown_type: str) -> Mapping[str, JSON]:
        return sending.body(outgoing, declared, shown_type)

    # -- administration

    def check(self, account: Account, http: Http) -> Health:
        return health.check(self, account, http)

    def subscribe(self, account: Account, http: Http) -> None:
        if is_login(account):
            self.subscribe_to(account, health.FIELDS, http)
        elif not health.page_subscription(self, account, http):
            # one field of the Page is enough, and what another account asked of it must stay
            self.subscribe_to(account, health.PAGE_FIELDS, http)

    def authorize(self, account: Account, redirect_uri: str, state: str, http: Http) -> Authorization:
        return authorization.authorize(account, redirect_uri, state)

    def exchange(self, account: Account, back: Return, http: Http) -> Mapping[str, str]:
        return authorization.exchange(self, account, back, http)

    def renewal_due(self, account: Account) -> datetime | None:
        return renewal.due_at(account) if is_login(account) else None

    def renew(self, account: Account, http: Http, *, refused: bool = False) -> Mapping[str, str] | None:
        if not is_login(account) or not (refused or renewal.is_due(account)):
            return None
        return renewal.renew(self, account, http)
