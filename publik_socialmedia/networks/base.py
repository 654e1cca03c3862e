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

"""The contract of a network.

A network is one folder of ``publik_socialmedia.networks`` holding one subclass of :class:`Network`: it knows
everything of that network (ids, limits, error codes, version of the API) and nothing of Django, of the
database or of w.c.s. It is stateless: one instance serves all accounts. What it needs of an account comes as
an :class:`Account`, what it fetches goes through an :class:`Http` that the caller gives.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Protocol

from publik_socialmedia import errors
from publik_socialmedia.networks.declarations import Capabilities, Credential
from publik_socialmedia.networks.model import (
    ATTACHMENT_KINDS,
    IGNORED_REASONS,
    JSON,
    TOPICS,
    UNREADABLE_REASONS,
    Account,
    Attachment,
    Authorization,
    Event,
    Fetch,
    Health,
    Kind,
    Outgoing,
    OutgoingFile,
    Page,
    Problem,
    Raw,
    Request,
    Return,
    Sent,
    Source,
    Status,
    Thread,
    Withdrawal,
)

__all__ = [
    'ATTACHMENT_KINDS',
    'IGNORED_REASONS',
    'JSON',
    'TOPICS',
    'UNREADABLE_REASONS',
    'Account',
    'Answer',
    'Attachment',
    'Authorization',
    'Capabilities',
    'Credential',
    'Event',
    'Fetch',
    'Health',
    'Http',
    'Kind',
    'Network',
    'Outgoing',
    'OutgoingFile',
    'Page',
    'Problem',
    'Raw',
    'Request',
    'Return',
    'Sent',
    'Source',
    'Status',
    'Thread',
    'Withdrawal',
]


class Answer(Protocol):
    """An HTTP answer. Header names in lower case."""

    @property
    def status(self) -> int: ...

    @property
    def headers(self) -> Mapping[str, str]: ...

    @property
    def body(self) -> bytes: ...

    @property
    def url(self) -> str: ...

    def json(self) -> JSON:
        """The decoded body; ValueError if it is not JSON."""


class Http(Protocol):
    """What a network may do outside. Follows no redirect.

    Raises TemporaryError when nothing was sent, or a GET brought no answer; OutcomeUnknown when another
    method was sent and its answer was lost. Any HTTP status is an Answer, not an exception.
    """

    def request(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | Sequence[tuple[str, Any]] | None = None,
        json: JSON = None,
        data: Mapping[str, Any] | bytes | None = None,
        files: Mapping[str, Any] | None = None,
        timeout: float | None = None,
    ) -> Answer: ...


class Network(ABC):
    """One social network. A class that lacks something its capabilities promise is refused when defined."""

    slug: ClassVar[str]
    label: ClassVar[str]
    capabilities: ClassVar[Capabilities]
    credentials: ClassVar[tuple[Credential, ...]] = ()
    media_hosts: ClassVar[tuple[str, ...]] = ()  # 'host' or '*.host', https only
    api_url: ClassVar[str] = ''
    other_hosts: ClassVar[tuple[str, ...]] = ()  # called too: for whoever opens a firewall
    handshake_type: ClassVar[str] = 'text/plain'  # type of what ``handshake`` answers
    authorize_help: ClassVar[str] = ''  # msgid: what to do at the network before being sent there

    # capability → methods that it obliges to define
    _promises: ClassVar[Mapping[str, tuple[str, ...]]] = {
        'webhook': ('handshake', 'verify'),
        'polling': ('poll',),
        'history': ('history',),
        'rereads': ('reread',),
        'profiles': ('profile',),
        'authorizes': ('authorize', 'exchange'),
    }

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not cls.__dict__.get('partial'):  # a base shared by several networks says ``partial = True``
            _refuse_incomplete(cls)

    # -- receiving

    def handshake(self, request: Request, secrets: Mapping[str, Sequence[str]]) -> bytes:
        """Answer to the GET by which a network proves a webhook; WebhookRejected if it is not for us.

        ``secrets``: values of the endpoint's credentials by name, several while one is being changed.
        """
        raise errors.WebhookRejected('no_handshake', status=404)

    def verify(self, request: Request, secrets: Mapping[str, Sequence[str]]) -> None:
        """Check the signature on the raw bytes, in constant time; WebhookRejected if wrong or missing."""
        raise errors.WebhookRejected('no_webhook', status=404)

    @abstractmethod
    def parse(self, raw: Raw) -> list[Event]:
        """Events of a body, in its order. Pure and total: only UnreadablePayload may come out.

        One bad entry never hides a good one: it gives an event IGNORED 'unknown' or a message with
        ``unreadable``. Nothing is silently dropped: each entry gives at least one event.
        """

    def poll(self, account: Account, cursor: Mapping[str, JSON], http: Http) -> Page:
        """Read what is new. Cursor {} at the first call: take the newest mark, import nothing old (R18)."""
        raise errors.ConfigurationError('no_polling')

    def history(self, account: Account, cursor: Mapping[str, JSON], since: datetime, http: Http) -> Page:
        """Read again what happened since that instant; cursor {} to begin, ``more`` while there is some."""
        raise errors.ConfigurationError('no_history')

    def reread(self, account: Account, threads: Sequence[Thread], http: Http) -> Page:
        """Look again at followed threads: edits, deletions, answers typed elsewhere."""
        raise errors.ConfigurationError('no_reread')

    def profile(self, account: Account, user: str, http: Http) -> str:
        """Name to display for that person, '' if the network will not tell."""
        return ''

    def profile_url(self, facts: Mapping[str, JSON], user: str, details: Mapping[str, JSON]) -> str:
        """Where a browser shows that person, as the network documents it; '' if nothing gives it. Pure.

        ``facts``: of our account; ``details``: of the person's last message, as ``parse`` gave them.
        """
        return ''

    # -- access that is taken back

    def withdrawal(self, request: Request, secrets: Mapping[str, Sequence[str]]) -> Withdrawal:
        """What a POST to an address of ours says of an access that was taken back; WebhookRejected if it is
        not proved to come from the network."""
        raise errors.WebhookRejected('no_withdrawal', status=404)

    def granted_by(self, account: Account) -> str:
        """The network's identifier of who lets us use that account, '' if it did not tell. Asks nobody."""
        return ''

    # -- privacy

    def erasure_request(self, request: Request, secrets: Mapping[str, Sequence[str]]) -> str:
        """Identifier of the person whose data the network asks us to erase, by a POST to an address of ours;
        WebhookRejected if it is not proved to come from it."""
        raise errors.WebhookRejected('no_erasure', status=404)

    def erasure_answer(self, address: str, reference: str) -> JSON:
        """What the network wants as an answer: where the person sees what became of it, and its reference."""
        return {'url': address, 'reference': reference}

    # -- sending

    def files_out(self, account: Account) -> Mapping[str, int]:
        """Types of file that can be sent: pattern of mimetype ('image/*') → bytes. Those of the account's
        server, where servers differ."""
        return self.capabilities.files_out

    def split(self, account: Account, outgoing: Outgoing, files: Sequence[OutgoingFile]) -> list[Outgoing]:
        """The messages that this answer makes, in order, checked before anything is sent (R31).

        PermanentError('no_files' | 'file_type' | 'file_too_big' | 'empty') if the network cannot take it.
        """
        from publik_socialmedia.networks import outgoing as parts

        return parts.split(self.capabilities, outgoing, files)

    @abstractmethod
    def send(self, account: Account, outgoing: Outgoing, http: Http) -> Sent:
        """Send one message. TemporaryError: nothing went; OutcomeUnknown: look with ``find_sent`` first."""

    @abstractmethod
    def find_sent(self, account: Account, outgoing: Outgoing, http: Http) -> Sent | None:
        """After an unknown outcome: the message if it is there, None if it surely is not.

        TemporaryError if it cannot be told yet.
        """

    @abstractmethod
    def error(self, answer: Answer) -> errors.SocialMediaError | None:
        """What an answer of the API means, None if it is not an error (some come with a status of 200)."""

    # -- media

    def open_attachment(self, account: Account, attachment: Attachment, http: Http) -> Fetch:
        """Says what to fetch, may ask the API for a URL, never fetches the content itself.

        PermanentError('forbidden_url' | 'media_gone'), TemporaryError('not_cached').
        """
        if not attachment.url:
            raise errors.PermanentError('no_url')
        return Fetch(attachment.url)

    # -- administration

    @abstractmethod
    def check(self, account: Account, http: Http) -> Health:
        """Test the credentials and say precisely what is wrong. Only TemporaryError may come out."""

    def subscribe(self, account: Account, http: Http) -> None:  # noqa: B027 - nothing to do by default
        """Ask the network to call our webhook, where its API allows it; safe to repeat."""

    def authorize(self, account: Account, redirect_uri: str, state: str, http: Http) -> Authorization:
        """Where to send whoever connects the account; the network sends them back to ``redirect_uri``, with
        ``state``, which only we know.

        ``account``: with what was typed before. ConfigurationError('oauth_client_missing', detail: names of
        the credentials that lack) and what ``http`` raises.
        """
        raise errors.ConfigurationError('no_authorization')

    def exchange(self, account: Account, back: Return, http: Http) -> Mapping[str, str]:
        """The credentials that the network gives in exchange of what the person came back with; '' forgets
        one that contradicts them.

        ConfigurationError: they refused ('oauth_refused'), granted too little ('oauth_scopes', detail: what
        lacks), or the network did not want us (other words in « oauth_ »).
        """
        raise errors.ConfigurationError('no_authorization')

    def renewal_due(self, account: Account) -> datetime | None:
        """When ``renew`` is to be called, a margin before the end of the token; None: never. Asks nobody.

        What it needs (the end of the token…) is among the credentials, where ``renew`` put it.
        """
        return None

    def renew(self, account: Account, http: Http, *, refused: bool = False) -> Mapping[str, str] | None:
        """New values of credentials that end, None if nothing had to change.

        Called when it is due, and with ``refused`` when a call raised TemporaryError('auth_refresh'): the
        network refuses the token whatever its date. By one worker at a time, who commits what it gets at
        once. ConfigurationError if a person must act.
        """
        return None


def _refuse_incomplete(cls: type[Network]) -> None:
    """Raise TypeError if that class lacks something which its capabilities promise."""
    missing = [name for name in ('slug', 'label', 'capabilities') if not hasattr(cls, name)]
    missing += [
        name for name in sorted(dir(cls)) if getattr(getattr(cls, name, None), '__isabstractmethod__', False)
    ]
    if hasattr(cls, 'capabilities'):
        for capability, methods in cls._promises.items():
            if getattr(cls.capabilities, capability):
                missing += [name for name in methods if getattr(cls, name) is getattr(Network, name)]
        if cls.renew is not Network.renew and cls.renewal_due is Network.renewal_due:
            missing.append('renewal_due')  # nothing else has ``renew`` called before the token is over
        if cls.capabilities.authorizes and not any(item.obtained for item in cls.credentials):
            missing.append('a credential that is obtained')
        if not (cls.capabilities.webhook or cls.capabilities.polling):
            missing.append('a way to receive (webhook or polling)')
    if missing:
        raise TypeError(f'{cls.__name__} is not a whole network, it lacks: {", ".join(missing)}')
