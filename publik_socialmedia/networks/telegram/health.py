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

"""Test of a bot and the way by which its updates come (R40, R41).

https://core.telegram.org/bots/api#getme and #getwebhookinfo. An account whose endpoint has a secret is
called by Telegram; one without is polled. Telegram does one or the other, never both.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from publik_socialmedia.errors import ConfigurationError, Hidden, PermanentError
from publik_socialmedia.networks.base import JSON, Account, Health, Http, Problem
from publik_socialmedia.networks.examination import Examination
from publik_socialmedia.networks.reading import ident, integer, mapping, moment, string

from .api import WEBHOOK_KEY, Api, result
from .contents import full_name
from .parsing import WANTED

NEEDED = frozenset({'message', 'edited_message', 'my_chat_member'})
RECENT = timedelta(hours=1)  # an error of our webhook that is older is over
MANY = 20  # updates that wait, after which messages come late
CONNECTIONS = 10  # calls of our webhook at once
SECRET_FORM = re.compile(r'[A-Za-z0-9_-]{16,256}')  # Telegram takes shorter ones


def _(msgid: str) -> str:
    """Marks a text to translate."""
    return msgid


TOKEN_FORM = _('This is not the token of a bot: copy it from @BotFather, it looks like 123456789:AA….')
TOKEN = _(
    'Telegram refuses the token of the bot: it was revoked or the bot was deleted. In @BotFather, /mybots, '
    'API Token, copy the current one.'
)
OTHER = _('This token is of another bot than the one connected here.')
NOT_TELEGRAM = _('What answers is not the API of Telegram: check the address of the API.')
SECRET_WRONG = _(
    'The webhook secret must have 16 to 256 letters without accents, digits, « _ » or « - »: choose another.'
)
NOT_SUBSCRIBED = _('Telegram does not call us yet: use « Subscribe ».')
ELSEWHERE = _(
    'Telegram sends the messages of this bot to another software. If it is no longer used, « Subscribe » '
    'brings them here; else create another bot.'
)
FIELDS = _('Telegram does not send us all that we need: use « Subscribe ».')
FAILING = _(
    'Telegram does not manage to call us: check that this site can be reached from the Internet, with a '
    'valid certificate. It keeps messages for 24 hours, then they are lost.'
)
LATE = _('Many messages wait at Telegram: they come late.')
CONFLICT = _(
    'The bot has a webhook, so that it cannot be polled: use « Subscribe », which removes it, or connect the '
    'account by webhook.'
)
GROUPS = _(
    'The bot can be added to groups, whose messages we ignore: in @BotFather, /setjoingroups, choose Disable.'
)


@dataclass(slots=True)
class _Check(Examination):
    api: Api

    def ask(self, method: str) -> Mapping[str, JSON]:
        return mapping(result(self.api.get(method)))


def check(account: Account, http: Http) -> Health:
    """Only TemporaryError may come out."""
    try:
        test = _Check(account, Api(account, http))
    except ConfigurationError:
        return Health((Problem('auth', TOKEN_FORM),))
    try:
        us = test.ask('getMe')
        webhook = test.ask('getWebhookInfo')
    except ConfigurationError as error:
        refused = error.reason == 'auth'
        problem = Problem('auth', TOKEN) if refused else Problem('config', NOT_TELEGRAM)
        return Health((problem,))
    except PermanentError:
        return Health((Problem('config', NOT_TELEGRAM),))
    bot = ident(us.get('id'))
    if not bot or us.get('is_bot') is not True:
        return Health((Problem('config', NOT_TELEGRAM),))
    if account.external_id and account.external_id != bot:
        test.problem('config', OTHER)
    if us.get('can_join_groups') is True:
        test.problem('config', GROUPS, 'info')
    _check_way(test, webhook)
    facts: dict[str, JSON] = {
        'username': string(us.get('username')),
        'business': us.get('can_connect_to_business') is True,
    }
    return Health(tuple(test.problems), bot, full_name(us), None, facts)


def _check_way(test: _Check, webhook: Mapping[str, JSON]) -> None:
    secret = Hidden(test.account.credentials.get(WEBHOOK_KEY, ''))
    url, ours = Hidden(string(webhook.get('url'))), Hidden(test.account.webhook_url)
    if not secret:
        if url:
            test.problem('config', CONFLICT)
        return
    if not SECRET_FORM.fullmatch(secret):
        test.problem('config', SECRET_WRONG)
        return
    if not url:
        test.problem('subscription', NOT_SUBSCRIBED)
        return
    if ours and url != ours:
        test.problem('subscription', ELSEWHERE)
        return
    asked = webhook.get('allowed_updates')
    if isinstance(asked, list) and not set(map(string, asked)) >= NEEDED:
        test.problem('subscription', FIELDS)
    waiting = integer(webhook.get('pending_update_count')) or 0
    failed = moment(webhook.get('last_error_date'))
    if failed is not None and waiting and datetime.now(UTC) - failed < RECENT:
        test.problem('subscription', FAILING)
    elif waiting > MANY:
        test.problem('subscription', LATE, 'warning')


def subscribe(account: Account, http: Http) -> None:
    """Have Telegram call our webhook, or call nobody if the account is polled; safe to repeat.

    What waits at Telegram is kept: it comes by the new way.
    """
    api, secret = Api(account, http), Hidden(account.credentials.get(WEBHOOK_KEY, ''))
    if not secret:
        api.change('deleteWebhook', drop_pending_updates=False)
        return
    if not SECRET_FORM.fullmatch(secret):
        raise ConfigurationError('config', detail='webhook_secret')
    if not account.webhook_url:
        raise ConfigurationError('base_url')
    try:
        api.change(
            'setWebhook',
            url=Hidden(account.webhook_url),
            secret_token=secret,
            allowed_updates=list(WANTED),
            max_connections=CONNECTIONS,
            drop_pending_updates=False,
        )
    except PermanentError as error:  # not https, a private address, a port that is not 443, 80, 88 or 8443
        raise ConfigurationError('forbidden_url', code=error.code) from error
