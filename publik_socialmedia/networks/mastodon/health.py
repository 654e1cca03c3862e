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

"""Test of an account: token, scopes, facts of the server, policy of notifications (R40, R41)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from publik_socialmedia import errors
from publik_socialmedia.networks.base import JSON, Account, Answer, Health, Http, Problem
from publik_socialmedia.networks.examination import Examination
from publik_socialmedia.networks.reading import decoded

from .api import VERIFY, Api, meaning
from .identity import GOTOSOCIAL, MASTODON, SNAC, Ours, host_of, mapping, name_of, word
from .parsing import POLICY, SEVERITIES

POLICY_PATH = '/api/v2/notifications/policy'

# any of each line; Mastodon's scopes, the others know only the coarse ones
SCOPES = (
    ('read', 'profile', 'read:accounts'),
    ('read', 'read:statuses'),
    ('read', 'read:notifications'),
    ('write', 'write:statuses'),
    ('write', 'write:media'),
)
# not '2.7.2 (compatible; Pleroma 2.6.0)', as those who imitate it say, nor '0.20.0'
_MASTODON_VERSION = re.compile(r'[1-9]\d*\.\d+\.\d+[\w.+-]*')
# a private mention is also dropped if one of these drops its sender
SENDERS = ('for_not_following', 'for_not_followers', 'for_new_accounts')


def _(msgid: str) -> str:
    """Marks a text to translate."""
    return msgid


ADDRESS = _('The address of the server is not right: give it as https://social.example.org.')
NOT_A_SERVER = _('This address does not answer as a Mastodon server: check it.')
MOVED_ADDRESS = _('The server answers at another address: give the one of its sign-in page.')
TOKEN_MISSING = _('The access token is missing.')
TOKEN = _('The access token is not valid, or was revoked: make a new application and copy its token.')
SCOPE = _(
    'The application lacks a scope: tick read:accounts, read:statuses, read:notifications, write:statuses '
    'and write:media, then copy the new token.'
)
OTHER = _('This token belongs to another account than the one connected here.')
DISABLED = _('The server has suspended this account: see its administrators.')
MOVED = _('This account has moved to another one: connect the new one.')
FILTERS = _(
    'The server sets aside the private mentions of people whom the account does not follow. They are read '
    'all the same; to see them in Mastodon too, accept them in Preferences, Notifications.'
)
DROPS = _(
    'The account’s settings make the server throw away private messages of strangers: nobody will ever see '
    'them. In Mastodon, Preferences, Notifications, accept them.'
)
POLICY_UNKNOWN = _(
    'We could not see whether the account filters private mentions: the scope read:notifications is missing.'
)


@dataclass(slots=True)
class _Check(Examination):
    api: Api

    def ask(self, path: str) -> tuple[Answer, errors.SocialMediaError | None]:
        """The answer, and what it means; TemporaryError comes out."""
        answer = self.api.call('GET', path)
        error = meaning(answer)
        if isinstance(error, errors.TemporaryError):
            raise error
        return answer, error


def check(account: Account, http: Http) -> Health:
    """Only TemporaryError may come out."""
    try:
        test = _Check(account, Api(account, http))
    except errors.ConfigurationError as error:
        missing = TOKEN_MISSING if error.reason == 'auth' else ADDRESS
        return Health((Problem(error.reason, missing),))
    try:
        us = _check_token(test)
    except errors.ConfigurationError:  # the Http does not call such an address
        return Health((Problem('config', ADDRESS),))
    if not us:
        return Health(tuple(test.problems))
    _check_instance(test, us)
    _check_account(test, us)
    _check_scopes(test)
    _check_policy(test)
    return Health(tuple(test.problems), _acct(test, us), name_of(us), None, test.facts)


def _check_token(test: _Check) -> Mapping[str, JSON]:
    answer, error = test.ask(VERIFY)
    us = mapping(decoded(answer))
    if error is None and word(us.get('id')) and word(us.get('username')):
        return us
    if error is None or error.reason in ('gone', 'permanent'):
        test.problem('config', NOT_A_SERVER)
    elif error.reason == 'auth':
        test.problem('auth', TOKEN)
    elif error.reason == 'permission':
        test.problem('permission', SCOPE)
    else:
        test.problem('config', MOVED_ADDRESS)
    return {}


def _check_instance(test: _Check, us: Mapping[str, JSON]) -> None:
    answer, error = test.ask('/api/v2/instance')
    if error is not None:
        answer, error = test.ask('/api/v1/instance')  # snac, and servers of before 2022
    about = mapping(decoded(answer)) if error is None else {}
    limits = mapping(about.get('configuration'))
    statuses, media = mapping(limits.get('statuses')), mapping(limits.get('media_attachments'))
    test.facts |= {
        'id': word(us.get('id')),
        'server': _server(about),
        'host': host_of(test.account.credentials.get('instance', '')),  # not that of its accounts, at times
        'version': word(about.get('version')),
        'domain': word(about.get('account_domain'))
        or word(about.get('domain'))
        or _bare(word(about.get('uri'))),
        'max_characters': _number(statuses.get('max_characters')) or _number(about.get('max_toot_chars')),
        'url_characters': _number(statuses.get('characters_reserved_per_url')),
        'mime_types': [word(value) for value in _listed(media.get('supported_mime_types')) if word(value)],
        'image_size_limit': _number(media.get('image_size_limit')),
        'video_size_limit': _number(media.get('video_size_limit')),
        'streaming': word(mapping(limits.get('urls')).get('streaming')),
    }


def _server(about: Mapping[str, JSON]) -> str:
    """Family of the server: what it does with private statuses and with Idempotency-Key depends on it."""
    version, source = word(about.get('version')).lower(), word(about.get('source_url')).lower()
    for family in (GOTOSOCIAL, SNAC):
        if family in source or family in version or f'{family}/' in word(about.get('title')).lower():
            return family
    if mapping(about.get('api_versions')).get('mastodon') or _MASTODON_VERSION.fullmatch(version):
        return MASTODON
    return 'other'


def _check_account(test: _Check, us: Mapping[str, JSON]) -> None:
    expected, found = test.account.external_id, _acct(test, us)
    if expected and expected.lower() != found.lower():
        test.problem('config', OTHER)
    if us.get('suspended') is True:
        test.problem('policy', DISABLED)
    if us.get('moved'):
        test.problem('config', MOVED, 'warning')


def _acct(test: _Check, us: Mapping[str, JSON]) -> str:
    account = Account('', test.account.credentials, test.facts, test.account.api_url)
    return Ours.of(account).acct_of(us)


def _check_scopes(test: _Check) -> None:
    """Scopes of the application, where the server tells them (Mastodon ≥ 4.3)."""
    answer, error = test.ask('/api/v1/apps/verify_credentials')
    scopes = (
        {word(value) for value in _listed(mapping(decoded(answer)).get('scopes'))} if error is None else set()
    )
    if scopes and not all(scopes & set(needed) for needed in SCOPES):
        test.problem('permission', SCOPE)


def _check_policy(test: _Check) -> None:
    """``drop`` makes messages vanish for good; ``filter`` is Mastodon's default, and read all the same."""
    answer, error = test.ask(POLICY_PATH)
    if error is not None:
        if error.reason == 'permission':
            test.problem('permission', POLICY_UNKNOWN, 'warning')
        return
    policy = mapping(decoded(answer))
    test.facts['private_mentions'] = word(policy.get('for_private_mentions'))
    if any(policy.get(key) == 'drop' for key in ('for_private_mentions', *SENDERS)):
        test.problem(POLICY, DROPS)
    elif policy.get('for_private_mentions') in SEVERITIES:
        test.problem(POLICY, FILTERS, 'info')


def accept_private_mentions(account: Account, http: Http) -> None:
    """Have the server accept private mentions, and drop nobody; safe to repeat. Needs write:notifications.

    Nothing to do where there is no such policy. What is only filtered stays so: it is read.
    """
    api = Api(account, http)
    answer = api.call('GET', POLICY_PATH)
    error = meaning(answer)
    if isinstance(error, errors.PermanentError):
        return
    if error is not None:
        raise error
    policy = mapping(decoded(answer))
    wanted = {key: 'filter' for key in SENDERS if policy.get(key) == 'drop'}
    if policy.get('for_private_mentions') in SEVERITIES:
        wanted['for_private_mentions'] = 'accept'
    if wanted:
        error = meaning(api.call('PATCH', POLICY_PATH, json=wanted))
        if error is not None:
            raise error


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**12 else 0


def _listed(value: JSON) -> Iterable[JSON]:
    return value if isinstance(value, list) else ()


def _bare(address: str) -> str:
    """v1 gives the domain as ``uri``, some servers with a scheme."""
    return urlsplit(address).netloc if '://' in address else address
