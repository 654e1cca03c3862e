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

"""The scene of the tests that go from one end to the other: a network's stand-in, the core, a w.c.s."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.test import override_settings
from django.utils import timezone

from demo.emulators.graph import APP_ID, APP_SECRET, PAGE_ID, PAGE_TOKEN, VERIFY_TOKEN, GraphEmulator
from demo.emulators.mastodon import TOKEN, MastodonEmulator
from demo.wcs_standin import StandIn
from demo.wcs_standin.demands import File
from publik_socialmedia import networks
from publik_socialmedia.delivery import sending
from publik_socialmedia.http import client
from publik_socialmedia.intake import inbox
from publik_socialmedia.models import (
    Account,
    Attachment,
    Conversation,
    Delivery,
    Endpoint,
    Message,
    RawEvent,
)
from publik_socialmedia.networks.base import Account as View
from publik_socialmedia.networks.base import OutgoingFile
from tests.factory import deliver, later, make_account

JEANNE = 'jeanne@ailleurs.example'


@dataclass
class Desk:
    """A town connected to a network; agents answer, citizens write. ``heard``: bodies of the webhooks."""

    wcs: StandIn
    account: Account
    heard: list[bytes] = field(default_factory=list)

    # -- of each network

    def citizen_writes(self, text: str = 'Bonjour', **more: Any) -> Message:
        raise NotImplementedError

    def on_screen(self) -> list[str]:
        """What the citizen has received from us."""
        raise NotImplementedError

    def fail(self, kind: str, *, times: int = 1, **reply: Any) -> None:
        """A fault of the next sends."""
        raise NotImplementedError

    def kill_token(self, dead: bool = True) -> None:
        raise NotImplementedError

    def sends(self) -> int:
        """Calls made to send, whatever became of them."""
        raise NotImplementedError

    # -- of all

    def answer(
        self, text: str = 'Votre dossier est prêt.', *files: OutgoingFile, key: str = 'demande 1, réponse 1'
    ) -> list[Message]:
        """An agent answers the last person who wrote."""
        return sending.accept(self.conversation(), text, files, answer_key=key)

    def conversation(self) -> Conversation:
        return Conversation.objects.filter(account=self.account).latest('pk')

    def hear(self, last: int | None = None) -> None:
        """The webhooks sent so far come in, or the last ones of them."""
        bodies, self.heard[:] = list(self.heard), []
        for body in bodies[-last:] if last else bodies:
            hear(self.account, body)

    def history(self) -> str:
        """All that the demands show in their history."""
        return '\n'.join(comment for demand in self.wcs.demands() for comment in demand.comments)


def hear(account: Account, body: bytes) -> RawEvent:
    """A body comes by the webhook and is read; gives its row."""
    endpoint = account.endpoint
    assert endpoint is not None
    raw = RawEvent.objects.create(endpoint=endpoint, network=account.network, source='webhook', body=body)
    inbox.read(raw.pk)
    raw.refresh_from_db()
    return raw


@dataclass
class MessengerDesk(Desk):
    graph: GraphEmulator = None  # type: ignore[assignment]
    citizen: str = ''

    SENDS = 'POST .*/messages$'

    def citizen_writes(self, text: str = 'Bonjour', **more: Any) -> Message:
        mid = self.graph.citizen_writes(self.citizen, text, **more)
        self.hear()
        return Message.objects.get(external_id=mid)

    def on_screen(self) -> list[str]:
        return [m.text for m in self.graph.thread(self.citizen).messages if m.from_page]

    def fail(self, kind: str, *, times: int = 1, **reply: Any) -> None:
        self.graph.fail(kind, self.SENDS, times=times, **reply)

    def kill_token(self, dead: bool = True) -> None:
        self.graph.token.dead = 460 if dead else 0

    def sends(self) -> int:
        return sum(call.method == 'POST' and call.path.endswith('/messages') for call in self.graph.calls)

    def age(self, **age: float) -> None:
        """The citizen wrote that long ago, for the network and for us."""
        self.graph.age(self.citizen, timedelta(**age))
        Conversation.objects.update(last_inbound_at=timezone.now() - timedelta(**age))


@dataclass
class MastodonDesk(Desk):
    server: MastodonEmulator = None  # type: ignore[assignment]

    SENDS = 'POST /api/v1/statuses$'

    def citizen_writes(self, text: str = 'Bonjour', **more: Any) -> Message:
        number = self.server.state.write(JEANNE, f'@ville {text}', **more)
        poll_now(self.account)
        inbox_all()
        return Message.objects.get(external_id=number)

    def on_screen(self) -> list[str]:
        mine = [s for s in self.server.state.statuses.values() if s['_author'] == self.server.state.us]
        bare = [status['_text'].removeprefix(f'@{JEANNE} ') for status in mine]
        return [re.sub(r' \(\d+/\d+\)$', '', text) for text in bare]  # parts are numbered

    def fail(self, kind: str, *, times: int = 1, **reply: Any) -> None:
        self.server.fail(kind, self.SENDS, times=times, **reply)

    def kill_token(self, dead: bool = True) -> None:
        self.server.token = 'another' if dead else TOKEN

    def sends(self) -> int:
        return len(self.server.asked(self.SENDS))


def poll_now(account: Account) -> int:
    """Poll that account, whenever it is due."""
    from publik_socialmedia.intake import polling

    turn = polling.claim_one(account.pk)
    assert turn is not None
    return polling.poll(turn)


def inbox_all() -> None:
    while inbox.read_some():
        pass


@contextlib.contextmanager
def _around(stack: contextlib.ExitStack, **urls: str) -> Iterator[StandIn]:
    wcs = stack.enter_context(StandIn())
    trusted = [url.split('/')[2] for url in (*urls.values(), wcs.url)]
    stack.enter_context(
        override_settings(
            PUBLIK_SOCIALMEDIA_WCS={'default': wcs.settings},
            PUBLIK_SOCIALMEDIA_TRUSTED_HOSTS=trusted,
            PUBLIK_SOCIALMEDIA_API_URLS=urls,
            PUBLIK_SOCIALMEDIA_NETWORK_TIMEOUT=1,
            PUBLIK_SOCIALMEDIA_WCS_TIMEOUT=3,
        )
    )
    yield wcs
    assert wcs.errors == []


@contextlib.contextmanager
def messenger() -> Iterator[MessengerDesk]:
    """A Page, and Camille who may write to it."""
    with contextlib.ExitStack() as stack:
        graph = stack.enter_context(GraphEmulator(callback_url='http://webhook.example/'))
        wcs = stack.enter_context(_around(stack, messenger=graph.url))
        secrets = {'app_id': [APP_ID], 'app_secret': [APP_SECRET], 'verify_token': [VERIFY_TOKEN]}
        account = make_account(
            external_id=PAGE_ID,
            endpoint=Endpoint.objects.create(network='messenger', secrets=secrets),
            credentials={'page_token': PAGE_TOKEN, 'app_id': APP_ID, 'app_secret': APP_SECRET},
        )
        desk = MessengerDesk(wcs, account, graph=graph, citizen=graph.add_person('Camille Martin'))
        graph.webhooks.post = desk.heard.append  # type: ignore[method-assign]
        yield desk


@contextlib.contextmanager
def mastodon(family: str = 'mastodon', **state: Any) -> Iterator[MastodonDesk]:
    """An account of that server, tested and polled once, and Jeanne who may write to it."""
    with contextlib.ExitStack() as stack:
        server = stack.enter_context(MastodonEmulator(family, **state))
        wcs = stack.enter_context(_around(stack, mastodon=server.url))
        credentials = {'instance': f'https://{server.state.domain}', 'access_token': TOKEN}
        health = networks.get('mastodon').check(View('', credentials, api_url=server.url), client())
        account = make_account(
            'mastodon',
            external_id='ville',
            credentials=credentials,
            facts=dict(health.facts),
            poll_due_at=timezone.now(),
        )
        poll_now(account)
        account.refresh_from_db()
        server.calls.clear()
        yield MastodonDesk(wcs, account, server=server)


@contextlib.contextmanager
def desk_of(network: str) -> Iterator[Desk]:
    with {'messenger': messenger, 'mastodon': mastodon}[network]() as desk:
        yield desk


def turns(count: int = 3) -> None:
    """Let the workers run, with the time that passes between."""
    for _ in range(count):
        later()
        deliver()


def deliveries(**filters: Any) -> list[tuple[str, str, str]]:
    """Kind, state and reason of the deliveries, in order."""
    found = Delivery.objects.filter(**filters).order_by('pk')
    return list(found.values_list('kind', 'state', 'reason'))


def answer_states() -> list[str]:
    """States of what the agents wrote, in order."""
    ours = Message.objects.filter(origin=Message.Origin.AGENT).order_by('pk')
    return list(ours.values_list('state', flat=True))


def poll(desk: MastodonDesk) -> int:
    """Poll and read what came; gives the bodies stored. The account is read again."""
    stored = poll_now(desk.account)
    inbox_all()
    desk.account.refresh_from_db()
    return stored


def message_texts() -> list[str]:
    return list(Message.objects.order_by('sort_at', 'sequence').values_list('text', flat=True))


def due(*accounts: Account) -> None:
    """Their time has come, whatever the interval, the back-off or the throttling."""
    past = timezone.now() - timedelta(seconds=1)
    Account.objects.filter(pk__in=[account.pk for account in accounts]).update(
        poll_due_at=past, poll_lease_until=None, poll_lease_token='', throttled_until=None
    )


def kept(folder: Path) -> list[Path]:
    """Files in the private storage."""
    return [path for path in folder.rglob('*') if path.is_file()]


def demand_files(desk: Desk) -> list[File]:
    """Files that the demands hold, of the form then of the history."""
    found = []
    for demand in desk.wcs.demands():
        for row in desk.wcs.value(demand, 'pieces_jointes') or []:
            found += [value for value in row.values() if isinstance(value, File)]
        found += demand.files
    return found


def shown(desk: Desk) -> str:
    """All that the demands say."""
    demands = desk.wcs.demands()
    return '\n'.join([*(desk.wcs.value(demand, 'message') for demand in demands), desk.history()])


def attachment_states() -> list[str]:
    """States of the attachments, in order."""
    return list(Attachment.objects.order_by('pk').values_list('state', flat=True))
