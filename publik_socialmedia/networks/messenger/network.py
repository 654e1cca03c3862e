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

"""Messenger: the inbox of a Facebook Page. Facts and their dates: this folder's README."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from urllib.parse import urlsplit

from publik_socialmedia.errors import (
    ConfigurationError,
    OutcomeUnknown,
    PermanentError,
    SocialMediaError,
    TemporaryError,
)
from publik_socialmedia.networks.base import (
    JSON,
    Account,
    Attachment,
    Capabilities,
    Credential,
    Event,
    Fetch,
    Health,
    Http,
    Outgoing,
    Page,
    Raw,
    Sent,
    Source,
    Status,
)
from publik_socialmedia.networks.messenger import (
    attachments,
    events,
    health,
    history,
    search,
    sending,
    threads,
)
from publik_socialmedia.networks.meta import dicts, ident, integer, is_media_url, mapping, string
from publik_socialmedia.networks.meta_graph import GraphNetwork

MEGABYTE = 1_000_000


def _(msgid: str) -> str:
    """Marks a text to translate."""
    return msgid


class Messenger(GraphNetwork):
    slug = 'messenger'
    label = 'Messenger'
    capabilities = Capabilities(
        webhook=True,
        history=True,
        receipts=(Status.DELIVERED, Status.READ),
        edits=True,
        reactions=True,
        profiles=True,
        text_limit=2000,
        text_unit='utf16',  # « 2000 characters »: nobody says how an emoji counts, this unit fits both ways
        files_out={
            'image/*': 8 * MEGABYTE,
            'audio/*': 25 * MEGABYTE,
            'video/*': 25 * MEGABYTE,
            'application/*': 25 * MEGABYTE,
            'text/*': 25 * MEGABYTE,
        },
        answer_window=sending.WINDOW,
        human_window=sending.HUMAN_WINDOW,
    )
    credentials = (
        Credential(
            'app_id',
            _('Application identifier'),
            _('Meta for Developers, your application, Settings, Basic: « App ID ».'),
            secret=False,
            scope='endpoint',
        ),
        Credential(
            'app_secret',
            _('Application secret'),
            _('Same page: « App secret ». It signs what Meta sends us.'),
            scope='endpoint',
            rotates=True,
        ),
        Credential(
            'verify_token',
            _('Verification token'),
            _('A word of your choice, to be typed also in the webhook settings of the application.'),
            scope='endpoint',
            rotates=True,
        ),
        Credential(
            'page_token',
            _('Page access token'),
            _('Preferably made with a system user: it does not depend on a person’s password.'),
        ),
    )
    media_hosts = attachments.MEDIA_HOSTS
    error_table = sending.ERRORS
    # how long a request whose answer was lost may still be carried out
    settle: ClassVar[timedelta] = timedelta(seconds=30)

    # -- receiving

    def parse(self, raw: Raw) -> list[Event]:
        if raw.source is Source.WEBHOOK:
            return events.parse(raw.body)
        return threads.parse(raw.body, raw.account.external_id if raw.account else '')

    def history(self, account: Account, cursor: Mapping[str, JSON], since: datetime, http: Http) -> Page:
        """Threads that moved since then, with their messages since then, 20 of a thread being sure."""
        return history.read(self, account, cursor, since, http)

    def profile(self, account: Account, user: str, http: Http) -> str:
        """Name from the profile, which needs a reviewed feature, else from the thread, which does not."""
        try:
            found, _answer = self.read(http, account, (user,), {'fields': 'first_name,last_name,name'})
        except (PermanentError, ConfigurationError) as error:
            if error.reason == 'auth':
                raise
            found = {}
        names = (string(found.get('first_name')), string(found.get('last_name')))
        name = string(found.get('name')).strip() or ' '.join(filter(None, names))
        return name or self._name_in_thread(account, user, http)

    def _name_in_thread(self, account: Account, user: str, http: Http) -> str:
        try:
            found = self._thread(account, user, 'participants', http)
        except (PermanentError, ConfigurationError) as error:
            if error.reason == 'auth':
                raise
            return ''
        people = dicts(mapping(found.get('participants')).get('data'))
        return next((string(one.get('name')) for one in people if ident(one.get('id')) == user), '')

    def _thread(self, account: Account, user: str, fields: str, http: Http) -> Mapping[str, JSON]:
        """The thread with that person, {} if there is none."""
        params = {'platform': 'messenger', 'user_id': user, 'fields': fields}
        found, _answer = self.read(http, account, (self.page(account), 'conversations'), params)
        return next(iter(dicts(found.get('data'))), {})

    # -- sending

    def send(self, account: Account, outgoing: Outgoing, http: Http) -> Sent:
        if bool(outgoing.text) == (outgoing.file is not None):
            raise PermanentError('empty', detail='a message is a text or a file')
        now = datetime.now(UTC)
        granted = bool(account.facts.get('human_agent'))
        declared = sending.messaging_type(outgoing, now, granted)
        try:
            return self._send(account, outgoing, declared, http)
        except (PermanentError, ConfigurationError) as error:
            refusal = self._explained(account, outgoing, sending.refusal(error, outgoing, now), http)
        # Meta's clock, or its idea of the citizen's last action, is not ours
        if refusal.reason == 'window' and 'tag' not in declared and granted and outgoing.human:
            return self._send(account, outgoing, sending.HUMAN_AGENT, http)
        raise refusal

    def _send(self, account: Account, outgoing: Outgoing, declared: Mapping[str, str], http: Http) -> Sent:
        try:
            answer = self.call(
                http, account, 'POST', (self.page(account), 'messages'), **sending.body(outgoing, declared)
            )
        except OutcomeUnknown:
            raise
        except TemporaryError as error:
            if error.reason != 'temporary' or not error.http_status:
                raise
            # a failure inside Meta may come after the message left: there is no idempotency key
            raise OutcomeUnknown(
                error.reason,
                retry_after=error.retry_after,
                code=error.code,
                subcode=error.subcode,
                http_status=error.http_status,
                detail=error.detail,
            ) from error
        try:
            mid = ident(mapping(answer.json()).get('message_id'))
        except ValueError:
            mid = ''
        if not mid:
            raise OutcomeUnknown(http_status=answer.status, detail='accepted without an id')
        return Sent(mid)

    def _explained(
        self, account: Account, outgoing: Outgoing, error: SocialMediaError, http: Http
    ) -> SocialMediaError:
        """Code 10 alone is also said when another application owns the thread: ask which one does."""
        if (error.code, error.subcode, error.reason) != ('10', '', 'permission'):
            return error
        try:
            params = {'recipient': outgoing.recipient}
            found, _answer = self.read(http, account, (self.page(account), 'thread_owner'), params)
        except SocialMediaError:
            return error
        owner = mapping(mapping(next(iter(dicts(found.get('data'))), {})).get('thread_owner'))
        ours = str(account.facts.get('app_id', ''))
        if not ours or ident(owner.get('app_id')) in ('', ours):
            return error
        return PermanentError('other_app', code=error.code, http_status=error.http_status)

    def find_sent(self, account: Account, outgoing: Outgoing, http: Http) -> Sent | None:
        """Look for the message in the thread with that person.

        The Graph API does not give our key back (only the echo of the webhook does), so a message of our
        Page with the same content, written since the first try, is taken for ours: it cannot be told from a
        colleague who typed the very same words meanwhile in Meta's own inbox. Not found: None once the last
        try is old enough to be over, OutcomeUnknown before, or if the thread is not told back far enough.
        """
        found = search.look(self, account, outgoing, http)
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
        if not is_media_url(url, self.media_hosts):
            raise PermanentError('forbidden_url')
        if account.api_url:  # what stands in for the API stands in for its media hosts
            parts = urlsplit(url)
            query = f'?{parts.query}' if parts.query else ''
            url = f'{account.api_url.rstrip("/")}/cdn/{parts.netloc}{parts.path}{query}'
            return Fetch(url, hosts=(urlsplit(url).hostname or '',))
        return Fetch(url)

    def _fresh_link(self, account: Account, attachment: Attachment, http: Http) -> str:
        mid, rank = ident(attachment.details.get('message')), integer(attachment.details.get('rank')) or 0
        if not mid:
            return attachment.url
        try:
            found, _answer = self.read(http, account, (mid,), {'fields': 'attachments'})
        except PermanentError as error:
            raise PermanentError('media_gone', code=error.code, subcode=error.subcode) from error
        given = dicts(mapping(found.get('attachments')).get('data'))
        url = attachments.link(given[rank]) if rank < len(given) else ''
        if not url:
            raise PermanentError('media_gone')
        return url

    # -- administration

    def check(self, account: Account, http: Http) -> Health:
        return health.check(self, account, http)

    def subscribe(self, account: Account, http: Http) -> None:
        """Have the Page call the application's webhook; its address is typed in Meta's dashboard."""
        params = {'subscribed_fields': ','.join(health.FIELDS)}
        path = (self.page(account), 'subscribed_apps')
        answer = self.call(http, account, 'POST', path, params=params)
        try:
            done = mapping(answer.json()).get('success') in (True, 'true')
        except ValueError:
            done = False
        if not done:
            raise TemporaryError('temporary', http_status=answer.status, detail='not subscribed')


def _expired(url: str) -> bool:
    try:
        query = dict(part.partition('=')[::2] for part in urlsplit(url).query.split('&'))
        return int(query['oe'], 16) < datetime.now(UTC).timestamp()
    except (KeyError, ValueError):
        return False
