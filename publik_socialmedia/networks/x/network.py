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

"""X (ex-Twitter): the direct messages of an account. Facts and their dates: this folder's README."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from publik_socialmedia import errors
from publik_socialmedia.networks import base
from publik_socialmedia.networks.base import JSON, Account, Event, Http, Outgoing, Page, Raw, Request
from publik_socialmedia.networks.reading import dicts, load

from . import (
    activity,
    authorization,
    budget,
    contents,
    health,
    media,
    oauth,
    pages,
    polling,
    sending,
    webhooks,
)
from .api import Api, meaning


def _(msgid: str) -> str:
    """Marks a text to translate."""
    return msgid


class X(base.Network):
    slug = 'x'
    label = 'X'
    api_url = oauth.API
    capabilities = base.Capabilities(
        webhook=True,
        polling=True,
        history=True,
        receipts=(base.Status.READ,),
        profiles=True,
        authorizes=True,
        declares_return=True,
        text_limit=10_000,  # said in 2015, in no document since
        files_out={mimetype: media.LIMITS[category] for mimetype, category in media.CATEGORIES.items()},
        files_per_message=1,
        poll_interval=300,  # 15 calls are allowed in 15 minutes, and each message read is paid for
    )
    authorize_help = _(
        'In the console of X, your application, « User authentication settings »: type « Web App, Automated '
        'App or Bot », permission « Read and write and Direct message », and the address of return below, '
        'exactly. Then sign in to X, in this browser, with the account to connect.'
    )
    credentials = (
        base.Credential(
            'consumer_secret',
            _('API key secret'),
            _('Console of X, your application, Keys and tokens: « API Key Secret ». It signs what X sends.'),
            scope='endpoint',
            rotates=True,
        ),
        base.Credential(
            'consumer_key',
            _('API key'),
            _('Same page: « API Key ». Needed with OAuth 1.0a only.'),
            secret=False,
            required=False,
            scope='endpoint',
        ),
        base.Credential(
            'client_id',
            _('Client identifier'),
            _('Same page: « OAuth 2.0 Client ID ». Needed with OAuth 2 only.'),
            secret=False,
            required=False,
            scope='endpoint',
        ),
        base.Credential(
            'client_secret',
            _('Client secret'),
            _('Same page: « OAuth 2.0 Client Secret », of a confidential client.'),
            required=False,
            scope='endpoint',
        ),
        base.Credential(
            'bearer_token',
            _('Bearer token of the application'),
            _('Same page: « Bearer Token ». With it we have X call our webhook.'),
            required=False,
            scope='endpoint',
        ),
        base.Credential(
            'access_token',
            _('Access token'),
            _('Of the account, made with OAuth 2 (it is then renewed by itself) or with OAuth 1.0a.'),
            obtained=True,
        ),
        base.Credential(
            'refresh_token',
            _('Refresh token'),
            _('OAuth 2 only, given with the access token when offline.access is asked for. It serves once.'),
            required=False,
            obtained=True,
        ),
        base.Credential(
            'access_token_secret',
            _('Access token secret'),
            _('OAuth 1.0a only. Leave it empty with OAuth 2.'),
            required=False,
            obtained=True,
        ),
        base.Credential(
            'monthly_reads',
            _('Paid reads allowed in a month'),
            _('X bills each message that is read by polling, about $0.01. 2000 if empty; 0: do not poll.'),
            secret=False,
            required=False,
        ),
        base.Credential(
            'expires_at', _('End of the access token'), _('Kept by itself.'), False, False, typed=False
        ),
        base.Credential(
            'scope', _('Rights of the access token'), _('Kept by itself.'), False, False, typed=False
        ),
    )
    media_hosts = media.HOSTS

    # -- receiving

    handshake_type = 'application/json'

    def handshake(self, request: Request, secrets: Mapping[str, Sequence[str]]) -> bytes:
        return webhooks.crc(request, secrets.get('consumer_secret', ()))

    def verify(self, request: Request, secrets: Mapping[str, Sequence[str]]) -> None:
        webhooks.verify(request, secrets.get('consumer_secret', ()))

    def parse(self, raw: Raw) -> list[Event]:
        body = load(raw.body)
        if raw.source is base.Source.WEBHOOK:
            return activity.parse(body)
        return pages.parse(body, raw.account.external_id if raw.account else '')

    def poll(self, account: Account, cursor: Mapping[str, JSON], http: Http) -> Page:
        return polling.poll(account, cursor, http)

    def history(self, account: Account, cursor: Mapping[str, JSON], since: datetime, http: Http) -> Page:
        return polling.history(account, cursor, since, http)

    def profile(self, account: Account, user: str, http: Http) -> str:
        """A read, paid for: nothing is asked when none is left. Webhooks bring names by themselves."""
        if not user.isdigit() or budget.left(account) <= 0:
            return ''
        try:
            found = Api(account, http).get(f'/2/users/{user}', (('user.fields', 'name,username'),))
        except errors.PermanentError:
            return ''
        return next((contents.name_of(one) for one in dicts(found.get('data'))), '')

    # -- sending

    def send(self, account: Account, outgoing: Outgoing, http: Http) -> base.Sent:
        return sending.send(account, outgoing, http)

    def find_sent(self, account: Account, outgoing: Outgoing, http: Http) -> base.Sent | None:
        return sending.find_sent(account, outgoing, http)

    def profile_url(self, facts: Mapping[str, JSON], user: str, details: Mapping[str, JSON]) -> str:
        """https://docs.x.com/x-for-websites/web-intents/overview ; a name may change, a number does not."""
        known = user.isascii() and user.isdigit()
        return f'https://x.com/intent/user?user_id={user}' if known else ''

    def error(self, answer: base.Answer) -> errors.SocialMediaError | None:
        return meaning(answer)

    # -- media

    def open_attachment(self, account: Account, attachment: base.Attachment, http: Http) -> base.Fetch:
        return media.fetch(account, attachment, http)

    # -- administration

    def check(self, account: Account, http: Http) -> base.Health:
        return health.check(account, http)

    def subscribe(self, account: Account, http: Http) -> None:
        health.subscribe(account, http)

    def authorize(self, account: Account, redirect_uri: str, state: str, http: Http) -> base.Authorization:
        return authorization.authorize(account, redirect_uri, state)

    def exchange(self, account: Account, back: base.Return, http: Http) -> Mapping[str, str]:
        return authorization.exchange(account, back, http)

    def renewal_due(self, account: Account) -> datetime | None:
        return oauth.renewal_due(account)

    def renew(self, account: Account, http: Http, *, refused: bool = False) -> Mapping[str, str] | None:
        return oauth.renew(account, http, refused=refused)
