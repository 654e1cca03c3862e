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


"""What is held on one person is given to them whole, and nothing of anybody else (R51)."""

from __future__ import annotations

import io
import json
import stat
import zipfile
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from publik_socialmedia import media
from publik_socialmedia.models import Attachment, Contact, Demand, Erasure, Journal, Message
from publik_socialmedia.networks.base import Kind
from publik_socialmedia.privacy import exporting
from publik_socialmedia.wcs import linking
from tests.factory import happens, make_account, write
from tests.privacy.test_erasing import PNG, QUESTION

pytestmark = pytest.mark.django_db


def export(*contacts: Contact) -> tuple[dict[str, Any], zipfile.ZipFile]:
    file = io.BytesIO()
    exporting.write(contacts, file)
    archive = zipfile.ZipFile(file)
    assert archive.testzip() is None
    return json.loads(archive.read('donnees.json')), archive


@pytest.fixture
def jeanne() -> Contact:
    account = make_account()
    message = write(account, QUESTION, name='Jeanne Exemple', aliases=('jeanne-bis',))
    happens(account, Kind.EDIT, message.external_id, text=f'{QUESTION} !')
    happens(account, Kind.REACTION, message.external_id, emoji='❤')
    happens(account, Kind.CHANNEL, '', topic='referral', details={'ref': 'affiche'})
    write(account, 'Autre chose', 'paul', name='Paul')
    Attachment.objects.create(
        message=message,
        position=0,
        kind='image',
        state='stored',
        mimetype='image/png',
        filename='../../etc/passwd',
        storage=media.store(PNG, '.png'),
    )
    Demand.objects.create(
        account=account,
        conversation=message.conversation,
        form='f',
        number='12',
        state='open',
        url='https://d.example.org/12',
    )
    return Contact.objects.get(name='Jeanne Exemple')


def test_all_that_is_held_and_of_nobody_else(jeanne):
    content, archive = export(jeanne)
    (found,) = content['accounts']
    assert found['person']['name'] == 'Jeanne Exemple'
    assert found['person']['identifiers'] == ['jeanne', 'jeanne-bis']
    (message,) = found['messages']
    assert message['text'] == f'{QUESTION} !'
    assert [version['text'] for version in message['versions']] == [QUESTION, f'{QUESTION} !']
    assert [reaction['emoji'] for reaction in found['reactions']] == ['❤']
    assert [event['topic'] for event in found['events']] == ['referral']
    assert [demand['url'] for demand in found['demands']] == ['https://d.example.org/12']
    everything = b''.join(archive.read(name) for name in archive.namelist()).decode(errors='replace')
    assert 'Paul' not in everything and 'Autre chose' not in everything


def test_files_are_inside_under_names_that_hurt_nobody(jeanne):
    content, archive = export(jeanne)
    (name,) = [name for name in archive.namelist() if name.startswith('fichiers/')]
    assert name.count('/') == 1 and '..' not in name and name.endswith('.png')
    assert archive.read(name) == PNG
    assert content['accounts'][0]['messages'][0]['attachments'][0]['file'] == name


def test_a_file_that_is_just_being_given_to_w_c_s_is_not_missed(jeanne):
    media.remove(Attachment.objects.get().storage)
    content, _archive = export(jeanne)
    assert 'file' not in content['accounts'][0]['messages'][0]['attachments'][0]


def test_the_link_that_proves_who_they_are_is_not_given_away(jeanne):
    """R27."""
    Message.objects.filter(conversation__contact=jeanne).update(
        text=linking.filled('Là : {lien_compte}', jeanne)
    )
    content, _archive = export(jeanne)
    assert 'relier' not in content['accounts'][0]['messages'][0]['text']


def test_the_command_exports_for_its_user_only(jeanne, tmp_path, capsys):
    output = tmp_path / 'jeanne.zip'
    call_command('socialmedia_person', 'export', 'jeanne', '--output', str(output))
    assert stat.S_IMODE(output.stat().st_mode) == 0o600
    with zipfile.ZipFile(output) as archive:
        assert QUESTION in archive.read('donnees.json').decode()
    assert Journal.objects.get(action='export-person').details == {'contacts': [jeanne.pk]}
    with pytest.raises(CommandError):
        call_command('socialmedia_person', 'export', 'jeanne', '--output', str(output))
    with pytest.raises(CommandError):
        call_command('socialmedia_person', 'export', 'jeanne')


def test_the_command_shows_then_erases(jeanne, capsys, monkeypatch):
    call_command('socialmedia_person', 'show', 'jeanne-bis')
    assert 'messages 1' in capsys.readouterr().out
    monkeypatch.setattr('builtins.input', lambda: '@jeanne')
    call_command('socialmedia_person', 'erase', '-')
    said = capsys.readouterr().out
    assert Erasure.objects.get().reference in said and 'messages: 1' in said
    with pytest.raises(CommandError):
        call_command('socialmedia_person', 'show', 'jeanne')


def test_the_command_asks_which_network(jeanne):
    write(make_account('telegram'), user='jeanne')
    with pytest.raises(CommandError, match='telegram'):
        call_command('socialmedia_person', 'erase', 'jeanne')
    call_command('socialmedia_person', 'erase', 'jeanne', '--network', 'telegram')
    assert Contact.objects.get(pk=jeanne.pk).erased_at is None
