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

"""One status, one event: who, what, when."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from publik_socialmedia.networks.base import (
    Kind,
    Raw,
    Source,
)
from tests.networks.mastodon_bodies import (
    JEANNE,
    MOCK,
    NETWORK,
    SNAC,
    message,
)

# -- who, what, when


@pytest.mark.parametrize('server, visibility, private', [
    ('mastodon', 'direct', True), ('mastodon', 'private', False), ('mastodon', 'unlisted', False),
    ('', 'direct', True), ('', 'private', False), ('snac', 'private', True), ('snac', 'public', False),
    ('gotosocial', 'private', True), ('gotosocial', 'mutuals_only', False), ('other', 'private', True),
    ('mastodon', None, False), ('mastodon', ['direct'], False),
])  # fmt: skip
def test_only_private_statuses_are_messages(server: str, visibility: Any, private: bool):
    event = message(server, visibility=visibility)
    assert event.kind is (Kind.MESSAGE if private else Kind.IGNORED)
    assert event.reason == ('' if private else 'public')


def test_what_we_say_to_our_followers_is_no_answer():
    """R11: only snac says private for direct."""
    us = {'id': '1', 'username': 'ville', 'acct': 'ville'}
    for server, reason in (('gotosocial', 'own'), ('mastodon', 'own'), ('snac', '')):
        event = message(server, account=us, mentions=[JEANNE], visibility='private')
        assert (event.reason, event.from_us) == (reason, server == 'snac')


@pytest.mark.parametrize('html, written', [
    ('<p>@ville Bonjour</p>', 'Bonjour'),
    ('<p>@ville@social.example Bonjour</p>', 'Bonjour'),
    ('<p>@Ville Bonjour</p>', 'Bonjour'),
    ('<p>Bonjour @ville</p>', 'Bonjour'),
    ('<p>Bonjour @ville, merci</p>', 'Bonjour @ville, merci'),
    ('<p>@villette Bonjour</p>', '@villette Bonjour'),
    ('<p><a class="u-url mention" href="https://social.example/@ville">@ville</a> Bonjour</p>', 'Bonjour'),
    ('<p>@ville</p>', ''),
    ('<p>Un</p><p>Deux<br>Trois</p>', 'Un\n\nDeux\nTrois'),
    ('Fish &amp; chips &lt;3', 'Fish & chips <3'),
    ('Vu <a href="https://s.example/tags/eau" class="mention hashtag">#<span>eau</span></a>', 'Vu #eau'),
    ('<p>x<script>alert(1)</script></p>', 'x'),
    ('<p>a\u202eb\x00c\ud83d</p>', 'abc'),
    (None, ''), (7, ''), ({}, ''),
])  # fmt: skip
def test_text(html: Any, written: str):
    """R24"""
    event = message(content=html)
    assert event.text == written
    assert event.unreadable == ('' if written else 'empty')


def test_a_mention_in_front_of_a_very_long_text_is_found_quickly():
    """A text of 100,000 characters (snac) costs no more than its length."""
    for content in ('@ville ' * 20000, 'x @ville' * 15000, '<p>' * 5000 + '@ville a', '@' * 100000):
        assert message(content=content).kind is Kind.MESSAGE


@pytest.mark.parametrize('written, expected', [
    ('2026-09-14T07:30:05.000Z', datetime(2026, 9, 14, 7, 30, 5, tzinfo=UTC)),
    ('2026-09-14T07:30:05Z', datetime(2026, 9, 14, 7, 30, 5, tzinfo=UTC)),
    ('2026-09-14T07:30:05.123456+00:00', datetime(2026, 9, 14, 7, 30, 5, 123456, tzinfo=UTC)),
    ('2026-09-14T09:30:05+02:00', datetime(2026, 9, 14, 7, 30, 5, tzinfo=UTC)),
    ('2026-09-14T07:30:05', datetime(2026, 9, 14, 7, 30, 5, tzinfo=UTC)),
    ('0001-01-01T00:00:00+14:00', None), ('9999-12-31T23:59:59-14:00', None), ('1970-01-01T00:00:00Z', None),
    ('hier', None), ('', None), (None, None), (1789000000, None), ('2' * 5000, None),
])  # fmt: skip
def test_times(written: Any, expected: datetime | None):
    """R6: an absurd or missing time never loses a message."""
    event = message(created_at=written)
    assert (event.kind, event.sent_at) == (Kind.MESSAGE, expected)


def test_ids_and_names_are_clean_and_short():
    """R15: opaque strings, never numbers; what is no id is not one."""
    event = message(id=115200000000000101)
    assert event.external_id == '115200000000000101'
    assert message(id='x' * 300).kind is Kind.IGNORED
    assert message(account={**JEANNE, 'display_name': 'J\x00ea\u202ene :fleur:'}).name == 'Jeane :fleur:'
    assert message(account={**JEANNE, 'display_name': ''}).name == 'jeanne'
    assert message(account=None).user == ''  # kept, and shown apart
    assert message(account={**JEANNE, 'acct': 'jeanne@SOCIAL.example'}).user == 'jeanne'


@pytest.mark.parametrize('media, kind, reason, url', [
    ({'type': 'image', 'url': 'https://f.example/a.png'}, 'image', '', 'https://f.example/a.png'),
    ({'type': 'gifv', 'url': 'https://f.example/a.mp4'}, 'video', '', 'https://f.example/a.mp4'),
    ({'type': 'audio', 'url': 'https://f.example/a.ogg'}, 'audio', '', 'https://f.example/a.ogg'),
    ({'type': 'unknown', 'url': 'https://f.example/a.pdf'}, 'file', '', 'https://f.example/a.pdf'),
    ({'type': 'hologram', 'url': 'https://f.example/a'}, 'file', '', 'https://f.example/a'),
    ({'type': 'image', 'url': None}, 'unreadable', 'not_cached', ''),
    ({'type': 'unknown', 'url': None, 'remote_url': 'https://m.example/a.pdf'}, 'unreadable', 'not_cached',
     'https://m.example/a.pdf'),
    ({'type': 'image', 'url': '/relative.png'}, 'unreadable', 'forbidden_url', ''),
    ({'type': 'image', 'url': 'file:///etc/hosts'}, 'unreadable', 'forbidden_url', ''),
    ({'type': 'image', 'url': 7, 'remote_url': 'javascript:x'}, 'unreadable', 'forbidden_url', ''),
    ({}, 'unreadable', 'not_cached', ''),
])  # fmt: skip
def test_media(media: dict[str, Any], kind: str, reason: str, url: str):
    """R8, R9"""
    (found,) = message(media_attachments=[{'id': '5', **media}]).attachments
    assert (found.kind, found.reason, found.url) == (kind, reason, url)
    assert found.reference == '115200000000000101/5'


# -- what ``reread`` hands over


@pytest.mark.parametrize('call, gone', [
    ('GET /api/v1/statuses/12 404', '12'),
    ('GET /api/v1/statuses/12 410', '12'),
    ('GET /api/v1/statuses/a%20b 404', 'a b'),
    ('GET /api/v1/statuses/12', ''),
    ('GET /api/v1/statuses/12 500', ''),
    ('GET /api/v1/statuses/12/context 404', ''),
    ('GET /api/v1/accounts/12 404', ''),
])  # fmt: skip
def test_a_status_that_is_gone(call: str, gone: str):
    """R13; the bytes alone never erase anything: any 404 has the same."""
    events = NETWORK.parse(Raw(b'{"error": "Record not found"}', Source.POLL, call, MOCK))
    assert [event.external_id for event in events if event.kind is Kind.UNSEND] == ([gone] if gone else [])


def test_a_gone_status_of_snac_is_html():
    """R13"""
    raw = Raw(b'<h1>404 Not Found (snac/2.75)</h1>', Source.POLL, 'GET /api/v1/statuses/12 404', SNAC)
    (event,) = NETWORK.parse(raw)
    assert (event.kind, event.external_id) == (Kind.UNSEND, '12')
