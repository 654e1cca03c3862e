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

"""Every address of the plugin beside the administrators' pages, real ones, and what a visitor gets there who
proves nothing: no session opens them, each has a proof of its own.

``STATUS``: URL name → status of a GET and of a POST without that proof, whoever is logged in. Another test
that visits as somebody else (a user of another tenant…) reads the same table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.urls import URLPattern, URLResolver, reverse

from publik_socialmedia import urls
from publik_socialmedia.manager import urls as manager_urls
from publik_socialmedia.models import Demand, Endpoint
from publik_socialmedia.privacy import erasures
from publik_socialmedia.wcs import linking
from tests.factory import make_account, write
from tests.wcs.panel_scene import attach, bind, picture

STATUS: Mapping[str, tuple[int, int]] = {
    'socialmedia-webhook': (403, 403),  # verification word; signature
    'socialmedia-erasure': (405, 403),  # signed by the network
    'socialmedia-withdrawal': (405, 403),
    'socialmedia-file': (404, 405),  # ten minutes, while it is being sent
    # signed by w.c.s.
    'socialmedia-answer': (405, 403),
    'socialmedia-retry': (405, 403),
    'socialmedia-services': (403, 405),
    'socialmedia-forms': (403, 405),
    'socialmedia-convert': (405, 403),
    'socialmedia-attach': (405, 403),
    # a capability that w.c.s. shows, from its own pages
    'socialmedia-panel': (403, 405),
    'socialmedia-panel-file': (403, 405),
    # a key or a signature; a token
    'socialmedia-summary': (403, 405),
    'socialmedia-metrics': (401, 405),
    'socialmedia-statistics': (403, 405),
    'socialmedia-statistics-series': (403, 405),
}
# pages of the portal, for whoever was given their address: the address is the proof
GIVEN = {'socialmedia-erasure-status', 'socialmedia-link'}


def named(patterns: Any) -> Iterator[URLPattern]:
    for item in patterns:
        if isinstance(item, URLResolver):
            yield from named(item.url_patterns)
        else:
            yield item


def names() -> set[str]:
    """Of all the addresses that are no administrators' page."""
    managed = {item.name for item in named(manager_urls.urlpatterns)}
    return {str(item.name) for item in named(urls.urlpatterns)} - managed


def addresses() -> dict[str, str]:
    """A real address of each: of an account that has a conversation, a demand, a file and an erasure."""
    endpoint = Endpoint.objects.create(
        network='messenger', secrets={'app_secret': ['s3cret'], 'verify_token': ['s3cret-word']}
    )
    account = make_account('messenger', endpoint=endpoint, name='Ville de Villexemple')
    message = write(account, 'Je suis malade', name='Jeanne Exemple')
    demand: Demand = bind(message)
    file = attach(message, picture())
    gone = erasures.ask([write(account, user='paul').conversation.contact])
    contact = message.conversation.contact
    of_demand = {'token': demand.token}
    arguments: dict[str, dict[str, Any]] = {
        'socialmedia-webhook': {'network': 'messenger', 'token': endpoint.token},
        'socialmedia-erasure': {'network': 'messenger', 'token': endpoint.token},
        'socialmedia-withdrawal': {'network': 'messenger', 'token': endpoint.token},
        'socialmedia-file': {'token': 'forged', 'filename': 'image.jpg'},
        'socialmedia-panel-file': {**of_demand, 'attachment': file.pk},
        'socialmedia-statistics-series': {'slug': 'messages'},
        'socialmedia-erasure-status': {'reference': gone.reference},
        'socialmedia-link': {'token': linking.address(contact).rstrip('/').rsplit('/', 1)[-1]},
        **{name: {} for name in ('socialmedia-summary', 'socialmedia-metrics', 'socialmedia-statistics')},
    }
    return {name: reverse(name, kwargs=arguments.get(name, of_demand)) for name in names()}
