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
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from publik_socialmedia import errors
from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.conversations import threading
from publik_socialmedia.delivery import queue
from publik_socialmedia.delivery.queue import Claim
from publik_socialmedia.intake import attachments, profiles
from publik_socialmedia.models import Attachment, Conversation, Delivery, Demand, Message
from publik_socialmedia.wcs import mapping, reading
from publik_socialmedia.wcs.client import Client, Found, default_site, site_for

Kind = Delivery.Kind
State = Demand.State
SEEN_LATELY = timedelta(seconds=10)  # a demand that we saw so recently is not looked at again

logger = logging.getLogger(__name__)


class Pusher:
    """What one worker tells w.c.s. of one conversation. ``clients``: gives the client of a w.c.s. site."""

    def __init__(self, claim: Claim, clients: Callable[[str], Client] | None = None) -> None:
        self.claim = claim
        self.clients = clients or client_of
        self.conversation = (
            Conversation.objects.select_related('account', 'contact')
            .prefetch_related('contact__identifiers')
            .get(pk=claim.conversation_id)
        )
        self.account = self.conversation.account
        self._touched: dict[int, datetime] = {}  # demand → last time that we saw it open
        self._handled: set[int] = set()  # deliveries that need nothing more for now
        self._previous: Demand | None = None  # what a new demand is linked to
        self._stale = False  # what was read before something long must be read again

    def run(self, waiting: Sequence[Delivery]) -> None:
        """Tell all that is due, in order, until something refuses. LeaseLost if we must stop.

        ``waiting``: what waits in this lane; what is added meanwhile makes the conversation due again.
        """
        while waiting and waiting[0].due_at <= timezone.now() and self._tell_safely(waiting):
            waiting = [delivery for delivery in waiting if delivery.pk not in self._handled]

    def _finish(
        self, deliveries: Sequence[Delivery], state: str = Delivery.State.DONE, **changes: Any
    ) -> None:
        queue.finish(deliveries, state, **changes)
        self._handled |= {delivery.pk for delivery in deliveries}

    def _tell_safely(self, waiting: Sequence[Delivery]) -> bool:
        head = waiting[0]
        queue.hold(self.claim)
        try:
            if self._stale:
                head.message.refresh_from_db()
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

    def _tell(self, head: Delivery, waiting: Sequence[Delivery]) -> None:
        message = head.message
        if message.erased_at and head.kind in (Kind.MESSAGE, Kind.NATIVE, Kind.MEDIA, Kind.EDIT):
            if not head.unknown:  # taken back before w.c.s. heard of it
                self._finish([head], Delivery.State.CANCELLED)
                return
        demand, told = self._current(head)
        if demand is None and head.kind != Kind.MESSAGE:
            # nothing but a citizen's message opens a demand
            self._finish([head], Delivery.State.CANCELLED)
        elif demand is None or demand.state == State.OPENING:
            self._open(demand, [d for d in waiting if d.kind == Kind.MESSAGE])
        elif told:
            self._was_told(demand, head)
        else:
            self._call(demand, head)

    # -- which demand

    def _current(self, head: Delivery) -> tuple[Demand | None, bool]:
        """The demand that this goes to, looked at in w.c.s., and whether it was told of it already.

        None: it must be a new one.
        """
        demand = self._latest()
        if demand is None or demand.state == State.OPENING:
            return demand, False
        seen = self._touched.get(demand.pk)
        if seen is not None and seen > timezone.now() - SEEN_LATELY and not head.unknown:
            return demand, False
        found = self.clients(demand.wcs_site).find(demand.form, mapping.KEY_FIELD, demand.key)
        if not found or found[0].anonymised:
            Demand.objects.filter(pk=demand.pk).update(state=State.GONE)
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
        known = list(self.conversation.demands.order_by('-id'))
        self._previous = next((demand for demand in known[:1] if demand.state != State.GONE), None)
        alive = [demand for demand in known if demand.state in (State.OPENING, State.OPEN)]
        return next(iter(alive), self._previous)

    def _note(self, demand: Demand, found: Found) -> None:
        """Keep what w.c.s. says of the state of a demand."""
        state = State.CLOSED if found.closed else State.OPEN
        closed_at = (demand.closed_at or reading.local(found.updated)) if found.closed else None
        self._touched[demand.pk] = timezone.now()
        if (demand.state, demand.status_id, demand.closed_at) == (state, found.status_id, closed_at):
            return
        demand.state, demand.status_id, demand.closed_at = state, found.status_id, closed_at
        demand.status_name = found.status_name[:250]
        demand.save(update_fields=['state', 'status_id', 'status_name', 'closed_at'])

    # -- opening

    def _open(self, demand: Demand | None, group: Sequence[Delivery]) -> None:
        """Submit the demand of these messages, after a look if it was tried before."""
        if demand is not None and demand.tried_at is not None:
            if self._adopt(demand):
                return
            for delivery in group:
                delivery.unknown = False  # we looked: it was not created
        told, group = self._gather(group)
        if told:
            self._submit(self._prepare(demand), group, told)
        elif demand is not None:
            demand.delete()

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
        self._opened(demand, first.id, first.url, first.backoffice_url, carried, told)
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
        if self._fetch(told) or asked:
            self._stale = True  # it took time: one of them may have been taken back
            return self._gather(kept)
        return told, kept

    def _submit(self, demand: Demand, group: Sequence[Delivery], told: Sequence[mapping.Told]) -> None:
        client = self.clients(demand.wcs_site)
        schema = client.schema(demand.form)
        if not schema.accepts(mapping.KEY_FIELD):
            client.forget(demand.form)
            raise errors.ConfigurationError('wcs_form_key', detail=demand.form)
        data = mapping.form_values(demand, self.conversation, told, schema)
        context = mapping.context(demand, self.conversation)
        queue.hold(self.claim)
        with transaction.atomic():
            demand.tried_at = queue.begin(group)
            again = demand.pk is not None
            demand.save()
            # what this submission carries, should its answer be lost
            if again:
                self.conversation.messages.filter(demand=demand).update(demand=None)
            Message.objects.filter(pk__in=[item.message.pk for item in told]).update(demand=demand)
        try:
            created = client.submit(demand.form, data, context, at=demand.tried_at)
        except errors.OutcomeUnknown:
            raise
        except errors.SocialMediaError as error:
            self._go_without_files(error, told)
            # surely not created: nothing to look for
            Demand.objects.filter(pk=demand.pk).update(tried_at=None)
            Delivery.objects.filter(pk__in=[d.pk for d in group]).update(unknown=False)
            raise
        self._opened(demand, created.id, created.url, created.backoffice_url, group, told)

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
        self,
        demand: Demand,
        number: str,
        url: str,
        backoffice_url: str,
        carried: Sequence[Delivery],
        told: Sequence[mapping.Told],
    ) -> None:
        """w.c.s. has the demand, with the messages that its submission carried."""
        demand.state, demand.number, demand.opened_at = State.OPEN, number, timezone.now()
        demand.url, demand.backoffice_url = url, backoffice_url
        files = mapping.form_files(self.clients(demand.wcs_site).schema(demand.form), told)
        with transaction.atomic():
            demand.save(update_fields=['state', 'number', 'opened_at', 'url', 'backoffice_url'])
            self._finish(carried, demand=demand)
            self._after(told, files, 'field')
        self._touched[demand.pk] = demand.opened_at

    # -- following

    def _call(self, demand: Demand, head: Delivery) -> None:
        """Tell the demand by a hook."""
        if head.unknown:
            self._wait_for_lost_call(head)
            head.unknown = False  # we looked: it was not told
        told = mapping.load([head.message])[0]
        if head.kind == Kind.MEDIA and not self._fetch_late(head, told):
            return
        if head.kind in mapping.WITH_FILES and self._fetch([told]):
            head.message.refresh_from_db()
        if head.kind in (Kind.MESSAGE, Kind.NATIVE):
            Message.objects.filter(pk=head.message_id).update(demand=demand)
        data = mapping.payload(head, told, self.conversation, demand)
        queue.hold(self.claim)
        client = self.clients(demand.wcs_site)
        begun = queue.begin([head])
        try:
            client.hook(demand.form, demand.number, mapping.HOOKS[head.kind], data, at=begun)
        except errors.PermanentError as error:
            if error.reason != 'wcs_demand_gone':
                self._go_without_files(error, [told])
                raise
            # deleted in w.c.s.: a message opens a new demand, the rest has nobody to be told to (R26)
            Demand.objects.filter(pk=demand.pk).update(state=State.GONE)
            Delivery.objects.filter(pk=head.pk).update(unknown=False)
            return
        self._was_told(demand, head)

    def _was_told(self, demand: Demand, head: Delivery) -> None:
        with transaction.atomic():
            self._finish([head], demand=demand)
            if head.kind == Kind.MESSAGE and demand.state != State.OPEN:
                Demand.objects.filter(pk=demand.pk).update(state=State.OPEN, closed_at=None)
            if head.kind in mapping.WITH_FILES:
                told = mapping.load([head.message])
                self._after(told, told[0].carried(), 'history')
        self._touched[demand.pk] = timezone.now()

    def _wait_for_lost_call(self, head: Delivery) -> None:
        """The last try may still be carried out: no other call on this demand before it no longer can."""
        begun = head.tried_at or timezone.now()
        rest = (begun - timezone.now()).total_seconds() + app_settings.OUTCOME_WAIT
        if rest > 0:
            raise errors.OutcomeUnknown('outcome_unknown', retry_after=rest)

    # -- files

    def _fetch(self, told: Sequence[mapping.Told]) -> bool:
        """Try once to have the files; True if any was tried."""
        wanted = [
            attachment
            for item in told
            for attachment in item.attachments
            if attachment.state == Attachment.State.WANTED and attachment.attempts == 0
        ]
        for attachment in wanted:
            queue.hold(self.claim)
            attachments.fetch(self.account, attachment)
        return bool(wanted)

    def _fetch_late(self, head: Delivery, told: mapping.Told) -> bool:
        """Try again what could not be had with the message; True once there is something to tell."""
        over = timezone.now() - head.created_at > timedelta(seconds=app_settings.RETRY_LIMIT)
        done = [attachments.fetch(self.account, item, last=over) for item in told.attachments]
        if all(done):
            return True
        delay = queue.backoff(2 * head.attempts + 3)  # 20 s, 80 s, 5 min: an outage of a media host passes
        now = timezone.now()
        # behind what waits now: a slow file keeps no message waiting
        Delivery.objects.filter(pk=head.pk).update(
            due_at=now + delay, rank_at=now + delay, attempts=head.attempts + 1
        )
        self._handled.add(head.pk)
        return False

    def _go_without_files(self, error: errors.SocialMediaError, told: Sequence[mapping.Told]) -> None:
        """Files that w.c.s. will never take must not keep the words: the next try says why they lack."""
        if error.reason == 'wcs_too_large':
            for item in told:
                attachments.give_up(item.carried(), error.reason)

    def _after(self, told: Sequence[mapping.Told], carried: Sequence[Attachment], place: str) -> None:
        """w.c.s. has these messages: our copies of their files go; what is left or wanted follows later."""
        transaction.on_commit(partial(attachments.give, list(carried), place))
        gone = {attachment.pk for attachment in carried}
        for item in told:
            wanted = [a for a in item.attachments if a.state == Attachment.State.WANTED]
            left = [a for a in item.stored if a.pk not in gone]
            if wanted or left:
                due_at = timezone.now() + (queue.backoff(1) if wanted else timedelta())
                queue.add(
                    item.message,
                    Kind.MEDIA,
                    key=f'media:{item.message.pk}:{len(left) + len(wanted)}',
                    due_at=due_at,
                    rank_at=due_at,
                )


def client_of(site: str) -> Client:
    """Client of a w.c.s. site by its slug; '' = the default one."""
    return Client(site_for(site))
