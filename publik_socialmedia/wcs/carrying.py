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

"""The files that go to w.c.s. with what it is told: had in time, late, or never."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.utils import timezone

from publik_socialmedia import errors
from publik_socialmedia.app_settings import app_settings
from publik_socialmedia.delivery import queue
from publik_socialmedia.delivery.queue import Claim
from publik_socialmedia.intake import attachments
from publik_socialmedia.models import Account, Attachment, Delivery
from publik_socialmedia.wcs.mapping import Told

State = Attachment.State


def fetch(claim: Claim, account: Account, told: Sequence[Told]) -> bool:
    """Try once to have the files; True if any was tried. LeaseLost if the conversation is taken meanwhile."""
    wanted = [
        attachment
        for item in told
        for attachment in item.attachments
        if attachment.state == State.WANTED and attachment.attempts == 0
    ]
    for attachment in wanted:
        queue.hold(claim)
        attachments.fetch(account, attachment)
    return bool(wanted)


def fetch_late(account: Account, head: Delivery, told: Told) -> bool:
    """Try again what could not be had with the message; True once there is something to tell.

    Else the delivery is put behind what waits now: a slow file keeps no message waiting.
    """
    over = timezone.now() - head.created_at > timedelta(seconds=app_settings.RETRY_LIMIT)
    done = [attachments.fetch(account, item, last=over) for item in told.attachments]
    if all(done):
        return True
    delay = queue.backoff(2 * head.attempts + 3)  # 20 s, 80 s, 5 min: an outage of a media host passes
    put_behind(head, timezone.now() + delay, attempts=head.attempts + 1)
    return False


def put_behind(head: Delivery, until: datetime, **changes: object) -> None:
    """Have a delivery wait until then, behind all that comes meanwhile."""
    Delivery.objects.filter(pk=head.pk).update(due_at=until, rank_at=until, **changes)


def go_without(error: errors.SocialMediaError, told: Sequence[Told]) -> None:
    """Files that w.c.s. will never take must not keep the words: the next try says why they lack."""
    if error.reason == 'wcs_too_large':
        for item in told:
            attachments.give_up(item.carried(), error.reason)


def after(told: Sequence[Told], carried: Sequence[Attachment], place: str) -> None:
    """w.c.s. has these messages: our copies of their files go; what is left or wanted follows later."""
    transaction.on_commit(partial(attachments.give, list(carried), place))
    gone = {attachment.pk for attachment in carried}
    for item in told:
        wanted = [a for a in item.attachments if a.state == State.WANTED]
        left = [a for a in item.stored if a.pk not in gone]
        if wanted or left:
            due_at = timezone.now() + (queue.backoff(1) if wanted else timedelta())
            queue.add(
                item.message,
                Delivery.Kind.MEDIA,
                key=f'media:{item.message.pk}:{len(left) + len(wanted)}',
                due_at=due_at,
                rank_at=due_at,
            )
