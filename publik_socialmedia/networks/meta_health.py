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

"""What the tests of all accounts of Meta share: the token, the application, its webhook (R40, R41).

https://developers.facebook.com/docs/graph-api/reference/debug_token and
/docs/graph-api/reference/application/subscriptions
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from publik_socialmedia.errors import ConfigurationError, PermanentError
from publik_socialmedia.networks.base import JSON, Account, Http, Problem
from publik_socialmedia.networks.examination import Examination
from publik_socialmedia.networks.meta import dicts, ident, integer, mapping, moment, string
from publik_socialmedia.networks.meta_graph import GraphNetwork


def _(msgid: str) -> str:
    """Marks a text to translate."""
    return msgid


# error_subcode of code 190
DEAD_TOKENS = {
    458: _('The application was removed by the person who had connected the account: make a new token.'),
    459: _('Facebook wants to check the person who made the token: have them log in, then test again.'),
    460: _('The person who made the token has changed their password: make a new token.'),
    463: _('The token has expired: make a new one, preferably with a system user.'),
    464: _('The Facebook account of the person who made the token is not confirmed.'),
    467: _('The token was revoked: make a new one.'),
    492: _('The person who made the token no longer has a role on the account: make a new token.'),
}
_OTHER_APP = _('The token belongs to another application than the one of this webhook.')


@dataclass(slots=True)
class Check(Examination):
    """The test of one account: what was found, and what is wrong."""

    network: GraphNetwork
    http: Http

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

    @property
    def app_id(self) -> str:
        """Of the application of the token, else of the endpoint."""
        return str(self.facts.get('app_id') or self.account.credentials.get('app_id', ''))


def begin(network: GraphNetwork, account: Account, http: Http) -> Check:
    # what an earlier test said of the proof may have changed
    facts = {name: value for name, value in account.facts.items() if name != 'proof_required'}
    return Check(replace(account, facts=facts), network, http)


def debug_token(test: Check) -> Mapping[str, JSON]:
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
        test.problem('auth', dead_token(integer(error.subcode)))
        return {}


def check_token(
    test: Check,
    found: Mapping[str, JSON],
    kinds: Collection[str],
    wrong_kind: str,
    scopes: Mapping[str, Problem],
) -> bool:
    """Whether the token is one with which the rest can be looked at.

    ``found``: see ``debug_token``. ``kinds``: types of token that do ('PAGE'…), ``wrong_kind``: what to say
    of another one. ``scopes``: the permissions needed, each with what to say if it is missing.
    """
    if found.get('is_valid') is False:
        test.problem('auth', dead_token(integer(mapping(found.get('error')).get('subcode'))))
        return False
    test.facts |= {'app_id': ident(found.get('app_id')), 'token_user': ident(found.get('user_id'))}
    if test.account.credentials.get('app_id', '') not in ('', test.facts['app_id']):
        test.problem('config', _OTHER_APP)
        return False
    if string(found.get('type')) not in ('', *kinds):
        test.problem('config', wrong_kind)
        return False
    given = found.get('scopes')
    test.facts['scopes'] = [string(scope) for scope in given] if isinstance(given, list) else []
    test.problems += [problem for scope, problem in scopes.items() if scope not in test.facts['scopes']]
    data_access = moment(found.get('data_access_expires_at'))
    test.facts['data_access_expires_at'] = data_access.isoformat() if data_access else ''
    return True


def dead_token(subcode: int | None) -> str:
    return DEAD_TOKENS.get(subcode or 0, _('The token is not valid: make a new one.'))


def check_proof(test: Check, path: str) -> None:
    """Whether the application asks for the proof of its secret with each call, of which this is one."""
    bare = replace(test.account, facts={**test.account.facts, 'proof_required': False})
    try:
        test.network.read(test.http, bare, path.split('/'), {'fields': 'id'})
        test.facts['proof_required'] = False
    except (ConfigurationError, PermanentError):
        test.facts['proof_required'] = True


def human_agent(test: Check) -> bool:
    """Whether Meta granted the answers of a person after 24 hours; False too if it does not say."""
    try:
        listed = dicts(test.read('me/messaging_feature_review').get('data'))
    except (ConfigurationError, PermanentError):
        return False
    granted = {string(one.get('feature')).lower() for one in listed if _is_granted(one)}
    return 'human_agent' in {name.replace(' ', '_') for name in granted}


def _is_granted(feature: Mapping[str, JSON]) -> bool:
    return string(feature.get('status')).lower() in ('approved', 'granted')


def application_fields(test: Check, name: str) -> set[str] | None:
    """Fields of the application's webhook for that object ('page'…), which its own token alone may read.

    Empty if it has no active one, None if we may not read it (what forbids it was said already).
    """
    if not test.app_token:
        return None
    try:
        path = f'{test.account.credentials["app_id"]}/subscriptions'
        listed = dicts(test.read(path, token=test.app_token).get('data'))
    except (ConfigurationError, PermanentError):
        return None
    found = next((one for one in listed if string(one.get('object')) == name), {})
    if not found or found.get('active') is False:
        return set()
    test.facts['callback_url'] = string(found.get('callback_url'))
    return {string(one.get('name')) for one in dicts(found.get('fields'))}
