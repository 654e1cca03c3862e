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

"""Trying again what failed of the answers of a demand, when an agent asks for it."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from publik_socialmedia import errors, media, networks
from publik_socialmedia.delivery import answers, fitting, queue, sending
from publik_socialmedia.delivery.wakeup import wake
from publik_socialmedia.models import Attachment, Conversation, Delivery, Demand, Message
from publik_socialmedia.models.common import new_key
from publik_socialmedia.networks.base import OutgoingFile

State = Message.State


def retry(demand: Demand, answer_key: str = '', files: Sequence[OutgoingFile] = ()) -> list[Message]:
    """Put back in the queue the parts of that answer that failed; gives all its parts.

    Without ``answer_key``: of all the answers of the demand that failed since the last one that went: older
    ones would come too late. ``files``: those of the answer, whose copies were dropped when it failed.
    PermanentError: 'nothing_to_retry', 'file_gone', 'window', 'paused', 'blocked'; nothing is queued then.
    """
    with transaction.atomic():
        # two clicks at once: the second one waits here, then finds nothing that failed
        conversation = (
            Conversation.objects.select_for_update(of=('self',))
            .select_related('account', 'contact')
            .get(pk=demand.conversation_id)
        )
        messages = (
            answers.parts_of(conversation, answer_key) if answer_key else _failed_lately(conversation, demand)
        )
        if not messages:
            raise errors.PermanentError('nothing_to_retry')
        failed = [part for part in messages if part.state == State.FAILED and not part.erased_at]
        if failed:
            for part in failed:
                sending.check(conversation, human=_is_human(part), template=part.template)
            _restore_files(messages, failed, _fitted(conversation, files))
            for part in failed:
                _put_back(part)
    wake()
    return messages


def _fitted(conversation: Conversation, files: Sequence[OutgoingFile]) -> Sequence[OutgoingFile]:
    """The files as the network takes them, as they were the first time."""
    account = conversation.account
    return fitting.fit(files, networks.get(account.network).files_out(account.view()))


def _is_human(message: Message) -> bool:
    return message.origin == Message.Origin.AGENT


def _failed_lately(conversation: Conversation, demand: Demand) -> list[Message]:
    """The messages of the demand's answers that failed or wait, since the last answer that went, in order."""
    sent = list(conversation.messages.filter(demand=demand, origin=Message.Origin.AGENT).order_by('pk'))
    grouped: dict[str, list[Message]] = {}
    for message in sent:
        grouped.setdefault(message.answer_key, []).append(message)
    found: list[Message] = []
    for parts in grouped.values():
        state = answers.state_of(parts)
        if state in (State.FAILED, State.QUEUED):
            found += parts
        else:
            found = []
    return found


def _restore_files(
    messages: Sequence[Message], failed: Sequence[Message], files: Sequence[OutgoingFile]
) -> None:
    """Give their contents back to the parts that failed. The rank of a file is its rank in the answer."""
    ranks = {
        attachment.pk: rank
        for rank, attachment in enumerate(
            Attachment.objects.filter(message__in=messages).order_by('message__part', 'position')
        )
    }
    lost = Attachment.objects.filter(message__in=failed).exclude(state=Attachment.State.STORED)
    for attachment in lost:
        if ranks[attachment.pk] >= len(files):
            raise errors.PermanentError('file_gone')
        file = files[ranks[attachment.pk]]
        attachment.storage, attachment.size = media.store(file.content), len(file.content)
        attachment.mimetype, attachment.filename = file.mimetype, file.filename
        attachment.state, attachment.reason = Attachment.State.STORED, ''
        attachment.save()


def _put_back(message: Message) -> None:
    """One message in the queue again, as if it was new: its time begins now."""
    now = timezone.now()
    sends = message.deliveries.filter(kind=Delivery.Kind.SEND)
    if message.external_id and not sends.filter(state=Delivery.State.BLOCKED).exists():
        # the network had taken it, then said that it failed: what goes now is another message of it
        message.external_id, message.key, message.sent_at = '', new_key(), None
    message.state, message.failure, message.failure_code = State.QUEUED, '', ''
    message.save(update_fields=['external_id', 'key', 'sent_at', 'state', 'failure', 'failure_code'])
    # ``unknown`` stays: what may have been carried out is looked for first
    sends.update(
        state=Delivery.State.PENDING,
        due_at=now,
        created_at=now,
        attempts=0,
        reason='',
        error='',
        done_at=None,
    )
    queue.make_due(message.conversation_id, now)
