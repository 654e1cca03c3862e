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

"""Messages: what was written, edited, taken back. Idempotent and independent of the order of arrival.

The rules, each proved in ``tests/conversations``:

* the same message twice is one message, whichever way it came (R4);
* what our own account says is matched to our own send by id or key, else it is a native answer (R11);
* an edit that comes before its message records it, and the original becomes the earlier version (R13);
* what was taken back stays so, also when the taking back comes first (R13, R52).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from django.db import transaction
from django.utils import timezone

from publik_socialmedia import media, networks, rows
from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.conversations import burial, contacts, threading, windows
from publik_socialmedia.delivery import queue, receipts
from publik_socialmedia.models import (
    Account,
    Attachment,
    Conversation,
    Delivery,
    Message,
    MessageVersion,
)
from publik_socialmedia.networks import base
from publik_socialmedia.networks.base import Event

Kind = Delivery.Kind
Origin = Message.Origin

_FIRST_PLAUSIBLE = datetime(2004, 1, 1, tzinfo=UTC)  # before it no network of ours existed
_SHOWN_KINDS = {'location', 'contact', 'share', 'fallback'}


@dataclass(frozen=True, slots=True)
class Received:
    """What is being recorded: the event, for which account, and when its body came.

    ``live``: it came when it happened; False when the past was read again.
    """

    account: Account
    event: Event
    received_at: datetime
    live: bool = True


def record_message(received: Received) -> str:
    """Record what somebody wrote. Gives what it became: 'message', 'native', 'linked', 'known', 'erased'."""
    account, event = received.account, received.event
    key = '' if event.external_id else content_key(received)
    users = [event.user, *event.aliases]  # whoever writes under one of them makes the same contact
    contacts.lock(account, users=users, messages=[event.external_id or key, event.key])
    known = _find(account, event, key)
    if known is not None:
        return _meet_again(known, received)
    if burial.is_buried(account, event.external_id or key, event.key):
        return 'erased'
    _create(received, key)
    return 'native' if event.from_us else 'message'


def record_edit(received: Received) -> str:
    """Add a version to a message, which is recorded with this text if it is not known yet."""
    account, event = received.account, received.event
    contacts.lock(account, users=[event.user, *event.aliases], messages=[event.external_id])
    message = Message.objects.filter(account=account, external_id=event.external_id).first()
    if message is None:
        if not event.user or burial.is_buried(account, event.external_id):
            return 'erased'
        message = _create(received, '')
        _add_versions(message, received)
        return 'message'
    if message.erased_at:
        return 'erased'
    if not message.versions.exists():
        MessageVersion.objects.create(message=message, rank=0, text=message.text, at=message.sent_at)
    shown = message.text
    rank = _add_versions(message, received)
    if rank is None or message.text == shown:  # an edit may be of something that nobody sees
        return 'known'
    if _is_untold(message):
        return 'edit'
    queue.add(
        message,
        Kind.EDIT,
        key=f'edit:{message.pk}:{rank}',
        due_at=timezone.now(),
        rank_at=received.received_at,
        sequence=event.sequence,
    )
    return 'edit'


def record_unsend(received: Received) -> str:
    """Erase the content of a message and keep its trace; remember it if it is not known yet."""
    account, event = received.account, received.event
    contacts.lock(account, users=[event.user], messages=[event.external_id])
    message = Message.objects.filter(account=account, external_id=event.external_id).first()
    if message is None:
        burial.bury(account, [event.external_id])
        return 'remembered'
    if message.erased_at:
        return 'known'
    erase(message)
    if _is_untold(message):
        return 'unsend'
    queue.add(
        message,
        Kind.UNSEND,
        key=f'unsend:{message.pk}',
        due_at=timezone.now(),
        rank_at=received.received_at,
        sequence=event.sequence,
    )
    return 'unsend'


def erase(message: Message) -> None:
    """Erase text, versions, details and media of a message; its row stays, without content."""
    message.versions.all().delete()
    stored = [a.storage for a in message.attachments.all() if a.storage]
    message.attachments.update(
        state=Attachment.State.ERASED, storage='', url='', reference='', filename='', alt='', details={}
    )
    message.text, message.details, message.erased_at = '', {}, timezone.now()
    message.save(update_fields=['text', 'details', 'erased_at'])
    transaction.on_commit(partial(media.remove_all, stored))


def content_key(received: Received) -> str:
    """Key of a message without id: account, person, author, time and content (R4)."""
    event = received.event
    at = event.sent_at or event.fallback_at
    facts = [
        received.account.pk,
        event.user,
        event.from_us,
        at.isoformat() if at else '',
        event.text,
        event.details.get('payload', ''),
        [(a.kind, a.url, a.reference) for a in event.attachments],
    ]
    return hashlib.sha256(json.dumps(facts, default=str).encode()).hexdigest()


def plausible(at: datetime | None, received_at: datetime) -> datetime | None:
    """That time, or None if no clock can have meant it (R6)."""
    if at is None or not _FIRST_PLAUSIBLE <= at <= received_at + timedelta(days=1):
        return None
    return at


# -- parts


def _find(account: Account, event: Event, key: str) -> Message | None:
    """The message that this event is about, known by its id, by the hash of its content, or by our key."""
    found = _known(account, external_id=event.external_id, key=key)
    if found is None and event.external_id and event.from_us and event.key:
        found = Message.objects.filter(account=account, key=event.key, external_id='').first()
    return found


def _known(account: Account, *, external_id: str, key: str) -> Message | None:
    name, value = ('external_id', external_id) if external_id else ('key', key)
    # for each message that comes; served by one of the two partial unique indexes
    condition = f"account_id = %s AND {name} = %s AND {name} <> ''"
    return next(iter(rows.select(Message, condition, [account.pk, value])), None)


def _meet_again(message: Message, received: Received) -> str:
    """A message that we know comes (again): complete what we hold, tell nothing twice."""
    event = received.event
    if message.erased_at:
        return 'erased'
    if event.from_us and message.origin in (Origin.AGENT, Origin.AUTOMATIC):
        receipts.sent(message, event.external_id, plausible(event.sent_at, received.received_at))
        return 'linked'
    if message.edited and not message.versions.filter(rank=0).exists():
        _complete(message, received)
    if event.name and event.user and not event.from_us:
        contacts.conversation_with(received.account, event.user, event.aliases, event.name)
    return 'known'


def _complete(message: Message, received: Received) -> None:
    """The original of a message comes after its edit: it is the earlier version, and gives time and files."""
    event = received.event
    sent_at = plausible(event.sent_at or event.fallback_at, received.received_at)
    MessageVersion.objects.create(message=message, rank=0, text=event.text, at=sent_at)
    message.sent_at, message.sort_at = sent_at, sent_at or message.received_at
    message.sequence, message.reply_to = event.sequence, event.reply_to
    message.details = {**message.details, **event.details}
    message.save(update_fields=['sent_at', 'sort_at', 'sequence', 'reply_to', 'details'])
    if not message.attachments.exists():
        _attach(message, event)


def _create(received: Received, key: str) -> Message:
    account, event = received.account, received.event
    conversation, new = contacts.conversation_with(
        account, event.user, event.aliases, '' if event.from_us else event.name
    )
    sent_at = plausible(event.sent_at or event.fallback_at, received.received_at)
    message = Message(
        account=account,
        conversation=conversation,
        origin=Origin.NATIVE if event.from_us else Origin.CITIZEN,
        state=Message.State.SENT if event.from_us else Message.State.RECEIVED,
        external_id=event.external_id,
        key=key,
        text=event.text,
        unreadable=event.unreadable,
        reply_to=event.reply_to,
        details={**event.details, **({'key': event.key} if event.key else {})},
        sent_at=sent_at,
        received_at=received.received_at,
        sort_at=sent_at or received.received_at,
        sequence=event.sequence,
    )
    rows.insert(message)
    _attach(message, event)
    if event.from_us:
        _queue_native(message)
        receipts.catch_up(message)
    else:
        _queue_inbound(message, conversation, new, received.live)
    return message


def _attach(message: Message, event: Event) -> None:
    found = [
        _attachment(message, position, attachment) for position, attachment in enumerate(event.attachments)
    ]
    if found:
        Attachment.objects.bulk_create(found)


def _attachment(message: Message, position: int, attachment: base.Attachment) -> Attachment:
    states = Attachment.State
    reason = attachment.reason
    if attachment.kind == 'unreadable':
        state = states.WANTED if reason in ('not_cached', 'media_error') else states.UNAVAILABLE
    elif _only_shown(attachment):
        state = states.SHOWN
    elif position >= app_settings.MAX_MEDIA_COUNT:
        state, reason = states.UNAVAILABLE, 'too_many_media'
    else:
        state = states.WANTED
    return Attachment(
        message=message,
        position=position,
        kind=attachment.kind,
        url=attachment.url,
        reference=attachment.reference,
        mimetype=attachment.mimetype[:250],
        filename=attachment.filename[:250],
        size=attachment.size,
        alt=attachment.alt,
        declared=attachment.declared[:32],
        details=dict(attachment.details),
        state=state,
        reason=reason,
    )


def _only_shown(attachment: base.Attachment) -> bool:
    """Whether there is nothing to fetch: what it says is in its words, or it has no address."""
    if attachment.kind == 'sticker':
        # the number of one in a catalogue is no file; what has a type is one
        return not (attachment.url or (attachment.reference and attachment.mimetype))
    return attachment.kind in _SHOWN_KINDS or not (attachment.url or attachment.reference)


def _queue_inbound(message: Message, conversation: Conversation, new: bool, live: bool) -> None:
    now = timezone.now()
    open_demand = "publik_socialmedia_demand WHERE conversation_id = %s AND state = 'open'"
    waits = new or not rows.exists(open_demand, [conversation.pk])
    due_at = message.received_at + threading.grouping_delay(message.account) if waits else now
    # reception decides deadlines (R6), unless the past was read again
    begun = message.received_at if live else min(message.sort_at, message.received_at)
    conversation.last_inbound_at = max(conversation.last_inbound_at or begun, begun)
    if conversation.contact.blocked:  # kept, and told to nobody
        known = Conversation.objects.filter(pk=conversation.pk)
        known.update(last_inbound_at=conversation.last_inbound_at, last_activity_at=now)
        return
    queue.add(
        message,
        Kind.MESSAGE,
        key=f'message:{message.pk}',
        due_at=due_at,
        last_inbound_at=conversation.last_inbound_at,
        last_activity_at=now,
        window_at=_look_at(message.account, conversation),
    )


def _is_untold(message: Message) -> bool:
    """Whether nobody was told of it: its author was blocked. What becomes of it is no news either."""
    told = message.deliveries.filter(kind__in=[Kind.MESSAGE, Kind.NATIVE])
    return message.conversation.contact.blocked and not told.exists()


def _look_at(account: Account, conversation: Conversation) -> datetime | None:
    """When to look whether that message was answered in time; None if there is all the time."""
    network = networks.registry().get(account.network)
    if network is None:
        return None
    end = windows.window(account, conversation, network.capabilities).human_ends_at
    return windows.warning(end) if end else None


def _queue_native(message: Message) -> None:
    """Tell w.c.s. of an answer typed elsewhere; later if one of our own sends may still prove to be it."""
    now = timezone.now()
    in_flight = Delivery.objects.filter(
        conversation_id=message.conversation_id,
        lane=Delivery.Lane.NETWORK,
        state=Delivery.State.PENDING,
        unknown=True,
    ).exists()
    wait = timedelta(seconds=app_settings.OUTCOME_WAIT) if in_flight else timedelta()
    queue.add(message, Kind.NATIVE, key=f'native:{message.pk}', due_at=now + wait, last_activity_at=now)


def _add_versions(message: Message, received: Received) -> int | None:
    """Add the versions that the event gives; the rank of the newest one if it was not known, else None."""
    event = received.event
    texts = event.versions or ((event.text, event.sent_at),)
    known = set(message.versions.values_list('rank', flat=True))
    added = []
    for index, (text, at) in enumerate(texts):
        original = index == 0 and len(texts) > 1
        rank = 0 if original else _rank(event, at, received.received_at + timedelta(milliseconds=index))
        if rank not in known:
            added.append(MessageVersion(message=message, rank=rank, text=text, at=at))
    MessageVersion.objects.bulk_create(added, ignore_conflicts=True)
    current = message.versions.order_by('-rank').first()
    if current is None or (not added and message.edited):
        return None
    message.text, message.edited = current.text, True
    message.save(update_fields=['text', 'edited'])
    # an earlier version that comes late is kept; the current one was told already
    return current.rank if any(row.rank == current.rank for row in added) else None


def _rank(event: Event, at: datetime | None, received_at: datetime) -> int:
    """Rank of a version: the number of the edit, or its time in milliseconds.

    A list of versions goes by their times, as a single version of the same network does, which has no number.
    """
    if event.number is not None and not event.versions:
        return event.number + 1  # an edit numbered 0 has been seen
    return int((at or received_at).timestamp() * 1000)
