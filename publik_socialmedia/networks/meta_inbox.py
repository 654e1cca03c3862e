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

"""An inbox of Meta's: what Messenger and Instagram share, each class adding its own words."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from urllib.parse import urlsplit

from publik_socialmedia.errors import (
    ConfigurationError,
    OutcomeUnknown,
    PermanentError,
    SocialMediaError,
)
from publik_socialmedia.networks import (
    media_urls,
    meta_events,
    meta_history,
    meta_search,
    meta_sending,
    meta_threads,
)
from publik_socialmedia.networks.base import (
    JSON,
    Account,
    Answer,
    Attachment,
    Event,
    Fetch,
    Http,
    Outgoing,
    OutgoingFile,
    Page,
    Raw,
    Sent,
    Source,
)
from publik_socialmedia.networks.meta import dicts, ident, integer, mapping
from publik_socialmedia.networks.meta_attachments import MEDIA_HOSTS, link
from publik_socialmedia.networks.meta_graph import GraphNetwork
from publik_socialmedia.networks.meta_readers import Dialect

FILE = 'file'  # type of an attachment that is shown by its name only


class InboxNetwork(GraphNetwork):
    """Threads of one person with our account.

    ``shown_types``: mimetype → type of the attachment of a send, 'file' where it is not there: a file whose
    type is not what is said is refused. ``doubtful``: subcodes that say « window closed » or « cannot
    receive »: the age of the person's last message decides.
    """

    partial = True
    media_hosts = MEDIA_HOSTS
    dialect: ClassVar[Dialect]
    reading: ClassVar[meta_threads.Reading]
    shown_types: ClassVar[Mapping[str, str]]
    doubtful: ClassVar[frozenset[str]] = frozenset({'1545041'})
    # how long a request whose answer was lost may still be carried out
    settle: ClassVar[timedelta] = timedelta(seconds=30)

    def owner(self, account: Account) -> str:
        """How a call names what has the threads, sends and is subscribed."""
        return self.page(account)

    @abstractmethod
    def body(self, outgoing: Outgoing, declared: Mapping[str, str], shown_type: str) -> Mapping[str, JSON]:
        """Arguments of the call that sends (``json``, ``data``, ``files``)."""

    def shown_type(self, file: OutgoingFile) -> str:
        return self.shown_types.get(file.mimetype, FILE)

    # -- receiving

    def parse(self, raw: Raw) -> list[Event]:
        if raw.source is Source.WEBHOOK:
            return meta_events.parse(raw.body, self.dialect)
        return meta_threads.parse(raw.body, raw.account.external_id if raw.account else '', self.reading)

    def history(self, account: Account, cursor: Mapping[str, JSON], since: datetime, http: Http) -> Page:
        """Threads that moved since then, with their messages since then, 20 of a thread being sure."""
        return meta_history.read(self, account, cursor, since, http)

    def profile_facts(self, account: Account, user: str, fields: str, http: Http) -> Mapping[str, JSON]:
        """What the profile of that person tells, {} if it is not for us."""
        try:
            return self.read(http, account, (user,), {'fields': fields})[0]
        except (PermanentError, ConfigurationError) as error:
            if error.reason == 'auth':
                raise
            return {}

    def name_in_thread(self, account: Account, user: str, http: Http) -> str:
        """Name of that person as their thread with us tells it, '' if it does not."""
        try:
            found, _answer = self.threads_with(account, user, 'participants', http)
        except (PermanentError, ConfigurationError) as error:
            if error.reason == 'auth':
                raise
            return ''
        thread = next(iter(dicts(found.get('data'))), {})
        people = dicts(mapping(thread.get('participants')).get('data'))
        return next((meta_threads.name(one) for one in people if ident(one.get('id')) == user), '')

    def threads_with(
        self, account: Account, user: str, fields: str, http: Http
    ) -> tuple[Mapping[str, JSON], Answer]:
        """The list of threads with that person: one, or none."""
        params = {'platform': self.reading.platform, 'user_id': user, 'fields': fields}
        return self.read(http, account, (self.owner(account), 'conversations'), params)

    # -- sending

    def send(self, account: Account, outgoing: Outgoing, http: Http) -> Sent:
        if bool(outgoing.text) == (outgoing.file is not None):
            raise PermanentError('empty', detail='a message is a text or a file')
        now = datetime.now(UTC)
        granted = bool(account.facts.get('human_agent'))
        declared = meta_sending.messaging_type(outgoing, now, granted)
        try:
            return self._send(account, outgoing, declared, http)
        except (PermanentError, ConfigurationError) as error:
            known = meta_sending.refusal_by_age(error, outgoing, now, self.doubtful)
            refusal = self._explained(account, outgoing, known, http)
        # Meta's clock, or its idea of the citizen's last action, is not ours
        if refusal.reason == 'window' and 'tag' not in declared and granted and outgoing.human:
            return self._send(account, outgoing, meta_sending.HUMAN_AGENT, http)
        raise refusal

    def _send(self, account: Account, outgoing: Outgoing, declared: Mapping[str, str], http: Http) -> Sent:
        path = (self.owner(account), 'messages')
        body = self.body(outgoing, declared, self.shown_type(outgoing.file) if outgoing.file else '')
        mid = ident(self.post_message(http, account, path, **body).get('message_id'))
        if not mid:
            raise OutcomeUnknown(detail='accepted without an id')
        return Sent(mid)

    def _explained(
        self, account: Account, outgoing: Outgoing, error: SocialMediaError, http: Http
    ) -> SocialMediaError:
        """Code 10 alone is also said when another application owns the thread: ask which one does."""
        if (error.code, error.subcode, error.reason) != ('10', '', 'permission'):
            return error
        try:
            params = {'recipient': outgoing.recipient}
            found, _answer = self.read(http, account, (self.owner(account), 'thread_owner'), params)
        except SocialMediaError:
            return error
        owner = mapping(mapping(next(iter(dicts(found.get('data'))), {})).get('thread_owner'))
        ours = str(account.facts.get('app_id', ''))
        if not ours or ident(owner.get('app_id')) in ('', ours):
            return error
        return PermanentError('other_app', code=error.code, http_status=error.http_status)

    def find_sent(self, account: Account, outgoing: Outgoing, http: Http) -> Sent | None:
        """Look for the message in the thread with that person.

        The Graph API does not give our key back, so a message of our account with the same content, written
        since the first try, is taken for ours: it cannot be told from a colleague who typed the very same
        words meanwhile in Meta's own inbox. Not found: None once the last try is old enough to be over,
        OutcomeUnknown before, or if the thread is not told back far enough.
        """
        found = meta_search.look(self, account, outgoing, http)
        if found is not None:
            return found
        tried = outgoing.last_tried_at or outgoing.first_tried_at
        left = (tried + self.settle - datetime.now(UTC)).total_seconds() if tried else 0.0
        if left > 0:
            raise OutcomeUnknown(retry_after=left, detail='it may still be on its way')
        return None

    # -- media

    def open_attachment(self, account: Account, attachment: Attachment, http: Http) -> Fetch:
        """The link, or a fresh one if it has expired: the hexadecimal ``oe`` of a link is its end."""
        if not attachment.url:
            raise PermanentError('no_url')
        url = attachment.url
        if _expired(url):
            url = self._fresh_link(account, attachment, http)
        if not media_urls.is_media_url(url, self.media_hosts):
            raise PermanentError('forbidden_url')
        return media_urls.fetch(account, url)

    def _fresh_link(self, account: Account, attachment: Attachment, http: Http) -> str:
        mid, rank = ident(attachment.details.get('message')), integer(attachment.details.get('rank')) or 0
        if not mid:
            return attachment.url
        try:
            found, _answer = self.read(http, account, (mid,), {'fields': 'attachments'})
        except PermanentError as error:
            raise PermanentError('media_gone', code=error.code, subcode=error.subcode) from error
        given = dicts(mapping(found.get('attachments')).get('data'))
        url = link(given[rank]) if rank < len(given) else ''
        if not url:
            raise PermanentError('media_gone')
        return url

    # -- administration

    def subscribe_to(self, account: Account, fields: Sequence[str], http: Http) -> None:
        """Have our account call the application's webhook; its address is typed in Meta's dashboard."""
        params = {'subscribed_fields': ','.join(fields)}
        self.ask(http, account, (self.owner(account), 'subscribed_apps'), params)


def _expired(url: str) -> bool:
    try:
        query = dict(part.partition('=')[::2] for part in urlsplit(url).query.split('&'))
        return int(query['oe'], 16) < datetime.now(UTC).timestamp()
    except (KeyError, ValueError):
        return False
