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

"""Test of an Instagram account: token, permissions, subscriptions, access to messages (R40, R41)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from publik_socialmedia.errors import ConfigurationError, PermanentError, TemporaryError
from publik_socialmedia.networks import meta_health
from publik_socialmedia.networks.base import JSON, Account, Health, Http, Problem
from publik_socialmedia.networks.instagram import renewal
from publik_socialmedia.networks.instagram.login import is_login
from publik_socialmedia.networks.meta import dicts, ident, integer, mapping, moment, string
from publik_socialmedia.networks.meta_health import Check
from publik_socialmedia.networks.meta_inbox import InboxNetwork
from publik_socialmedia.networks.reading import says_yes

# Fields of the object « instagram »: an account that has one of them is sent all those of the application.
FIELDS = (
    'messages',
    'message_echoes',
    'message_edit',
    'message_reactions',
    'messaging_postbacks',
    'messaging_referral',
    'messaging_seen',
    'messaging_handover',
    'standby',
)
NEEDED_FIELDS = frozenset({'messages'})
PAGE_FIELDS = ('messages',)  # of the Page: one is enough to have what its Instagram account says
PROFESSIONAL = ('BUSINESS', 'CREATOR', 'MEDIA_CREATOR', '')


def _(msgid: str) -> str:
    """Marks a text to translate."""
    return msgid


SCOPES = {
    'instagram_manage_messages': Problem(
        'permission',
        _('The token lacks the permission instagram_manage_messages: messages can be neither read nor sent.'),
    ),
    'instagram_basic': Problem(
        'permission',
        _('The token lacks the permission instagram_basic: the Instagram account cannot be found.'),
    ),
    'pages_manage_metadata': Problem(
        'permission',
        _('The token lacks the permission pages_manage_metadata: the Page cannot be subscribed.'),
    ),
    'pages_messaging': Problem(
        'permission',
        _('The token lacks the permission pages_messaging: answers could be refused.'),
        'warning',
    ),
    'pages_read_engagement': Problem(
        'permission',
        _('The token lacks the permission pages_read_engagement: what was missed cannot be read again.'),
        'warning',
    ),
}
_OTHER_ACCOUNT = _('The token is the one of another Instagram account than the one connected so far.')


def check(network: InboxNetwork, account: Account, http: Http) -> Health:
    """Only TemporaryError may come out."""
    if not network.token(account):
        message = _('The access token is missing: give the one of the Page, or the one of Instagram Login.')
        return Health((Problem('config', message),))
    test = meta_health.begin(network, account, http)
    external_id, name, expires = (_check_login if is_login(account) else _check_behind_page)(test)
    if external_id:
        _check_access(test, network)
        _check_our_address(test)
    return Health(tuple(test.problems), external_id, name, expires, test.facts)


# -- Instagram Login


def _check_login(test: Check) -> tuple[str, str, datetime | None]:
    """Id, name and end of the token; ('', '', …) if the account cannot be looked at."""
    expires = renewal.expires_at(test.account)
    try:
        found = test.read('me', {'fields': 'id,user_id,username,account_type'})
    except (ConfigurationError, PermanentError) as error:
        if error.reason == 'auth':
            test.problem('auth', _dead_login(integer(error.subcode)))
        else:
            test.problem(
                'permission', _('The token lacks the permission instagram_business_basic: make a new one.')
            )
        return '', '', expires
    found = next(iter(dicts(found.get('data'))), found)  # a list of one has been seen
    external_id = ident(found.get('user_id')) or ident(found.get('id'))
    if test.account.external_id and external_id != test.account.external_id:
        test.problem('config', _OTHER_ACCOUNT)
        return '', '', expires
    if string(found.get('account_type')).upper() not in PROFESSIONAL:
        test.problem('config', _('This is a personal account: make it a professional one in Instagram.'))
    test.facts['human_agent'] = _typed_human_agent(test.account)
    _check_own_subscription(test)
    return external_id, string(found.get('username')), expires


def _dead_login(subcode: int | None) -> str:
    if subcode in (None, 463):
        return _('The Instagram token is over: log in again in Meta for Developers and paste a new one.')
    return meta_health.dead_token(subcode)


def _check_own_subscription(test: Check) -> None:
    try:
        listed = dicts(test.read('me/subscribed_apps').get('data'))
    except (ConfigurationError, PermanentError):
        test.problem('permission', _('The subscriptions of the account cannot be read.'), 'warning')
        return
    given = [one.get('subscribed_fields') for one in listed]
    fields = {string(name) for names in given if isinstance(names, list) for name in names}
    test.facts['subscribed_fields'] = sorted(fields)
    if not fields:
        test.problem(
            'subscription', _('The account does not call our application any more: subscribe it again.')
        )
    elif NEEDED_FIELDS - fields:
        test.problem('subscription', _('The account does not send its messages: subscribe it again.'))


# -- behind a Page


def _check_behind_page(test: Check) -> tuple[str, str, datetime | None]:
    found = meta_health.debug_token(test)
    expires = moment(found.get('expires_at'))  # 0 = never
    wrong_kind = _('This is not the token of a Page: paste the Page access token.')
    if not found or not meta_health.check_token(test, found, ('PAGE',), wrong_kind, SCOPES):
        return '', '', expires
    external_id, name = _check_linked_account(test)
    if external_id:
        _check_page_subscription(test)
        _check_application(test)
        test.facts['human_agent'] = meta_health.human_agent(test) or _typed_human_agent(test.account)
    return external_id, name, expires


def _check_linked_account(test: Check) -> tuple[str, str]:
    """Id and name of the account that the Page is linked to."""
    try:
        found = test.read('me', {'fields': 'id,name,instagram_business_account{id,username}'})
    except (ConfigurationError, PermanentError) as error:
        reason = 'auth' if error.reason == 'auth' else 'permission'
        test.problem(reason, _('Meta refuses to tell which Page the token is for: make a new one.'))
        return '', ''
    test.facts['page_id'] = ident(found.get('id'))
    linked = mapping(found.get('instagram_business_account'))
    external_id = ident(linked.get('id'))
    if not external_id:
        message = _(
            'No professional Instagram account is linked to this Page: link it in the Page’s settings.'
        )
        test.problem('config', message)
        return '', ''
    if test.account.external_id and external_id != test.account.external_id:
        test.problem('config', _OTHER_ACCOUNT)
        return '', ''
    meta_health.check_proof(test, 'me')
    return external_id, string(linked.get('username'))


def _check_page_subscription(test: Check) -> None:
    """Whether the Page calls our application, whatever for: its Instagram account then does too."""
    try:
        listed = dicts(test.read('me/subscribed_apps').get('data'))
    except (ConfigurationError, PermanentError):
        test.problem('permission', _('The subscriptions of the Page cannot be read.'), 'warning')
        return
    if not _our_fields(listed, test.app_id):
        test.problem(
            'subscription', _('The Page does not call our application any more: subscribe it again.')
        )


def _our_fields(listed: list[Mapping[str, JSON]], app_id: str) -> bool:
    return any(one.get('subscribed_fields') for one in listed if ident(one.get('id')) == app_id)


def page_subscription(network: InboxNetwork, account: Account, http: Http) -> bool:
    """Whether the Page already calls our application."""
    found, _answer = network.read(http, account, (network.owner(account), 'subscribed_apps'))
    app_id = str(account.facts.get('app_id') or account.credentials.get('app_id', ''))
    return _our_fields(dicts(found.get('data')), app_id)


def _check_application(test: Check) -> None:
    """The webhook of the application, for the object « instagram »."""
    names = meta_health.application_fields(test, 'instagram')
    if names is None:
        return
    if not names:
        message = _('The application has no active webhook for Instagram: fill it in, in Meta’s dashboard.')
        test.problem('subscription', message)
    elif NEEDED_FIELDS - names:
        test.problem('subscription', _('The webhook of the application lacks the field messages.'))


# -- both


def _check_access(test: Check, network: InboxNetwork) -> None:
    """Whether messages may be read: the holder of the account allows it in Instagram's own application."""
    params = {'platform': network.reading.platform, 'fields': 'id', 'limit': 1}
    try:
        test.read(f'{network.owner(test.account)}/conversations', params)
    except TemporaryError:
        raise
    except (ConfigurationError, PermanentError) as error:
        if error.subcode == '2534041':
            message = _(
                'The account does not let connected tools read its messages: in Instagram, Settings, '
                'Messages, Message controls, Connected tools, allow access to messages.'
            )
        else:
            message = _('Meta refuses to let us read the messages of this account: check the permissions.')
        test.problem('permission', message)


def _check_our_address(test: Check) -> None:
    """Whether Meta can fetch the files that agents send, at the site where it calls us."""
    if not test.account.webhook_url.startswith('https:') and not test.account.api_url:
        message = _('The https address of this site is not known: Instagram cannot fetch the files to send.')
        test.problem('base_url', message, 'warning')


def _typed_human_agent(account: Account) -> bool:
    """Where no call tells it."""
    return says_yes(account.credentials.get('human_agent', ''))
