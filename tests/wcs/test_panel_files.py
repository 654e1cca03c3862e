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

"""Files of a conversation: what w.c.s. has is read there, what waits is given by us (R10, R51)."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from django.test import Client
from freezegun import freeze_time
from lxml import html
from PIL import Image

from demo.emulators.graph_state import document, photo
from publik_socialmedia.models import Attachment, Demand, Message
from publik_socialmedia.networks.base import Kind, OutgoingFile
from publik_socialmedia.wcs import panel_access, panel_content, panel_files
from tests.delivery.desk import MessengerDesk, demand_files, kept, messenger
from tests.factory import deliver, happens, make_account, write
from tests.wcs.caller import Caller, file
from tests.wcs.caller import make_demand as caller_demand
from tests.wcs.panel_scene import (
    AS_IMAGE,
    WCS,
    attach,
    bind,
    content,
    local,
    make_demand,
    picture,
    refreshed,
)

pytestmark = pytest.mark.django_db
PDF = b'%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n'


@pytest.fixture
def demand() -> Demand:
    return make_demand()


def links(demand: Demand) -> list[str]:
    return [str(href) for href in html.fromstring(content(demand)).xpath('//a[@data-file]/@href')]


def thumbnails(demand: Demand) -> list[str]:
    return [str(src) for src in html.fromstring(content(demand)).xpath('//img/@src')]


def get(url: str, **headers: str) -> Any:
    return Client().get(local(url), headers=AS_IMAGE | headers)


# -- those that wait here


def test_waiting_picture_is_shown_small_and_can_be_downloaded_R10(demand: Demand) -> None:
    big = picture(size=(3000, 1500))
    attach(Message.objects.get(), big)
    ((thumbnail,), (link,)) = thumbnails(demand), links(demand)
    small = get(thumbnail)
    assert (small.status_code, small['Content-Type']) == (200, 'image/jpeg')
    assert Image.open(io.BytesIO(small.content)).size == (480, 240)
    whole = get(link)
    assert whole.content == big and whole['Content-Disposition'] == 'attachment; filename="photo.jpg"'
    for found in (small, whole):
        assert found['X-Content-Type-Options'] == 'nosniff' and 'sandbox' in found['Content-Security-Policy']
        assert 'no-store' in found['Cache-Control'] and not found.cookies


def test_other_file_is_a_download_under_a_name_that_deceives_nobody_R10(demand: Demand) -> None:
    attach(Message.objects.get(), PDF, filename='..\\..\\é"\r\nX: y<b>\u202egpj.exe')
    assert thumbnails(demand) == []
    found = get(links(demand)[0])
    assert found['Content-Type'] == 'application/pdf'
    disposition = found['Content-Disposition']
    assert disposition.startswith('attachment; filename') and disposition.endswith('.pdf')
    assert not set('\r\n<>\u202e') & set(disposition) and 'X' not in found.headers


@pytest.mark.parametrize(
    'hostile',
    [b'<html><script>alert(1)</script></html>', b'<svg xmlns="http://www.w3.org/2000/svg" onload="x()"/>'],
)
def test_type_is_the_one_of_the_content_whatever_was_said_R10(demand: Demand, hostile: bytes) -> None:
    attach(Message.objects.get(), hostile, mimetype='image/jpeg')
    assert get(links(demand)[0]).status_code == 404
    assert get(thumbnails(demand)[0]).status_code == 404


def test_file_that_is_no_longer_there_is_not_found(demand: Demand) -> None:
    attachment = attach(Message.objects.get(), picture())
    urls = links(demand) + thumbnails(demand)
    Attachment.objects.update(state='given')
    assert [get(url).status_code for url in urls] == [404, 404]
    Attachment.objects.update(state='stored', storage='00/' + 32 * '0')
    assert [get(url).status_code for url in urls] == [404, 404]
    attachment.delete()
    assert [get(url).status_code for url in urls] == [404, 404]


def test_address_of_a_file_ends_soon_and_serves_for_it_alone(demand: Demand) -> None:
    attach(Message.objects.get(), picture())
    other = attach(Message.objects.get(), picture('blue'))
    first, _second = links(demand)
    path, _sign, query = first.partition('?')
    assert get(first).status_code == 200
    assert get(path.replace('/file/', '/file/0') + '?' + query).status_code == 200  # the same number
    assert get(f'{path.rpartition("/file/")[0]}/file/{other.pk}/?{query}').status_code == 403
    assert get(path).status_code == get(f'{path}?t=x').status_code == 403
    assert get(f'{path}?t={panel_access.proof(demand.token)}').status_code == 403
    with freeze_time() as clock:
        clock.tick(panel_access.FILE_AGE + timedelta(minutes=1))
        assert get(first).status_code == 403


def test_file_of_another_conversation_is_not_given_R43(demand: Demand) -> None:
    other = make_demand(make_account(), 'Autre')
    secret = attach(other.conversation.messages.get(), picture())
    url = f'/api/socialmedia/wcs/{demand.token}/panel/file/{secret.pk}/'
    assert get(f'{url}?t={panel_access.file_proof(demand, secret.pk)}').status_code == 404
    assert get(f'{url}?t={panel_access.file_proof(other, secret.pk)}').status_code == 403


def test_file_of_an_anonymised_demand_is_not_given_R26() -> None:
    account = make_account()
    earlier = make_demand(account)
    secret = attach(Message.objects.get(), picture())
    later = bind(write(account))
    (link,) = links(later)
    assert get(link).status_code == 200
    Demand.objects.filter(pk=earlier.pk).update(state='gone')
    assert links(later) == [] and get(link).status_code == 404
    own = f'/api/socialmedia/wcs/{earlier.token}/panel/file/{secret.pk}/'
    assert get(f'{own}?t={panel_access.file_proof(earlier, secret.pk)}').status_code == 403


def test_thumbnail_is_for_a_page_of_wcs_only(demand: Demand) -> None:
    attach(Message.objects.get(), picture())
    ((thumbnail,), (link,)) = thumbnails(demand), links(demand)
    assert get(thumbnail, Referer='https://pirate.example/').status_code == 403
    assert get(thumbnail, **{'Sec-Fetch-Dest': 'document'}).status_code == 403
    # a link is followed from the page: browsers may then say nothing of it
    assert Client().get(local(link)).status_code == 200


def test_files_are_closed_with_the_panel_R43(demand: Demand, settings) -> None:
    attach(Message.objects.get(), picture())
    (link,) = links(demand)
    settings.PUBLIK_SOCIALMEDIA_ENABLED = False
    assert get(link).status_code == 403


def test_new_address_of_a_file_is_given_in_time_and_is_no_change_of_its_message(demand: Demand) -> None:
    attach(Message.objects.get(), picture())
    with freeze_time() as clock:
        before = refreshed(demand).json()
        clock.tick(panel_access.FILE_AGE / 2)
        after = refreshed(demand, f'&have={before["version"]}').json()
        assert before['lines'] != after['lines']
    assert [line['version'] for line in before['lines']] == [line['version'] for line in after['lines']]


def test_file_is_named_at_least_when_nothing_says_where_we_are(demand: Demand, settings) -> None:
    attach(Message.objects.get(), picture(), filename='rue.jpg')
    settings.PUBLIK_SOCIALMEDIA_BASE_URL = ''
    (line,) = panel_content.latest(demand).lines
    assert [(file.name, file.link, file.thumbnail) for file in line.files] == [('rue.jpg', '', '')]


def test_description_given_by_the_citizen_is_the_text_of_the_picture_R44(demand: Demand) -> None:
    attach(Message.objects.get(), picture(), alt='Un lampadaire <cassé>')
    attach(Message.objects.get(), picture())
    assert html.fromstring(content(demand)).xpath('//img/@alt') == ['Un lampadaire <cassé>', '']


# -- those that w.c.s. has


@pytest.fixture
def page(transactional_db: None) -> Iterator[MessengerDesk]:
    with messenger() as desk:
        yield desk


def panel_links(demand: Demand) -> list[tuple[str, str]]:
    files = [file for line in panel_content.latest(demand).lines for file in line.files]
    return [(file.link, file.thumbnail) for file in files]


def test_given_file_is_read_in_wcs_and_nothing_is_kept_here_R51(
    page: MessengerDesk, private_storage: Path
) -> None:
    page.citizen_writes('Voyez', attachments=[photo(name='rue.jpg'), document()])
    deliver()
    page.citizen_writes('Et ceci', attachments=[photo('red', name='nuit.jpg')])
    deliver()
    demand = Demand.objects.get()
    assert kept(private_storage) == []
    files = {file.digest: file for file in demand_files(page)}
    shown = panel_links(demand)
    base = demand.backoffice_url
    assert len(files) == len(shown) == 3
    places = [url.removeprefix(base).partition('=')[0] for url, _thumbnail in shown]
    assert places == ['download?hash', 'download?hash', 'attachment?f']
    for url, thumbnail in shown:
        file = files[url.partition('=')[2]]
        whole = f'{url}&thumbnail=1' if 'download' in url else url
        assert thumbnail == (whole if file.content_type.startswith('image/') else '')
        assert requests.get(url, timeout=10).content == file.content


def test_heavy_picture_of_the_history_is_only_linked(demand: Demand) -> None:
    """w.c.s. makes no thumbnail of these."""
    details = {'sha256': 64 * 'a', 'place': 'history'}
    row = attach(Message.objects.get(), picture(), state='given', storage='', details=details)
    assert thumbnails(demand) == links(demand) == [f'{demand.backoffice_url}attachment?f={64 * "a"}']
    Attachment.objects.filter(pk=row.pk).update(size=panel_files.MAX_PICTURE + 1)
    assert thumbnails(demand) == [] and len(links(demand)) == 1


def test_erased_message_no_longer_leads_to_its_files_R13(page: MessengerDesk) -> None:
    message = page.citizen_writes('Voyez', attachments=[photo()])
    deliver()
    assert len(panel_links(Demand.objects.get())) == 1
    happens(page.account, Kind.UNSEND, message.external_id, page.citizen)
    assert panel_links(Demand.objects.get()) == []


@pytest.mark.parametrize(
    'values',
    [
        {'details': {}},  # given before we knew
        {'details': {'sha256': 64 * 'a', 'place': 'field'}, 'page': ''},
        {'details': {'sha256': 64 * 'a', 'place': 'field'}, 'page': 'javascript:alert(1)//'},
    ],
)
def test_given_file_whose_place_is_not_known_is_only_named(demand: Demand, values: dict[str, Any]) -> None:
    Demand.objects.update(backoffice_url=values.pop('page', f'{WCS}/backoffice/management/x/1/'))
    attach(Message.objects.get(), picture(), state='given', storage='', filename='rue.jpg', **values)
    source = content(Demand.objects.get())
    assert 'rue.jpg' in source and '<img' not in source and '<a' not in source


def test_answer_on_its_way_shows_its_file_R33(page: MessengerDesk) -> None:
    page.citizen_writes('Bonjour')
    deliver()
    demand = Demand.objects.get()
    source = document()
    page.answer('Voici', OutgoingFile(source.content, source.name, source.mimetype))
    ((link, _thumbnail),) = panel_links(demand)
    assert get(link).content == source.content


def test_file_of_an_answer_is_read_beside_it_in_wcs_once_it_is_sent_R51() -> None:
    """By what w.c.s. has, whatever we made of it for the network."""
    caller = Caller(caller_demand(backoffice_url=f'{WCS}/backoffice/management/message/12/'))
    given = picture(size=(300, 100))
    caller.ask(file=file(given, 'plan.jpg'))
    demand = caller.demand
    ((link, _thumbnail),) = panel_links(demand)
    assert get(link).status_code == 200
    Attachment.objects.update(state='given', storage='')
    ((link, thumbnail),) = panel_links(demand)
    assert link == thumbnail == f'{demand.backoffice_url}attachment?f={hashlib.sha256(given).hexdigest()}'
