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

"""Files of citizens, from the network's media host to the demand (R9, R10, R13, R51)."""

from __future__ import annotations

import io
import json
import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from PIL import Image

from demo.emulators.graph_state import Media, document, photo
from demo.emulators.server import Reply
from publik_socialmedia.delivery import queue
from publik_socialmedia.intake import attachments
from publik_socialmedia.models import Attachment, Conversation, Delivery, Message
from publik_socialmedia.networks.base import Kind
from publik_socialmedia.reasons import lost, sentence
from tests.delivery.desk import (
    MessengerDesk,
    attachment_states,
    deliveries,
    demand_files,
    hear,
    kept,
    shown,
    turns,
)
from tests.factory import deliver, happens

pytestmark = pytest.mark.django_db(transaction=True)
CDN = 'GET /cdn/'


def test_a_photograph_is_drawn_anew(page: MessengerDesk, private_storage: Path):
    """R10, R51: where it was taken is not told; the file is private, and removed once w.c.s. has it."""
    original = photo()
    exif = Image.open(io.BytesIO(original.content)).getexif()
    assert exif.get_ifd(0x8825)  # it says where it was taken
    page.citizen_writes('Voyez', attachments=[original])
    deliver()
    (file,) = demand_files(page)
    drawn = Image.open(io.BytesIO(file.content))
    assert (drawn.format, drawn.size, dict(drawn.getexif())) == ('JPEG', (320, 240), {})
    assert b'Emulator' not in file.content and file.content != original.content
    assert (file.content_type, Path(file.filename).suffix) == ('image/jpeg', '.jpg')
    assert attachment_states() == ['given'] and kept(private_storage) == []
    assert Attachment.objects.get().url == ''  # the link works for days: it is personal data too


def test_a_later_photograph_joins_the_history(page: MessengerDesk, private_storage: Path):
    """R9, R20: by the hook of its message."""
    page.citizen_writes('Bonjour')
    deliver()
    page.citizen_writes('', attachments=[photo(), document()])
    deliver()
    assert [file.content_type for file in demand_files(page)] == ['image/jpeg', 'application/pdf']
    assert attachment_states() == ['given', 'given'] and kept(private_storage) == []


def test_our_token_does_not_go_to_the_media_host(page: MessengerDesk):
    """R10"""
    page.citizen_writes('Voyez', attachments=[photo()])
    deliver()
    fetched = [call for call in page.graph.calls if call.path.startswith('/cdn/')]
    assert len(fetched) == 1 and 'authorization' not in fetched[0].headers


# -- what cannot be had


def test_a_late_file_is_told_by_a_hook_of_its_own(page: MessengerDesk, private_storage: Path):
    """R9: the message goes at once and says that a file is awaited."""
    page.graph.fail('answer', CDN, times=2, status=503, body=b'')
    page.citizen_writes('Voyez', attachments=[photo()])
    deliver()
    assert shown(page).startswith('Voyez\n[') and demand_files(page) == []
    assert deliveries(kind='media') == [('media', 'pending', '')]
    turns(3)
    (file,) = demand_files(page)
    assert file.content_type == 'image/jpeg'
    assert attachment_states() == ['given'] and kept(private_storage) == []
    assert deliveries() == [('message', 'done', ''), ('media', 'done', '')]


def test_unavailable_after_five_tries(page: MessengerDesk):
    """R9: with growing delays; the message was told long before; then the demand says so, once."""
    page.graph.fail('answer', CDN, times=99, status=503, body=b'')
    page.citizen_writes('Voyez', attachments=[photo()])
    deliver()
    waits = []
    for _ in range(8):
        waiting = Delivery.objects.filter(kind='media', state='pending').first()
        if waiting is not None:
            waits.append((waiting.due_at - timezone.now()).total_seconds())
        turns(1)
    attempts = sum(call.path.startswith('/cdn/') for call in page.graph.calls)
    assert (attempts, attachment_states()) == (5, ['unavailable'])
    assert waits == sorted(waits) and len(waits) == 4
    assert shown(page).count(f'[{lost("temporary")}]') == 1
    assert deliveries(kind='media') == [('media', 'done', '')]


@pytest.mark.parametrize(
    'content, reason',
    [
        (b'MZ\x90\x00 a program', 'unsupported'),
        (b'', 'media_error'),
        (b'\xff\xd8\xff\xe0 broken', 'media_error'),
    ],
    ids=['program', 'empty', 'broken'],
)
def test_a_file_that_we_do_not_take(page: MessengerDesk, private_storage: Path, content: bytes, reason: str):
    """R10, R9: the type is what the content says; one try; the message says why."""
    page.citizen_writes('Voyez', attachments=[Media('image', content, 'image/jpeg', 'a.jpg')])
    deliver()
    turns(2)
    attachment = Attachment.objects.get()
    assert (attachment.state, attachment.reason, attachment.attempts) == ('unavailable', reason, 1)
    assert sentence(reason) in shown(page) and demand_files(page) == [] and kept(private_storage) == []


def test_a_file_too_big(page: MessengerDesk, settings, private_storage: Path):
    """R10: nothing is kept of it."""
    settings.PUBLIK_SOCIALMEDIA_MAX_MEDIA = 1000
    page.citizen_writes('Voyez', attachments=[photo()])
    deliver()
    assert Attachment.objects.get().reason == 'media_too_big' and kept(private_storage) == []


def test_more_files_than_are_taken(page: MessengerDesk, settings):
    """R10: twenty; the message says that there are others."""
    settings.PUBLIK_SOCIALMEDIA_MAX_MEDIA_COUNT = 2
    page.citizen_writes('Voyez', attachments=[document(f'{n}.pdf') for n in range(4)])
    deliver()
    assert attachment_states() == ['given', 'given', 'unavailable', 'unavailable']
    assert len(demand_files(page)) == 2 and shown(page).count(sentence('too_many_media')) == 2


@pytest.mark.parametrize(
    'url',
    [
        'https://evil.example/photo.jpg',
        'http://scontent.xx.fbcdn.net/photo.jpg',
        'https://scontent.xx.fbcdn.net.evil.example/photo.jpg',
        'https://scontent.xx.fbcdn.net@127.0.0.1/photo.jpg',
        'https://127.0.0.1/photo.jpg',
        'https://[::1]/photo.jpg',
        'file:///etc/passwd',
        'https://xn--/photo.jpg',
    ],
)
def test_a_forbidden_address_is_never_fetched(page: MessengerDesk, url: str, monkeypatch):
    """R10: not even tried; also when the row of the database says so."""
    item = {
        'sender': {'id': page.citizen},
        'recipient': {'id': page.account.external_id},
        'timestamp': 1795000000000,
        'message': {
            'mid': 'm_x',
            'text': 'Voyez',
            'attachments': [{'type': 'image', 'payload': {'url': url}}],
        },
    }
    entry = {'id': page.account.external_id, 'time': 1795000000000, 'messaging': [item]}
    hear(page.account, json.dumps({'object': 'page', 'entry': [entry]}).encode())
    deliver()
    assert lost('forbidden_url') in shown(page) and 'Voyez' in shown(page)
    forced = Attachment.objects.create(
        message=Message.objects.get(), position=9, kind='image', url=url, state='wanted'
    )
    assert attachments.fetch(page.account, forced)
    assert (forced.state, forced.reason) == ('unavailable', 'forbidden_url')
    assert not [call for call in page.graph.calls if '/cdn/' in str(call)]


def test_a_redirection_elsewhere(page: MessengerDesk):
    """R10: each hop is checked."""
    headers = {'Location': 'http://127.0.0.1:1/secret'}
    page.graph.fail('answer', CDN, times=9, status=302, body=b'', headers=headers)
    page.citizen_writes('Voyez', attachments=[photo()])
    deliver()
    assert Attachment.objects.get().reason == 'forbidden_url'


# -- erased


def test_taken_back_before_it_was_told(page: MessengerDesk, private_storage: Path):
    """R13, R51: its file was here already; it is removed, w.c.s. never sees it."""
    page.account.grouping_delay = 60
    page.account.save()
    message = page.citizen_writes('Voyez', attachments=[photo()])
    attachment = Attachment.objects.get()
    assert attachments.fetch(page.account, attachment) and len(kept(private_storage)) == 1
    happens(page.account, Kind.UNSEND, message.external_id, page.citizen)
    attachment.refresh_from_db()
    assert kept(private_storage) == []
    assert (attachment.state, attachment.url, attachment.storage) == ('erased', '', '')
    turns(2)
    assert page.wcs.demands() == []


def test_taken_back_while_its_file_is_fetched(page: MessengerDesk, private_storage: Path):
    """R13, R51: the two meet; nothing is left here."""
    message = page.citizen_writes('Voyez', attachments=[photo()])
    attachment = Attachment.objects.get()
    given = page.graph.api._media

    def taken_back_meanwhile(*arguments: Any) -> Reply:
        happens(page.account, Kind.UNSEND, message.external_id, page.citizen)
        return given(*arguments)

    page.graph.api._media = taken_back_meanwhile  # type: ignore[method-assign]
    attachments.fetch(page.account, attachment)
    assert kept(private_storage) == []
    assert Attachment.objects.get().state == 'erased'
    deliver()
    assert page.wcs.demands() == []


def test_giving_does_not_undo_an_erasure(page: MessengerDesk):
    """R13"""
    page.citizen_writes('Voyez', attachments=[photo()])
    stale = Attachment.objects.get()
    attachments.fetch(page.account, stale)
    Attachment.objects.update(state='erased')
    attachments.give([stale])
    assert attachment_states() == ['erased']


def test_the_file_of_a_blocked_answer_is_not_given_to_w_c_s(page: MessengerDesk, private_storage: Path):
    """R33, R42: the agents are told of the failure; the file stays for the replay."""
    from publik_socialmedia.networks.base import OutgoingFile

    page.citizen_writes('Bonjour')
    deliver()
    source = document()
    page.fail('answer', times=9, status=503, body=b'')
    page.answer('', OutgoingFile(source.content, source.name, source.mimetype))
    deliver()
    Delivery.objects.filter(kind='send').update(created_at=timezone.now() - timedelta(days=4))
    turns(2)
    assert deliveries(kind='state') == [('state', 'done', '')]
    assert len(kept(private_storage)) == 1 and demand_files(page) == []
    page.graph.faults.clear()
    queue.replay(Delivery.objects.filter(state='blocked'))
    turns(2)
    sent = [m for m in page.graph.thread(page.citizen).messages if m.from_page]
    assert [m.media[0].content for m in sent] == [source.content]
    assert kept(private_storage) == [] and Conversation.objects.get().due_at is None


# -- logs


def test_nothing_secret_in_the_logs(page: MessengerDesk, caplog: pytest.LogCaptureFixture):
    """R50: addresses of files let anyone see them."""
    caplog.set_level(logging.DEBUG)
    page.graph.fail('answer', CDN, times=1, status=503, body=b'')
    page.citizen_writes('texte-confidentiel', attachments=[photo(name='nom-confidentiel.jpg'), document()])
    deliver()
    turns(2)
    said = caplog.text + ' '.join(repr(record.__dict__) for record in caplog.records)
    for secret in ('confidentiel', 'oh=00_emulated', 't15752', page.citizen, page.wcs.secret, 'EAAemulated'):
        assert secret not in said, secret
