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

"""Testing an account, and having X call our webhook (R40, R41).

Messages are msgids, shown in French.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from publik_socialmedia import errors
from publik_socialmedia.networks.base import JSON, Account, Answer, Health, Http, Problem
from publik_socialmedia.networks.reading import decoded, dicts, ident, mapping, string

from . import budget
from .api import Api, meaning
from .oauth import API

ME = '/2/users/me'
WEBHOOKS = '/2/webhooks'
SUBSCRIPTIONS = '/2/activity/subscriptions'
# what we want to be told; without the first one nothing comes
EVENTS = ('dm.received', 'dm.sent', 'dm.read', 'chat.received', 'chat.sent', 'oauth.revoke')
TAG = 'publik'


def _(msgid: str) -> str:
    """Marks a text to translate."""
    return msgid


REFUSED: Mapping[str, str] = {
    'auth': _(
        'X no longer accepts the access token of the account: it was revoked, or its renewal was '
        'interrupted. Connect the account again.'
    ),
    'permission': _(
        'X says that the application may not use direct messages. In the console of X: the application must '
        'be in a project, its plan must cover direct messages (code 453 means that it does not), and its '
        'permission must be « Read and write and Direct message »; then connect the account again.'
    ),
    'credits': _(
        'The credits of the application are used up, or its spending limit is reached: buy some, or raise '
        'the limit, in the console of X (« Billing »). Messages wait meanwhile.'
    ),
    'policy': _('X has locked or suspended the account: sign in to X with it and follow what it asks.'),
    'clock': _('X refuses our signature because the clock of this server is wrong: set it (NTP).'),
    'config': _(
        'What was typed for this account is not complete, or cannot be read: with OAuth 2, the access token '
        'and the refresh token; with OAuth 1.0a, the access token, its secret, and both keys of the '
        'application.'
    ),
}
CLIENT = _(
    'X does not know the client identifier or its secret: copy them again from the console of X '
    '(« OAuth 2.0 Client ID and Client Secret »).'
)
NO_READING = _(
    'The account did not allow the application to read direct messages (dm.read, tweet.read, users.read): '
    'connect it again and accept all that is asked.'
)
NO_WRITING = _(
    'The account did not allow the application to send direct messages (dm.write): connect it again and '
    'accept all that is asked.'
)
NO_MEDIA = _(
    'The account did not allow the application to upload media (media.write): no picture can be sent. '
    'Connect it again and accept all that is asked.'
)
NO_RENEWAL = _(
    'There is no refresh token: the connection lasts two hours. Connect the account again with the scope '
    'offline.access, or use OAuth 1.0a.'
)
BUDGET = _(
    'The monthly budget of paid reads is used up: X is not polled until the month ends. Messages still come '
    'by the webhook. Raise the budget on the account if need be.'
)
NO_BEARER = _(
    'Without the bearer token of the application, nobody can say whether X still calls our webhook: type it.'
)
NO_WEBHOOK = _(
    'X does not know our webhook: subscribe the account again. Until then messages come by polling.'
)
INVALID_WEBHOOK = _(
    'X has stopped calling our webhook, which did not answer its test (CRC): check the consumer secret and '
    'that the address is reachable in https on the usual port, then subscribe the account again.'
)
NOT_SUBSCRIBED = _(
    'X does not tell our webhook of all the messages of this account: subscribe the account again. Until '
    'then they come by polling, and encrypted ones are not seen.'
)


def check(account: Account, http: Http) -> Health:
    """Only TemporaryError comes out; « auth_refresh » has the token renewed and the test made again."""
    try:
        api = Api(account, http)
        answer = api.checked(api.call('GET', ME, (('user.fields', 'name,username'),)))
    except (errors.ConfigurationError, errors.PermanentError) as error:
        reason = error.reason if error.reason in REFUSED else 'permission'
        said = CLIENT if error.code in ('invalid_client', 'unauthorized_client') else REFUSED[reason]
        return Health((Problem(reason, said),))
    me = mapping(api.paid(answer).get('data'))
    if not ident(me.get('id')):
        raise errors.TemporaryError('temporary', http_status=answer.status, detail='no account')
    problems = (*_rights(api, answer), *_reading(account), *_webhook(account, http, ident(me.get('id'))))
    return Health(
        problems=problems,
        external_id=ident(me.get('id')),
        name=string(me.get('name')) or string(me.get('username')),
        facts={'username': string(me.get('username'))},
    )


def _rights(api: Api, answer: Answer) -> Iterator[Problem]:
    """What the token may do: X tells it of OAuth 1.0a in a header, of OAuth 2 with the token."""
    if api.proof.signs:
        level = answer.headers.get('x-access-level', '')
        if level and 'directmessages' not in level:
            yield Problem('permission', REFUSED['permission'])
        return
    granted = set(api.account.credentials.get('scope', '').split())
    if granted and not {'dm.read', 'tweet.read', 'users.read'} <= granted:
        yield Problem('permission', NO_READING)
    if granted and 'dm.write' not in granted:
        yield Problem('permission', NO_WRITING)
    if granted and 'media.write' not in granted:
        yield Problem('permission', NO_MEDIA, 'warning')
    if not api.proof.renewable:
        yield Problem('token_expires', NO_RENEWAL, 'warning')


def _reading(account: Account) -> Iterator[Problem]:
    if budget.left(account) <= 0:
        yield Problem('reads_budget', BUDGET, 'warning')


# -- the webhook: polling does without, more slowly and for more money


def _webhook(account: Account, http: Http, ours: str) -> Iterator[Problem]:
    if not account.webhook_url:
        return
    app = _Application(account, http)
    if not app.bearer:
        yield Problem('subscription', NO_BEARER, 'warning')
        return
    try:
        known = app.webhook()
        told = app.subscribed(ours, ident(known.get('id')))
    except (errors.ConfigurationError, errors.PermanentError):
        yield Problem('subscription', NO_BEARER, 'warning')
        return
    if not known:
        yield Problem('subscription', NO_WEBHOOK, 'warning')
    elif known.get('valid') is False:
        yield Problem('subscription', INVALID_WEBHOOK, 'warning')
    elif not set(EVENTS) <= told:
        yield Problem('subscription', NOT_SUBSCRIBED, 'warning')


class _Application:
    """What the application itself asks, with its bearer token."""

    def __init__(self, account: Account, http: Http) -> None:
        self.account, self.http = account, http
        self.base = (account.api_url or API).rstrip('/')
        self.bearer = account.credentials.get('bearer_token', '').strip()

    def call(self, method: str, path: str, **more: JSON) -> Mapping[str, JSON]:
        headers = {'Authorization': f'Bearer {self.bearer}'}
        answer = self.http.request(method, self.base + path, headers=headers, **more)
        error = meaning(answer)
        if error is not None:
            raise error
        return mapping(decoded(answer))

    def webhook(self) -> Mapping[str, JSON]:
        """Ours among those that X knows, {} if it is not."""
        known = dicts(self.call('GET', WEBHOOKS).get('data'))
        return next((one for one in known if one.get('url') == self.account.webhook_url), {})

    def subscribed(self, ours: str, webhook: str) -> set[str]:
        """Events of our account that X tells that webhook."""
        return {
            string(one.get('event_type'))
            for one in dicts(self.call('GET', SUBSCRIPTIONS).get('data'))
            if ident(mapping(one.get('filter')).get('user_id')) == ours
            and ident(one.get('webhook_id')) == webhook != ''
        }


def subscribe(account: Account, http: Http) -> None:
    """Have X call our webhook for the account; safe to repeat. Nothing to do for an account without webhook.

    The webhook is the application's, and X tests it at once. Private events want the account's own token, of
    OAuth 2.
    """
    if not account.webhook_url:
        return
    api, app = Api(account, http), _Application(account, http)
    if not app.bearer or api.proof.signs:
        raise errors.ConfigurationError('subscription', detail='bearer token, OAuth 2')
    known = app.webhook()
    if not known:
        known = mapping(app.call('POST', WEBHOOKS, json={'url': account.webhook_url}).get('data'))
    elif known.get('valid') is False:
        app.call('PUT', f'{WEBHOOKS}/{ident(known.get("id"))}')
    webhook = ident(known.get('id'))
    told = app.subscribed(account.external_id, webhook)
    for event in EVENTS:
        if event not in told:
            wanted = {'event_type': event, 'filter': {'user_id': account.external_id}, 'tag': TAG}
            answer = api.call('POST', SUBSCRIPTIONS, json={**wanted, 'webhook_id': webhook})
            if answer.status != 409:  # it is there already, though X did not list it
                api.checked(answer)
