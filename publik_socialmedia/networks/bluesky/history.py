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

"""Reading what is past: conversations, then the messages of each, newest first, one page for each call (R17).

Cursor:

    status   'all', then 'request' unless there were some among all, then 'done'
    both     whether there were some: nobody assures that the list without filter has both
    list     cursor of the list of conversations
    todo     conversations whose messages are left to read, without their messages
    page     cursor of the messages of the first of them
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from publik_socialmedia import errors
from publik_socialmedia.networks.base import JSON, Account, Http, Page, Source
from publik_socialmedia.networks.reading import dicts, ident, mapping, moment

from .api import Api, content, exhausted, raw
from .messages import kind_of

Item = Mapping[str, JSON]

CONVOS = 'chat.bsky.convo.listConvos'
MESSAGES = 'chat.bsky.convo.getMessages'

LONGEST_PAGE = 100  # conversations, or messages


def history(account: Account, cursor: Mapping[str, JSON], since: datetime, http: Http) -> Page:
    api = Api(account, http)
    if cursor.get('todo'):
        return _messages(api, account, cursor, since)
    status = ident(cursor.get('status')) or 'all'
    return Page((), cursor) if status == 'done' else _conversations(api, cursor, status, since)


def _conversations(api: Api, cursor: Mapping[str, JSON], status: str, since: datetime) -> Page:
    start = ident(cursor.get('list'))
    params = [('limit', str(LONGEST_PAGE)), *([('cursor', start)] if start else [])]
    if status == 'request':
        params.append(('status', status))
    answer = api.get(CONVOS, *params)
    body = content(answer)
    listed, following = dicts(body.get('convos')), ident(body.get('cursor'))
    recent = [convo for convo in listed if not is_older(mapping(convo.get('lastMessage')), since)]
    after: dict[str, JSON] = {'todo': [trimmed(convo) for convo in recent if is_direct(convo)]}
    both = bool(cursor.get('both')) or any(convo.get('status') == 'request' for convo in listed)
    # newest first by the last change, which may be a reaction: only a whole page of old ones is the end
    if recent and following not in ('', start):
        after |= {'status': status, 'list': following, 'both': both}
    else:
        after['status'] = 'request' if status == 'all' and not both else 'done'
    return Page((), after, more=_goes_on(after), wait=exhausted(answer))


def _messages(api: Api, account: Account, cursor: Mapping[str, JSON], since: datetime) -> Page:
    convo, *others = dicts(cursor['todo'])
    start = ident(cursor.get('page'))
    after = {key: value for key, value in cursor.items() if key != 'page'}
    params = [('convoId', ident(convo.get('id'))), ('limit', str(LONGEST_PAGE))]
    try:
        answer = api.get(MESSAGES, *params, *([('cursor', start)] if start else []))
    except errors.PermanentError:  # left meanwhile
        after['todo'] = others
        return Page((), after, more=_goes_on(after))
    body = content(answer)
    listed, following = dicts(body.get('messages')), ident(body.get('cursor'))
    recent = [message for message in listed if not is_older(message, since)]
    if recent and len(recent) == len(listed) and following not in ('', start):
        after['page'] = following
    else:
        after['todo'] = others
    found = {'messages': recent, 'convos': [convo]}
    answers = (raw(found, MESSAGES, account, Source.HISTORY),) if recent else ()
    return Page(answers, after, more=_goes_on(after), wait=exhausted(answer))


def _goes_on(cursor: Mapping[str, JSON]) -> bool:
    return bool(cursor.get('todo')) or cursor.get('status') != 'done'


def is_older(message: Item, than: datetime) -> bool:
    sent_at = moment(message.get('sentAt'))
    return sent_at is not None and sent_at < than


def is_direct(convo: Item) -> bool:
    return kind_of(convo.get('kind')) != 'groupConvo'


def trimmed(convo: Item) -> dict[str, JSON]:
    """What ``parse`` needs of a conversation."""
    members = [
        {name: member[name] for name in ('did', 'handle', 'displayName') if name in member}
        for member in dicts(convo.get('members'))
    ]
    kept = {name: convo[name] for name in ('id', 'status') if name in convo}
    return {**kept, 'kind': {'$type': mapping(convo.get('kind')).get('$type')}, 'members': members}
