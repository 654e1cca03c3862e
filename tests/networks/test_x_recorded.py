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

"""What X's playground answered in January 2026, and the samples written from its documentation."""

from __future__ import annotations

import json
from typing import Any

import pytest

from publik_socialmedia import errors
from publik_socialmedia.networks.base import Account, Event, Kind, Raw, Source
from tests.networks.corpus import StoredAnswer
from tests.networks.x_scene import JEANNE, NETWORK, recorded

PLAYGROUND = 'playground-2026-01'
US = Account('1400000000000000001')


def answer(name: str, status: int = 0) -> StoredAnswer:
    stored = recorded(name)
    body = stored.get('body', stored)
    headers = {key.lower(): value for key, value in stored.get('headers', {}).items()}
    return StoredAnswer(status or stored['status'], json.dumps(body).encode(), headers)


@pytest.mark.parametrize(
    'name, status, kind, reason',
    [
        (f'{PLAYGROUND}/02-no-auth', 0, errors.ConfigurationError, 'auth'),
        (f'{PLAYGROUND}/03-bearer', 0, errors.ConfigurationError, 'permission'),
        (f'{PLAYGROUND}/04-dm_events', 0, errors.PermanentError, 'permanent'),
        (f'{PLAYGROUND}/05-dm_events-bad-max', 0, errors.PermanentError, 'permanent'),
        (f'{PLAYGROUND}/12-dm_events-429', 0, errors.TemporaryError, 'rate'),
        ('samples/x-error-400-invalid-request', 400, errors.PermanentError, 'permanent'),
        ('samples/x-error-401', 401, errors.ConfigurationError, 'auth'),
        ('samples/x-error-402-credits', 402, errors.ConfigurationError, 'credits'),
        ('samples/x-error-403-cannot-dm', 403, errors.ConfigurationError, 'permission'),
        ('samples/x-error-429', 429, errors.TemporaryError, 'rate'),
    ],
)
def test_refusals(name: str, status: int, kind: type[errors.SocialMediaError], reason: str):
    error = NETWORK.error(answer(name, status))
    assert type(error) is kind and error is not None and error.reason == reason


@pytest.mark.parametrize(
    'number', ['01-me', '06-send', '08-dm_events-with', '10-subscriptions', '11-webhooks']
)
def test_what_is_no_refusal(number: str):
    assert NETWORK.error(answer(f'{PLAYGROUND}/{number}')) is None


def page(name: str, ours: Account = US) -> list[Event]:
    stored: Any = recorded(name)
    body = stored.get('body', stored)
    return NETWORK.parse(Raw(json.dumps(body).encode(), Source.POLL, account=ours))


def test_a_thread_of_the_playground():
    """A number for a name, and two people: our own message, for the other one."""
    (event,) = page(f'{PLAYGROUND}/08-dm_events-with', Account('0'))
    assert (event.from_us, event.user, event.external_id) == (True, '2244994945', '399')
    others = page(f'{PLAYGROUND}/09-dm_events-2', Account('0'))
    assert [event.reason for event in others] == ['group', 'group']  # of people who are not us


def test_a_page_of_the_documentation():
    """R3, R6: the answer, the photograph, the link; newest first, ranked by time."""
    ours, photograph, lamp = page('samples/x-dm-events-page1')
    assert (ours.from_us, ours.user, ours.name) == (True, JEANNE, '')
    assert photograph.text == 'Voici la photo' and photograph.attachments[0].kind == 'image'
    assert lamp.text.endswith('en panne 💡 https://example.org/plan?rue=lilas')
    assert (lamp.user, lamp.name) == (JEANNE, 'Jeanne L.')
    assert [event.sequence for event in (lamp, photograph, ours)] == [0, 1, 2]


def test_an_answer_that_is_partial_is_read():
    """R3: what lacks of it hides nothing."""
    (event,) = page('samples/x-dm-events-partial-error')
    assert event.kind is Kind.MESSAGE and event.user == JEANNE
    assert NETWORK.error(answer('samples/x-dm-events-partial-error', 200)) is None


def test_pages_without_messages():
    assert [event.reason for event in page('samples/x-dm-events-empty')] == ['empty']
    assert [event.reason for event in page('samples/x-dm-events-page-last')] == ['noise']
