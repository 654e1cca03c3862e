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

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from publik_socialmedia.errors import ConfigurationError, PermanentError
from publik_socialmedia.networks.base import JSON, Account, Health, Http, Problem
from publik_socialmedia.networks.meta import dicts, ident, integer, mapping, moment, string
from publik_socialmedia.networks.meta_graph import GraphNetwork

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


# error_subcode of code 190
DEAD_TOKENS = {
    458: _('The application was removed by the person who had connected the Page: make a new token.'),
    459: _('Facebook wants to check the person who made the token: have them log in, then test again.'),
    460: _('The person who made the token has changed their password: make a new token.'),
    463: _('The token has expired: make a new one, preferably with a system user.'),
    464: _('The Facebook account of the person who made the token is not confirmed.'),
    467: _('The token was revoked: make a new one.'),
    492: _('The person who made the token no longer has a role on the Page: make a new token.'),
}
_OTHER_APP = _('The token belongs to another application than the one of this webhook.')
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


@dataclass(slots=True)
class _Check:
    network: GraphNetwork
    account: Account
    http: Http
    problems: list[Problem] = field(default_factory=list)
    facts: dict[str, JSON] = field(default_factory=dict)

    def problem(self, reason: str, message: str, severity: str = 'critical') -> None:
        self.problems.append(Problem(reason, message, severity))

    def read(
        self, path: str, params: Mapping[str, JSON] | None = None, token: str = ''
    ) -> Mapping[str, JSON]:
        return self.network.read(self.http, self.account, path.split('/'), params, token=token)[0]

    @property
    def app_token(self) -> str:
        """« id|secret » of the application, '' if we do not have both."""
        app_id = self.account.credentials.get('app_id', '')
        secret = self.account.credentials.get('app_secret', '')
        return f'{app_id}|{secret}' if app_id and secret else ''


def check(network: GraphNetwork, account: Account, http: Http) -> Health:
    """Only TemporaryError may come out."""
    if not network.token(account):
        return Health(False, (Problem('config', _('The Page access token is missing.')),))
    # what an earlier check said of the proof may have changed
    facts = {name: value for name, value in account.facts.items() if name != 'proof_required'}
    test = _Check(network, replace(account, facts=facts), http)
    found = _debug_token(test)
    page_id, name = _check_page(test) if found and _check_token(test, found) else ('', '')
    if page_id:
        _check_subscription(test, page_id)
        _check_application(test)
        _check_features(test)
    expires = moment(found.get('expires_at'))  # 0 = never
    ok = not any(problem.severity == 'critical' for problem in test.problems)
    return Health(ok, tuple(test.problems), page_id, name, expires, test.facts)


def _debug_token(test: _Check) -> Mapping[str, JSON]:
    """What Meta says of the token, {} if it says nothing."""
    params = {'input_token': test.network.token(test.account)}
    if test.app_token:
        try:
            return mapping(test.read('debug_token', params, test.app_token).get('data'))
        except PermanentError:
            test.problem('config', _OTHER_APP)
            return {}
        except ConfigurationError:
            test.problem('config', _('Meta refuses the application identifier or its secret: check both.'))
            # the proof made with that secret would have the rest refused too
            kept = {name: v for name, v in test.account.credentials.items() if name != 'app_secret'}
            test.account = replace(test.account, credentials=kept)
    try:
        return mapping(test.read('debug_token', params).get('data'))  # a token may look at itself
    except (ConfigurationError, PermanentError) as error:
        test.problem('auth', _dead_token(integer(error.subcode)))
        return {}


def _check_token(test: _Check, found: Mapping[str, JSON]) -> bool:
    """Whether the token is one with which the rest can be looked at."""
    if found.get('is_valid') is False:
        test.problem('auth', _dead_token(integer(mapping(found.get('error')).get('subcode'))))
        return False
    test.facts['app_id'] = ident(found.get('app_id'))
    if test.account.credentials.get('app_id', '') not in ('', test.facts['app_id']):
        test.problem('config', _OTHER_APP)
        return False
    if string(found.get('type')) not in ('', 'PAGE'):
        test.problem('config', _('This is not the token of a Page: paste the Page access token.'))
        return False
    scopes = found.get('scopes')
    test.facts['scopes'] = [string(scope) for scope in scopes] if isinstance(scopes, list) else []
    test.problems += [problem for scope, problem in SCOPES.items() if scope not in test.facts['scopes']]
    data_access = moment(found.get('data_access_expires_at'))
    test.facts['data_access_expires_at'] = data_access.isoformat() if data_access else ''
    return True


def _dead_token(subcode: int | None) -> str:
    return DEAD_TOKENS.get(subcode or 0, _('The token is not valid: make a new one.'))


def _check_page(test: _Check) -> tuple[str, str]:
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
    _check_proof(test)
    return page_id, string(found.get('name'))


def _check_proof(test: _Check) -> None:
    """Whether the application asks for the proof of its secret with each call."""
    bare = replace(test.account, facts={**test.account.facts, 'proof_required': False})
    try:
        test.network.read(test.http, bare, ('me',), {'fields': 'id'})
        test.facts['proof_required'] = False
    except (ConfigurationError, PermanentError):
        test.facts['proof_required'] = True


def _check_subscription(test: _Check, page_id: str) -> None:
    """Whether the Page calls our application: Meta drops it after an hour of failures."""
    try:
        listed = dicts(test.read(f'{page_id}/subscribed_apps').get('data'))
    except (ConfigurationError, PermanentError):
        test.problem('permission', _('The subscriptions of the Page cannot be read.'), 'warning')
        return
    app_id = test.facts.get('app_id') or test.account.credentials.get('app_id', '')
    ours = [app for app in listed if ident(app.get('id')) == app_id]
    if not ours:
        test.problem(
            'subscription', _('The Page does not call our application any more: subscribe it again.')
        )
        return
    given = ours[0].get('subscribed_fields')
    fields = [string(name) for name in given] if isinstance(given, list) else []
    test.facts['subscribed_fields'] = fields
    _compare_fields(test, fields)


def _compare_fields(test: _Check, fields: list[str]) -> None:
    missing = [name for name in FIELDS if name not in fields]
    if NEEDED_FIELDS.intersection(missing):
        test.problem('subscription', _('The Page does not send all messages: subscribe it again.'))
    elif missing:
        message = _('The Page does not send all that we can show (states, edits…): subscribe it again.')
        test.problem('subscription', message, 'warning')


def _check_application(test: _Check) -> None:
    """The webhook of the application itself, which its own token alone may read."""
    if not test.app_token:
        return
    try:
        path = f'{test.account.credentials["app_id"]}/subscriptions'
        listed = dicts(test.read(path, token=test.app_token).get('data'))
    except (ConfigurationError, PermanentError):
        return  # already said of the secret
    pages = [one for one in listed if string(one.get('object')) == 'page']
    if not pages or pages[0].get('active') is False:
        message = _('The application has no active webhook for Pages: fill it in, in Meta’s dashboard.')
        test.problem('subscription', message)
        return
    test.facts['callback_url'] = string(pages[0].get('callback_url'))
    names = {string(one.get('name')) for one in dicts(pages[0].get('fields'))}
    if NEEDED_FIELDS - names:
        message = _('The webhook of the application lacks the fields messages, message_echoes or standby.')
        test.problem('subscription', message)


def _check_features(test: _Check) -> None:
    """Answers of a person after 24 hours, and European rules: facts, not problems."""
    try:
        listed = dicts(test.read('me/messaging_feature_review').get('data'))
        granted = {string(one.get('feature')).lower() for one in listed if _is_granted(one)}
        test.facts['human_agent'] = 'human_agent' in {name.replace(' ', '_') for name in granted}
    except (ConfigurationError, PermanentError):
        test.facts['human_agent'] = False
    try:
        fields = {'fields': 'subject_to_new_eu_privacy_rules'}
        listed = dicts(test.read('me/messenger_profile', fields).get('data'))
        test.facts['european_rules'] = any(one.get('subject_to_new_eu_privacy_rules') for one in listed)
    except (ConfigurationError, PermanentError):
        test.facts['european_rules'] = None


def _is_granted(feature: Mapping[str, JSON]) -> bool:
    return string(feature.get('status')).lower() in ('approved', 'granted')
