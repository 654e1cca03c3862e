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

"""Test of an account: app password, right to messages, session, settings of the chat (R40, R41)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from publik_socialmedia import errors
from publik_socialmedia.networks.base import JSON, Account, Health, Http, Problem
from publik_socialmedia.networks.examination import Examination
from publik_socialmedia.networks.reading import ident, mapping, string

from .api import Api, checked, content, is_address, meaning
from .history import CONVOS
from .messages import name_of
from .session import Session, opens_messages, service, stored, typed
from .signing import signed_in

SESSION = 'com.atproto.server.getSession'
RECORD = 'com.atproto.repo.getRecord'
PUT = 'com.atproto.repo.putRecord'
STATUS = 'chat.bsky.actor.getStatus'
PROFILE = 'app.bsky.actor.getProfile'
DECLARATION = 'chat.bsky.actor.declaration'

_APP_PASSWORD = re.compile(r'[a-z0-9]{4}(-[a-z0-9]{4}){3}')


def _(msgid: str) -> str:
    """Marks a text to translate."""
    return msgid


MISSING = _('Give the handle of the account and an app password.')
ADDRESS = _('The address of the server is not right: leave it empty for bsky.social.')
NOT_A_SERVER = _('This address does not answer as a Bluesky server: leave it empty for bsky.social.')
PASSWORD = _(
    'Bluesky refuses this handle and app password: check the handle, or make a new app password (Settings, '
    'Privacy and security, App passwords) and copy it here.'
)
NO_MESSAGES = _(
    'This app password does not open private messages, and that cannot be changed: make another one, tick '
    '« Allow access to your direct messages », and copy it here.'
)
MAIN_PASSWORD = _(
    'This looks like the password of the account itself: make an app password for us instead, then change '
    'the one that was written here.'
)
OTHER = _('This handle is of another account than the one connected here.')
UNUSABLE = _('Bluesky has suspended or deactivated this account: sign in to its application to see why.')
CHAT_OFF = _('Bluesky’s moderation has switched private messages off for this account.')
EMAIL = _('The e-mail address of the account is not confirmed: Bluesky may refuse private messages.')
FOLLOWED_ONLY = _(
    'Only people whom the account follows can write to it. In Bluesky, Chat settings, allow messages from '
    'everyone.'
)
NOBODY = _(
    'The account’s settings refuse all private messages. In Bluesky, Chat settings, allow messages from '
    'everyone.'
)


@dataclass(slots=True)
class _Check(Examination):
    http: Http
    session: Session

    def ask(self, method: str, *params: tuple[str, str]) -> Mapping[str, JSON]:
        return Api(self.account, self.http, self.session).read(method, *params)

    def try_asking(self, method: str, *params: tuple[str, str]) -> Mapping[str, JSON]:
        """The same, {} for what this server or this account does not have."""
        try:
            return self.ask(method, *params)
        except (errors.PermanentError, errors.ConfigurationError):
            return {}


def check(account: Account, http: Http) -> Health:
    """Only TemporaryError may come out."""
    try:
        test = _Check(account, http, _session(account, http))
        us = test.ask(SESSION)
        if opens_messages(test.session.access):
            test.ask(CONVOS, ('limit', '1'))
            _check_messages(test)
        else:
            test.problem('permission', NO_MESSAGES)
    except (errors.PermanentError, errors.ConfigurationError) as refusal:
        return Health((_refusal(account, refusal),))
    _check_account(test, us)
    return Health(tuple(test.problems), test.session.did, _name(test, us), None, test.facts)


def _session(account: Account, http: Http) -> Session:
    """The one in use, so that a test costs no sign-in; a new one for what was just typed."""
    return stored(account) or signed_in(account, http)


def _refusal(account: Account, error: errors.SocialMediaError) -> Problem:
    try:
        typed(account)
    except errors.ConfigurationError:
        return Problem('auth', MISSING)
    if error.reason == 'auth':
        return Problem('auth', PASSWORD)
    if error.reason == 'policy':
        return Problem('policy', UNUSABLE)
    if error.reason == 'permission':
        return Problem('permission', NO_MESSAGES)
    return Problem('config', NOT_A_SERVER if is_address(service(account)) else ADDRESS)


def _check_account(test: _Check, us: Mapping[str, JSON]) -> None:
    if test.account.external_id not in ('', test.session.did):
        test.problem('config', OTHER)
    if us.get('active') is False:
        test.problem('policy', UNUSABLE)
    if us.get('emailConfirmed') is False:
        test.problem('config', EMAIL, 'warning')
    if not _APP_PASSWORD.fullmatch(typed(test.account)[1]):
        test.problem('config', MAIN_PASSWORD, 'warning')
    test.facts |= {'handle': ident(us.get('handle')), 'server': test.session.server}


def _check_messages(test: _Check) -> None:
    """From whom messages are accepted: without a record, from those whom the account follows only."""
    if test.try_asking(STATUS).get('chatDisabled') is True:  # of 2026: an older service says nothing
        test.problem('policy', CHAT_OFF)
    record = test.try_asking(RECORD, *_declaration_of(test.session))
    allowed = ident(mapping(record.get('value')).get('allowIncoming')) or 'following'
    test.facts['allow_incoming'] = allowed
    if allowed == 'none':
        test.problem('policy_filters_private_mentions', NOBODY)
    elif allowed != 'all':
        test.problem('policy_filters_private_mentions', FOLLOWED_ONLY, 'warning')


def _declaration_of(session: Session) -> tuple[tuple[str, str], ...]:
    return ('repo', session.did), ('collection', DECLARATION), ('rkey', 'self')


def _name(test: _Check, us: Mapping[str, JSON]) -> str:
    """The displayed name; a server without AppView does not know it."""
    try:
        profile = test.try_asking(PROFILE, ('actor', test.session.did))
    except errors.TemporaryError:
        profile = {}
    return name_of(profile) or string(us.get('handle'))


def accept_everyone(account: Account, http: Http) -> None:
    """Have messages of everyone accepted; safe to repeat. What else the record says is kept."""
    api = Api(account, http)
    answer = api.call('GET', RECORD, params=list(_declaration_of(api.session)))
    error = meaning(answer)
    if error is not None and not isinstance(error, errors.PermanentError):
        raise error
    record = mapping(content(answer).get('value')) if error is None else {}
    if record.get('allowIncoming') == 'all':
        return
    value = {'allowGroupInvites': 'none', **record, '$type': DECLARATION, 'allowIncoming': 'all'}
    checked(api.repeat(PUT, dict([*_declaration_of(api.session), ('record', value)])))


def profile_name(account: Account, user: str, http: Http) -> str:
    """Name of a person, '' if there is no such account any more."""
    try:
        return name_of(Api(account, http).read(PROFILE, ('actor', user)))
    except errors.PermanentError:
        return ''
