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

"""WhatsApp: a number of the town on the Cloud API. Facts and their dates: this folder's README."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from publik_socialmedia.errors import (
    ConfigurationError,
    OutcomeUnknown,
    PermanentError,
    SocialMediaError,
    TemporaryError,
)
from publik_socialmedia.networks import media_urls
from publik_socialmedia.networks.base import (
    Account,
    Answer,
    Attachment,
    Capabilities,
    Credential,
    Event,
    Fetch,
    Health,
    Http,
    Kind,
    Outgoing,
    OutgoingFile,
    Raw,
    Sent,
    Source,
    Status,
)
from publik_socialmedia.networks.meta import dicts, ident, load, mapping, string
from publik_socialmedia.networks.meta_graph import APPLICATION, GraphNetwork, valid_token
from publik_socialmedia.networks.reading import says_yes
from publik_socialmedia.networks.whatsapp import events, health, meanings, sending

WINDOW = timedelta(hours=24)  # after the citizen's last message, or call
PAIR_WAIT = 6.0  # seconds between two messages to one person, once 45 in a row are used up


def _(msgid: str) -> str:
    """Marks a text to translate."""
    return msgid


class WhatsApp(GraphNetwork):
    slug = 'whatsapp'
    label = 'WhatsApp'
    capabilities = Capabilities(
        webhook=True,
        receipts=(Status.SENT, Status.DELIVERED, Status.READ, Status.FAILED),
        edits=True,
        unsends=True,
        reactions=True,
        text_limit=sending.TEXT_LIMIT,
        text_unit='utf16',  # « 4096 characters »: nobody says how an emoji counts, this unit fits both ways
        files_out=sending.FILES,
        files_per_message=1,
        answer_window=WINDOW,
        template=True,
    )
    credentials = (
        *APPLICATION,
        Credential(
            'access_token',
            _('Access token'),
            _(
                'Of a system user, with the permissions whatsapp_business_messaging and '
                'whatsapp_business_management: it does not depend on a person’s password.'
            ),
        ),
        Credential(
            'phone_number_id',
            _('Phone number identifier'),
            _('Meta for Developers, your application, WhatsApp, API Setup: « Phone number ID ».'),
            secret=False,
        ),
        Credential(
            'waba_id',
            _('WhatsApp Business account identifier'),
            _('Same page: « WhatsApp Business Account ID ».'),
            secret=False,
        ),
        Credential(
            'template_name',
            _('Approved template'),
            _(
                'Name of a « utility » template approved by Meta, whose text has one variable, {{1}}: with '
                'it agents can answer after 24 hours. Each sending is charged.'
            ),
            secret=False,
            required=False,
        ),
        Credential(
            'template_language',
            _('Language of the template'),
            _('As in WhatsApp Manager: « fr » if it is left empty.'),
            secret=False,
            required=False,
        ),
        Credential(
            'mark_read',
            _('Show citizens that they were read'),
            _('Type « yes » to have the blue ticks shown when an agent answers.'),
            secret=False,
            required=False,
        ),
    )
    media_hosts = ('lookaside.fbsbx.com',)  # where the API sends us for a file
    error_table = meanings.ERRORS
    not_sent = meanings.NOT_SENT
    # how long after a lost answer its status may still come
    settle = timedelta(minutes=5)
    # how long our webhook may be silent, before the agent is asked
    give_up = timedelta(hours=1)

    def token(self, account: Account) -> str:
        return valid_token(account, 'access_token')

    def page(self, account: Account) -> str:
        """Id of the number in the API: not the number."""
        return account.external_id or account.credentials.get('phone_number_id', '').strip()

    def error(self, answer: Answer) -> SocialMediaError | None:
        found = super().error(answer)
        if isinstance(found, TemporaryError) and _is_of_pair(found):
            found.scope = ''
            found.retry_after = found.retry_after or PAIR_WAIT
        return found

    # -- receiving

    def parse(self, raw: Raw) -> list[Event]:
        if raw.source is Source.WEBHOOK:
            return events.parse(raw.body)
        if raw.source is Source.HISTORY:  # a body of the webhook that was kept, and is read on purpose
            return events.parse(raw.body, past=True)
        reason = 'answer' if mapping(load(raw.body)) else 'empty'
        return [Event(Kind.IGNORED, account_id=raw.account.external_id if raw.account else '', reason=reason)]

    # -- sending

    def split(self, account: Account, outgoing: Outgoing, files: Sequence[OutgoingFile]) -> list[Outgoing]:
        return sending.split(self.capabilities, account, outgoing, files)

    def send(self, account: Account, outgoing: Outgoing, http: Http) -> Sent:
        now = datetime.now(UTC)
        _check(account, outgoing, now)
        media_id = self._upload(account, outgoing.file, http) if outgoing.file else ''
        self._mark_read(account, outgoing, http)
        message = sending.body(account, outgoing, media_id)
        try:
            answer = self.post_message(http, account, (self.page(account), 'messages'), json=message)
        except TemporaryError as error:
            if _is_of_pair(error):
                error.retry_after = _pair_wait(outgoing, now)
            raise
        external_id = ident(next(iter(dicts(answer.get('messages'))), {}).get('id'))
        if not external_id:
            raise OutcomeUnknown(detail='accepted without an id')
        return Sent(external_id)

    def _upload(self, account: Account, file: OutgoingFile, http: Http) -> str:
        """Id of the file, once Meta has it. Nobody sees it yet: it may be done again after a lost answer."""
        kind = sending.upload_type(file)
        try:
            answer = self.call(
                http,
                account,
                'POST',
                (self.page(account), 'media'),
                data={'messaging_product': 'whatsapp', 'type': kind},
                files={'file': (file.filename, file.content, kind)},
            )
            media_id = ident(mapping(answer.json()).get('id'))
        except OutcomeUnknown as error:
            raise TemporaryError('temporary', code=error.code, detail='upload') from error
        except ValueError:
            media_id = ''
        if not media_id:
            raise TemporaryError('temporary', detail='uploaded without an id')
        return media_id

    def _mark_read(self, account: Account, outgoing: Outgoing, http: Http) -> None:
        """Show citizens that what they wrote was read, if the town wants it: nothing depends on it."""
        wanted = says_yes(account.credentials.get('mark_read', ''))
        if not (wanted and outgoing.human and outgoing.reply_to):
            return
        mark = {'messaging_product': 'whatsapp', 'status': 'read', 'message_id': outgoing.reply_to}
        try:
            self.call(http, account, 'POST', (self.page(account), 'messages'), json=mark)
        except (PermanentError, OutcomeUnknown):  # too old, withdrawn; or perhaps done
            pass
        except TemporaryError as error:
            if error.reason == 'rate':
                raise

    def find_sent(self, account: Account, outgoing: Outgoing, http: Http) -> Sent | None:
        """WhatsApp cannot be asked: it tells by a status that bears our key, some seconds after it accepted.

        That status is matched before we are called. Without it: OutcomeUnknown for some minutes, then None if
        our webhook was called for something else since, which proves that the status would have come. If
        nothing came at all, OutcomeUnknown for an hour, then PermanentError('perhaps_sent'): the agent is
        asked.
        """
        now = datetime.now(UTC)
        tried = outgoing.last_tried_at or outgoing.first_tried_at or now
        left = (tried + self.settle - now).total_seconds()
        if left > 0:
            raise OutcomeUnknown(retry_after=left, detail='a status may still come')
        if outgoing.heard_at is not None and outgoing.heard_at > tried:
            return None
        if now - tried > self.give_up:
            raise PermanentError('perhaps_sent')
        raise OutcomeUnknown(retry_after=self.settle.total_seconds(), detail='nothing comes to us')

    # -- media

    def open_attachment(self, account: Account, attachment: Attachment, http: Http) -> Fetch:
        """The address of a file, asked for by its id: it lives five minutes, and wants our token too."""
        if not attachment.reference:
            raise PermanentError('no_url')
        params = {'phone_number_id': self.page(account)}
        try:
            found, _answer = self.read(http, account, (attachment.reference,), params)
        except (PermanentError, ConfigurationError) as error:
            if error.code != '100':
                raise
            # unknown, or kept no longer
            raise PermanentError('media_gone', code=error.code, subcode=error.subcode) from error
        url = string(found.get('url'))
        if not media_urls.is_media_url(url, self.media_hosts):
            raise PermanentError('forbidden_url' if url else 'media_gone')
        headers = {'Authorization': f'Bearer {self.token(account)}'}
        return media_urls.fetch(account, url, headers)

    # -- administration

    def check(self, account: Account, http: Http) -> Health:
        return health.check(self, account, http)

    def subscribe(self, account: Account, http: Http) -> None:
        """Have the WhatsApp Business account call the application's webhook, typed in Meta's dashboard."""
        waba = health.waba(account)
        if not waba:
            raise ConfigurationError('config', detail='no WhatsApp Business account')
        self.ask(http, account, (waba, 'subscribed_apps'))


def _check(account: Account, outgoing: Outgoing, now: datetime) -> None:
    """Refuse without a call what Meta would refuse."""
    if not (outgoing.text or outgoing.file):
        raise PermanentError('empty')
    if outgoing.template:
        if not sending.template_name(account):
            raise PermanentError('no_template')
    elif outgoing.last_inbound_at and now - outgoing.last_inbound_at >= WINDOW:
        raise PermanentError('window')


def _is_of_pair(error: TemporaryError) -> bool:
    return error.code == str(meanings.PAIR_RATE)


def _pair_wait(outgoing: Outgoing, now: datetime) -> float:
    """Seconds before the next try to that person: 4^n, that is three times what has passed since the first.

    /documentation/business-messaging/whatsapp/throughput
    """
    since = (now - outgoing.first_tried_at).total_seconds() if outgoing.first_tried_at else 0.0
    return max(PAIR_WAIT, 3 * since)
