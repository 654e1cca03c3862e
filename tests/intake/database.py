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

"""What the database holds, said again as events, so that the corpus can be compared with it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from publik_socialmedia.conversations.burial import is_buried
from publik_socialmedia.models import ChannelEvent, Message, RawEvent, Reaction, Receipt
from publik_socialmedia.networks.base import Attachment, Event, Kind, Status


def held(targets: Iterable[str] = ()) -> list[Event]:
    """All that is recorded, in display order. ``targets``: ids whose taking back may be remembered."""
    found = [_message(m) for m in Message.objects.order_by('sort_at', 'sequence', 'id')]
    found += [_reaction(r) for r in Reaction.objects.all()]
    found += [_receipt(r) for r in Receipt.objects.all()]
    found += [_channel(c) for c in ChannelEvent.objects.all()]
    accounts = {m.account for m in Message.objects.select_related('account')}
    for raw in RawEvent.objects.select_related('account', 'endpoint'):
        accounts |= {raw.account} if raw.account else set(raw.endpoint.accounts.all())
    for account in accounts:
        found += [
            Event(Kind.UNSEND, external_id=target, from_us=True)
            for target in targets
            if is_buried(account, target)
        ]
    return found


def ignored() -> list[Event]:
    """What was read and is of no interest, as the raw events count it."""
    found = []
    for raw in RawEvent.objects.all():
        unknown = list(raw.outcome.get('unknown_accounts', []))
        for word, count in raw.outcome['counts'].items():
            kind, _, reason = word.partition(':')
            if kind != 'ignored':
                continue
            named = unknown if reason == 'unknown_account' else [''] * count
            # the ranks keep apart those of which nothing else is remembered
            found += [
                Event(Kind.IGNORED, reason=reason, account_id=name, details={'rank': rank})
                for rank, name in enumerate(named)
            ]
    return found


def snapshot(targets: Iterable[str] = ()) -> list[str]:
    """The state of the database in a form that does not depend on the order in which it was reached."""
    from dataclasses import replace

    return sorted(repr(replace(event, sequence=0)) for event in held(targets))


def _message(message: Message) -> Event:
    contact = message.conversation.contact
    user, *aliases = contact.identifiers.values_list('value', flat=True)
    versions = tuple(message.versions.values_list('text', 'at'))
    facts: dict[str, Any] = {}
    if message.edited:
        facts = {'versions': versions, 'number': message.versions.last().rank - 1}
    return Event(
        Kind.EDIT if message.edited else Kind.UNSEND if message.erased_at else Kind.MESSAGE,
        account_id=message.account.external_id,
        external_id=message.external_id,
        user=user,
        aliases=tuple(aliases),
        name=contact.name,
        text=message.text,
        sent_at=message.sent_at,
        attachments=tuple(_attachment(a) for a in message.attachments.all()),
        reply_to=message.reply_to,
        from_us=message.origin != Message.Origin.CITIZEN,
        key=message.details.get('key', ''),
        status=Status(message.state) if message.state in list(Status) else None,
        unreadable=message.unreadable,
        sequence=message.sequence,
        details=message.details,
        **facts,
    )


def _attachment(stored: Any) -> Attachment:
    return Attachment(
        kind=stored.kind,
        url=stored.url,
        reference=stored.reference,
        mimetype=stored.mimetype,
        filename=stored.filename,
        alt=stored.alt,
        reason=stored.reason,
        declared=stored.declared,
        details=stored.details,
    )


def _reaction(reaction: Reaction) -> Event:
    return Event(
        Kind.REACTION,
        external_id=reaction.target,
        user=reaction.user,
        emoji=reaction.emoji,
        removed=reaction.removed,
    )


def _receipt(receipt: Receipt) -> Event:
    return Event(
        Kind.STATUS,
        external_id=receipt.target,
        user=receipt.user,
        status=Status(receipt.status),
        up_to=receipt.up_to,
        code=receipt.code,
        error=receipt.reason,
    )


def _channel(event: ChannelEvent) -> Event:
    return Event(
        Kind.CHANNEL,
        user=event.user,
        topic=event.topic,
        severity=event.severity,
        sent_at=event.at,
        details=event.details,
    )
