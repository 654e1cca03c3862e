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

"""What the network says of our own answers, before, while and after they are sent (R11, R12, R35)."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from publik_socialmedia import networks
from publik_socialmedia.delivery import receipts
from publik_socialmedia.models import Message
from publik_socialmedia.networks.base import Kind
from tests.delivery.desk import (
    MastodonDesk,
    MessengerDesk,
    answer_states,
    turns,
)
from tests.factory import deliver, happens

pytestmark = pytest.mark.django_db


def test_an_echo_before_the_answer_of_the_api(page: MessengerDesk, monkeypatch):
    """R11: the webhook of our own message comes while we wait for the answer; one message, no native one."""
    network = type(networks.get('messenger'))
    original = network.send

    def send_then_hear(self, *arguments: object) -> object:
        sent = original(self, *arguments)
        page.hear()
        return sent

    monkeypatch.setattr(network, 'send', send_then_hear)
    page.answer()
    deliver()
    message = Message.objects.get(origin='agent')
    (shown,) = [m for m in page.graph.thread(page.citizen).messages if m.from_page]
    assert not Message.objects.filter(origin='native').exists()
    assert (message.external_id, message.state) == (shown.mid, 'delivered')
    assert message.sent_at == shown.created_at  # the network's time, not ours


def test_an_echo_after_the_answer_of_the_api(page: MessengerDesk):
    """R11, R12: its time replaces our own guess, so that watermarks find the message."""
    page.answer()
    deliver()
    page.hear()
    page.graph.citizen_reads(page.citizen)
    page.hear()
    message = Message.objects.get(origin='agent')
    assert message.state == 'read'
    assert Message.objects.exclude(origin='citizen').count() == 1


def test_a_watermark_finds_an_answer_whose_echo_never_came(page: MessengerDesk):
    """R12: our own clock stands for the network's time, taken before the call and not after."""
    page.answer()
    deliver()
    page.heard.clear()
    page.graph.citizen_reads(page.citizen)
    page.hear()
    assert answer_states() == ['read']


def test_an_echo_without_our_key_before_the_answer_of_the_api(fediverse: MastodonDesk, monkeypatch):
    """R11: seen by polling as a native answer, it becomes the answer that was sent; no agent is told."""
    network = type(networks.get('mastodon'))
    original = network.send

    def send_then_hear(self, *arguments: object) -> object:
        sent = original(self, *arguments)
        happens(fediverse.account, Kind.MESSAGE, sent.external_id, 'jeanne@ailleurs.example', from_us=True,
                text='Votre dossier est prêt.')  # fmt: skip
        assert Message.objects.filter(origin='native').count() == 1
        return sent

    monkeypatch.setattr(network, 'send', send_then_hear)
    fediverse.answer()
    deliver()
    turns()
    assert not Message.objects.filter(origin='native').exists()
    assert answer_states() == ['sent']
    assert 'reponse_native' not in fediverse.history()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize('turn', range(6))
def test_an_echo_at_the_very_moment_of_the_answer(fediverse: MastodonDesk, turn: int):
    """R11: whichever comes first, one message of the agent, and no error."""
    (message,) = fediverse.answer()
    start = threading.Barrier(2)

    def echo() -> str:
        try:
            start.wait(10)
            return happens(fediverse.account, Kind.MESSAGE, '117099', 'jeanne@ailleurs.example', from_us=True)
        finally:
            connection.close()

    def answered() -> str:
        try:
            start.wait(10)
            receipts.sent(Message.objects.get(pk=message.pk), '117099', None)
            return 'sent'
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        found = [pool.submit(echo), pool.submit(answered)]
        assert [one.result(20) for one in found][1] == 'sent'
    (ours,) = Message.objects.exclude(origin='citizen')
    assert (ours.pk, ours.external_id, ours.state) == (message.pk, '117099', 'sent')


def test_a_native_answer_is_not_told_while_it_may_be_ours(fediverse: MastodonDesk):
    """R11, R35: then it is."""
    fediverse.fail('cut_before')
    fediverse.answer()
    deliver()
    happens(
        fediverse.account,
        Kind.MESSAGE,
        '117098',
        'jeanne@ailleurs.example',
        from_us=True,
        text='Du téléphone',
    )
    deliver()
    assert fediverse.history() == ''
    turns()
    assert 'Du téléphone' in fediverse.history()
    assert sorted(answer_states()) == ['sent']
