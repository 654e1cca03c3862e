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

"""What is posted: one mention only, whatever the agent wrote (R34), in lengths that servers take (R31)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from demo.emulators.mastodon_state import MENTIONS
from publik_socialmedia.errors import PermanentError
from publik_socialmedia.networks.base import Account, Outgoing, OutgoingFile
from publik_socialmedia.networks.mastodon.composing import compose, counted, neutral, recipient, same_text
from publik_socialmedia.networks.mastodon.identity import Ours
from publik_socialmedia.text import clean
from tests.networks.mastodon_bodies import NETWORK, account_of

SERVERS = ('mastodon', 'gotosocial', 'snac', 'other', '')
# Wider than what any server takes for a mention: an @ followed by a letter anywhere.
ANYTHING = r'@(?=\w)'

PIECES = st.sampled_from(
    [
        *('@', '@@', '@marie', '@marie@ailleurs.example', '.@x', '-@x_', 'a@b', 'a@b.fr', '_@b.fr', '²@jean'),
        *('é@jean.fr', ' ', '\n', '\u200b', '\u2060', '\ufeff', '\u202e', '\x00', '(', ')@', '/@x', '=@x'),
        *('https://s.example/@marie', 'HTTPS://s.example/a.@marie?x=@jean', 'http://a@b@c', '&#64;jean'),
        *('＠jean', '@\u200bjean', '@\u202ejean', '@\x00jean', '<b>@jean</b>', '#tag@x', 'x' * 30),
    ]
)
WRITTEN = st.lists(PIECES | st.text(max_size=6), max_size=12).map(''.join)


def mentioned(posted: str, server: str) -> list[str]:
    """The accounts that such a server takes for mentioned."""
    pattern = MENTIONS.get(server, ANYTHING + r'([\w.@-]+)')
    return [match[1] for match in re.finditer(pattern, posted)]


@given(written=WRITTEN, server=st.sampled_from(SERVERS))
@example('contact@ville.example', 'snac')
@example('@marie', 'mastodon')
@example('voir https://social.example/@marie', 'gotosocial')
@example('²@jean.fr', 'mastodon')
@example('_@jean.fr', 'gotosocial')
def test_whatever_the_agent_writes_one_account_is_mentioned(written: str, server: str):
    """R34"""
    posted = compose('jeanne@ailleurs.example', written, server)
    assert mentioned(posted, server) == ['jeanne@ailleurs.example']
    # and no server finds another: one may be taken for a family which it is not
    if server not in ('mastodon', 'gotosocial'):
        assert all(mentioned(posted, other) == ['jeanne@ailleurs.example'] for other in SERVERS)


@given(written=WRITTEN, server=st.sampled_from(SERVERS))
def test_neutral_again_is_the_same_and_the_same_text(written: str, server: str):
    once = neutral(written, server)
    assert neutral(once, server) == once
    assert same_text(once, clean(written))


@pytest.mark.parametrize('written, server, posted', [
    ('Écrivez à contact@ville.fr', 'mastodon', 'Écrivez à contact@ville.fr'),
    ('Écrivez à contact@ville.fr', 'gotosocial', 'Écrivez à contact@ville.fr'),
    ('Écrivez à contact@ville.fr', 'snac', 'Écrivez à contact@\u200bville.fr'),
    ('demandez à @marie', 'mastodon', 'demandez à @\u200bmarie'),
    ('rendez-vous @ 14 h', 'mastodon', 'rendez-vous @ 14 h'),
    ('voir https://s.example/@marie', 'mastodon', 'voir https://s.example/%40marie'),
    ('a@b', 'mastodon', 'a@\u200bb'),
])  # fmt: skip
def test_neutral(written: str, server: str, posted: str):
    """An e-mail address can still be copied where the server surely takes it for one."""
    assert neutral(written, server) == posted


@pytest.mark.parametrize(
    'acct', ['', '@', 'a b', 'a@b@c', 'jeanne@ailleurs.example @marie', 'a\n@b', 'ville']
)
def test_only_one_other_account_can_be_written_to(acct: str):
    """R34: an identifier that holds two mentions, or ours, is refused before anything is posted."""
    with pytest.raises(PermanentError) as caught:
        recipient(acct, Ours.of(account_of()))
    assert caught.value.reason == 'blocked'


@pytest.mark.parametrize('acct, server, expected', [
    ('jeanne', 'mastodon', 'jeanne'), ('@jeanne', 'mastodon', 'jeanne'),
    ('jeanne', 'snac', 'jeanne@social.example'),
    ('jean.d-arc_1@ailleurs.example', 'mastodon', 'jean.d-arc_1@ailleurs.example'),
    ('jeanne@ailleurs.example:8443', 'other', 'jeanne@ailleurs.example:8443'),
    ('jeanne@été.example', 'mastodon', 'jeanne@été.example'),
])  # fmt: skip
def test_recipient(acct: str, server: str, expected: str):
    assert recipient(acct, Ours.of(account_of(server))) == expected


# -- length


def split(text: str, facts: dict[str, Any], files: tuple[OutgoingFile, ...] = ()) -> list[Outgoing]:
    account = Account('ville', {'instance': 'https://social.example'}, facts)
    return NETWORK.split(account, Outgoing('k', 'jeanne@ailleurs.example', text), files)


MASTODON = {'server': 'mastodon', 'max_characters': 500, 'url_characters': 23}


def test_the_username_counts_and_not_its_domain():
    """R31: 500 characters, of which « @jeanne »; the domain is free on Mastodon, and counts elsewhere."""
    fits = 'x' * (500 - len('@jeanne '))
    assert [part.text for part in split(fits, MASTODON)] == [fits]
    assert len(split(fits + 'x', MASTODON)) == 2
    assert len(split(fits, {**MASTODON, 'server': 'gotosocial'})) == 2


def test_a_url_counts_for_23():
    """R31"""
    url = 'https://www.example.fr/' + 'a' * 300
    assert counted(url, MASTODON) == 23
    assert counted('https://a.fr', MASTODON) == 23
    assert counted(url, {'server': 'gotosocial'}) == len(url)
    written = 'x' * (500 - len('@jeanne ') - 24) + ' ' + url
    assert len(split(written, MASTODON)) == 1
    assert len(split('x' + written, MASTODON)) == 2
    parts = split(('Un mot. ' * 80) + url + '. Fin.', MASTODON)
    assert len(parts) > 1 and url in ''.join(part.text for part in parts)


@pytest.mark.parametrize('doubtful', ['https://www.exemple.zzz/' + 'a' * 60, 'xhttps://a.fr/' + 'a' * 60,
                                      'https://a.fr/' + 'é' * 60, 'https://été.fr/' + 'a' * 60])  # fmt: skip
def test_what_may_not_be_a_url_for_the_server_counts_whole(doubtful: str):
    """R31: too long a text is refused for good, so nothing is counted too short."""
    assert counted(doubtful, MASTODON) >= len(doubtful)


WORDS = st.sampled_from(
    ['mot ', 'Une phrase. ', '@marie ', 'https://www.example.fr/abc ', 'é' * 40, '\n\n', '😱']
)


@given(st.lists(WORDS).map(''.join).map(lambda text: text * 4))
@example(('mot ' + 'é' * 80 + '😱@marie mot Une phrase. ') * 4)
@example(('é' * 80 + '😱https://www.example.fr/abc ') * 4)
@example('https://www.example.fr/abc. https://www.example.fr/def, (https://www.example.fr/) ' * 4)
def test_every_part_fits_and_nothing_is_lost(written: str):
    """R31: whatever is written, in order, each part within the limit as the server counts it."""
    facts = {'server': 'mastodon', 'max_characters': 120, 'url_characters': 23}
    if not written.strip():
        return
    parts = [part.text for part in split(written, facts)]
    for part in parts:
        assert len('@jeanne ') + counted(neutral(part, 'mastodon'), facts) <= 120
    bare = [re.sub(r' \(\d+/\d+\)$', '', part) if len(parts) > 1 else part for part in parts]
    assert ''.join(''.join(bare).split()) == ''.join(written.split())
    if len(parts) > 1:
        assert [part.rpartition(' ')[2] for part in parts] == [
            f'({rank}/{len(parts)})' for rank in range(1, len(parts) + 1)
        ]


def test_limits_of_the_three_servers():
    """R31: 500, 5,000 and 100,000 characters; 500 where it is not known."""
    written = 'Une phrase de trente signes.. ' * 160
    assert len(split(written, {'server': 'gotosocial', 'max_characters': 5000})) == 1
    assert len(split(written, {'server': 'snac', 'max_characters': 100000})) == 1
    assert len(split(written, {})) > 9


# -- files


def file(mimetype: str = 'image/png', size: int = 10) -> OutgoingFile:
    return OutgoingFile(b'x' * size, 'plan.png', mimetype, 'Plan du parc')


def test_files_go_with_the_text():
    parts = split('Voici le plan.', MASTODON, (file(), file(), file()))
    assert [(part.text, part.file is not None) for part in parts] == [
        ('Voici le plan.', True),
        ('', True),
        ('', True),
    ]
    assert [part.text for part in split('', MASTODON, (file(),))] == ['']


@pytest.mark.parametrize('facts, sent, reason', [
    ({}, file('application/pdf'), 'file_type'),
    ({}, file('text/html'), 'file_type'),
    ({}, file('image/png'), ''),
    ({'mime_types': ['image/jpeg', 'application/pdf']}, file('image/png'), 'file_type'),
    ({'mime_types': ['image/jpeg', 'application/pdf']}, file('application/pdf'), 'file_type'),
    ({'mime_types': ['image/png'], 'image_size_limit': 9}, file('image/png'), 'file_too_big'),
    ({'mime_types': ['image/png'], 'image_size_limit': 10}, file('image/png'), ''),
    ({'mime_types': ['video/mp4'], 'video_size_limit': 5}, file('video/mp4'), 'file_too_big'),
])  # fmt: skip
def test_a_file_that_the_server_cannot_take(facts: dict[str, Any], sent: OutgoingFile, reason: str):
    """R31: refused before anything is sent; PDF everywhere."""
    if not reason:
        assert split('x', facts, (sent,))
        return
    with pytest.raises(PermanentError) as caught:
        split('x', facts, (sent,))
    assert caught.value.reason == reason


def test_an_empty_answer():
    for written in ('', ' \n', '\x00'):
        with pytest.raises(PermanentError) as caught:
            split(written, MASTODON)
        assert caught.value.reason == 'empty'
