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

"""Telegram: the private chats of a bot. Facts and their dates: this folder's README."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from publik_socialmedia.errors import PermanentError, SocialMediaError, WebhookRejected
from publik_socialmedia.networks import base
from publik_socialmedia.networks.base import JSON, Account, Answer, Http, Outgoing, OutgoingFile
from publik_socialmedia.networks.reading import is_one_of, mapping, string

from . import api, health, parsing, polling, sending

USERNAME = re.compile(r'[A-Za-z][A-Za-z0-9_]{3,31}')
HEADER = 'x-telegram-bot-api-secret-token'
LARGEST_FILE = 20 * sending.MEGABYTE  # that a bot can have


def _(msgid: str) -> str:
    """Marks a text to translate."""
    return msgid


class Telegram(base.Network):
    slug = 'telegram'
    label = 'Telegram'
    capabilities = base.Capabilities(
        webhook=True,
        polling=True,
        edits=True,
        reactions=True,
        text_limit=sending.TEXT,
        text_unit='utf16',  # « characters »; entities and the official server count so
        files_out=dict.fromkeys(('image/*', 'audio/*', 'video/*', 'application/*', 'text/*'), sending.FILE),
        files_per_message=1,
    )
    credentials = (
        base.Credential(
            api.BOT_KEY,
            _('Token of the bot'),
            _(
                'In Telegram, write to @BotFather: /newbot, or /mybots then « API Token ». It gives all '
                'rights on the bot.'
            ),
        ),
        base.Credential(
            api.WEBHOOK_KEY,
            _('Webhook secret'),
            _(
                'A word that Telegram gives back with each message: the one proposed will do (at least 16 '
                'letters without accents, digits, « _ » or « - »). Erase it to have messages asked for each '
                'minute instead.'
            ),
            scope='endpoint',
            rotates=True,
            proposed=True,
        ),
    )
    media_hosts = ('api.telegram.org',)
    api_url = api.API

    # -- receiving

    def handshake(self, request: base.Request, secrets: Mapping[str, Sequence[str]]) -> bytes:
        """Telegram proves no address by a GET."""
        raise WebhookRejected('no_handshake', status=404)

    def verify(self, request: base.Request, secrets: Mapping[str, Sequence[str]]) -> None:
        """Telegram signs nothing: it gives our secret back in a header."""
        if not is_one_of(request.headers.get(HEADER, ''), secrets.get(api.WEBHOOK_KEY, ())):
            raise WebhookRejected('secret')

    def parse(self, raw: base.Raw) -> list[base.Event]:
        return parsing.parse(raw)

    def poll(self, account: Account, cursor: Mapping[str, JSON], http: Http) -> base.Page:
        return polling.poll(account, cursor, http)

    # -- sending

    def split(self, account: Account, outgoing: Outgoing, files: Sequence[OutgoingFile]) -> list[Outgoing]:
        return sending.split(self.capabilities, outgoing, files)

    def send(self, account: Account, outgoing: Outgoing, http: Http) -> base.Sent:
        return sending.send(account, outgoing, http)

    def find_sent(self, account: Account, outgoing: Outgoing, http: Http) -> base.Sent | None:
        sending.find_sent(outgoing)

    def profile_url(self, facts: Mapping[str, JSON], user: str, details: Mapping[str, JSON]) -> str:
        """https://core.telegram.org/api/links#public-username-links ; who has no such name is nowhere."""
        name = string(details.get('username'))
        return f'https://t.me/{name}' if USERNAME.fullmatch(name) else ''

    def error(self, answer: Answer) -> SocialMediaError | None:
        return api.meaning(answer)

    # -- media

    def open_attachment(self, account: Account, attachment: base.Attachment, http: Http) -> base.Fetch:
        """Telegram gives the path of a file, for an hour; its address holds the token, and is not kept."""
        if not attachment.reference:
            raise PermanentError('no_url')
        if (attachment.size or 0) > LARGEST_FILE:
            raise PermanentError('media_too_big')
        bot = api.Api(account, http)
        try:
            answer = bot.get('getFile', file_id=attachment.reference)
        except PermanentError as error:
            reason = 'media_too_big' if error.reason == 'media_too_big' else 'media_gone'
            raise PermanentError(reason, code=error.code, http_status=error.http_status) from error
        path = string(mapping(api.result(answer)).get('file_path'))
        if not path:
            raise PermanentError('media_gone')
        url, host = bot.file(path)
        return base.Fetch(url, hosts=(host,))

    # -- administration

    def check(self, account: Account, http: Http) -> base.Health:
        return health.check(account, http)

    def subscribe(self, account: Account, http: Http) -> None:
        health.subscribe(account, http)
