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

"""Answers on their way to a network: accepted at once, sent later, once (R30–R33).

The caller holds the conversation's lease, so that parts leave in order. After an unknown outcome the message
is looked for (echo received meanwhile, or ``find_sent``) before any second try.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from publik_socialmedia import errors, media, networks, tokens
from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.conversations.windows import window
from publik_socialmedia.delivery import answers, fitting, publishing, queue, receipts, slots
from publik_socialmedia.delivery.holding import Held
from publik_socialmedia.delivery.queue import Claim
from publik_socialmedia.delivery.wakeup import wake
from publik_socialmedia.http import client
from publik_socialmedia.models import Account, Attachment, Conversation, Delivery, Demand, Journal, Message
from publik_socialmedia.models.common import new_key
from publik_socialmedia.networks.base import Http, Network, Outgoing, OutgoingFile

logger = logging.getLogger(__name__)

OTHERS = 50  # messages that an answer may be taken for
PAUSE_LOOK = timedelta(hours=1)  # between two looks at a paused account, should nobody wake what waits
MAX_PARTS = 30  # messages that one answer may make: nobody reads more on a telephone


def accept(
    conversation: Conversation,
    text: str,
    files: Sequence[OutgoingFile] = (),
    *,
    answer_key: str,
    demand: Demand | None = None,
    human: bool = True,
    template: bool = False,
) -> list[Message]:
    """Take an answer to send: checked against network, window and limits, split, queued. Returns its parts.

    ``answer_key``: the same answer asked twice is one (demand and rank of the reply). PermanentError if it
    can never be sent: nothing is queued then. ``template``: as the model that the network approved.
    """
    if not answer_key:
        raise ValueError('an answer without a key could not be told from another one')
    existing = answers.parts_of(conversation, answer_key)
    if existing:
        return existing
    account = conversation.account
    network = check(conversation, human=human, template=template)
    recipient = _recipient(conversation)[0]
    draft = Outgoing(key='', recipient=recipient, text=text, human=human, template=template)
    if files and network.capabilities.files_by_url and not app_settings.BASE_URL:
        raise errors.PermanentError('base_url')
    view = account.view()
    parts = network.split(view, draft, fitting.fit(files, network.files_out(view)))
    if len(parts) > MAX_PARTS:
        raise errors.PermanentError('too_long', detail=f'{len(parts)} parts')
    with transaction.atomic():
        # two identical calls at once: one of them waits here, then finds the answer of the other
        Conversation.objects.select_for_update().get(pk=conversation.pk)
        existing = answers.parts_of(conversation, answer_key)
        if existing:
            return existing
        common = {
            'answer_key': answer_key,
            'demand': demand,
            'origin': Message.Origin.AGENT if human else Message.Origin.AUTOMATIC,
            'template': template,
        }
        messages = [_queue(conversation, part, number, common) for number, part in enumerate(parts)]
    transaction.on_commit(wake)
    return messages


def check(conversation: Conversation, *, human: bool, template: bool = False) -> Network:
    """The network, if an answer may leave now; PermanentError('paused' | 'window') else."""
    account = conversation.account
    network = networks.get(account.network)
    if account.state == Account.State.PAUSED:
        raise errors.PermanentError('paused')
    _check_window(conversation, network, human=human, template=template)
    return network


def _check_window(conversation: Conversation, network: Network, *, human: bool, template: bool) -> None:
    """A model that the network approved goes past the window, where it has such models."""
    if template and network.capabilities.template:
        return
    open_until = window(conversation.account, conversation, network.capabilities)
    if not open_until.allows(timezone.now(), human=human):
        raise errors.PermanentError('window')


def pause(account: Account) -> None:
    """Let nothing leave that account until ``resume``; what comes is recorded as before (R5)."""
    paused = Account.objects.filter(pk=account.pk).exclude(state=Account.State.PAUSED)
    if paused.update(state=Account.State.PAUSED):
        Journal.objects.create(account=account, action='pause')
    account.refresh_from_db(fields=['state'])


def resume(account: Account) -> None:
    """End the pause: what waited leaves, if the network takes our calls."""
    account.refresh_from_db(fields=['problem'])
    state = Account.State.BROKEN if account.problem else Account.State.ACTIVE
    if Account.objects.filter(pk=account.pk, state=Account.State.PAUSED).update(state=state):
        Journal.objects.create(account=account, action='resume')
        queue.resume(account, Delivery.Lane.NETWORK, 'paused')
        wake()
    account.refresh_from_db(fields=['state'])


def push(claim: Claim, http: Http | None = None) -> None:
    """Send what is due in one conversation, in order, until something has to wait."""
    conversation = Conversation.objects.select_related('account', 'contact').get(pk=claim.conversation_id)
    while _push_first(claim, conversation, http):
        pass


def _push_first(claim: Claim, conversation: Conversation, http: Http | None) -> bool:
    """Send what comes first, if it is due; True if what follows may go."""
    account = conversation.account
    with slots.take():  # before anything is looked at: it may be long
        waiting = queue.pending(conversation.pk, Delivery.Lane.NETWORK)
        if not waiting or waiting[0].due_at > timezone.now():
            return False
        head = waiting[0]
        if Account.objects.filter(pk=account.pk, state=Account.State.PAUSED).exists():
            _hold_back(head)
            return False
        if account.throttled_for and account.throttled_until:
            queue.defer(head, account.throttled_until, 'rate')
            return False
        queue.hold(claim)
        try:
            _send(account, conversation, head, Held(claim, http or client()))
        except errors.PermanentError as error:
            _fail(head, error)
            return True
        except errors.SocialMediaError as error:
            return _wait(account, conversation, head, error)
    queue.resume(account, Delivery.Lane.NETWORK, account.accept())
    return True


def _hold_back(head: Delivery) -> None:
    """Nothing leaves a paused account; the agent is told once that the answer waits."""
    with transaction.atomic():
        queue.defer(head, timezone.now() + PAUSE_LOOK, 'paused')
        if head.reason != 'paused':
            answers.tell(head.message, waits=True)


def _queue(
    conversation: Conversation,
    part: Outgoing,
    number: int,
    common: Mapping[str, Any],
) -> Message:
    """One message of an answer, and its delivery; ``common``: what all its messages have."""
    now = timezone.now()
    message = Message.objects.create(
        account=conversation.account,
        conversation=conversation,
        state=Message.State.QUEUED,
        key=new_key(),
        text=part.text,
        received_at=now,
        sort_at=now,
        sequence=number,
        part=number,
        **common,
    )
    if part.file is not None:
        Attachment.objects.create(
            message=message,
            position=0,
            kind='image' if part.file.mimetype.startswith('image/') else 'file',
            mimetype=part.file.mimetype,
            filename=part.file.filename,
            size=len(part.file.content),
            alt=part.file.alt,
            state=Attachment.State.STORED,
            storage=media.store(part.file.content),
        )
    queue.add(message, Delivery.Kind.SEND, key=f'send:{message.pk}', due_at=now)
    return message


def _send(account: Account, conversation: Conversation, head: Delivery, http: Held) -> None:
    """Send one message, after a look if it may be there already."""
    message = Message.objects.get(pk=head.message_id)
    if message.erased_at or message.external_id:
        with transaction.atomic():
            if message.external_id:  # its echo came; a replay may have put it back to « being sent »
                receipts.sent(message, message.external_id, None)
            _sent(head, message)
        return
    network = networks.get(account.network)
    outgoing = _outgoing(network, conversation, message, head)
    if head.unknown:
        found = tokens.using(account, lambda view: network.find_sent(view, outgoing, http), http.plain)
        if found is not None:
            with transaction.atomic():
                receipts.sent(message, found.external_id, found.sent_at, head.first_tried_at)
                _sent(head, message)
            return
        head.unknown = False
    _check_window(
        conversation, network, human=message.origin == Message.Origin.AGENT, template=message.template
    )
    begun_at = queue.begin([head])
    try:
        sent = tokens.using(account, lambda view: network.send(view, outgoing, http), http.plain)
    except errors.OutcomeUnknown:
        queue.lost(head)
        raise
    with transaction.atomic():
        receipts.sent(message, sent.external_id, sent.sent_at, begun_at)
        _sent(head, message)


def _sent(head: Delivery, message: Message) -> None:
    queue.finish([head])
    _drop_files([message.pk], Attachment.State.GIVEN)


def _drop_files(message_ids: Sequence[int], state: str, reason: str = '') -> None:
    """What was to be sent is not needed any more: our copies go, once that is committed."""
    stored = Attachment.objects.filter(message_id__in=message_ids, state=Attachment.State.STORED)
    references = list(stored.values_list('storage', flat=True))
    stored.update(state=state, storage='', reason=reason)
    transaction.on_commit(partial(media.remove_all, references))


def _outgoing(network: Network, conversation: Conversation, message: Message, head: Delivery) -> Outgoing:
    identifiers = _recipient(conversation)
    last = (
        conversation.messages.filter(origin=Message.Origin.CITIZEN, erased_at__isnull=True)
        .exclude(external_id='')
        .order_by('-sort_at', '-sequence')
        .first()
    )
    attachment = message.attachments.filter(state=Attachment.State.STORED).first()
    file = None
    if attachment is not None:
        file = OutgoingFile(
            content=media.load(attachment.storage),
            filename=attachment.filename,
            mimetype=attachment.mimetype,
            alt=attachment.alt,
            url=publishing.address(attachment) if network.capabilities.files_by_url else '',
        )
    return Outgoing(
        key=message.key,
        recipient=identifiers[0],
        recipient_aliases=tuple(identifiers[1:]),
        text=message.text,
        file=file,
        reply_to=last.external_id if last else '',
        reply_details=last.details if last else {},
        human=message.origin == Message.Origin.AGENT,
        template=message.template,
        last_inbound_at=conversation.last_inbound_at,
        first_tried_at=head.first_tried_at,
        last_tried_at=head.tried_at,
        others=_others(conversation, message) if head.unknown else (),
        heard_at=conversation.account.last_event_at,
    )


def _others(conversation: Conversation, message: Message) -> tuple[str, ...]:
    """Ids known to be of other messages. Not of native answers: one may be the echo of this message."""
    ours = conversation.messages.filter(origin__in=(Message.Origin.AGENT, Message.Origin.AUTOMATIC))
    known = ours.exclude(external_id='').exclude(pk=message.pk).order_by('-sort_at', '-sequence')
    return tuple(known.values_list('external_id', flat=True)[:OTHERS])


def _recipient(conversation: Conversation) -> list[str]:
    found = list(conversation.contact.identifiers.values_list('value', flat=True))
    if not found:
        raise errors.PermanentError('blocked')
    return found


def _fail(head: Delivery, error: errors.PermanentError) -> None:
    """Never again: the agent is told, and what was to follow in the same answer is not sent."""
    logger.warning('delivery %s: %s', head.pk, error)
    with transaction.atomic():
        queue.finish([head], reason=error.reason)
        receipts.advance(head.message, Message.State.FAILED, error.reason, error.code)
        rest = _following(head)
        queue.finish(rest, Delivery.State.CANCELLED, reason=error.reason)
        pks = [follower.message_id for follower in rest]
        Message.objects.filter(pk__in=pks).update(state=Message.State.FAILED, failure=error.reason)
        _drop_files([head.message_id, *pks], Attachment.State.UNAVAILABLE, error.reason)


def _following(head: Delivery) -> list[Delivery]:
    """The parts of the same answer that come after this one and still wait."""
    message = head.message
    parts = Delivery.objects.filter(
        conversation_id=head.conversation_id, kind=Delivery.Kind.SEND, state=Delivery.State.PENDING
    )
    return list(
        parts.filter(message__answer_key=message.answer_key, message__part__gt=message.part)
        .exclude(message__answer_key='')
        .select_related('message')
    )


def _wait(
    account: Account, conversation: Conversation, head: Delivery, error: errors.SocialMediaError
) -> bool:
    """Put the send back; True if it failed for good because its time is over."""
    logger.warning('delivery %s: %s', head.pk, error)
    if isinstance(error, errors.ConfigurationError):
        account.refuse(error.reason)
    wait = None
    if isinstance(error, errors.OutcomeUnknown):
        wait = timezone.now() + timedelta(seconds=app_settings.SEND_OUTCOME_WAIT)
    with transaction.atomic():
        blocked = queue.postpone(head, error, not_before=wait)
        if not blocked and isinstance(error, errors.ConfigurationError) and head.reason != error.reason:
            answers.tell(head.message, waits=True)
        if blocked:
            # three days of tries: the agent must know, an administrator may replay it; its end does not
            # go without its beginning
            receipts.advance(head.message, Message.State.FAILED, 'too_late', error.code)
            rest = _following(head)
            queue.finish(rest, Delivery.State.BLOCKED, reason=error.reason)
            Message.objects.filter(pk__in=[follower.message_id for follower in rest]).update(
                state=Message.State.FAILED, failure='too_late'
            )
    return blocked
