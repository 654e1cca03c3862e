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

"""What the panel shows of a conversation, to whom, and at what cost."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from lxml import html

from publik_socialmedia.conversations import messages
from publik_socialmedia.models import (
    Account,
    Attachment,
    Contact,
    Conversation,
    Delivery,
    Demand,
    Message,
    MessageVersion,
    Reaction,
)
from publik_socialmedia.networks.base import Kind
from publik_socialmedia.reasons import sentence
from publik_socialmedia.wcs import panel_content
from tests.factory import happens, make_account, write
from tests.wcs.caller import Caller
from tests.wcs.caller import make_demand as caller_demand
from tests.wcs.panel_scene import (
    answer,
    bind,
    content,
    jsonp,
    make_demand,
    refreshed,
    say,
    talk,
)

pytestmark = pytest.mark.django_db


def lines(source: str) -> list[str]:
    """What is read of each message, on one line."""
    items = html.fromstring(source).xpath('//ol[@data-part="list"]/li')
    return [words(item.text_content()) for item in items]


def words(text: str) -> str:
    return ' '.join(text.split())


def line(source: str, number: int = -1) -> str:
    return lines(source)[number]


def stamp(message: Message) -> str:
    return timezone.localtime(message.sort_at).strftime('%d/%m/%Y %H:%M')


# -- what is shown


def test_conversation_is_a_list_of_who_when_and_what() -> None:
    demand = make_demand(text='Bonjour, ma rue est dans le noir')
    demand.conversation.contact.name = 'Jeanne Exemple'
    demand.conversation.contact.save()
    sent = answer(demand, 'Nous passons demain.')
    asked, said = lines(content(demand))
    assert asked.startswith('Jeanne Exemple') and asked.endswith('Bonjour, ma rue est dans le noir')
    assert said == f'Ville de Villexemple réponse d’un agent {stamp(sent)} Nous passons demain. Envoyé'


@pytest.mark.parametrize(
    ('values', 'words'),
    [
        ({'origin': 'native'}, 'réponse écrite dans Messenger'),
        ({'origin': 'automatic'}, 'réponse automatique'),
        ({'state': 'queued'}, 'En cours d’envoi'),
        ({'state': 'delivered'}, 'Remis'),
        ({'state': 'read'}, 'Lu'),
        ({'state': 'failed', 'failure': 'blocked'}, 'Non envoyé : Cette personne ne peut pas'),
        ({'state': 'failed', 'failure': 'un-mot-nouveau'}, 'Erreur inconnue (un-mot-nouveau)'),
        ({'unreadable': 'ephemeral', 'text': ''}, '[contenu éphémère'),
    ],
)
def test_origin_state_and_failure_are_said_in_French_R33(values: dict[str, str], words: str) -> None:
    demand = make_demand()
    answer(demand, **values)
    assert words in line(content(demand))


def test_what_keeps_an_answer_waiting_is_said_R33() -> None:
    demand = make_demand()
    message = answer(demand, state='queued')
    Delivery.objects.create(
        conversation=demand.conversation,
        message=message,
        lane='network',
        kind='send',
        key='send:1',
        rank_at=timezone.now(),
        reason='rate',
    )
    assert line(content(demand)).endswith(f'En cours d’envoi — {words(sentence("rate"))}')
    Account.objects.filter(pk=demand.account_id).update(problem='auth')
    assert f'Les réponses attendent : {words(sentence("auth"))}' in words(content(demand))


def test_edited_message_keeps_its_earlier_versions_R13() -> None:
    demand = make_demand(text='Rendez-vous mardi')
    first = Message.objects.get()
    happens(demand.account, Kind.EDIT, first.external_id, text='Rendez-vous jeudi')
    happens(demand.account, Kind.EDIT, first.external_id, text='Rendez-vous vendredi')
    item = html.fromstring(content(demand)).xpath('//ol[@data-part="list"]/li')[0]
    assert item.xpath('string(p[@class="socialmedia-text"])') == 'Rendez-vous vendredi'
    assert item.xpath('string(details/summary)') == 'Versions précédentes (2)'
    assert item.xpath('details//p/text()') == ['Rendez-vous mardi', 'Rendez-vous jeudi']
    assert 'Message modifié' in item.text_content()


def test_erased_message_leaves_a_trace_and_no_content_R13() -> None:
    demand = make_demand(text='Mon secret')
    first = Message.objects.get()
    happens(demand.account, Kind.EDIT, first.external_id, text='Mon autre secret')
    Reaction.objects.create(
        account=demand.account, target=first.external_id, user='x', emoji='👍', at=timezone.now()
    )
    messages.erase(Message.objects.get())
    source = content(demand)
    assert 'secret' not in source and '👍' not in source and 'version' not in lines(source)[0]
    assert 'Message retiré ou effacé le' in line(source)


def test_reactions_and_the_message_answered_are_shown_R14() -> None:
    demand = make_demand(text='Première question')
    first = Message.objects.get()
    said = say(demand.conversation, 'Et ceci', reply_to=first.external_id, demand=demand)
    for number, (emoji, removed) in enumerate([('❤', False), ('👍', False), ('😡', True)]):
        Reaction.objects.create(
            account=demand.account,
            target=said.external_id,
            user=str(number),
            emoji=emoji,
            removed=removed,
            at=timezone.now() + timedelta(seconds=number),
        )
    found = line(content(demand))
    assert 'En réponse à : Première question' in found and found.endswith('Réactions : ❤ 👍')


@pytest.mark.parametrize(
    ('values', 'words'),
    [
        ({'kind': 'image', 'state': 'wanted'}, '[pièce jointe en cours de récupération]'),
        ({'kind': 'image', 'state': 'unavailable', 'reason': 'media_gone'}, '[pièce jointe indisponible'),
        ({'kind': 'location', 'state': 'shown', 'details': {'lat': 48.1, 'long': 2.3}}, '48.1, 2.3'),
        ({'kind': 'share', 'state': 'shown', 'url': 'javascript:alert(1)'}, 'javascript:alert(1)'),
    ],
)
def test_what_is_no_file_in_hand_is_said_in_words_R9(values: dict[str, object], words: str) -> None:
    demand = make_demand()
    Attachment.objects.create(message=Message.objects.get(), position=0, **values)
    source = content(demand)
    assert words in line(source) and not html.fromstring(source).xpath('//a')


def test_colleague_who_answered_is_named_until_the_message_is_erased_R35() -> None:
    Caller(caller_demand()).ask(agent='Zoé <b>Agent</b>\u202e')
    demand = Demand.objects.get()
    assert 'réponse envoyée par Zoé <b>Agent</b>' in line(content(demand))
    messages.erase(Message.objects.get(origin='agent'))
    assert 'Zoé' not in content(demand) and 'réponse d’un agent' in line(content(demand))


# -- time left


def head(source: str) -> str:
    return words(html.fromstring(source).xpath('string(//div[@data-part="head"])'))


def test_time_left_to_answer_is_shown_R32() -> None:
    demand = make_demand()
    conversation = demand.conversation
    conversation.last_inbound_at = timezone.now() - timedelta(hours=20, minutes=-1)
    conversation.save()
    assert head(content(demand)).startswith('Une réponse peut être envoyée jusqu’au ')
    assert head(content(demand)).endswith('(encore 4 heures).')
    conversation.last_inbound_at = timezone.now() - timedelta(hours=25)
    conversation.save()
    assert head(content(demand)) == words(sentence('window'))


def test_longer_time_of_a_person_is_the_one_shown_R32() -> None:
    account = make_account(facts={'human_agent': True})
    demand = make_demand(account)
    assert 'encore 6 jours' in head(content(demand))


def test_network_without_limit_says_so_R32() -> None:
    demand = make_demand(make_account('mastodon'))
    assert head(content(demand)) == 'Pas de limite de temps pour répondre.'


def test_network_that_is_no_longer_installed_still_shows_the_conversation() -> None:
    account = make_account('parti')
    conversation = Conversation.objects.create(
        account=account, contact=Contact.objects.create(account=account)
    )
    demand = bind(say(conversation, 'Bonjour'))
    assert line(content(demand)).endswith('Bonjour') and head(content(demand)) == ''


# -- long conversations


def test_only_the_last_messages_are_shown_at_first() -> None:
    demand = make_demand()
    talk(demand, 70)
    source = content(demand)
    assert len(lines(source)) == panel_content.PAGE and line(source).endswith('Message 69')
    assert not html.fromstring(source).xpath('//button[@data-part="older"]/@hidden')


def test_previous_messages_come_page_by_page_to_the_first_one() -> None:
    demand = make_demand(text='Le tout premier')
    Message.objects.update(sort_at=timezone.now() - timedelta(days=3))
    talk(demand, 70)
    seen = [int(i) for i in html.fromstring(content(demand)).xpath('//ol[@data-part="list"]/li/@data-id')]
    for pages_left in (1, 0):
        data = refreshed(demand, f'&before={seen[0]}').json()
        seen = [found['id'] for found in data['lines']] + seen
        assert data['older'] is bool(pages_left)
    assert seen == list(Message.objects.order_by('sort_at').values_list('pk', flat=True))
    assert 'Le tout premier' in data['lines'][0]['html']
    assert refreshed(demand, f'&before={seen[0]}').json()['lines'] == []


def test_messages_of_the_same_instant_are_neither_lost_nor_doubled_by_pages() -> None:
    demand = make_demand()
    now = timezone.now()
    for number in range(70):
        say(demand.conversation, str(number), sort_at=now, sequence=number % 3, demand=demand)
    seen: list[int] = []
    data = refreshed(demand).json()
    while data['lines']:
        seen = [found['id'] for found in data['lines']] + seen
        data = refreshed(demand, f'&before={seen[0]}').json()
    assert len(seen) == len(set(seen)) == 71


def test_refresh_covers_what_is_on_screen_and_what_came_since() -> None:
    demand = make_demand()
    made = talk(demand, 70)
    first = made[10].pk
    data = refreshed(demand, f'&from={first}').json()
    assert [found['id'] for found in data['lines']] == [message.pk for message in made[10:]]
    assert data['older'] is True
    say(demand.conversation, 'Encore moi', demand=demand)
    again = refreshed(demand, f'&from={first}&have={data["version"]}').json()
    assert 'Encore moi' in again['lines'][-1]['html'] and len(again['lines']) == 61
    assert [f['version'] for f in again['lines'][:-1]] == [f['version'] for f in data['lines']]


def test_very_long_conversation_refreshes_its_end_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panel_content, 'LIVE', 20)
    demand = make_demand()
    made = talk(demand, 50)
    data = refreshed(demand, f'&from={made[0].pk}').json()
    assert [found['id'] for found in data['lines']] == [message.pk for message in made[-20:]]
    assert data['older'] is True


def test_nothing_new_costs_no_line() -> None:
    demand = make_demand()
    version = refreshed(demand).json()['version']
    same = refreshed(demand, f'&have={version}').json()
    assert 'lines' not in same and same['version'] == version
    MessageVersion.objects.create(message=Message.objects.get(), rank=0, text='avant')
    Message.objects.update(state='received', edited=True, text='après')
    assert len(refreshed(demand, f'&have={version}').json()['lines']) == 1


@pytest.mark.parametrize('value', ['', '0', '-1', 'x', '٣', '9' * 30, '1 OR 1=1', '%00'])
@pytest.mark.parametrize('name', ['from', 'before'])
def test_any_id_of_a_message_is_survived(name: str, value: str) -> None:
    demand = make_demand()
    answer = refreshed(demand, f'&{name}={value}')
    assert answer.status_code == 200 and len(answer.json()['lines']) == (1 if name == 'from' else 0)


def test_queries_do_not_depend_on_the_number_of_messages() -> None:
    demand = make_demand()
    answer(demand, state='queued', reply_to=Message.objects.get().external_id)

    def cost(query: str = '') -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert refreshed(demand, query).status_code == 200
        return len(queries)

    few = cost()
    for message in talk(demand, 40):
        MessageVersion.objects.create(message=message, rank=0, text='avant')
        Attachment.objects.create(message=message, position=0, kind='image', state='wanted')
        Attachment.objects.create(message=message, position=1, kind='image', state='given', filename='a.jpg')
        Reaction.objects.create(
            account=demand.account, target=message.external_id, user='x', at=timezone.now()
        )
        answer(demand, reply_to=message.external_id, state='queued')
    first = Message.objects.order_by('sort_at')[3].pk
    assert cost() == few <= 9
    assert cost(f'&from={first}') <= few + 2


# -- demands of one person


def test_earlier_demands_are_shown_with_their_number_and_link() -> None:
    account = make_account()
    earlier = make_demand(account, 'Il y a un an')
    later = bind(write(account, 'Me revoici'))
    found = html.fromstring(content(later))
    assert [text.split()[-1] for text in lines(content(later))] == ['an', 'revoici']
    (link,) = found.xpath('//a')
    assert (link.text_content(), link.get('href')) == (
        f'Demande {earlier.display_number}',
        earlier.backoffice_url,
    )


def test_a_demand_does_not_show_a_later_one_which_other_agents_may_have_R43() -> None:
    account = make_account()
    earlier = make_demand(account, 'Il y a un an')
    bind(write(account, 'Au service social'))
    assert 'service social' not in content(earlier)


def test_earlier_demands_can_be_left_out_R43(settings) -> None:
    settings.PUBLIK_SOCIALMEDIA_PANEL_EARLIER = False
    account = make_account()
    make_demand(account, 'Il y a un an')
    later = bind(write(account, 'Me revoici'))
    say(later.conversation, 'Pas encore remis à w.c.s.')
    source = content(later)
    assert 'Il y a un an' not in source and len(lines(source)) == 2


def test_messages_of_an_anonymised_demand_are_never_shown_R26() -> None:
    account = make_account()
    make_demand(account, 'À oublier', state='gone')
    later = bind(write(account, 'Me revoici'))
    assert 'oublier' not in content(later) and len(lines(content(later))) == 1


def test_other_person_and_other_account_are_not_shown() -> None:
    demand = make_demand()
    write(demand.account, 'Autre personne', user='karim')
    write(make_account(), 'Autre compte')
    assert len(lines(content(demand))) == 1


# -- shape of the answer


def test_script_gives_the_content_to_the_callback_and_brings_its_own_code() -> None:
    demand = make_demand(text='</script><!-- \u2028')
    answer = jsonp(demand)
    body = answer.content.decode()
    assert answer['Content-Type'] == 'application/javascript; charset=utf-8'
    call, code = body.split(');\n', 1)
    assert not set('<>&\u2028\u2029') & set(call)
    assert json.loads(call.removeprefix('/**/jQuery351_1('))['content'].startswith('<section')
    assert code.startswith('/* publik_socialmedia') and 'document.currentScript' in code
