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

"""Answers whose fate is unknown, through the queue, to a server that keeps no idempotency key (R30)."""

from __future__ import annotations

import pytest

from demo.emulators.mastodon import TOKEN
from publik_socialmedia.delivery.sending import accept
from publik_socialmedia.models import Account, Message
from publik_socialmedia.networks.base import OutgoingFile
from tests import factory
from tests.networks.mastodon_scene import JEANNE, Scene, scene

POST = 'POST /api/v1/statuses'


def connect(here: Scene) -> Account:
    return factory.make_account(
        'mastodon',
        external_id='ville',
        credentials={'instance': 'https://social.example', 'access_token': TOKEN},
        facts=dict(here.account.facts),
        form='',  # no call to w.c.s. here
    )


@pytest.mark.django_db
@pytest.mark.parametrize('fault', ['cut_before', 'cut_after', 'after'])
@pytest.mark.parametrize('family', ['mastodon', 'gotosocial', 'snac'])
def test_parts_that_look_the_same_are_all_sent_once(family: str, fault: str, settings):
    """R30, R31: two pictures without text, one right after the other, the answer of the second one lost."""
    with scene(family) as here:
        settings.PUBLIK_SOCIALMEDIA_API_URLS = {'mastodon': here.server.url}
        asked = here.state.write(JEANNE, '@ville Bonjour')
        message = factory.write(connect(here), 'Bonjour', JEANNE, external_id=asked)
        files = [OutgoingFile(bytes([number]), 'plan.png', 'image/png') for number in range(3)]
        parts = accept(message.conversation, '', files, answer_key='demande 1, réponse 1')
        posted = here.server.post_v1_statuses

        def second_is_lost(call):
            here.server.post_v1_statuses = posted
            here.server.fail(fault, f'{POST}$')
            return posted(call)

        here.server.post_v1_statuses = second_is_lost
        factory.deliver()
        assert len(here.posted()) == (1 if fault == 'cut_before' else 2)
        for _ in range(3):
            factory.later()
            factory.deliver()
        sent = [Message.objects.get(pk=part.pk) for part in parts]
        assert [message.state for message in sent] == [Message.State.SENT] * 3
        assert [message.external_id for message in sent] == [status['id'] for status in here.posted()]
