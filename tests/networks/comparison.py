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

"""Compares what a network understood of a case of the corpus with what is expected."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from publik_socialmedia import errors
from publik_socialmedia.networks.base import Attachment, Event, Kind, Sent

if TYPE_CHECKING:
    from tests.networks.corpus import Case, Effect, Outcome

# error.class of the corpus → what our caller must do. The class is also the error's ``reason``, but for
# 'permanent', which allows a more precise one.
ERRORS: Mapping[str, type[errors.SocialMediaError]] = {
    **dict.fromkeys(('auth', 'permission', 'policy', 'config'), errors.ConfigurationError),
    **dict.fromkeys(('rate', 'temporary', 'auth_refresh'), errors.TemporaryError),
    **dict.fromkeys(
        ('window', 'blocked', 'permanent', 'gone', 'media_gone', 'media_too_big', 'profile', 'not_private'),
        errors.PermanentError,
    ),
    'unroutable': errors.PermanentError,
}
EXACT_REASONS = frozenset(ERRORS) - {'permanent'}

KINDS = {
    'citizen_message': Kind.MESSAGE,
    'native_reply': Kind.MESSAGE,
    'status': Kind.STATUS,
    'edit': Kind.EDIT,
    'unsend': Kind.UNSEND,
    'reaction': Kind.REACTION,
    'channel_event': Kind.CHANNEL,
    'identity_change': Kind.IDENTITY,
    'ignored': Kind.IGNORED,
    'error': Kind.MESSAGE,  # 'unroutable' in a body: a message without ``user``
}


def differences(case: Case, outcome: Outcome) -> list[str]:
    """What is wrong in that outcome, in words; empty if all that is expected happens, and nothing else."""
    if isinstance(outcome, errors.SocialMediaError):
        return _error_differences(case, outcome)
    if isinstance(outcome, Sent):
        status = {'effect': 'status', 'status': 'sent', 'mid': outcome.external_id or None}
        known = [{k: v for k, v in effect.items() if k in status} for effect in case.expect]
        return [] if known == [status] else [f'expected {list(case.expect)}, got {status}']
    return _event_differences(case, outcome or ())


def without_repeats(events: Iterable[Event]) -> list[Event]:
    """The same events without those that the unique key of the database would refuse (R4)."""
    found: dict[object, Event] = {}
    for event in events:
        found.setdefault(_key(event), event)
    return list(found.values())


# -- errors


def _error_differences(case: Case, error: errors.SocialMediaError) -> list[str]:
    (effect,) = case.expect
    if effect['effect'] != 'error':
        return [f'expected {effect}, got {error!r}']
    name, wrong = effect['class'], []
    if not isinstance(error, ERRORS[name]):
        wrong.append(f'expected a {ERRORS[name].__name__}, got {error!r}')
    allowed = error.reason not in EXACT_REASONS if name == 'permanent' else error.reason == name
    if not allowed:
        wrong.append(f'reason: expected {name}, got {error.reason}')
    found = {
        'code': error.code,
        'subcode': error.subcode,
        'http_status': error.http_status,
        'retry_after': getattr(error, 'retry_after', None),
    }
    for key, value in found.items():
        if key in effect and str(effect[key]) != str(value) and effect[key] != value:
            wrong.append(f'{key}: expected {effect[key]}, got {value}')
    return wrong


# -- events


def _event_differences(case: Case, events: Sequence[Event]) -> list[str]:
    left, wrong = [_as_routed(case, event) for event in without_repeats(events)], []
    matched: list[tuple[Effect, Event]] = []
    for effect in _one_by_one(case.expect):
        candidates = [event for event in left if _is_candidate(effect, event)]
        scored = sorted(((_compare(case, effect, event), event) for event in candidates), key=_wrongs)
        if not scored:
            wrong.append(f'missing: {_short(effect)}')
            continue
        found, event = scored[0]
        left = [other for other in left if other is not event]
        wrong.extend(f'{effect["effect"]}: {difference}' for difference in found)
        matched.append((effect, event))
    wrong.extend(f'not expected: {_short(event)}' for event in left if not _changes_nothing(event))
    return wrong + _order_differences(matched)


def _as_routed(case: Case, event: Event) -> Event:
    """What the intake makes of an event of an account that is not connected, which a body cannot tell."""
    told = [effect.get('account') for effect in case.expect if effect.get('reason') == 'unknown_account']
    if event.kind is not Kind.IGNORED and event.account_id in told:
        return Event(Kind.IGNORED, account_id=event.account_id, reason='unknown_account')
    return event


def _one_by_one(expect: Sequence[Effect]) -> Iterator[Effect]:
    """The effects, one for each message where one effect tells of several (``mids``)."""
    for effect in expect:
        if len(effect.get('mids', ())) < 2:
            yield effect
        for mid in effect['mids'] if len(effect.get('mids', ())) > 1 else ():
            yield {**effect, 'mids': [mid]}


def _wrongs(scored: tuple[list[str], Event]) -> int:
    return len(scored[0])


def _short(value: object) -> str:
    return str(value)[:300]


def _changes_nothing(event: Event) -> bool:
    return event.kind is Kind.IGNORED and event.reason != 'unknown_account'


def _is_candidate(effect: Effect, event: Event) -> bool:
    if event.kind is not KINDS[effect['effect']]:
        return False
    if event.kind is Kind.MESSAGE:
        if effect['effect'] == 'error':
            return not event.user
        return event.from_us == (effect['effect'] == 'native_reply') and bool(event.user)
    return True


def _order_differences(matched: Sequence[tuple[Effect, Event]]) -> list[str]:
    """Messages of one conversation are expected in display order: network's time, then rank in the body."""
    wrong, conversations = [], dict[str, list[Event]]()
    for effect, event in matched:
        if effect['effect'] in ('citizen_message', 'native_reply'):
            conversations.setdefault(event.user, []).append(event)
    for events in conversations.values():
        if events != sorted(events, key=_display_order):
            wrong.append(f'order: {[(str(event.sent_at), event.sequence) for event in events]}')
    return wrong


def _display_order(event: Event) -> tuple[datetime, int]:
    return event.sent_at or event.fallback_at or datetime.max.replace(tzinfo=UTC), event.sequence


def _key(event: Event) -> object:
    """What makes an event unique; kept apart from the code that the database uses."""
    if event.kind is Kind.MESSAGE and event.external_id:
        return event.kind, event.account_id, event.external_id
    more: tuple[object, ...] = (event.text, event.sent_at, event.status, event.up_to, event.emoji)
    more += (event.removed, event.topic, event.reason, str(event.details), str(event.attachments))
    return event.kind, event.account_id, event.external_id, event.user, *more


# -- one effect with one event


def _compare(case: Case, effect: Effect, event: Event) -> list[str]:
    found = _facts(case, effect, event)
    wrong = []
    for key, expected in effect.items():
        if key in ('effect', 'transformed', 'detail', 'counted', 'http_status'):
            continue
        got = found[key] if key in found else event.details.get(key)
        if not _same(key, expected, got, effect):
            wrong.append(f'{key}: expected {_short(expected)!r}, got {_short(got)!r}')
    if event.kind is Kind.MESSAGE and 'unreadable' not in effect and event.unreadable:
        wrong.append(f'unreadable: {event.unreadable} was not expected')
    if event.kind is not Kind.IGNORED and case.our_account and event.account_id not in ('', case.our_account):
        wrong.append(f'account: expected {case.our_account}, got {event.account_id}')
    return wrong


def _facts(case: Case, effect: Effect, event: Event) -> dict[str, Any]:
    """The keys of an effect that are not simply looked up in ``details``."""
    ids = {event.user, *event.aliases}
    facts: dict[str, Any] = {
        'user': effect.get('user') if effect.get('user') in ids else event.user,
        'alt_ids': [value for value in effect.get('alt_ids', ()) if value in ids],
        'mid': event.external_id or None,
        'mids': [event.external_id],
        'text': event.text,
        'name': event.topic if event.kind is Kind.CHANNEL else event.name,
        'sent_at': event.sent_at,
        'sent_at_fallback': _fallback(event),
        'at': event.sent_at,
        'attachments': event.attachments,
        'unreadable': event.unreadable,
        'reply_to': _reply_to(event),
        'metadata': event.key,
        'tracker': event.key,
        'status': event.status,
        'up_to': event.up_to,
        'cumulative': event.cumulative,
        'by': 'account' if event.from_us else 'citizen',
        'num_edit': event.number,
        'versions': [text for text, _ in event.versions],
        'emoji': event.emoji or None,
        'action': 'remove' if event.removed else 'add',
        'severity': event.severity,
        'reason': event.reason,
        'account': _unconnected(event, case.our_account),
        'new': effect.get('new') if effect.get('new') in ids else event.user,
    }
    if 'user_id' in effect and effect['user_id'] in ids:
        facts['user_id'] = effect['user_id']
    if event.kind is Kind.STATUS or effect['effect'] == 'error':
        facts |= {'code': event.code, 'class': event.error or ('unroutable' if not event.user else '')}
    return facts


def _fallback(event: Event) -> str:
    if event.sent_at:
        return 'the time of the message'
    return 'entry.time' if event.fallback_at else 'reception'


def _reply_to(event: Event) -> dict[str, str]:
    story = event.details.get('story')
    return {'story': str(story)} if story else {'mid': event.reply_to}


def _unconnected(event: Event, ours: str) -> str:
    """The first account that the event names and that is not connected, see ``base.Event``."""
    named = [event.account_id, *event.details.get('accounts', ())]
    return next((account for account in named if account != ours), '')


def _same(key: str, expected: Any, got: Any, effect: Effect) -> bool:
    match key:
        case 'text':
            return _text(expected, effect) == _text(got, effect)
        case 'sent_at' | 'at':
            return got is not None and got.replace(microsecond=0) == _time(expected)
        case 'sent_at_fallback':  # 'entry.time': the entry's or the reception's, as we like
            return got == expected or (expected, got) == ('entry.time', 'reception')
        case 'up_to':
            wanted = _time(expected)  # an absurd watermark has no right value, only an old one
            return got is not None and (got == wanted or max(got, wanted).year < 2001)
        case 'versions':
            return [_text(text, effect) for text in expected] == [_text(text, effect) for text in got]
        case 'attachments':
            return len(expected) == len(got) and all(map(_same_attachment, expected, got))
        case 'alt_ids' | 'cc' | 'answer_to':
            return got is not None and sorted(expected) == sorted(got)
        case 'code' | 'app_id' | 'owner' | 'previous' | 'payload' | 'ref':
            return str(expected) == str(got)
    return bool(expected == got)


def _same_attachment(expected: Mapping[str, Any], got: Attachment) -> bool:
    found = {
        **got.details,
        'type': got.kind,
        'url': got.url,
        'name': got.filename or got.details.get('name'),
        'mime': got.mimetype,
        'description': got.alt,
        'reason': got.reason,
        'declared': got.declared,
    }
    for key, value in expected.items():
        if key in ('media_id', 'file_id', 'sticker_id'):
            if str(value) != got.reference:
                return False
        elif found.get(key) != value:
            return False
    return True


def _text(text: str, effect: Effect) -> str:
    text = re.sub('[\u202a-\u202e]', '', text).strip()
    return re.sub(r'\s+', ' ', text) if 'content_warning' in effect else text


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
