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

"""Looking again at followed threads: edits, deletions, answers typed elsewhere (R11, R13).

Nothing tells the person who received a status that it was edited or deleted, and our own statuses never
notify us. Only what may be new is handed back: an unchanged thread gives no answer to store.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from publik_socialmedia import errors
from publik_socialmedia.networks.base import JSON, Account, Answer, Http, Page, Raw, Thread
from publik_socialmedia.networks.rates import server_time
from publik_socialmedia.networks.reading import decoded

from .api import STATUSES, VERIFY, Api, content, exhausted, meaning, path_of, raw
from .identity import GOTOSOCIAL, SNAC, Ours, items, mapping, word
from .polling import is_direct, is_older, own_list
from .statuses import addressees, is_private, time_of

BATCH = 20  # ids asked for at once; Mastodon refuses more
SINGLES = 60  # statuses asked for one by one in one call, where batches are not known
CONTEXTS = 20  # threads whose context is read in one call
TURN = 300  # seconds: what one call leaves out has its turn in a following one
# Versions are asked for while an edit is recent: ``reread`` sees the same edited status at each call.
RECENT_EDIT = timedelta(hours=2)

Status = Mapping[str, JSON]
_T = TypeVar('_T')


def reread(account: Account, threads: Sequence[Thread], http: Http) -> Page:
    rereading = _Rereading(account, threads, Api(account, http))
    if threads:
        rereading.statuses()
        rereading.own()
        rereading.contexts()
    return Page(tuple(rereading.answers), {}, wait=rereading.wait)


class _Rereading:
    """One call of ``reread``. ``known``: ids that we hold; ``created``: when they were written."""

    def __init__(self, account: Account, threads: Sequence[Thread], api: Api) -> None:
        self.account, self.threads, self.api = account, threads, api
        self.ours = Ours.of(account)
        self.known = dict.fromkeys(message for thread in threads for message in thread.messages if message)
        self.created: dict[str, datetime] = {}
        self.answers: list[Raw] = []
        self.wait: float | None = None
        self.is_us: bool | None = None

    def get(self, path: str, params: Sequence[tuple[str, str]] = ()) -> Answer:
        answer = self.api.get(path, params)
        self.wait = exhausted(answer)
        return answer

    # -- edits and deletions

    def statuses(self) -> None:
        ids = list(self.known)
        batches = self.account.facts.get('server') not in (GOTOSOCIAL, SNAC)
        for start in range(0, len(ids), BATCH):
            if batches:
                batches = self._batch(ids[start : start + BATCH])
        if not batches:
            for message in _turn(ids, SINGLES):
                self._single(message)

    def _batch(self, ids: Sequence[str]) -> bool:
        """Read those statuses at once; False if the server cannot. One that is missing is asked for alone."""
        answer = self.api.call('GET', STATUSES, params=[('id[]', value) for value in ids])
        error = meaning(answer)
        found = items(decoded(answer))
        if (
            isinstance(error, errors.PermanentError)
            or error is None
            and not isinstance(decoded(answer), list)
        ):
            return False
        if error is not None:
            raise error
        by_id = {word(status.get('id')): status for status in found}
        edited = [status for value in ids if (status := by_id.get(value)) and self._note(status)]
        self._keep_edited(edited, server_time(answer), f'GET {STATUSES}?id[]=')
        for value in ids:
            if value not in by_id:
                self._single(value)
        return True

    def _single(self, message: str) -> None:
        path = path_of(STATUSES + '/{}', message)
        answer = self.api.call('GET', path)
        error = meaning(answer)
        if error is not None and error.reason == 'gone':
            if self._is_gone(answer):
                self.answers.append(raw(answer.body, f'GET {path} {answer.status}', self.account))
            return
        if isinstance(error, errors.PermanentError):
            return
        if error is not None:
            raise error
        status = mapping(content(answer))
        if word(status.get('id')) == message and self._note(status):
            self._keep_edited([status], server_time(answer), f'GET {path}')

    def _note(self, status: Status) -> bool:
        """Remember when it was written; whether it is a private message that was edited."""
        created = time_of(status.get('created_at'))
        if created:
            self.created[word(status.get('id'))] = created
        return bool(status.get('edited_at')) and is_private(status, self.ours, mentioned=True)

    def _keep_edited(self, edited: list[Status], now: datetime, call: str) -> None:
        for status in edited:
            changed = time_of(status.get('edited_at'))
            if changed and now - changed < RECENT_EDIT:
                self._versions(word(status.get('id')))
        if edited:
            self.answers.append(raw(edited, call, self.account))

    def _versions(self, message: str) -> None:
        path = path_of(STATUSES + '/{}/history', message)
        answer = self.api.call('GET', path)
        if meaning(answer) is None and isinstance(decoded(answer), list):
            self.answers.append(raw(answer.body, f'GET {path}', self.account))

    def _is_gone(self, answer: Answer) -> bool:
        """Whether that 404 really says that the status was withdrawn: what we hold will be erased.

        Not the page of a proxy; and not our token being another account's now, for whom they never existed.
        """
        said = mapping(decoded(answer)).get('error')
        if not said and not (self.account.facts.get('server') == SNAC and b'(snac/' in answer.body):
            return False
        if self.is_us is None:
            us = mapping(self.api.read(VERIFY))
            self.is_us = word(us.get('id')) == word(self.account.facts.get('id')) != ''
        return self.is_us

    # -- what was written elsewhere

    def own(self) -> None:
        """Our own private messages to those people that we do not hold."""
        path, params = own_list(self.account)
        floors = self._floors()
        found = []
        try:
            listed = items(content(self.get(path, params)))
        except errors.PermanentError:  # a server without that list: contexts will do
            return
        for status in listed:
            if word(status.get('id')) in self.known or not is_direct(status, self.account):
                continue
            to = next(iter(addressees(status, self.ours)), '')
            if to in floors and not is_older(status, floors[to]):
                found.append(status)
        self._keep_found(found, path)

    def contexts(self) -> None:
        """What surrounds the newest message of each thread: on snac our answers, on all a missed message."""
        floors = self._floors()
        followed = [thread for thread in self.threads if thread.user in floors]
        for thread in _turn(followed, CONTEXTS):
            path = path_of(STATUSES + '/{}/context', thread.messages[0])
            answer = self.api.call('GET', path)
            error = meaning(answer)
            if error is not None and not isinstance(error, errors.PermanentError):
                raise error
            around = [] if error else list(self._around(mapping(content(answer)), thread))
            self._keep_found([item for item in around if not is_older(item, floors[thread.user])], path)

    def _around(self, context: Mapping[str, JSON], thread: Thread) -> Iterator[Status]:
        for status in [*items(context.get('ancestors')), *items(context.get('descendants'))]:
            author = self.ours.acct_of(status.get('account'))
            own = self.ours.is_us(status.get('account'))
            concerned = thread.user in addressees(status, self.ours) if own else author == thread.user
            private = (
                is_direct(status, self.account) if own else is_private(status, self.ours, mentioned=False)
            )
            if word(status.get('id')) not in self.known and concerned and private:
                yield status

    def _keep_found(self, found: Sequence[Status], path: str) -> None:
        if found:
            self.known |= dict.fromkeys(word(status.get('id')) for status in found)
            self.answers.append(raw(list(found), f'GET {path}', self.account))

    def _floors(self) -> dict[str, datetime]:
        """Time of the oldest message that we follow, by person: the older ones are left out on purpose (R18).

        A thread none of whose messages was found again this time is left for another call.
        """
        floors: dict[str, datetime] = {}
        for thread in self.threads:
            times = [self.created[message] for message in thread.messages if message in self.created]
            if times:
                floors[thread.user] = min(times)
        return floors


def _turn(everything: list[_T], size: int) -> list[_T]:
    """Those whose turn it is, if they are more than one call may look at."""
    if len(everything) <= size:
        return everything
    start = int(time.time()) // TURN * size % len(everything)
    return (everything + everything)[start : start + size]
