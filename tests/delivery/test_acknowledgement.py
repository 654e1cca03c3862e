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

"""The automatic first answer: once, in time, to people only (R53)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from publik_socialmedia.delivery import acknowledgement
from publik_socialmedia.models import Account, Conversation, Demand, Message
from publik_socialmedia.networks.base import Attachment
from tests.delivery.desk import MessengerDesk, messenger, turns
from tests.factory import deliver, make_account, write
from tests.wcs.caller import make_demand

pytestmark = pytest.mark.django_db

TEXT = 'Bonjour, reçu le {date} à {heure} par {service}.\nNuméro : {numero}\nCode : {code}\nOuvert {horaires}'
ALWAYS = [['00:00-23:59']] * 7


def chosen(**values: Any) -> dict[str, Any]:
    return {'enabled': True, 'service': 'Mairie de Villexemple', 'text': TEXT, **values}


@pytest.fixture
def page() -> Iterator[MessengerDesk]:
    with messenger() as found:
        Account.objects.update(acknowledgement=chosen())
        yield found


def automatic() -> list[Message]:
    return list(Message.objects.filter(origin='automatic').order_by('pk'))


def acknowledged(demand: Demand, *messages: Message) -> bool:
    """Whether the opening of that demand by these messages is acknowledged."""
    found = messages or tuple(demand.conversation.messages.filter(origin='citizen'))
    acknowledgement.send(Demand.objects.get(pk=demand.pk), list(found))
    return bool(automatic())


def demand_of(text: str = 'Où en est mon dossier ?', **values: Any) -> Demand:
    account = make_account(acknowledgement=chosen())
    write(account, text, **values)
    return make_demand_of(account)


def make_demand_of(account: Account) -> Demand:
    conversation = Conversation.objects.get(account=account)
    known = {
        'wcs_site': 'default',
        'form': 'message',
        'number': '12',
        'state': 'open',
        'seen_at': timezone.now(),
    }
    return Demand.objects.create(account=account, conversation=conversation, **known)


# -- from end to end


def test_the_citizen_is_answered_when_the_demand_is_opened(page: MessengerDesk):
    """R53: with its number; the demand shows it, its status does not change."""
    page.citizen_writes('Où en est mon dossier ?')
    deliver()
    (message,) = automatic()
    demand = Demand.objects.get()
    assert page.on_screen() == [message.text] and message.demand == demand
    assert 'par Mairie de Villexemple' in message.text and demand.display_number in message.text
    assert 'Code' not in message.text and 'Ouvert' not in message.text  # nothing to say: no line
    turns(2)
    assert message.text.splitlines()[0] in page.history().replace('&#x27;', "'")
    (shown,) = page.wcs.demands()
    assert shown.status == 'new'


def test_once_per_demand_whatever_comes(page: MessengerDesk):
    """R53: neither to the next messages, nor after a breakdown, nor when the demand is opened again."""
    page.citizen_writes('Où en est mon dossier ?')
    deliver()
    demand = Demand.objects.get()
    page.citizen_writes('Vous êtes là ?')
    turns(2)
    for _ in range(2):
        acknowledgement.send(demand, list(demand.messages.filter(origin='citizen')))
    page.wcs.close(int(demand.number))
    page.citizen_writes('Je reviens vers vous')
    turns(2)
    assert len(automatic()) == len(page.on_screen()) == 1


def test_off_by_default(page: MessengerDesk):
    """R53"""
    Account.objects.update(acknowledgement={})
    page.citizen_writes('Où en est mon dossier ?')
    deliver()
    assert page.on_screen() == []


def test_the_citizen_did_not_wait_for_it(page: MessengerDesk):
    """R53: a colleague answered in the network's own application."""
    question = page.citizen_writes('Où en est mon dossier ?')
    Message.objects.create(
        account=page.account, conversation=question.conversation, origin='native', state='sent',
        external_id='native', text='Il est prêt', sort_at=timezone.now() + timedelta(seconds=1),
    )  # fmt: skip
    deliver()
    assert automatic() == []


# -- to whom


@pytest.mark.parametrize('text', ['Merci !', '👍', 'Ok parfait', ''])
def test_never_to_a_thank_you(text: str):
    """R53: nor to an emoji or a sticker alone."""
    attachments = [] if text else [Attachment('sticker')]
    assert not acknowledged(demand_of(text, attachments=attachments))


@pytest.mark.parametrize(
    'text',
    [
        'Réponse automatique : je suis en congé jusqu’au 3 décembre.',
        'Message automatique, merci de ne pas y répondre',
        'Je suis absente du bureau',
        'Absent(e) du bureau',
        'Out of office',
        'This is an automated… automatic reply',
        'Nous avons bien reçu votre message et vous répondrons sous 48 h.',
        'Votre demande a bien été enregistrée sous le numéro 12.',
        'Auto-reply: thanks',
    ],
)
def test_never_to_what_answers_by_itself(text: str):
    """R53"""
    assert not acknowledged(demand_of(text))


def test_never_to_what_says_that_it_is_a_machine():
    """R53"""
    assert not acknowledged(demand_of(details={'automatic': True}))


def test_our_own_text_is_recognised(page: MessengerDesk):
    """R53: two towns that acknowledge each other's acknowledgements."""
    Account.objects.update(acknowledgement={'enabled': True})
    page.citizen_writes('Où en est mon dossier ?')
    deliver()
    assert acknowledgement.is_automatic(automatic()[0])


def test_never_twice_a_day_to_the_same_person():
    """R53: whatever the demands: what answers by itself is not always recognised."""
    demand = demand_of()
    assert acknowledged(demand)
    Demand.objects.update(state='closed')
    write(demand.account, 'Encore une question ?')
    second = make_demand_of(demand.account)
    acknowledged(second)
    assert len(automatic()) == 1
    Message.objects.filter(origin='automatic').update(
        received_at=timezone.now() - timedelta(days=1, minutes=1)
    )
    acknowledged(second)
    assert len(automatic()) == 2


# -- when


def test_within_the_window_only():
    """R32, R53"""
    demand = demand_of()
    Conversation.objects.update(last_inbound_at=timezone.now() - timedelta(hours=25))
    assert not acknowledged(demand)


def test_not_for_what_is_imported_of_the_past():
    """R18, R53"""
    assert not acknowledged(demand_of(sent_at=timezone.now() - timedelta(days=3)))


def test_nothing_leaves_a_paused_account():
    """R53"""
    demand = demand_of()
    Account.objects.update(state='paused')
    assert not acknowledged(demand)


@pytest.mark.parametrize(
    'hours, expected', [(ALWAYS, False), ([[]] * 6 + [['00:00-00:01']], True), (None, False)]
)
def test_only_when_the_service_is_closed(hours: object, expected: bool):
    """R53: if so chosen; hours that nobody gave are no closure."""
    demand = demand_of()
    demand.account.acknowledgement = chosen(only_closed=True, hours=hours, closures=['2020-01-01/2020-01-02'])
    demand.account.save()
    assert acknowledged(demand) is expected


@pytest.mark.parametrize('hours, expected', [(ALWAYS, 'ouvert'), ([['00:00-00:01']] + [[]] * 6, 'fermé')])
def test_another_text_when_the_service_is_closed(hours: object, expected: str):
    """R53"""
    demand = demand_of()
    demand.account.acknowledgement = chosen(text='ouvert', text_closed='fermé', hours=hours)
    demand.account.save()
    assert acknowledged(demand) and automatic()[0].text == expected


# -- what


def test_its_variables():
    """R53: what is not known leaves its line out."""
    demand = demand_of()
    demand.tracking_code, demand.display_number = 'ABCDEFGH', '3-12'
    text = '\n'.join(f'{name}={{{name}}}' for name in acknowledgement.VARIABLES)
    hours = [['08:30-12:00']] * 5 + [[], []]
    settings = acknowledgement.read(chosen(text=text, hours=hours))
    message = demand.conversation.messages.get()
    message.received_at = datetime(2026, 11, 22, 17, 5, tzinfo=UTC)
    values = acknowledgement.variables(settings, demand, message)
    said = acknowledgement.render(text, values)
    assert [line.partition('=')[0] for line in said.splitlines()] == list(acknowledgement.VARIABLES)
    for part in ('numero=3-12', 'code=ABCDEFGH', 'date=22 novembre 2026', 'heure=18h05', '8h30',
                 'date_accuse=4 décembre 2026', 'date_silence=22 janvier 2027', '23 novembre'):  # fmt: skip
        assert part in said, said
    without = acknowledgement.render(text, {**values, 'code': '', 'reouverture': ''})
    assert not re.search('code|reouverture', without)


def test_the_text_of_a_citizen_is_no_template():
    """R53: nothing that comes from outside is read as one."""
    assert (
        acknowledgement.render('Bonjour {service}', {'service': '{code} {{ x }}'}) == 'Bonjour {code} {{ x }}'
    )
    assert acknowledgement.render('a {inconnu} b', {'service': 'x'}) == 'a {inconnu} b'


@pytest.mark.parametrize(
    'values',
    [{'text': 'Bonjour {prenom}'}, {'text_closed': '{x}'}, {'hours': 'toujours'}, {'closures': ['demain']}],
)
def test_wrong_settings_are_told_and_keep_no_demand(values: dict[str, Any], caplog: pytest.LogCaptureFixture):
    """R40, R53: whoever types them learns what is wrong; a message is never lost for them."""
    with pytest.raises(ValueError, match=r'.+'):
        acknowledgement.read(chosen(**values))
    demand = demand_of()
    demand.account.acknowledgement = chosen(**values)
    demand.account.save()
    assert not acknowledged(demand)
    assert 'ValueError' in caplog.text


@pytest.mark.parametrize('values', [{}, {'enabled': False}, {'enabled': 'oui'}, {'text': 'x'}])
def test_only_a_clear_yes_enables_it(values: dict[str, Any]):
    demand = demand_of()
    demand.account.acknowledgement = values
    demand.account.save()
    assert not acknowledged(demand)


def test_the_default_text_is_complete():
    """R53: its variables exist, and a town that gives nothing else has a sensible text."""
    settings = acknowledgement.read({'enabled': True})
    demand = make_demand(display_number='3-12')
    values = acknowledgement.variables(settings, demand, demand.conversation.messages.get())
    said = acknowledgement.render(settings.text, values)
    assert '3-12' in said and '{' not in said and str(demand.account) in said
