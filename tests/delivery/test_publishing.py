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

"""Files that a network fetches at an address of ours, while they are being sent and only then (R31, R51)."""

from __future__ import annotations

import io
import logging
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.core import signing
from PIL import Image

from demo.emulators.graph_state import document, photo
from publik_socialmedia import errors, media, networks
from publik_socialmedia.delivery import publishing, queue, sending
from publik_socialmedia.models import Attachment, Delivery, Message
from publik_socialmedia.networks.base import OutgoingFile
from tests.factory import make_account, write

pytestmark = pytest.mark.django_db

PDF = document().content


@pytest.fixture(autouse=True)
def enabled(settings) -> None:
    settings.PUBLIK_SOCIALMEDIA_ENABLED = True


def accepted(network: str = 'instagram', files: Sequence[OutgoingFile] = ()) -> list[Message]:
    """An agent answers somebody who just wrote, with a file."""
    files = files or [OutgoingFile(PDF, 'dossier de Jeanne Exemple.pdf', 'application/pdf')]
    conversation = write(make_account(network)).conversation
    return sending.accept(conversation, '', files, answer_key='demande 1, réponse 1')


def attachment() -> Attachment:
    (message,) = accepted()
    return message.attachments.get()


def path_of(found: Attachment) -> str:
    return urlsplit(publishing.address(found)).path


def test_the_network_reads_what_is_to_be_sent(client):
    """R31: its type is the one that we saw, nothing is guessed, kept, run or remembered."""
    response = client.get(path_of(attachment()))
    assert (response.status_code, response.content) == (200, PDF)
    assert response['Content-Type'] == 'application/pdf'
    assert response['Content-Length'] == str(len(PDF))
    assert response['X-Content-Type-Options'] == 'nosniff'
    assert response['Content-Disposition'] == 'attachment; filename="dossier de Jeanne Exemple.pdf"'
    assert response['Cache-Control'] == 'no-store, private'
    assert 'sandbox' in response['Content-Security-Policy']
    assert not response.cookies


def test_head_says_the_same_without_the_content(client):
    path = path_of(attachment())
    response = client.head(path)
    assert (response.status_code, response.content) == (200, b'')
    assert response['Content-Length'] == str(len(PDF))
    assert response['Content-Type'] == 'application/pdf'
    assert client.get(path, headers={'Range': 'bytes=0-3'}).content == PDF  # a range may be ignored
    assert client.post(path).status_code == 405


def test_the_address_is_absolute_and_names_nobody(settings):
    """R50: addresses end up in the logs of web servers, names of files hold those of people."""
    url = publishing.address(attachment())
    assert url.startswith('https://combo.example.org/api/socialmedia/files/')
    assert url.endswith('/file.pdf') and 'Jeanne' not in url
    assert len(urlsplit(url).path.split('/')[4]) > 60


def test_an_address_lives_some_minutes(client, monkeypatch):
    path = path_of(attachment())
    now = signing.time.time()
    monkeypatch.setattr(signing.time, 'time', lambda: now + publishing.LIFE - 5)
    assert client.get(path).status_code == 200
    monkeypatch.setattr(signing.time, 'time', lambda: now + publishing.LIFE + 5)
    assert client.get(path).status_code == 404


def test_forged_addresses_are_unknown(client):
    """R51: 404 without detail, as for any address that never was."""
    found = attachment()
    path = path_of(found)
    token = path.split('/')[4]
    body, _, rest = token.partition(':')
    other_salt = signing.dumps([found.pk, publishing._digest(found)], salt='another')
    other_file = signing.dumps([found.pk, 'f' * 32], salt=publishing.SALT)
    other_shape = signing.dumps({'pk': found.pk}, salt=publishing.SALT)
    more = signing.dumps([found.pk], salt=publishing.SALT)
    for wrong in (token[:-1], f'{body}x:{rest}', other_salt, other_file, other_shape, more, 'x', '%00'):
        response = client.get(path.replace(token, wrong))
        assert (response.status_code, response.content) == (404, b''), wrong
    assert client.get(path.replace('file.pdf', 'file.html')).status_code == 404


def test_what_is_sent_is_shown_no_more(client):
    found = attachment()
    path = path_of(found)
    head = Delivery.objects.get(kind=Delivery.Kind.SEND)
    queue.finish([head])
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    'changes',
    [{'state': 'given', 'storage': ''}, {'state': 'erased', 'storage': ''}, {'storage': 'ab/' + 'ab' * 16}],
)
def test_what_is_gone_is_shown_no_more(client, changes: dict[str, str]):
    """R51: also when another file took the number, in a database that was restored or of another tenant."""
    found = attachment()
    path = path_of(found)
    Attachment.objects.filter(pk=found.pk).update(**changes)
    assert client.get(path).status_code == 404


def test_a_file_of_a_citizen_is_never_shown(client):
    """R10: only what agents send."""
    message = write(make_account('instagram'))
    received = Attachment.objects.create(
        message=message,
        position=0,
        kind='image',
        mimetype='image/jpeg',
        filename='photo.jpg',
        state=Attachment.State.STORED,
        storage=media.store(photo().content, '.jpg'),
    )
    assert client.get(path_of(received)).status_code == 404


def test_a_lost_file_or_a_disabled_tenant(client, settings, private_storage: Path):
    path = path_of(attachment())
    settings.PUBLIK_SOCIALMEDIA_ENABLED = False
    assert client.get(path).status_code == 404
    settings.PUBLIK_SOCIALMEDIA_ENABLED = True
    for file in private_storage.rglob('*.*'):
        file.unlink()
    for file in [one for one in private_storage.rglob('*') if one.is_file()]:
        file.unlink()
    assert client.get(path).status_code == 404


def test_nothing_that_a_browser_runs_is_given_as_such(client):
    found = attachment()
    Attachment.objects.filter(pk=found.pk).update(mimetype='text/html')
    found.refresh_from_db()
    assert client.get(path_of(found))['Content-Type'] == 'application/octet-stream'


def test_a_site_that_does_not_know_its_address_says_so_at_once(settings):
    """R31: before anything is queued; texts go on."""
    settings.PUBLIK_SOCIALMEDIA_BASE_URL = ''
    with pytest.raises(errors.PermanentError) as caught:
        accepted()
    assert caught.value.reason == 'base_url' and not Delivery.objects.filter(kind='send').exists()
    conversation = Message.objects.get().conversation
    assert sending.accept(conversation, 'Bonjour', [], answer_key='2')


def test_a_network_that_takes_uploads_is_given_no_address():
    (message,) = accepted('messenger')
    head = Delivery.objects.get(message=message)
    for slug, expected in (('messenger', ''), ('instagram', 'https://combo.example.org/')):
        outgoing = sending._outgoing(networks.get(slug), message.conversation, message, head)
        assert outgoing.file is not None and outgoing.file.url.startswith(expected)
        assert bool(outgoing.file.url) is bool(expected)


def test_no_address_is_logged(client, caplog):
    """R50"""
    caplog.set_level(logging.DEBUG, logger='publik_socialmedia')
    url = publishing.address(attachment())
    client.get(urlsplit(url).path)
    assert url not in caplog.text


# -- made into what the network takes


def pictured(kind: str, mode: str = 'RGB') -> bytes:
    output = io.BytesIO()
    Image.new(mode, (60, 40), (0, 128, 128, 90)[: len(mode)]).save(output, kind)
    return output.getvalue()


@pytest.mark.parametrize('mode, expected', [('RGB', ('image/jpeg', '.jpg')), ('RGBA', ('image/png', '.png'))])
def test_a_picture_is_converted_for_the_network(mode: str, expected: tuple[str, str], private_storage):
    """R31: Instagram takes no WebP."""
    file = OutgoingFile(pictured('WEBP', mode), 'plan du quartier.webp', 'image/webp')
    (message,) = accepted(files=[file])
    kept = message.attachments.get()
    assert (kept.mimetype, kept.filename) == (expected[0], f'plan du quartier{expected[1]}')
    with Image.open(private_storage / kept.storage) as image:
        assert f'image/{(image.format or "").lower()}' == expected[0]


def test_what_cannot_be_converted_is_refused_before_anything_is_sent():
    """R31"""
    frames = [Image.new('RGB', (8, 8), colour) for colour in ('red', 'green')]
    moving = io.BytesIO()
    frames[0].save(moving, 'GIF', save_all=True, append_images=frames[1:])
    for file, reason in (
        (OutgoingFile(moving.getvalue(), 'a.gif', 'image/gif'), 'file_type'),
        (OutgoingFile(b'broken', 'a.webp', 'image/webp'), 'file_type'),
        (OutgoingFile(b'x', 'a.odt', 'application/vnd.oasis.opendocument.text'), 'file_type'),
        (OutgoingFile(b'x' * 25_000_001, 'a.pdf', 'application/pdf'), 'file_too_big'),
    ):
        with pytest.raises(errors.PermanentError) as caught:
            accepted(files=[file])
        assert caught.value.reason == reason
    assert not Delivery.objects.filter(kind='send').exists()


def test_what_the_network_takes_is_left_as_it_is():
    given, _ = media.safe_image(photo().content)  # where it was taken would be left out
    (message,) = accepted(files=[OutgoingFile(given, 'photo.jpg', 'image/jpeg')])
    assert message.attachments.get().size == len(given)
