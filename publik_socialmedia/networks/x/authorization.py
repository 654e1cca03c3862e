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

"""The account connected by a redirection: Authorization Code with PKCE, confidential client.

https://docs.x.com/fundamentals/authentication/oauth-2-0/user-access-token (November 2026). The code lives
thirty seconds. What is wrong with it, its verifier or the address of return, X says by one word for all,
« invalid_request » (reported by other developers); a client that it does not know, and an address of return
that is not declared, it says on its own page, and the person does not come back.
"""

from __future__ import annotations

from collections.abc import Mapping

from publik_socialmedia import errors
from publik_socialmedia.networks import oauth2
from publik_socialmedia.networks.base import Account, Authorization, Http, Return
from publik_socialmedia.networks.reading import decoded, mapping, string

from . import oauth

PAGE = 'https://x.com'
PAGE_PATH = '/i/oauth2/authorize'
SCOPES = ('tweet.read', 'users.read', 'dm.read', 'dm.write', 'media.write', 'offline.access')
# without media.write no picture can be sent: the test of the account warns of it
NEEDED = tuple((scope,) for scope in SCOPES if scope != 'media.write')

# « invalid_request »: the verifier and the address being ours, it is the code
CODE: oauth2.Meaning = (errors.ConfigurationError, 'oauth_code')


def authorize(account: Account, redirect_uri: str, state: str) -> Authorization:
    client, _secret = oauth2.client_of(account, 'client_id', 'client_secret')
    verifier = oauth2.new_verifier()
    url = oauth2.address(
        (account.api_url or PAGE).rstrip('/') + PAGE_PATH,
        response_type='code',
        client_id=client,
        redirect_uri=redirect_uri,
        scope=' '.join(SCOPES),
        state=state,
        code_challenge=oauth2.challenge(verifier),
        code_challenge_method='S256',
    )
    return Authorization(url, {'verifier': verifier})


def exchange(account: Account, back: Return, http: Http) -> Mapping[str, str]:
    oauth2.client_of(account, 'client_id', 'client_secret')
    answer = oauth.ask(
        account,
        http,
        grant_type='authorization_code',
        code=oauth2.code_of(back),
        redirect_uri=back.redirect_uri,
        code_verifier=back.keep.get('verifier', ''),
    )
    body = mapping(decoded(answer))
    if answer.status >= 300:
        raise oauth2.refusal(string(body.get('error')), status=answer.status, otherwise=CODE)
    given = oauth.pair(body)
    if not given['access_token']:
        raise errors.ConfigurationError('oauth_failed', http_status=answer.status, detail='no token')
    granted = set((given['scope'] or ' '.join(SCOPES)).split())
    if not given['refresh_token']:
        granted.discard('offline.access')
    oauth2.require(granted, NEEDED)
    # with the secret of a token of OAuth 1.0a, calls would be signed with it
    return {**given, 'access_token_secret': ''}
