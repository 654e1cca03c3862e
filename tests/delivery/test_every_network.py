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

"""From one end to the other on every network: its emulator, the whole software, a w.c.s.

The network's side is the desk of the contract suite; here the rest is real too: webhook view, intake, worker.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from demo.emulators.graph_state import photo
from demo.wcs_standin import StandIn
from demo.wcs_standin.demands import File
from publik_socialmedia import media, networks
from publik_socialmedia.models import Account, Attachment, Demand, Endpoint, Message
from publik_socialmedia.networks.base import OutgoingFile, Request, Status
from tests.delivery.desk import inbox_all, poll_now
from tests.factory import deliver, later, make_account
from tests.networks import contract
from tests.wcs.caller import Caller, file, signed_query

pytestmark = pytest.mark.django_db(transaction=True)

PHOTO = OutgoingFile(photo().content, 'lampadaire.jpg', 'image/jpeg', 'Le lampadaire')
ALL = list(networks.registry())
# what the demand says of an answer
WORDS = {Status.DELIVERED: 'remise', Status.READ: 'lue', Status.FAILED: 'non envoyée'}


@dataclass
class Town:
    """An account of the town connected to a network, and its w.c.s."""

    desk: contract.Desk
    wcs: StandIn
    account: Account

    def hear(self, *messages: str) -> None:
        """What the network tells comes in: by the webhook's view, or by the poll."""
        if self.desk.network.capabilities.webhook:
            endpoint = self.account.endpoint
            assert endpoint is not None
            address = reverse('socialmedia-webhook', args=[endpoint.network, endpoint.token])
            for request in self.desk.heard():
                assert _post(address, request) == 200
        else:
            Account.objects.update(reread_due_at=None, poll_due_at=timezone.now())
            poll_now(self.account)
        inbox_all()
        self.turn()

    def turn(self) -> None:
        """Let the worker run, with the time that passes between."""
        for _ in range(3):
            later()
            deliver()

    def answers(self, text: str, *files: OutgoingFile, reply: int = 1) -> list[Message]:
        """An agent answers in w.c.s., whose workflow calls us."""
        demand = Demand.objects.get(account=self.account)
        (theirs,) = self.wcs.demands()
        workflow = Caller(demand, uuid=theirs.uuid)
        carried = file(files[0].content, files[0].filename) if files else None
        query = signed_query(orig='127.0.0.1', key=self.wcs.secret)
        workflow.ask(reply=str(reply), text=text, file=carried, query=query)
        return list(Message.objects.filter(account=self.account, answer_key__endswith=f':{reply}'))

    def shown(self) -> str:
        """All that the demands say."""
        demands = self.wcs.demands()
        texts = [str(self.wcs.value(demand, 'message')) for demand in demands]
        return '\n'.join([*texts, *(comment for demand in demands for comment in demand.comments)])

    def files(self) -> list[File]:
        found: list[File] = []
        for demand in self.wcs.demands():
            for row in self.wcs.value(demand, 'pieces_jointes') or []:
                found += [value for value in row.values() if isinstance(value, File)]
            found += demand.files
        return found


def _post(address: str, request: Request) -> int:
    headers = {f'HTTP_{name.upper().replace("-", "_")}': value for name, value in request.headers.items()}
    return Client().post(address, request.body, content_type='application/json', **headers).status_code


@contextlib.contextmanager
def town(slug: str, base_url: str = '') -> Iterator[Town]:
    """``base_url``: where this software answers, for networks that fetch files from it."""
    with contextlib.ExitStack() as stack:
        desk = stack.enter_context(contract.desk(slug))
        wcs = stack.enter_context(StandIn())
        hosts = [desk.server.url.removeprefix('http://'), wcs.url.split('/')[2]]
        stack.enter_context(
            override_settings(
                PUBLIK_SOCIALMEDIA_WCS={'default': wcs.settings},
                PUBLIK_SOCIALMEDIA_TRUSTED_HOSTS=hosts,
                PUBLIK_SOCIALMEDIA_API_URLS={slug: desk.server.url},
                PUBLIK_SOCIALMEDIA_NETWORK_TIMEOUT=2,
                PUBLIK_SOCIALMEDIA_BASE_URL=base_url or 'https://combo.example.org',
            )
        )
        secrets = {name: list(values) for name, values in desk.secrets.items()}
        endpoint = Endpoint.objects.create(network=slug, secrets=secrets) if secrets else None
        account = make_account(
            slug,
            external_id=desk.account.external_id,
            endpoint=endpoint,
            credentials=dict(desk.account.credentials),
            facts=dict(desk.account.facts),
            poll_due_at=timezone.now() if desk.network.capabilities.polling else None,
        )
        found = Town(desk, wcs, account)
        found.hear()  # the first poll takes the newest mark
        yield found
        assert wcs.errors == []


@pytest.fixture(params=ALL)
def here(request: pytest.FixtureRequest) -> Iterator[Town]:
    fetches = networks.get(request.param).capabilities.files_by_url
    with town(request.param, request.getfixturevalue('live_server').url if fetches else '') as found:
        yield found


def test_from_the_citizen_to_the_demand(here: Town):
    """R20, R24: text and photograph, once, on a demand of the channel."""
    files = [PHOTO] if here.desk.sends_files else []
    here.desk.writes('Le lampadaire du 12 est éteint', *files)
    here.hear()
    here.hear()
    (demand,) = here.wcs.demands()
    assert demand.channel == 'social-network'
    assert here.shown().count('Le lampadaire du 12 est éteint') == 1
    assert [file.content_type for file in here.files()] == ['image/jpeg'] * len(files)
    assert not Attachment.objects.exclude(state=Attachment.State.GIVEN).exists()


# the form's field « lien »; the others give no address of a person
PROFILES = {
    'bluesky': 'https://bsky.app/profile/{user}',
    'mastodon': 'https://social.example/@{user}',
    'x': 'https://x.com/intent/user?user_id={user}',
    'telegram': 'https://t.me/{name}',
}


def test_where_the_person_is_shown(here: Town):
    """R20: the network's own address of who writes, and their language, where its contract gives them."""
    name = getattr(getattr(here.desk, 'person', None), 'username', '')
    here.desk.writes()
    here.hear()
    (demand,) = here.wcs.demands()
    expected = PROFILES.get(here.desk.slug, '').format(user=here.desk.citizen, name=name)
    assert (here.wcs.value(demand, 'lien') or '') == expected
    assert (here.wcs.value(demand, 'langue') or '') == ('fr' if here.desk.slug == 'telegram' else '')


@pytest.mark.parametrize('slug', ALL)
@pytest.mark.parametrize('user', ['', ' ', '../x', 'a b', 'é', '"><script>', 'javascript:alert(1)', '@@'])
def test_an_odd_identifier_makes_no_address(slug: str, user: str):
    """R15: whatever the network says."""
    facts = {'server': 'mastodon', 'host': 'social.example'}
    assert networks.get(slug).profile_url(facts, user, {'username': user}) == ''


def test_from_the_agent_to_the_citizen(here: Town):
    """R30, R31: asked twice, it arrives once; a file too, where the network takes one."""
    here.desk.writes()
    here.hear()
    files = [PHOTO] if here.desk.network.capabilities.files_out else []
    for _ in range(2):
        here.answers('C’est noté, merci.', *files)
        here.turn()
    here.hear()  # the echo of our own sends
    here.turn()
    assert [text for text in here.desk.on_screen() if text] == ['C’est noté, merci.']
    assert [media.sniff(content) for content in here.desk.files_on_screen()] == ['image/jpeg'] * len(files)
    ours = Message.objects.filter(origin=Message.Origin.AGENT)
    assert ours and all(message.external_id for message in ours)
    assert not Message.objects.filter(origin=Message.Origin.NATIVE).exists()


def test_an_answer_whose_outcome_was_lost_arrives_once(here: Town):
    """R30: the answer of the network is lost; the message is looked for, or its echo is waited for."""
    here.desk.writes()
    here.hear()
    here.desk.fail('cut_after')
    here.answers('Passez lundi.')
    here.turn()
    here.hear()
    here.turn()
    assert here.desk.on_screen() == ['Passez lundi.']
    assert here.desk.sends() == 1


@pytest.mark.parametrize('status', list(Status))
def test_what_the_network_says_of_an_answer(here: Town, status: Status):
    """R12, R33: delivered, read or failed, the demand knows."""
    if status is Status.SENT or status not in here.desk.network.capabilities.receipts:
        pytest.skip('the network does not tell')
    here.desk.writes()
    here.hear()
    (message,) = here.answers('C’est noté.')
    here.turn()
    message.refresh_from_db()
    happens = {'delivered': 'receives', 'read': 'reads', 'failed': 'fails_later'}[status.value]
    getattr(here.desk, happens)(message.external_id)
    here.hear()
    message.refresh_from_db()
    assert message.state == status.value
    (demand,) = here.wcs.demands()
    assert here.wcs.value(demand, 'etat_envoi').startswith(WORDS[status])


def test_an_answer_typed_elsewhere_is_on_the_demand(here: Town):
    """R11, R35"""
    if not here.desk.natives:
        pytest.skip('nobody can answer elsewhere, or the network does not tell')
    here.desk.writes()
    here.hear()
    here.desk.answers_elsewhere('Un collègue répond.')
    here.hear()
    assert here.shown().count('Un collègue répond.') == 1
    assert len(here.wcs.demands()) == 1
    assert Message.objects.get(origin=Message.Origin.NATIVE).text == 'Un collègue répond.'


def test_a_refused_answer_is_told(here: Town):
    """R33: the person does not want to hear of us; the agent reads why on the demand."""
    here.desk.writes()
    here.hear()
    here.desk.blocks()
    (message,) = here.answers('Bonjour')
    here.turn()
    message.refresh_from_db()
    assert (message.state, message.failure) in [('failed', 'blocked'), ('failed', 'gone')]
    (demand,) = here.wcs.demands()
    assert here.wcs.value(demand, 'etat_envoi').startswith('non envoyée')
