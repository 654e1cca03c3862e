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
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from PIL import Image

from demo.emulators.graph_state import Media, document, photo
from demo.emulators.server import Reply
from demo.wcs_standin.demands import File
from publik_socialmedia import errors, media
from publik_socialmedia.delivery import queue
from publik_socialmedia.intake import attachments
from publik_socialmedia.models import Attachment, Conversation, Delivery, Message
from publik_socialmedia.networks.base import Kind
from publik_socialmedia.reasons import lost, sentence
from publik_socialmedia.wcs import mapping
from publik_socialmedia.wcs.client import Client
from tests.delivery.desk import MessengerDesk, deliveries, hear, messenger, turns
from tests.factory import deliver, happens

pytestmark = pytest.mark.django_db(transaction=True)
CDN = 'GET /cdn/'


@pytest.fixture
def page(transactional_db: None) -> Iterator[MessengerDesk]:
    with messenger() as desk:
        yield desk


def kept(folder: Path) -> list[Path]:
    return [path for path in folder.rglob('*') if path.is_file()]


def files(desk: MessengerDesk) -> list[File]:
    """Files that the demands hold, of the form then of the history."""
    found = []
    for demand in desk.wcs.demands():
        for row in desk.wcs.value(demand, 'pieces_jointes') or []:
            found += [value for value in row.values() if isinstance(value, File)]
        found += demand.files
    return found


def shown(desk: MessengerDesk) -> str:
    """All that the demands say."""
    demands = desk.wcs.demands()
    return '\n'.join([*(desk.wcs.value(demand, 'message') for demand in demands), desk.history()])


def states() -> list[str]:
    return list(Attachment.objects.order_by('pk').values_list('state', flat=True))


def test_a_photograph_is_drawn_anew(page: MessengerDesk, private_storage: Path):
    """R10, R51: where it was taken is not told; the file is private, and removed once w.c.s. has it."""
    original = photo()
    exif = Image.open(io.BytesIO(original.content)).getexif()
    assert exif.get_ifd(0x8825)  # it says where it was taken
    page.citizen_writes('Voyez', attachments=[original])
    deliver()
    (file,) = files(page)
    drawn = Image.open(io.BytesIO(file.content))
    assert (drawn.format, drawn.size, dict(drawn.getexif())) == ('JPEG', (320, 240), {})
    assert b'Emulator' not in file.content and file.content != original.content
    assert (file.content_type, Path(file.filename).suffix) == ('image/jpeg', '.jpg')
    assert states() == ['given'] and kept(private_storage) == []
    assert Attachment.objects.get().url == ''  # the link works for days: it is personal data too


def test_a_later_photograph_joins_the_history(page: MessengerDesk, private_storage: Path):
    """R9, R20: by the hook of its message."""
    page.citizen_writes('Bonjour')
    deliver()
    page.citizen_writes('', attachments=[photo(), document()])
    deliver()
    assert [file.content_type for file in files(page)] == ['image/jpeg', 'application/pdf']
    assert states() == ['given', 'given'] and kept(private_storage) == []


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
    assert shown(page).startswith('Voyez\n[') and files(page) == []
    assert deliveries(kind='media') == [('media', 'pending', '')]
    turns(3)
    (file,) = files(page)
    assert file.content_type == 'image/jpeg'
    assert states() == ['given'] and kept(private_storage) == []
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
    assert (attempts, states()) == (5, ['unavailable'])
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
    assert sentence(reason) in shown(page) and files(page) == [] and kept(private_storage) == []


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
    assert states() == ['given', 'given', 'unavailable', 'unavailable']
    assert len(files(page)) == 2 and shown(page).count(sentence('too_many_media')) == 2


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


# -- faults


def test_media_wait_with_a_dead_token(page: MessengerDesk):
    """R5: a person must repair it: more tries than five, for three days at most."""
    original = photo()
    page.citizen_writes('Voyez', attachments=[original])
    attachment = Attachment.objects.get()
    attachment.url = page.graph.expired(attachment.url)  # a fresh link must be asked for, with the token
    attachment.save()
    page.kill_token()
    deliver()
    turns(9)
    assert states() == ['wanted'] and Attachment.objects.get().attempts > 5
    assert 'Voyez' in shown(page)
    page.kill_token(False)
    turns(1)
    assert states() == ['given'] and len(files(page)) == 1


def test_media_do_not_wait_for_ever(page: MessengerDesk):
    """R5, R9: after three days the demand is told that it will not come."""
    page.citizen_writes('Voyez', attachments=[photo()])
    Attachment.objects.update(url=page.graph.expired(Attachment.objects.get().url))
    page.kill_token()
    deliver()
    Delivery.objects.filter(kind='media').update(created_at=timezone.now() - timedelta(days=3, minutes=1))
    turns(1)
    assert states() == ['unavailable'] and deliveries(kind='media') == [('media', 'done', '')]


@pytest.mark.parametrize('error', [OSError('No space left on device'), KeyError('x')], ids=['disk', 'fault'])
def test_a_fault_of_ours_does_not_keep_the_message(
    page: MessengerDesk, monkeypatch, error: Exception, caplog
):
    """R9: a full disk, a mistake of ours: the words go, the file follows."""
    store = media.store

    def falls(*args: object) -> str:
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(media, 'store', falls)
        page.citizen_writes('Voyez', attachments=[photo()])
        deliver()
    assert shown(page).startswith('Voyez') and states() == ['wanted'] and media.store is store
    turns(1)
    assert states() == ['given'] and len(files(page)) == 1


def test_an_infected_file(page: MessengerDesk, monkeypatch, private_storage: Path):
    """R10: removed at once."""

    def infected(_path: Path) -> None:
        raise errors.PermanentError('infected')

    monkeypatch.setattr(media, 'scan', infected)
    page.citizen_writes('Voyez', attachments=[photo()])
    deliver()
    assert Attachment.objects.get().reason == 'infected' and kept(private_storage) == []
    assert sentence('infected') in shown(page)


def test_a_slow_file_keeps_no_other_message(page: MessengerDesk):
    """R9, R25: those that come meanwhile are told in their order."""
    page.graph.fail('answer', CDN, times=2, status=503, body=b'')
    page.citizen_writes('un', attachments=[photo()])
    deliver()
    page.citizen_writes('deux')
    page.citizen_writes('trois')
    deliver()
    history = page.history()
    assert history.index('deux') < history.index('trois') and files(page) == []
    turns(3)
    assert len(files(page)) == 1


def test_a_hook_lost_with_its_file_is_made_once(page: MessengerDesk):
    """R21: the file is there once."""
    page.citizen_writes('Bonjour')
    deliver()
    page.wcs.faults.plan('drop')
    page.citizen_writes('', attachments=[document()])
    deliver()
    turns(2)
    assert len(files(page)) == 1 and states() == ['given']


@pytest.mark.parametrize('first', [True, False], ids=['submit', 'hook'])
def test_w_c_s_refuses_files_that_are_too_big(page: MessengerDesk, monkeypatch, first: bool):
    """R23: the words go with the reason; the demand is not declared deleted."""
    if not first:
        page.citizen_writes('Bonjour')
        deliver()
    name = 'submit' if first else 'hook'
    original = getattr(Client, name)

    def too_large(self, *arguments: Any, **options: Any) -> Any:
        if '"content"' in json.dumps(arguments):
            raise errors.PermanentError('wcs_too_large', http_status=413)
        return original(self, *arguments, **options)

    monkeypatch.setattr(Client, name, too_large)
    page.citizen_writes('Voyez', attachments=[photo()])
    deliver()
    turns(2)
    assert len(page.wcs.demands()) == 1
    assert 'Voyez' in shown(page) and sentence('wcs_too_large')[:20] in shown(page).replace('&#x27;', "'")
    assert states() == ['unavailable']
    assert set(Delivery.objects.values_list('state', flat=True)) == {'done'}


@pytest.mark.parametrize('kind', ['none', 'file'])
def test_a_form_without_room_for_files(page: MessengerDesk, monkeypatch, kind: str):
    """R20: those that the form cannot hold follow by the hook: none is lost."""
    schema = Client.schema

    def other_form(self, form: str, **options: Any) -> Any:
        found = schema(self, form, **options)
        fields = dict(found.fields)
        block = fields.pop('pieces_jointes')
        if kind == 'file':
            fields['pieces_jointes'] = replace(block, type='file', subfields={})
        return replace(found, fields=fields)

    monkeypatch.setattr(Client, 'schema', other_form)
    page.citizen_writes('Voyez', attachments=[document(f'{number}.pdf') for number in range(3)])
    deliver()
    turns(3)
    followed = page.wcs.demands()[0].files
    assert len(followed) == (3 if kind == 'none' else 2)
    assert states() == ['given'] * 3


def test_a_burst_of_large_files_goes_in_several_calls(page: MessengerDesk, monkeypatch):
    """R7, R23: w.c.s. must answer in time; the sum of all messages counts."""
    monkeypatch.setattr(mapping, 'MAX_CALL', 700)
    page.account.grouping_delay = 60
    page.account.save()
    for number in range(4):
        page.citizen_writes(f'message {number}', attachments=[document(f'{number}.pdf')])
    turns(6)
    (demand,) = page.wcs.demands()
    held = page.wcs.value(demand, 'pieces_jointes')
    assert 1 <= len(held) < 4 and len(files(page)) == 4
    assert states() == ['given'] * 4


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
    assert states() == ['erased']


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
    assert len(kept(private_storage)) == 1 and files(page) == []
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
