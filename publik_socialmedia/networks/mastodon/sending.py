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

"""Sending, and looking for what may have been sent.

Only Mastodon honours ``Idempotency-Key``, and for one hour; GoToSocial 0.20 and snac 2.75 made two messages
of the same key. So ``find_sent`` looks among our own statuses before anything is sent again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from publik_socialmedia import errors
from publik_socialmedia.networks import outgoing as parts
from publik_socialmedia.networks.base import JSON, Account, Answer, Http, Outgoing, OutgoingFile, Sent
from publik_socialmedia.networks.rates import server_time
from publik_socialmedia.networks.reading import decoded

from .api import STATUSES, Api, content, meaning, path_of
from .composing import compose, recipient, same_text
from .identity import MASTODON, SNAC, Ours, items, mapping, word
from .polling import own_list
from .statuses import addressees, body_text, time_of

Status = Mapping[str, JSON]

LANGUAGE = 'fr'
MEDIA = '/api/v2/media'
DESCRIPTION = 1500  # characters of a text alternative
PROCESSING = (0.5, 0.5, 1, 1, 2, 2, 4, 4)  # seconds between two looks at a media being processed
WITHDRAWALS = 3  # tries to delete what came out public
LOOKED_PAGES = 5
KEY_KEPT = timedelta(minutes=55)  # Mastodon keeps an Idempotency-Key for one hour
CLOCKS = timedelta(seconds=5)  # between our clock and the server's, once its Date header is counted

pause = time.sleep


def send(account: Account, outgoing: Outgoing, http: Http) -> Sent:
    sending = _Sending(account, outgoing, http)
    media = sending.upload(outgoing.file) if outgoing.file is not None else ''
    return sending.checked(sending.post(media))


class _Sending:
    def __init__(self, account: Account, outgoing: Outgoing, http: Http) -> None:
        self.account, self.outgoing = account, outgoing
        self.api, self.ours = Api(account, http), Ours.of(account)
        self.acct = recipient(outgoing.recipient, self.ours)

    # -- posting

    def post(self, media: str) -> Answer:
        body: dict[str, Any] = {
            'status': compose(self.acct, self.outgoing.text, self.ours.server),
            'visibility': 'direct',
            'language': LANGUAGE,
        }
        if media:
            body['media_ids'] = [media]
        if self.outgoing.reply_to:
            body['in_reply_to_id'] = self.outgoing.reply_to
        number = next((alias for alias in self.outgoing.recipient_aliases if alias.isdigit()), '')
        if self.ours.server == MASTODON and number:
            body['allowed_mentions'] = [number]  # the server itself then refuses any other mention
        answer = self._post(body)
        if answer.status == 422 and self._is_renumbered(answer):
            del body['allowed_mentions']
            answer = self._post(body)
        if answer.status in (404, 422) and body.pop('in_reply_to_id', ''):
            answer = self._post(body)  # the status answered may be gone: the mention is enough
        return answer

    def _is_renumbered(self, answer: Answer) -> bool:
        """Whether the only account that Mastodon did not expect is the one we write to, with another id."""
        unexpected = items(mapping(decoded(answer)).get('unexpected_accounts'))
        expected = self.ours.acct_of({'acct': self.acct}).lower()
        return bool(unexpected) and all(
            self.ours.acct_of(person).lower() == expected for person in unexpected
        )

    def _post(self, body: Mapping[str, Any]) -> Answer:
        headers = {'Idempotency-Key': self.outgoing.key} if self.outgoing.key else {}
        answer = self.api.call('POST', STATUSES, json=body, headers=headers)
        if answer.status >= 500:  # a gateway may have lost the answer of a server that did it
            raise errors.OutcomeUnknown(http_status=answer.status)
        return answer

    def checked(self, answer: Answer) -> Sent:
        """R34: read again who can see what was posted; delete it at once if it is not that person alone."""
        if answer.status >= 300:
            raise meaning(answer) or errors.OutcomeUnknown(http_status=answer.status)
        status = mapping(decoded(answer))
        posted = word(status.get('id'))
        if not posted or 'visibility' not in status:
            raise errors.OutcomeUnknown(http_status=answer.status)
        self.assure(status)
        return Sent(posted, time_of(status.get('created_at')))

    def assure(self, status: Status) -> None:
        if not self._is_private(status):
            deleted = self._withdraw(word(status.get('id')))
            detail = 'deleted' if deleted else 'STILL THERE'
            raise errors.PermanentError('not_private', code=word(status.get('id')), detail=detail)
        if not items(status.get('mentions')):  # a note to ourselves: the server does not know that account
            self._withdraw(word(status.get('id')))
            raise errors.PermanentError('blocked', detail='nobody was mentioned')

    def _is_private(self, status: Status) -> bool:
        """Seen by that person alone. ``private`` is snac's word for direct, elsewhere it means followers."""
        visible = ('direct', 'private') if self.ours.server == SNAC else ('direct',)
        if status.get('visibility') not in visible:
            return False
        expected = {self.ours.acct_of({'acct': self.acct}).lower(), self.ours.acct.lower()}
        for person in items(status.get('mentions')):
            known = word(person.get('id')) in self.outgoing.recipient_aliases
            if self.ours.acct_of(person).lower() not in expected and not known:
                return False
        return True

    def _withdraw(self, posted: str) -> bool:
        for _ in range(WITHDRAWALS):
            try:
                answer = self.api.call('DELETE', path_of(STATUSES + '/{}', posted))
            except errors.TemporaryError:
                continue
            if answer.status < 300:
                return True
            if answer.status < 500 and answer.status != 429:
                return False
        return False

    # -- files

    def upload(self, file: OutgoingFile) -> str:
        """Id of the uploaded media. Nothing is visible before it is posted: it may always be tried again."""
        form = {'description': file.alt[:DESCRIPTION]} if file.alt else {}
        try:
            answer = self.api.call(
                'POST', MEDIA, data=form, files={'file': (file.filename, file.content, file.mimetype)}
            )
        except errors.OutcomeUnknown as error:
            raise errors.TemporaryError('temporary') from error
        self._refuse(answer)
        media = word(mapping(content(answer)).get('id'))
        if not media:
            raise errors.TemporaryError('temporary', http_status=answer.status)
        if answer.status == 202:
            self._await(media)
        return media

    def _refuse(self, answer: Answer) -> None:
        error = meaning(answer)
        if isinstance(error, errors.PermanentError):
            reason = 'file_too_big' if answer.status == 413 else 'file_type'
            raise errors.PermanentError(reason, http_status=answer.status)
        if error is not None:
            raise error

    def _await(self, media: str) -> None:
        """Wait for a film or a sound to be processed: 206 until it is, 422 if it cannot be."""
        for seconds in PROCESSING:
            pause(seconds)
            answer = self.api.call('GET', path_of('/api/v1/media/{}', media))
            self._refuse(answer)
            if answer.status == 200:
                return
        raise errors.TemporaryError('temporary', retry_after=60, detail='media being processed')


# -- after an unknown outcome


def find_sent(account: Account, outgoing: Outgoing, http: Http) -> Sent | None:
    """The message if it is among our own statuses; None if it surely is not, or may be sent again safely."""
    sending = _Sending(account, outgoing, http)
    now = datetime.now(UTC)
    first = outgoing.first_tried_at or outgoing.last_tried_at
    safe = (
        sending.ours.server == MASTODON
        and bool(outgoing.key)
        and first is not None
        and now - first < KEY_KEPT
    )
    try:
        found = _look(sending, first)
    except (errors.PermanentError, errors.ConfigurationError):
        if not safe:
            raise
        found = None
    if found is not None:
        sending.assure(found)
        return Sent(word(found.get('id')), time_of(found.get('created_at')))
    parts.settle(outgoing)
    return None


def _look(sending: _Sending, since: datetime | None) -> Status | None:
    """The oldest of our statuses which is that message."""
    found: list[Status] = []
    for status, floor in _candidates(sending, since):
        created = time_of(status.get('created_at'))
        if floor is not None and created is not None and created < floor:
            continue
        if _is_it(status, sending):
            found.append(status)
    return min(found, key=lambda status: str(status.get('created_at')), default=None)


def _candidates(sending: _Sending, since: datetime | None) -> Iterator[tuple[Status, datetime | None]]:
    """Our statuses, with the time by the server's clock before which they are not it."""
    path, params = own_list(sending.account)
    more: list[tuple[str, str]] = []
    for _ in range(LOOKED_PAGES):
        answer = sending.api.get(path, [*params, *more])
        floor = since and since + (server_time(answer) - datetime.now(UTC)) - CLOCKS
        listed = items(content(answer))
        yield from ((status, floor) for status in listed)
        oldest = time_of(listed[-1].get('created_at')) if listed else None
        if (
            oldest is None
            or floor is None
            or oldest < floor
            or more == [('max_id', word(listed[-1].get('id')))]
        ):
            break
        more = [('max_id', word(listed[-1].get('id')))]
    if sending.outgoing.reply_to:
        answer = sending.api.call('GET', path_of(STATUSES + '/{}/context', sending.outgoing.reply_to))
        floor = since and since + (server_time(answer) - datetime.now(UTC)) - CLOCKS
        error = meaning(answer)
        if error is not None and not isinstance(error, errors.PermanentError):
            raise error
        yield from ((status, floor) for status in items(mapping(decoded(answer)).get('descendants')))


def _is_it(status: Status, sending: _Sending) -> bool:
    """Written by us, to that person, with that text, with a file or without, and no other message."""
    if not sending.ours.is_us(status.get('account')) or word(status.get('id')) in sending.outgoing.others:
        return False
    to = addressees(status, sending.ours)
    if to and sending.ours.acct_of({'acct': sending.acct}).lower() not in {acct.lower() for acct in to}:
        return False
    if bool(items(status.get('media_attachments'))) != (sending.outgoing.file is not None):
        return False
    source = status.get('text')
    if isinstance(source, str) and source:  # GoToSocial and snac give back what was posted
        return same_text(source, compose(sending.acct, sending.outgoing.text, sending.ours.server))
    return bool(to) and same_text(body_text(status, sending.ours), sending.outgoing.text)
