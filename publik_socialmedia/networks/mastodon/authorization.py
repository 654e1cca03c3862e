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

"""The account connected by a redirection: our application is registered at its server, then allowed there.

https://docs.joinmastodon.org/methods/apps/ and /methods/oauth/ (July 2026). GoToSocial 0.20 gives the words
of its database as « error »; snac 2.75 tells no scope. PKCE is of Mastodon 4.3: others leave it aside.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from publik_socialmedia import errors
from publik_socialmedia.networks import oauth2
from publik_socialmedia.networks.base import JSON, Account, Authorization, Http, Return
from publik_socialmedia.networks.reading import decoded

from .api import USER_AGENT, base_of, meaning
from .health import SCOPES
from .identity import mapping

APPS = '/api/v1/apps'
PAGE = '/oauth/authorize'
TOKEN = '/oauth/token'  # noqa: S105 - a path
NAME = 'Publik'
LONGEST = 4096  # characters of a token, of an identifier
# write:notifications only lets us accept private mentions: it is asked for, not required
FINE = ' '.join((*(ways[-1] for ways in SCOPES), 'write:notifications'))
COARSE = 'read write'  # all that some servers know
HEADERS = {'User-Agent': USER_AGENT, 'Accept': 'application/json'}
# GoToSocial's own words: the client and the address being ours, it is the code
CODE: oauth2.Meaning = (errors.ConfigurationError, 'oauth_code')


def authorize(account: Account, redirect_uri: str, state: str, http: Http) -> Authorization:
    """Each time with another application: servers forget those that nobody uses."""
    try:
        root = base_of(account)
        application, scopes = _register(root, redirect_uri, http)
    except errors.SocialMediaError as error:
        if error.reason == 'config' or error.code == 'dns':  # no address, or one that nobody has
            raise errors.ConfigurationError('oauth_server', detail='instance') from None
        raise
    verifier = oauth2.new_verifier()
    url = oauth2.address(
        root + PAGE,
        response_type='code',
        client_id=application['client_id'],
        redirect_uri=redirect_uri,
        scope=scopes,
        state=state,
        code_challenge=oauth2.challenge(verifier),
        code_challenge_method='S256',
        force_login='true',  # whoever connects the town often is signed in with an account of their own
    )
    return Authorization(url, {**application, 'verifier': verifier})


def _register(root: str, redirect_uri: str, http: Http) -> tuple[dict[str, str], str]:
    """Identifier and secret of a new application, and its scopes."""
    for scopes in (FINE, COARSE):
        form = {
            'client_name': NAME,
            'redirect_uris': redirect_uri,
            'scopes': scopes,
            'website': '{0.scheme}://{0.netloc}'.format(urlsplit(redirect_uri)),
        }
        answer = http.request('POST', root + APPS, data=form, headers=HEADERS)
        if answer.status not in (400, 422):  # scopes that it does not know
            break
    error = meaning(answer)
    if isinstance(error, errors.TemporaryError):
        raise error
    found = mapping(decoded(answer))
    application = {name: _text(found.get(name)) for name in ('client_id', 'client_secret')}
    if error is not None or not all(application.values()):
        raise errors.ConfigurationError('oauth_server', http_status=answer.status)
    return application, scopes


def exchange(account: Account, back: Return, http: Http) -> Mapping[str, str]:
    form = {
        'grant_type': 'authorization_code',
        'code': oauth2.code_of(back),
        'client_id': back.keep.get('client_id', ''),
        'client_secret': back.keep.get('client_secret', ''),
        'redirect_uri': back.redirect_uri,
        'code_verifier': back.keep.get('verifier', ''),
    }
    answer = http.request('POST', base_of(account) + TOKEN, data=form, headers=HEADERS)
    body = mapping(decoded(answer))
    if answer.status >= 300:
        raise oauth2.refusal(_text(body.get('error')), status=answer.status, otherwise=CODE)
    token = _text(body.get('access_token'))
    if not token:
        raise errors.ConfigurationError('oauth_failed', http_status=answer.status, detail='no token')
    granted = _text(body.get('scope')).split()
    if granted:
        oauth2.require(granted, SCOPES)
    return {'access_token': token}


def _text(value: JSON) -> str:
    """A server that anybody may have made is asked: nothing endless is taken from it."""
    return value.strip() if isinstance(value, str) and len(value) <= LONGEST else ''
