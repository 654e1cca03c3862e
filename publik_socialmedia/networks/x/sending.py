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

"""Sending, and looking for what may have been sent: X has no key that would tell the same message again.

https://docs.x.com/x-api/direct-messages/manage/integrate (November 2026).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from publik_socialmedia import errors
from publik_socialmedia.networks import outgoing as parts
from publik_socialmedia.networks.base import JSON, Account, Answer, Http, Outgoing, Sent
from publik_socialmedia.networks.rates import server_time
from publik_socialmedia.networks.reading import decoded, dicts, ident, mapping, moment, string

from . import media, pages, polling
from .api import Api, is_unexplained
from .oauth import Params

LOOKED_PAGES = 3
LOOKED = 20  # events of a page: each is paid for
CLOCKS = timedelta(seconds=5)  # between our clock and X's, once its Date header is counted
_LINK = re.compile(r'https?://\S+')


def path_to(person: str, what: str) -> str:
    return f'/2/dm_conversations/with/{quote(person, safe="")}/{what}'


def send(account: Account, outgoing: Outgoing, http: Http) -> Sent:
    api = Api(account, http)
    if not outgoing.text and outgoing.file is None:
        raise errors.PermanentError('empty')
    if not outgoing.recipient.isdigit():
        raise errors.PermanentError('blocked', detail='no id of X')
    body: dict[str, Any] = {'text': outgoing.text} if outgoing.text else {}
    if outgoing.file is not None:
        body['attachments'] = [{'media_id': media.upload(api, outgoing.file)}]
    answer = api.call('POST', path_to(outgoing.recipient, 'messages'), json=body)
    error = _refusal(api, answer)
    if error is not None:
        raise error
    data = mapping(mapping(decoded(answer)).get('data'))
    posted = ident(data.get('dm_event_id')) or ident(data.get('id'))  # the playground says « id »
    if not posted:
        raise errors.OutcomeUnknown(http_status=answer.status, detail='accepted without an id')
    return Sent(posted)


def _refusal(api: Api, answer: Answer) -> errors.SocialMediaError | None:
    error = api.meaning(answer)
    if isinstance(error, errors.TemporaryError) and error.reason == 'temporary':
        # a failure inside X, or of what stands before it, may come after the message left
        return errors.OutcomeUnknown(
            retry_after=error.retry_after, code=error.code, http_status=error.http_status
        )
    if error is not None and is_unexplained(answer) and not _lacks(api.account, 'dm.write'):
        return errors.PermanentError('blocked', http_status=answer.status)
    return error


def _lacks(account: Account, scope: str) -> bool:
    """Whether we know that the token does not have that scope."""
    granted = account.credentials.get('scope', '').split()
    return bool(granted) and scope not in granted


# -- after an unknown outcome


def find_sent(account: Account, outgoing: Outgoing, http: Http) -> Sent | None:
    """The message if it is in the thread with that person, None if it surely is not.

    It is read whatever is left of the month's reads (they are counted): an answer sent twice, or kept until
    the month ends, costs more than some cents.
    """
    first = outgoing.first_tried_at or outgoing.last_tried_at
    found = list(_candidates(Api(account, http), outgoing, first))
    if found:
        event = min(found, key=lambda event: string(event.get('created_at')))
        return Sent(ident(event.get('id')), moment(event.get('created_at')))
    parts.settle(outgoing)
    return None


def _candidates(api: Api, outgoing: Outgoing, since: datetime | None) -> Iterator[Mapping[str, JSON]]:
    """Events of the thread, since the first try, that say what the message says."""
    where: Params = ()
    plain = False
    for _ in range(LOOKED_PAGES):
        answer, plain = polling.read(
            api, path_to(outgoing.recipient, 'dm_events'), LOOKED, where, plain=plain
        )
        body = api.paid(answer)
        floor = since and since + (server_time(answer) - datetime.now(UTC)) - CLOCKS
        events = dicts(body.get('data'))
        recent = [event for event in events if floor is None or not polling.is_older(event, floor)]
        yield from (event for event in recent if _is_it(event, outgoing, api.account.external_id))
        following = polling.next_of(body)
        if len(recent) < len(events) or following in ((), where):
            return
        where = following


def _is_it(event: Mapping[str, JSON], outgoing: Outgoing, ours: str) -> bool:
    """Written by us, with that text, with a file or without, and no other message."""
    if ident(event.get('sender_id')) != ours or ident(event.get('id')) in outgoing.others:
        return False
    if bool(mapping(event.get('attachments')).get('media_keys')) != (outgoing.file is not None):
        return False
    return _same(pages.said(event), outgoing.text)


def _same(theirs: str, ours: str) -> bool:
    """Whether the words are the same, but for what X made of the addresses among them."""
    told, wanted = theirs.split(), ours.split()
    if len(told) != len(wanted):
        return False
    for one, other in zip(told, wanted, strict=True):
        link = _LINK.search(one)
        if one != other and not (link and '.' in other and other.startswith(one[: link.start()])):
            return False
    return True
