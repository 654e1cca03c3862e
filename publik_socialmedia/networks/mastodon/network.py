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

"""Mastodon, GoToSocial, snac: the network's class. What it does is in the modules beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from publik_socialmedia import errors
from publik_socialmedia.networks import base
from publik_socialmedia.networks import outgoing as parts
from publik_socialmedia.networks.base import JSON, Account, Http, Outgoing, OutgoingFile, Page

from . import authorization, health, parsing, polling, rereading, sending
from .api import STATUSES, Api, content, meaning, path_of
from .composing import MAX_CHARACTERS, pieces, recipient
from .identity import ACCT, MASTODON, Ours, items, mapping, word
from .statuses import attachments_of

MEGABYTE = 1024 * 1024


def _(msgid: str) -> str:
    """Marks a text to translate."""
    return msgid


class Mastodon(base.Network):
    slug = 'mastodon'
    label = 'Mastodon'
    capabilities = base.Capabilities(
        polling=True,
        history=True,
        rereads=True,
        edits=True,
        unsends=True,
        authorizes=True,
        text_limit=MAX_CHARACTERS,
        files_out={'image/*': 16 * MEGABYTE, 'video/*': 99 * MEGABYTE, 'audio/*': 99 * MEGABYTE},
        files_per_message=1,
    )
    authorize_help = _(
        'Type the address of the server: there is nothing to prepare there. You will sign in to it with the '
        'account to connect, and allow Publik to use it.'
    )
    credentials = (
        base.Credential(
            'instance',
            _('Address of the server'),
            _('Where the account was opened, for example https://social.example.org.'),
            secret=False,
        ),
        base.Credential(
            'access_token',
            _('Access token'),
            _(
                'In Mastodon: Preferences, Development, New application, with the scopes read:accounts '
                'read:statuses read:notifications write:statuses write:media (and write:notifications to let '
                'us accept private mentions); then copy « Your access token ».'
            ),
            obtained=True,
        ),
    )

    # -- receiving

    def parse(self, raw: base.Raw) -> list[base.Event]:
        return parsing.parse(raw)

    def poll(self, account: Account, cursor: Mapping[str, JSON], http: Http) -> Page:
        return polling.poll(account, cursor, http)

    def history(self, account: Account, cursor: Mapping[str, JSON], since: datetime, http: Http) -> Page:
        return polling.history(account, cursor, since, http)

    def reread(self, account: Account, threads: Sequence[base.Thread], http: Http) -> Page:
        return rereading.reread(account, threads, http)

    # -- sending

    def files_out(self, account: Account) -> Mapping[str, int]:
        return _accepted(account)

    def split(self, account: Account, outgoing: Outgoing, files: Sequence[OutgoingFile]) -> list[Outgoing]:
        """The text in parts that the account's server accepts; the first file goes with the last one."""
        for file in files:
            parts.check_file(self.files_out(account), file)
        acct = recipient(outgoing.recipient, Ours.of(account))
        written = pieces(outgoing.text, acct, account.facts)
        if not written and not files:
            raise errors.PermanentError('empty')
        return parts.messages(outgoing, written, files, together=True)

    def send(self, account: Account, outgoing: Outgoing, http: Http) -> base.Sent:
        return sending.send(account, outgoing, http)

    def find_sent(self, account: Account, outgoing: Outgoing, http: Http) -> base.Sent | None:
        return sending.find_sent(account, outgoing, http)

    def profile_url(self, facts: Mapping[str, JSON], user: str, details: Mapping[str, JSON]) -> str:
        """On our own server, which knows whoever wrote to it; other families than Mastodon show strangers at
        addresses of their own."""
        host = word(facts.get('host'))
        known = host and word(facts.get('server')) == MASTODON and ACCT.fullmatch(user)
        return f'https://{host}/@{user}' if known else ''

    def error(self, answer: base.Answer) -> errors.SocialMediaError | None:
        return meaning(answer)

    # -- media

    def open_attachment(self, account: Account, attachment: base.Attachment, http: Http) -> base.Fetch:
        """The file is on the server's own media host, which no document names; nobody asks for a token there.

        What the server had not copied yet is asked for again, then taken from where it was published.
        """
        if attachment.reason == 'forbidden_url':
            raise errors.PermanentError('forbidden_url')
        if attachment.kind != 'unreadable':
            return _fetch(attachment.url)
        status_id, _slash, media_id = attachment.reference.partition('/')
        if not status_id:
            raise errors.PermanentError('no_url')
        answer = Api(account, http).call('GET', path_of(STATUSES + '/{}', status_id))
        error = meaning(answer)
        if error is not None:
            raise errors.PermanentError('media_gone') if error.reason == 'gone' else error
        status = mapping(content(answer))
        for media, found in zip(items(status.get('media_attachments')), attachments_of(status), strict=True):
            if word(media.get('id')) == media_id:
                return _fetch_again(found)
        raise errors.PermanentError('media_gone')

    # -- administration

    def check(self, account: Account, http: Http) -> base.Health:
        return health.check(account, http)

    def authorize(self, account: Account, redirect_uri: str, state: str, http: Http) -> base.Authorization:
        return authorization.authorize(account, redirect_uri, state, http)

    def exchange(self, account: Account, back: base.Return, http: Http) -> Mapping[str, str]:
        return authorization.exchange(account, back, http)

    def subscribe(self, account: Account, http: Http) -> None:
        """There is no webhook; what can be asked is that private mentions of strangers be accepted."""
        health.accept_private_mentions(account, http)


def _fetch(url: str) -> base.Fetch:
    try:
        host = urlsplit(url).hostname
    except ValueError:
        host = ''
    if not host:
        raise errors.PermanentError('no_url')
    return base.Fetch(url, hosts=(host,))


def _fetch_again(found: base.Attachment) -> base.Fetch:
    """``url``: the server's copy now, or where it was published if the server does not copy that type."""
    if found.kind != 'unreadable' or found.declared == 'unknown' and found.url:
        return _fetch(found.url)
    raise errors.TemporaryError('not_cached')


def _accepted(account: Account) -> Mapping[str, int]:
    """Types that the account's server takes, each with its limit in bytes."""
    limits = Mastodon.capabilities.files_out
    told = account.facts.get('mime_types')
    types = (
        [word(value) for value in told if word(value)] if isinstance(told, list) and told else list(limits)
    )
    found: dict[str, int] = {}
    for mimetype in types:
        pattern = next((known for known in limits if fnmatchcase(mimetype, known)), '')
        if pattern:
            size = account.facts.get('image_size_limit' if pattern == 'image/*' else 'video_size_limit')
            found[mimetype] = size if isinstance(size, int) and size > 0 else limits[pattern]
    return found
