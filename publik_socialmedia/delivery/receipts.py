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

"""The state of what we sent: it only moves forward, whatever the order in which the news come (R12).

Read beats delivered, delivered beats failed, failed beats sent: so the final state does not depend on the
order. What the network says of a message that we do not know (yet) is kept in ``Receipt``.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Greatest
from django.utils import timezone

from publik_socialmedia import media
from publik_socialmedia.conversations import contacts
from publik_socialmedia.delivery import answers
from publik_socialmedia.models import Account, Message, Receipt
from publik_socialmedia.networks.base import Event, Kind, Status

State = Message.State
_LOWER: dict[str, list[str]] = {
    State.SENT: [State.QUEUED],
    State.FAILED: [State.QUEUED, State.SENT],
    State.DELIVERED: [State.QUEUED, State.SENT, State.FAILED],
    State.READ: [State.QUEUED, State.SENT, State.FAILED, State.DELIVERED],
}
_OURS = [Message.Origin.AGENT, Message.Origin.NATIVE, Message.Origin.AUTOMATIC]


def record_status(account: Account, event: Event, received_at: datetime) -> str:
    """Apply a receipt. Gives 'status', or 'kept' if it is about a message that we do not hold."""
    contacts.lock(account, users=[event.user], messages=[event.external_id, event.key])
    status = str(event.status)
    if not event.external_id:
        if not event.user or event.up_to is None:
            return 'kept'
        keep(account, event, received_at)
        return 'status' if _advance_until(account, [event.user], event.up_to, status) else 'kept'
    message = _known(account, event)
    if message is None:
        keep(account, event, received_at)
        return 'kept'
    if not message.external_id:
        sent(message, event.external_id, None, message.received_at)
    advance(message, status, event.error, event.code)
    if event.cumulative:
        _advance_before(message, status)
    return 'status'


def keep(account: Account, event: Event, received_at: datetime) -> None:
    """Remember a receipt: of two watermarks of one person the later one, of one message the highest."""
    if event.external_id and not _rises(account, event):
        return
    receipt, created = Receipt.objects.get_or_create(
        account=account,
        target=event.external_id,
        user='' if event.external_id else event.user,
        status=str(event.status),
        defaults={
            'up_to': event.up_to or (received_at if event.cumulative else None),
            'code': event.code[:32],
            'reason': event.error[:64],
            'received_at': received_at,
        },
    )
    if not created and event.up_to is not None:
        Receipt.objects.filter(pk=receipt.pk).update(up_to=Greatest(F('up_to'), event.up_to))


def _rises(account: Account, event: Event) -> bool:
    """Whether nothing higher is remembered of that message; what is lower is forgotten."""
    status = str(event.status)
    known = Receipt.objects.filter(account=account, target=event.external_id)
    if known.filter(status__in=[higher for higher, lower in _LOWER.items() if status in lower]).exists():
        return False
    known.filter(status__in=_LOWER[status]).delete()
    return True


def sent(
    message: Message, external_id: str, sent_at: datetime | None, begun_at: datetime | None = None
) -> None:
    """The network has this message of ours, under that id. Safe to repeat, and while its echo is recorded.

    ``sent_at``: the network's time. ``begun_at``: when our call began, which stands for it until an echo
    tells it: watermarks of the network must not fall before it.
    If its echo was recorded before as a native answer, the two become one.
    """
    with transaction.atomic():
        # one lock only: whoever records this id has it, and may call us
        contacts.lock(message.account, messages=[external_id])
        # an echo or a receipt may have been recorded since we read it
        message.refresh_from_db(fields=['external_id', 'sent_at', 'state', 'failure', 'failure_code'])
        echo_state = _absorb_echo(message, external_id)
        message.external_id = message.external_id or external_id
        message.sent_at = sent_at or message.sent_at or begun_at or timezone.now()
        message.save(update_fields=['external_id', 'sent_at'])
        advance(message, echo_state or State.SENT)
        catch_up(message)


def _absorb_echo(message: Message, external_id: str) -> str:
    """Remove the native answer that proves to be this message of ours; gives its state, '' if none."""
    echoes = Message.objects.filter(account_id=message.account_id, origin=Message.Origin.NATIVE)
    echo = echoes.filter(external_id=external_id).exclude(external_id='').exclude(pk=message.pk).first()
    if echo is None:
        return ''
    files = [attachment.storage for attachment in echo.attachments.all() if attachment.storage]
    echo.delete()
    transaction.on_commit(partial(media.remove_all, files))
    return str(echo.state)


def catch_up(message: Message) -> None:
    """Apply to a message of ours what the network had said of it before we knew it."""
    until = message.sent_at or message.received_at
    known = Q(target=message.external_id) & ~Q(target='')
    known |= Q(target='', user__in=_identifiers(message), up_to__gte=until)
    for receipt in Receipt.objects.filter(known, account_id=message.account_id):
        advance(message, receipt.status, receipt.reason, receipt.code)
        if receipt.target and receipt.up_to:
            _advance_before(message, receipt.status)


def advance(message: Message, status: str, reason: str = '', code: str = '') -> bool:
    """Move one message of ours forward, and tell the agents if they must know; True if it moved."""
    changes = {'state': status, 'failure': '', 'failure_code': ''}
    if status == State.FAILED:
        changes |= {'failure': reason or 'permanent', 'failure_code': code[:32]}
    with transaction.atomic():
        moved = Message.objects.filter(pk=message.pk, origin__in=_OURS, state__in=_LOWER[status]).update(
            **changes
        )
        if moved:
            message.refresh_from_db(fields=['state', 'failure', 'failure_code'])
            answers.tell(message)
    return bool(moved)


def _known(account: Account, event: Event) -> Message | None:
    messages = Message.objects.filter(account=account, origin__in=_OURS)
    found = messages.filter(external_id=event.external_id).first()
    if found is None and event.key:
        found = messages.filter(key=event.key).first()
    return found


def _identifiers(message: Message) -> list[str]:
    contact = message.conversation.contact
    return list(contact.identifiers.values_list('value', flat=True))


def _advance_before(message: Message, status: str) -> None:
    """Apply to what was sent before that message too, also to what we only hear of later: a watermark.

    Not until ``sort_at``: the parts of one answer have the same, and leave one after the other.
    """
    users, until = _identifiers(message), message.sent_at or message.received_at
    for user in users[:1]:
        keep(message.account, Event(Kind.STATUS, user=user, status=Status(status), up_to=until), until)
    _advance_until(message.account, users, until, status)


def _advance_until(account: Account, users: list[str], until: datetime, status: str) -> int:
    messages = Message.objects.filter(
        account=account,
        origin__in=_OURS,
        state__in=_LOWER[status],
        sent_at__lte=until,
        conversation__contact__identifiers__account=account,
        conversation__contact__identifiers__value__in=users,
    )
    found = list(messages.distinct())
    return sum(advance(message, status) for message in found)
