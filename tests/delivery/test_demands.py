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

"""Messages become demands of w.c.s., against the stand-in by HTTP (R20–R26)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.utils import timezone

from demo.wcs_standin import StandIn
from publik_socialmedia.delivery import queue, slots
from publik_socialmedia.models import Account, Conversation, Delivery, Demand, Message
from publik_socialmedia.networks.base import Attachment, Kind
from publik_socialmedia.wcs import demands, mapping
from tests.factory import deliver, happens, later, make_account, states, write

pytestmark = pytest.mark.django_db


@pytest.fixture
def wcs(settings):
    with StandIn() as stand_in:
        settings.PUBLIK_SOCIALMEDIA_WCS = {'default': stand_in.settings}
        settings.PUBLIK_SOCIALMEDIA_TRUSTED_HOSTS = [stand_in.url.split('/')[2]]
        settings.PUBLIK_SOCIALMEDIA_WCS_TIMEOUT = 1
        yield stand_in
    assert stand_in.errors == []


@pytest.fixture
def account(wcs) -> Account:
    return make_account()


def texts(wcs: StandIn, index: int = 0) -> list[str]:
    """Texts of a demand: that of the form, then those of its history."""
    demand = wcs.demands()[index]
    return [wcs.value(demand, 'message'), *demand.comments]


def test_a_message_becomes_a_demand(wcs, account):
    """R20: channel, text, who, which network, which account, when."""
    write(account, 'Bonjour,\nil y a un trou rue des Lilas.', 'jeanne', name='Jeanne Exemple')
    deliver()
    (demand,) = wcs.demands()
    values = {name: wcs.value(demand, name) for name in ('reseau', 'compte', 'nom', 'identifiant', 'objet')}
    assert values == {
        'reseau': 'Messenger',
        'compte': 'Ville de Villexemple',
        'nom': 'Jeanne Exemple',
        'identifiant': 'jeanne',
        'objet': 'Bonjour, il y a un trou rue des Lilas.',
    }
    assert wcs.value(demand, 'message') == 'Bonjour,\nil y a un trou rue des Lilas.'
    assert demand.channel == 'social-network'
    stored = Demand.objects.get()
    assert (stored.state, stored.number, wcs.value(demand, 'cle')) == ('open', str(demand.number), stored.key)
    assert states() == ['done']


def test_later_messages_join_the_demand_in_order(wcs, account):
    """R25: one demand, its history in the order of the conversation, each message with its date."""
    write(account, 'un')
    deliver()
    now = timezone.now()
    write(account, 'trois', sent_at=now + timedelta(seconds=2))
    write(account, 'deux', sent_at=now + timedelta(seconds=1))
    deliver()
    assert len(wcs.demands()) == 1
    first, second, third = texts(wcs)
    assert 'un' in first and 'deux' in second and 'trois' in third
    assert mapping.wording.moment(now + timedelta(seconds=1)) in second


def test_a_burst_makes_one_demand(wcs, account):
    """R7: what comes within the grouping delay is one demand, opened when the delay is over."""
    account.grouping_delay = 60
    account.save()
    for text in ('Bonjour', 'la rue des Lilas', 'est inondée'):
        write(account, text)
    deliver()
    assert wcs.demands() == []
    later()
    deliver()
    (message,) = texts(wcs)
    assert [text in message for text in ('Bonjour', 'la rue des Lilas', 'est inondée')] == [True] * 3
    assert states() == ['done'] * 3


@pytest.mark.parametrize('fault', ['drop', 'error', 'slow', 'crash', 'unavailable', 'reset'])
def test_a_submission_with_an_unknown_outcome_is_made_once(wcs, account, fault):
    """R21: whatever happens to the call, one demand; a lost answer is looked for, not repeated."""
    wcs.faults.slow_for = 1.5
    wcs.faults.plan(fault)
    write(account)
    deliver()
    assert states() == ['pending']
    later()
    deliver()
    assert len(wcs.demands()) == 1
    assert states() == ['done']


@pytest.mark.parametrize('fault', ['drop', 'error', 'slow', 'unavailable', 'reset'])
def test_a_hook_with_an_unknown_outcome_is_made_once(wcs, account, fault):
    """R21: the second message stands once in the history."""
    write(account, 'un')
    deliver()
    wcs.faults.slow_for = 1.5
    wcs.faults.plan(fault)
    write(account, 'deux')
    write(account, 'trois')
    deliver()
    assert states() == ['done', 'pending', 'pending']
    later()
    deliver()
    shown = texts(wcs)[1:]
    assert [sum(word in text for text in shown) for word in ('deux', 'trois')] == [1, 1]
    assert 'deux' in shown[0]


def test_a_lost_call_is_not_repeated_before_it_can_no_longer_be_carried_out(wcs, account, settings):
    """R21: the call is still on its way when we look; it comes later, and is the only one."""
    wcs.faults.late_for = 5  # after both turns of the worker, also on a busy machine
    wcs.faults.plan('late')
    write(account)
    deliver()
    Delivery.objects.update(due_at=timezone.now())
    Conversation.objects.update(due_at=timezone.now())
    submits = wcs.calls['POST']
    deliver()  # looks, finds nothing, waits
    assert wcs.calls['POST'] == submits
    delivery = Delivery.objects.get()
    wait = delivery.due_at - Demand.objects.get().tried_at
    assert wait >= timedelta(seconds=59)


def test_a_busy_demand_is_waited_for(wcs, account):
    """R22: « processing » is a reason to wait, the lock is never bypassed."""
    write(account, 'un')
    deliver()
    number = wcs.demands()[0].number
    wcs.wcs.store.set_processing(number, True)
    write(account, 'deux')
    deliver()
    delivery = Delivery.objects.get(state='pending')
    assert (delivery.reason, delivery.unknown) == ('wcs_busy', False)
    wcs.unlock(number)
    later()
    deliver()
    assert 'deux' in texts(wcs)[1]


def test_what_agents_closed_long_ago_is_followed_by_a_linked_demand(wcs, account):
    """Closed for longer than the delay: a new demand, linked to the previous one."""
    write(account, 'un')
    deliver()
    first = Demand.objects.get()
    wcs.close(int(first.number))
    Demand.objects.update(state='closed', closed_at=timezone.now() - timedelta(days=20))
    write(account, 'encore moi')
    deliver()
    second = Demand.objects.latest('pk')
    assert (second.previous, len(wcs.demands())) == (first, 2)
    assert wcs.demands()[1].context['orig_formdata_id'] == first.number


def test_what_was_closed_lately_is_reopened(wcs, account):
    write(account, 'un')
    deliver()
    wcs.close(wcs.demands()[0].number)
    write(account, 'merci, mais non')
    deliver()
    (demand,) = wcs.demands()
    assert not wcs.wcs.form.statuses[demand.status].endpoint
    assert Demand.objects.get().state == 'open'


@pytest.mark.parametrize('end', ['anonymise', 'delete'])
def test_an_anonymised_or_deleted_demand_never_gets_personal_data_again(wcs, account, end):
    """R26: a new message opens a new demand; what belongs to the old one is not told."""
    message = write(account, 'un')
    deliver()
    number = wcs.demands()[0].number
    getattr(wcs, end)(number)
    happens(account, Kind.EDIT, message.external_id, text='un, corrigé', number=1)
    deliver()
    write(account, 'deux')
    deliver()
    left = [demand for demand in wcs.demands() if demand.number == number]
    assert all(not demand.comments for demand in left)
    assert [wcs.value(d, 'message') for d in wcs.demands() if d.number != number] == ['deux']
    assert list(Demand.objects.order_by('pk').values_list('state', flat=True)) == ['gone', 'open']
    assert Demand.objects.latest('pk').previous is None


@pytest.mark.parametrize('end', ['anonymise', 'delete'])
def test_a_message_that_finds_its_demand_gone_opens_one_that_is_not_linked_to_it(wcs, account, end):
    """R26: also when the message itself is what discovers it."""
    write(account, 'un')
    deliver()
    getattr(wcs, end)(wcs.demands()[0].number)
    write(account, 'deux')
    deliver()
    assert list(Demand.objects.order_by('pk').values_list('state', 'previous')) == [
        ('gone', None),
        ('open', None),
    ]
    assert 'orig_formdata_id' not in wcs.demands()[-1].context


def test_deleted_between_our_look_and_our_call(wcs, account):
    write(account, 'un')
    deliver()
    wcs.delete(wcs.demands()[0].number)
    demand = Demand.objects.get()
    claimed = queue.claim_one(demand.conversation_id)
    message = write(account, 'deux')
    from publik_socialmedia.wcs.demands import Pusher

    pusher = Pusher(claimed)
    pusher._touched[demand.pk] = timezone.now()  # we believe that it is there
    pusher.run(queue.pending(claimed.conversation_id, 'wcs'))
    queue.release(claimed)
    assert [wcs.value(d, 'message') for d in wcs.demands()] == ['deux']
    message.refresh_from_db()
    assert message.demand.state == 'open'


def test_a_native_answer_is_told_and_opens_nothing(wcs, account):
    """R11: told on the demand; without a demand there is nobody to be told."""
    happens(account, Kind.MESSAGE, 'm_native_0', text='Bonjour à vous', from_us=True)
    deliver()
    assert wcs.demands() == [] and states() == ['cancelled']
    write(account, 'Question')
    deliver()
    happens(account, Kind.MESSAGE, 'm_native_1', text='Réponse du téléphone', from_us=True)
    deliver()
    assert len(wcs.demands()) == 1
    assert 'Réponse du téléphone' in texts(wcs)[1]


def test_edits_and_unsends_are_told(wcs, account):
    """R13: both are told on the demand."""
    message = write(account, 'au 12')
    deliver()
    happens(account, Kind.EDIT, message.external_id, text='au 14', number=1)
    happens(account, Kind.UNSEND, message.external_id)
    deliver()
    shown = ''.join(texts(wcs)[1:])
    assert states() == ['done', 'cancelled', 'done']
    assert 'au 14' not in shown  # taken back before it was told


def test_an_edit_is_told(wcs, account):
    message = write(account, 'au 12')
    deliver()
    happens(account, Kind.EDIT, message.external_id, text='au 14', number=1)
    deliver()
    assert 'au 14' in texts(wcs)[1]


def test_what_is_taken_back_before_w_c_s_heard_of_it_is_never_told(wcs, account):
    account.grouping_delay = 60
    account.save()
    message = write(account, 'secret')
    happens(account, Kind.UNSEND, message.external_id)
    later()
    deliver()
    assert wcs.demands() == []
    assert states() == ['cancelled', 'cancelled']
    assert not Demand.objects.exists()


@pytest.mark.parametrize('others', [0, 1], ids=['alone', 'among others'])
@pytest.mark.parametrize('is_open', [False, True], ids=['opens a demand', 'joins a demand'])
def test_what_is_taken_back_while_it_waits_for_its_turn_is_not_told(
    wcs, account, monkeypatch, is_open: bool, others: int
):
    """R13: there was no room for its call for a while; what was prepared is read again before it leaves."""
    if is_open:
        write(account, 'premier')
        deliver()
    regretted = write(account, 'regretté')
    for number in range(others):
        write(account, f'autre {number}')
    take = slots.take
    monkeypatch.setattr(demands, 'LONG', -1.0)  # any wait is a long one

    @contextmanager
    def after_a_while() -> Iterator[float]:
        with take() as waited:
            happens(account, Kind.UNSEND, regretted.external_id)
            yield waited

    monkeypatch.setattr(slots, 'take', after_a_while)
    deliver()
    told = [text for number in range(len(wcs.demands())) for text in texts(wcs, number)]
    assert len(wcs.demands()) == max(is_open, others)
    assert not any('regretté' in text for text in told)
    assert [any(f'autre {number}' in text for text in told) for number in range(others)] == [True] * others
    assert Conversation.objects.get().due_at is None


def test_a_form_of_the_administrator_gets_the_fields_that_it_has(wcs, account):
    """Values go by varname; those that the schema does not have are not sent."""
    schema_fields = {'cle', 'message'}
    kept = [item for item in wcs.wcs.form.all_fields if item.varname in schema_fields]
    sent = {}
    from publik_socialmedia.wcs.client import Client

    original = Client.schema

    def small_schema(self, form, **options):
        from dataclasses import replace

        schema = original(self, form, **options)
        fields = {name: field for name, field in schema.fields.items() if name in schema_fields}
        return replace(schema, fields=fields, workflow_fields={})

    submit = Client.submit

    def spy(self, form, data, context, **options):
        sent.update(data)
        return submit(self, form, data, context, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Client, 'schema', small_schema)
        patch.setattr(Client, 'submit', spy)
        write(account, 'Bonjour')
        deliver()
    assert set(sent) == schema_fields == {item.varname for item in kept}


REFUSALS = {
    'wcs_form_disabled': lambda wcs, account, settings: wcs.disable(),
    'wcs_form_unknown': lambda wcs, account, settings: Account.objects.update(form='inconnu'),
    'wcs_form_missing': lambda wcs, account, settings: Account.objects.update(form=''),
    'wcs_site_unknown': lambda wcs, account, settings: Account.objects.update(wcs_site='ailleurs'),
    'wcs_secret': lambda wcs, account, settings: setattr(
        settings, 'PUBLIK_SOCIALMEDIA_WCS', {'default': {**wcs.settings, 'secret': 'faux'}}
    ),
    'wcs_clock': lambda wcs, account, settings: setattr(wcs.wcs.access, 'clock_offset', 60),
}


@pytest.mark.parametrize('reason', REFUSALS)
def test_a_refusal_that_needs_a_person_says_which(wcs, account, settings, reason):
    """R23: the reason is on the account in French, nothing is dropped, and it clears by itself."""
    from django.utils import translation

    from publik_socialmedia.reasons import SENTENCES, sentence

    values = Account.objects.values('form', 'wcs_site').get()
    REFUSALS[reason](wcs, account, settings)
    write(account)
    deliver()
    account.refresh_from_db()
    assert (account.wcs_problem, states()) == (reason, ['pending'])
    with translation.override('fr'):
        assert reason in SENTENCES and sentence(reason)
    assert not Delivery.objects.get().unknown
    # somebody acts
    Account.objects.update(**values)
    wcs.disable(False)
    wcs.wcs.access.clock_offset = 0
    settings.PUBLIK_SOCIALMEDIA_WCS = {'default': wcs.settings}
    later()
    deliver()
    account.refresh_from_db()
    assert (account.wcs_problem, states(), len(wcs.demands())) == ('', ['done'], 1)


def test_w_c_s_down_for_an_hour_loses_nothing_and_holds_up_no_other(wcs, account, settings):
    """R23: back-off while w.c.s. is away; another w.c.s. goes on."""
    other = make_account(wcs_site='second')
    with StandIn() as second:
        settings.PUBLIK_SOCIALMEDIA_WCS = {'default': wcs.settings, 'second': second.settings}
        settings.PUBLIK_SOCIALMEDIA_TRUSTED_HOSTS = [s.url.split('/')[2] for s in (wcs, second)]
        wcs.faults.down_for(3600)
        for number in range(5):
            write(account, f'message {number}', f'usager-{number}')
        write(other, 'ailleurs')
        deliver()
        assert len(second.demands()) == 1
        assert sorted(states()) == ['done'] + ['pending'] * 5
        assert set(Delivery.objects.filter(state='pending').values_list('reason', flat=True)) == {'wcs_away'}
        wcs.faults.down_for(0)
        later()
        deliver()
    assert len(wcs.demands()) == 5


def test_after_three_days_a_delivery_is_blocked_and_can_be_replayed(wcs, account):
    """R23, R42."""
    wcs.disable()
    write(account)
    deliver()
    Delivery.objects.update(created_at=timezone.now() - timedelta(days=3, minutes=1))
    later()
    deliver()
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.reason) == ('blocked', 'wcs_form_disabled')
    assert Conversation.objects.get().due_at is None
    wcs.disable(False)
    assert queue.replay([delivery]) == 1
    deliver()
    assert states() == ['done'] and len(wcs.demands()) == 1


def test_text_is_cleaned_at_the_border(wcs, account):
    """R24: NUL would lock the demand for an hour, a lone surrogate too; markup stays text."""
    message = write(account, 'a')
    Message.objects.filter(pk=message.pk).update(text='<b>gras</b>\u202e\x07 {{ form_number }}')
    deliver()
    write(account, '<script>alert(1)</script>')
    deliver()
    first, second = texts(wcs)
    assert first == '<b>gras</b> {{ form_number }}'
    assert '<script>' not in second and '&lt;script&gt;' in second


def test_ten_thousand_characters(wcs, account):
    write(account, 'mot ' * 2500)
    deliver()
    assert len(texts(wcs)[0]) >= 9_999


def test_an_unavailable_file_keeps_its_message(wcs, account):
    """R9: the message goes at once and says that the file is missing."""
    write(
        account,
        'voir photo',
        attachments=[Attachment('unreadable', reason='forbidden_url', declared='image')],
    )
    deliver()
    assert texts(wcs)[0].startswith('voir photo\n[')


def test_a_worker_that_sleeps_before_its_call_is_refused(wcs, account, monkeypatch):
    """R21: the signature bears the time of the committed row; another worker may repeat after 60 s."""
    from freezegun import freeze_time

    from publik_socialmedia.wcs.client import Client

    write(account)
    submit = Client.submit
    asleep = timezone.now() + timedelta(seconds=61)

    def sleepy(self, *args, **options):
        with freeze_time(asleep):
            return submit(self, *args, **options)

    wcs.wcs.access.clock_offset = 61  # its clock went on
    with monkeypatch.context() as patch:
        patch.setattr(Client, 'submit', sleepy)
        deliver()
    assert wcs.demands() == []
    assert Delivery.objects.get().reason == 'wcs_clock'


def test_a_look_that_fails_proves_nothing(wcs, account):
    """R21, R30: after a lost answer, a look that meets a 503 leaves the outcome unknown."""
    write(account, 'un')
    deliver()
    wcs.faults.plan('drop')
    write(account, 'deux')
    deliver()
    assert Delivery.objects.get(state='pending').unknown
    wcs.faults.down_for(3600)
    later()
    deliver()
    pending = Delivery.objects.get(state='pending')
    assert (pending.unknown, pending.reason) == (True, 'wcs_away')
    wcs.faults.down_for(0)
    later()
    deliver()
    assert sum('deux' in text for text in texts(wcs)) == 1


def test_what_is_unknown_comes_before_what_is_older(wcs, account):
    """R22: a message with an earlier date never overtakes a call that may still be carried out."""
    write(account, 'un')
    deliver()
    wcs.faults.plan('late')
    write(account, 'trois')
    deliver()
    write(account, 'deux', sent_at=timezone.now() - timedelta(minutes=5))
    deliver()
    calls = Delivery.objects.filter(state='pending', attempts__gt=0)
    assert [delivery.message.text for delivery in calls] == ['trois']
    later()
    deliver()
    shown = texts(wcs)
    assert [sum(word in text for text in shown) for word in ('un', 'deux', 'trois')] == [1, 1, 1]


@pytest.mark.parametrize(
    'answer, shown', [('Jeanne Exemple', 'Jeanne Exemple'), ('', 'jeanne'), (None, 'jeanne')]
)
def test_the_name_is_asked_once_and_never_costs_a_message(wcs, account, monkeypatch, answer, shown):
    """R15: a name is optional; a failing profile call keeps the message, and is not repeated each time."""
    from publik_socialmedia import errors, networks

    asked = []

    def profile(view, user, http):
        asked.append(user)
        if answer is None:
            raise errors.PermanentError('profile')
        return answer

    monkeypatch.setattr(networks.get(account.network), 'profile', profile)
    write(account)
    deliver()
    wcs.delete(wcs.demands()[0].number)
    write(account, 'encore')
    deliver()
    (demand,) = wcs.demands()
    assert wcs.value(demand, 'nom') == shown
    assert asked == ['jeanne']
