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

"""Test of a Page: token, permissions, subscriptions, optional features (R40, R41).

https://developers.facebook.com/docs/graph-api/reference/debug_token and /docs/graph-api/reference/page/
subscribed_apps
"""

from __future__ import annotations

from publik_socialmedia.errors import ConfigurationError, PermanentError
from publik_socialmedia.networks import meta_health
from publik_socialmedia.networks.base import Account, Health, Http, Problem
from publik_socialmedia.networks.meta import dicts, ident, moment, string
from publik_socialmedia.networks.meta_graph import GraphNetwork
from publik_socialmedia.networks.meta_health import Check

# What the Page must send us. « message_deliveries » and the like make the states of our answers.
FIELDS = (
    'messages',
    'message_echoes',
    'message_edits',
    'message_reactions',
    'message_deliveries',
    'message_reads',
    'messaging_postbacks',
    'messaging_referrals',
    'messaging_optins',
    'messaging_handovers',
    'standby',
    'messaging_policy_enforcement',
)
NEEDED_FIELDS = frozenset({'messages', 'message_echoes', 'standby'})


def _(msgid: str) -> str:
    """Marks a text to translate."""
    return msgid


SCOPES = {
    'pages_messaging': Problem(
        'permission',
        _('The token lacks the permission pages_messaging: messages can be neither received nor sent.'),
    ),
    'pages_manage_metadata': Problem(
        'permission',
        _('The token lacks the permission pages_manage_metadata: the Page cannot be subscribed.'),
    ),
    'pages_read_engagement': Problem(
        'permission',
        _('The token lacks the permission pages_read_engagement: what was missed cannot be read again.'),
        'warning',
    ),
}


def check(network: GraphNetwork, account: Account, http: Http) -> Health:
    """Only TemporaryError may come out."""
    if not network.token(account):
        return Health((Problem('config', _('The Page access token is missing.')),))
    test = meta_health.begin(network, account, http)
    found = meta_health.debug_token(test)
    wrong_kind = _('This is not the token of a Page: paste the Page access token.')
    usable = found and meta_health.check_token(test, found, ('PAGE',), wrong_kind, SCOPES)
    page_id, name = _check_page(test) if usable else ('', '')
    if page_id:
        _check_subscription(test, page_id)
        _check_application(test)
        _check_features(test)
    expires = moment(found.get('expires_at'))  # 0 = never
    return Health(tuple(test.problems), page_id, name, expires, test.facts)


def _check_page(test: Check) -> tuple[str, str]:
    """Id and name of the Page, '' if it cannot be read."""
    try:
        found = test.read('me', {'fields': 'id,name'})
    except (ConfigurationError, PermanentError) as error:
        reason = 'auth' if error.reason == 'auth' else 'permission'
        test.problem(reason, _('Meta refuses to tell which Page the token is for: make a new one.'))
        return '', ''
    page_id = ident(found.get('id'))
    if test.account.external_id and page_id != test.account.external_id:
        test.problem('config', _('The token is the one of another Page than the one connected so far.'))
        return '', ''
    meta_health.check_proof(test, 'me')
    return page_id, string(found.get('name'))


def _check_subscription(test: Check, page_id: str) -> None:
    """Whether the Page calls our application: Meta drops it after an hour of failures."""
    try:
        listed = dicts(test.read(f'{page_id}/subscribed_apps').get('data'))
    except (ConfigurationError, PermanentError):
        test.problem('permission', _('The subscriptions of the Page cannot be read.'), 'warning')
        return
    ours = [app for app in listed if ident(app.get('id')) == test.app_id]
    if not ours:
        test.problem(
            'subscription', _('The Page does not call our application any more: subscribe it again.')
        )
        return
    given = ours[0].get('subscribed_fields')
    fields = [string(name) for name in given] if isinstance(given, list) else []
    test.facts['subscribed_fields'] = fields
    _compare_fields(test, fields)


def _compare_fields(test: Check, fields: list[str]) -> None:
    missing = [name for name in FIELDS if name not in fields]
    if NEEDED_FIELDS.intersection(missing):
        test.problem('subscription', _('The Page does not send all messages: subscribe it again.'))
    elif missing:
        message = _('The Page does not send all that we can show (states, edits…): subscribe it again.')
        test.problem('subscription', message, 'warning')


def _check_application(test: Check) -> None:
    """The webhook of the application itself."""
    names = meta_health.application_fields(test, 'page')
    if names is None:
        return
    if not names:
        message = _('The application has no active webhook for Pages: fill it in, in Meta’s dashboard.')
        test.problem('subscription', message)
    elif NEEDED_FIELDS - names:
        message = _('The webhook of the application lacks the fields messages, message_echoes or standby.')
        test.problem('subscription', message)


def _check_features(test: Check) -> None:
    """Answers of a person after 24 hours, and European rules: facts, not problems."""
    test.facts['human_agent'] = meta_health.human_agent(test)
    try:
        fields = {'fields': 'subject_to_new_eu_privacy_rules'}
        listed = dicts(test.read('me/messenger_profile', fields).get('data'))
        test.facts['european_rules'] = any(one.get('subject_to_new_eu_privacy_rules') for one in listed)
    except (ConfigurationError, PermanentError):
        test.facts['european_rules'] = None
