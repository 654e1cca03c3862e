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

"""Bringing to w.c.s. what happened in a conversation, exactly once and in order (R20–R26).

A submission or a hook cannot be repeated blindly: w.c.s. knows no idempotency, and a lost answer does not
mean that nothing was done. So each write is announced by a committed row first (``Demand.tried_at``,
``Delivery.unknown``); after an unknown outcome we look at what w.c.s. holds, and repeat only once the lost
call can no longer be carried out: w.c.s. refuses a signature older than 30 seconds, ``OUTCOME_WAIT`` is
longer. The caller holds the conversation's lease: never two calls at once on one demand (R22).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from publik_socialmedia import errors, rows
from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.conversations import threading
from publik_socialmedia.delivery import acknowledgement, queue, slots
from publik_socialmedia.delivery.queue import Claim
from publik_socialmedia.intake import profiles
from publik_socialmedia.models import Delivery, Demand, Message
from publik_socialmedia.wcs import carrying, context, deadlines, linking, mapping, reading, statements
from publik_socialmedia.wcs.client import Client, Created, Found, default_site, site_for

Kind = Delivery.Kind
State = Demand.State
LONG = 1.0  # seconds; what was read before may have been taken back meanwhile
SEEN_LATELY = timedelta(seconds=10)  # a demand that we saw so recently is not looked at again

logger = logging.getLogger(__name__)


class Pusher:
    """What one worker tells w.c.s. of one conversation. ``clients``: gives the client of a w.c.s. site."""

    def __init__(self, claim: Claim, clients: Callable[[str], Client] | None = None) -> None:
        self.claim = claim
        self.clients = clients or client_of
        self.conversation = statements.conversation(claim.conversation_id)
        self.account = self.conversation.account
        self._touched: dict[int, datetime] = {}  # demand → last time that we saw it open
        self._handled: set[int] = set()  # deliveries that need nothing more for now
        self._previous: Demand | None = None  # what a new demand is linked to
        self._stale = False  # what was read before something long must be read again
        self._read_at = time.monotonic()

    def run(self, waiting: Sequence[Delivery]) -> None:
        """Tell all that is due, in order, until something refuses. LeaseLost if we must stop.

        ``waiting``: what waits in this lane; what is added meanwhile makes the conversation due again.
        """
        while waiting and waiting[0].due_at <= timezone.now() and self._tell_safely(waiting):
            waiting = [delivery for delivery in waiting if delivery.pk not in self._handled]

    def _finish(
        self,
        deliveries: Sequence[Delivery],
        state: str = Delivery.State.DONE,
        demand: Demand | None = None,
    ) -> None:
        queue.finish(deliveries, state, demand=demand)
        self._handled |= {delivery.pk for delivery in deliveries}

    def _tell_safely(self, waiting: Sequence[Delivery]) -> bool:
        head = waiting[0]
        queue.hold(self.claim)
        try:
            if self._stale:
                self._read_again(head)
            self._tell(head, waiting)
        except errors.SocialMediaError as error:
            logger.warning('delivery %s: %s', head.pk, error)
            if isinstance(error, errors.ConfigurationError):
                self.account.refuse_wcs(error.reason)
            queue.postpone(head, error)
            return False
        queue.resume(self.account, Delivery.Lane.WCS, self.account.accept_wcs())
        self._stale = True
        return True

    def _read_again(self, head: Delivery) -> None:
        head.message.refresh_from_db()
        self._read_at = time.monotonic()

    def _tell(self, head: Delivery, waiting: Sequence[Delivery]) -> None:
        message = head.message
        if message.erased_at and head.kind in (Kind.MESSAGE, Kind.NATIVE, Kind.MEDIA, Kind.EDIT):
            if not head.unknown:  # taken back before w.c.s. heard of it
                self._finish([head], Delivery.State.CANCELLED)
                return
        if self._is_stale(head):
            self._finish([head], Delivery.State.CANCELLED)
            return
        demand, told = self._current(head)
        if head.kind != Kind.MESSAGE and (demand is None or not self._concerns(demand, head)):
            # nothing but a citizen's message opens a demand
            self._finish([head], Delivery.State.CANCELLED)
        elif demand is None or demand.state == State.OPENING:
            self._open(demand, [d for d in waiting if d.kind == Kind.MESSAGE])
        elif told:
            self._was_told(demand, head)
        else:
            self._call(demand, head)

    def _is_stale(self, head: Delivery) -> bool:
        """Whether this needs not be told any more: there is a later state of the same answer to tell, or
        somebody has answered meanwhile."""
        if head.unknown:
            return False
        if head.kind == Kind.STATE:
            return head.message.deliveries.filter(kind=Kind.STATE, pk__gt=head.pk).exists()
        return head.kind == Kind.WINDOW and not deadlines.awaits_answer(self.conversation)

    def _concerns(self, demand: Demand, head: Delivery) -> bool:
        """Whether that demand is to be told: a workflow may not know of windows, a closed demand has none."""
        if head.kind != Kind.WINDOW:
            return True
        schema = self.clients(demand.wcs_site).schema(demand.form)
        return demand.state == State.OPEN and mapping.HOOKS[Kind.WINDOW] in schema.hooks

    # -- which demand

    def _current(self, head: Delivery) -> tuple[Demand | None, bool]:
        """The demand that this goes to, looked at in w.c.s., and whether it was told of it already.

        None: it must be a new one.
        """
        demand = self._latest()
        if head.kind == Kind.STATE and head.message.demand is not None:
            demand = head.message.demand  # an answer to a former demand is no matter of the present one
        if demand is None or demand.state == State.OPENING:
            return demand, False
        if demand.state == State.GONE:
            return None, False
        seen = self._touched.get(demand.pk)
        if seen is not None and seen > timezone.now() - SEEN_LATELY and not head.unknown:
            return demand, False
        found = self.clients(demand.wcs_site).find(demand.form, mapping.KEY_FIELD, demand.key)
        if not found or found[0].anonymised:
            demand.leave()
            self._previous = None  # a new demand is not linked to one that is no more
            return None, False
        self._note(demand, found[0])
        if head.unknown and reading.shows(found[0], head):
            return demand, True
        if found[0].closed and head.kind == Kind.MESSAGE:
            if not threading.continues(self.account, demand.closed_at, timezone.now()):
                return None, False
        return demand, False

    def _latest(self) -> Demand | None:
        """The demand that is open for us (after a merge, maybe an older one), else the last one."""
        known = statements.demands(self.conversation)
        self._previous = next((demand for demand in known[:1] if demand.state != State.GONE), None)
        alive = [demand for demand in known if demand.state in (State.OPENING, State.OPEN)]
        return next(iter(alive), self._previous)

    def _note(self, demand: Demand, found: Found) -> None:
        """Keep what w.c.s. says of the state of a demand."""
        self._touched[demand.pk] = timezone.now()
        reading.note(demand, found)

    # -- opening

    def _open(self, demand: Demand | None, group: Sequence[Delivery]) -> None:
        """Submit the demand of these messages, after a look if it was tried before."""
        if demand is not None and demand.tried_at is not None:
            if self._adopt(demand):
                return
            for delivery in group:
                delivery.unknown = False  # we looked: it was not created
        told, group = self._gather(group)
        with slots.take():
            if self._is_old():
                self._stale = True
                told, group = self._gather(group)
            submitted = self._submit(self._prepare(demand), group, told) if told else None
        if submitted is not None:
            self._opened(*submitted, group, told)
        elif demand is not None:
            demand.delete()

    def _is_old(self) -> bool:
        """Whether what was read for this delivery may have changed: something long came between."""
        return time.monotonic() - self._read_at > LONG

    def _prepare(self, demand: Demand | None) -> Demand:
        """The demand to submit, not saved yet, for the form that the account has now."""
        if not self.account.form:
            raise errors.ConfigurationError('wcs_form_missing')
        site, form = self.account.wcs_site or default_site().slug, self.account.form
        if demand is None:
            demand = Demand(account=self.account, conversation=self.conversation, previous=self._previous)
        demand.wcs_site, demand.form = site, form
        return demand

    def _adopt(self, demand: Demand) -> bool:
        """Look for a demand whose submission was begun; True if it is there.

        TemporaryError while the lost call may still be carried out; False once it no longer can.
        """
        assert demand.tried_at is not None
        found = self.clients(demand.wcs_site).find(demand.form, mapping.KEY_FIELD, demand.key)
        if not found:
            rest = (demand.tried_at - timezone.now()).total_seconds() + app_settings.OUTCOME_WAIT
            if rest > 0:
                raise errors.OutcomeUnknown('outcome_unknown', retry_after=rest)
            return False
        first, carried = found[0], self._carried(demand)
        told = mapping.load(delivery.message for delivery in carried)
        self._opened(demand, Created(first.id, first.url, first.backoffice_url, first.api_url), carried, told)
        self._note(demand, first)
        return True

    def _gather(self, group: Sequence[Delivery]) -> tuple[list[mapping.Told], list[Delivery]]:
        """The messages that open the demand, as they are now, with the files that can be had at once."""
        messages = {delivery.message_id: delivery.message for delivery in group}
        if self._stale:
            messages = {message.pk: message for message in Message.objects.filter(pk__in=messages)}
        erased = [d for d in group if d.message_id not in messages or messages[d.message_id].erased_at]
        if erased:
            self._finish(erased, Delivery.State.CANCELLED)
        kept = [delivery for delivery in group if delivery not in erased]
        told = mapping.load(messages[delivery.message_id] for delivery in kept)
        asked = bool(told) and profiles.ask_name(self.account, self.conversation)
        if carrying.fetch(self.claim, self.account, told) or asked:
            self._stale, self._read_at = True, time.monotonic()  # one of them may have been taken back
            return self._gather(kept)
        return told, kept

    def _submit(
        self, demand: Demand, group: Sequence[Delivery], told: Sequence[mapping.Told]
    ) -> tuple[Demand, Created]:
        client = self.clients(demand.wcs_site)
        schema = client.schema(demand.form)
        if not schema.accepts(mapping.KEY_FIELD):
            client.forget(demand.form)
            raise errors.ConfigurationError('wcs_form_key', detail=demand.form)
        data = mapping.form_values(demand, self.conversation, told, schema)
        linking.recognise(self.conversation.contact, client)
        beside = context.submitted(demand, self.conversation, client.form_id)
        queue.hold(self.claim)
        self._announce(demand, group, [item.message for item in told])
        assert demand.tried_at is not None
        try:
            created = client.submit(demand.form, data, beside, at=demand.tried_at)
        except errors.OutcomeUnknown:
            raise
        except errors.SocialMediaError as error:
            carrying.go_without(error, told)
            # surely not created: nothing to look for
            Demand.objects.filter(pk=demand.pk).update(tried_at=None)
            Delivery.objects.filter(pk__in=[d.pk for d in group]).update(unknown=False)
            raise
        return demand, created

    def _announce(self, demand: Demand, group: Sequence[Delivery], messages: Sequence[Message]) -> None:
        """Commit that the submission begins, and what it carries, should its answer be lost."""
        if demand._state.adding:
            statements.announce(demand, group, messages)
            return
        with transaction.atomic():
            demand.tried_at = queue.begin(group)
            demand.save()
            self.conversation.messages.filter(demand=demand).update(demand=None)
            rows.change(Message, [message.pk for message in messages], demand_id=demand.pk)

    def _carried(self, demand: Demand) -> list[Delivery]:
        """The messages that went with a submission whose answer was lost."""
        return list(
            Delivery.objects.filter(
                conversation=self.conversation,
                kind=Kind.MESSAGE,
                state__in=[Delivery.State.PENDING, Delivery.State.BLOCKED],
                message__demand=demand,
            ).select_related('message')
        )

    def _opened(
        self, demand: Demand, created: Created, carried: Sequence[Delivery], told: Sequence[mapping.Told]
    ) -> None:
        """w.c.s. has the demand, with the messages that its submission carried."""
        demand.state, demand.number, demand.opened_at = State.OPEN, created.id, timezone.now()
        demand.url, demand.backoffice_url = created.url, created.backoffice_url
        demand.tracking_code, demand.seen_at = created.tracking_code, demand.opened_at
        files = mapping.form_files(self.clients(demand.wcs_site).schema(demand.form), told)
        self._learn_number(demand)
        with transaction.atomic():
            statements.note_opening(demand)
            self._finish(carried, demand=demand)
            carrying.after(told, files, 'field')
            acknowledgement.send(demand, [item.message for item in told])
        self._touched[demand.pk] = demand.opened_at

    def _learn_number(self, demand: Demand) -> None:
        """Look up the number that people read, where the citizen is told it; the API's own will do else."""
        if not acknowledgement.tells_number(self.account):
            return
        try:
            found = self.clients(demand.wcs_site).find(
                demand.form, mapping.KEY_FIELD, demand.key, payloads=False
            )
        except errors.SocialMediaError as error:
            logger.info('number of demand %s: %s', demand.pk, error)
        else:
            demand.display_number = next((item.display_number[:64] for item in found), '')

    # -- following

    def _call(self, demand: Demand, head: Delivery) -> None:
        """Tell the demand by a hook."""
        if head.unknown:
            self._wait_for_lost_call(head)
            head.unknown = False  # we looked: it was not told
        told = mapping.load([head.message])[0]
        if head.kind == Kind.MEDIA and not carrying.fetch_late(self.account, head, told):
            self._handled.add(head.pk)
            return
        if head.kind in mapping.WITH_FILES and carrying.fetch(self.claim, self.account, [told]):
            head.message.refresh_from_db()
        if head.kind in (Kind.MESSAGE, Kind.NATIVE):
            rows.change(Message, head.message_id, demand_id=demand.pk)
        try:
            self._tell_now(demand, head, told)
        except errors.PermanentError as error:
            if error.reason != 'wcs_demand_gone':
                carrying.go_without(error, [told])
                raise
            # deleted in w.c.s.: a message opens a new demand, the rest has nobody to be told to (R26)
            demand.leave()
            Delivery.objects.filter(pk=head.pk).update(unknown=False)
            return
        self._was_told(demand, head)

    def _tell_now(self, demand: Demand, head: Delivery, told: mapping.Told) -> None:
        client = self.clients(demand.wcs_site)
        with slots.take():
            if self._is_old():
                self._read_again(head)
                told = mapping.load([head.message])[0]
            data = mapping.payload(head, told, self.conversation, demand)
            queue.hold(self.claim)
            begun = queue.begin([head])
            client.hook(demand.form, demand.number, mapping.HOOKS[head.kind], data, at=begun)

    def _was_told(self, demand: Demand, head: Delivery) -> None:
        with transaction.atomic():
            self._finish([head], demand=demand)
            if head.kind == Kind.MESSAGE and demand.state != State.OPEN:
                Demand.objects.filter(pk=demand.pk).update(state=State.OPEN, closed_at=None)
            if head.kind in mapping.WITH_FILES:
                told = mapping.load([head.message])
                carrying.after(told, told[0].carried(), 'history')
        self._touched[demand.pk] = timezone.now()

    def _wait_for_lost_call(self, head: Delivery) -> None:
        """The last try may still be carried out: no other call on this demand before it no longer can."""
        begun = head.tried_at or timezone.now()
        rest = (begun - timezone.now()).total_seconds() + app_settings.OUTCOME_WAIT
        if rest > 0:
            raise errors.OutcomeUnknown('outcome_unknown', retry_after=rest)


def client_of(site: str) -> Client:
    """Client of a w.c.s. site by its slug; '' = the default one."""
    return Client(site_for(site))
