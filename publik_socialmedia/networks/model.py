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

"""The words in which networks and the rest of the software speak to each other.

*account* is ours (page, number, handle, bot); *user* is always the citizen's identifier, also in what we
wrote ourselves; *external id* is the network's own id, an opaque string.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

JSON = Any


class Kind(StrEnum):
    """What an event is. The value is stored: never change one."""

    MESSAGE = 'message'  # something was written, by the citizen or (``from_us``) by our account elsewhere
    EDIT = 'edit'  # a message has a new text
    UNSEND = 'unsend'  # a message was taken back by its author
    REACTION = 'reaction'  # an emoji was put on, or taken from, a message
    STATUS = 'status'  # our message was sent, delivered, read, or has failed
    CHANNEL = 'channel'  # something about the account or the thread, see ``Event.topic``
    IDENTITY = 'identity'  # two identifiers are one person
    IGNORED = 'ignored'  # read and understood, of no interest; see ``Event.reason``


class Source(StrEnum):
    """How a body reached us."""

    WEBHOOK = 'webhook'
    POLL = 'poll'  # answer of a GET that we made
    STREAM = 'stream'  # one frame ``{"event": …, "payload": …}``
    HISTORY = 'history'  # answer of a GET made for the first import or to repair a gap


class Status(StrEnum):
    SENT = 'sent'
    DELIVERED = 'delivered'
    READ = 'read'
    FAILED = 'failed'


# ignored.reason
IGNORED_REASONS = (
    'noise',  # known, of no interest
    'unknown',  # unknown key, type or value
    'empty',  # nothing inside
    'unknown_account',  # for an account that is not connected: counted, ``account_id`` says which
    'public',  # not private
    'group',
    'bot',
    'own',  # ours, addressed to nobody
    'story_mention',
    'no_target',  # a reaction to nothing
    'answer',  # an answer that changes nothing by itself
)

# unreadable: of a message, or of an attachment of kind 'unreadable'
UNREADABLE_REASONS = (
    'unsupported',
    'empty',
    'ephemeral',
    'not_transmitted',
    'no_url',
    'not_cached',  # try again later
    'media_error',  # try again later
    'forbidden_url',  # never fetched
    'provider_error',
    'on_phone_only',
    'in_app',  # encrypted from end to end: only the network's own application can show it
)

# channel.topic
TOPICS = (
    'test',
    'conversation_started',
    'referral',
    'missed_call',
    'blocked_by_user',
    'unblocked_by_user',
    'identity_key_changed',
    'thread_control',
    'thread_control_request',
    'business_connection',
    'policy_filters_private_mentions',
    'provider_error',
    'template_rejected',
    'policy_block',
    'account_update',
    'account_restricted',
    'account_violation',
    'account_disconnected',
)

ATTACHMENT_KINDS = (
    'image',
    'audio',
    'voice',
    'video',
    'file',
    'sticker',
    'location',
    'contact',
    'share',  # a link to something on the network: shown, never fetched
    'fallback',  # a title and a link given instead of a content: shown, never fetched
    'unreadable',  # ``reason`` says why, ``declared`` what the network announced
)


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request as a webhook gets it. Header names in lower case; ``query`` keeps first values."""

    method: str
    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes = b''


@dataclass(frozen=True, slots=True)
class Account:
    """What a network may know of one of our accounts.

    ``external_id``: its id on the network (page id, ``acct``…), '' before the first successful check.
    ``credentials``: values of the network's declared credentials by name (tokens: secret).
    ``facts``: what ``check`` learnt and what later calls need (numeric id, text limit of the server…).
    ``api_url``: base URL to use instead of the network's own ('' = the network's): demo and tests.
    ``paid``: ids of what the network bills us for, added by its class, counted by ``spending``.
    ``webhook_url``: where the network is to call us, '' without webhook or while our address is not known.
    """

    external_id: str
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)
    facts: Mapping[str, JSON] = field(default_factory=dict)
    api_url: str = ''
    webhook_url: str = field(default='', repr=False)
    paid: list[str] = field(default_factory=list, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Raw:
    """One body as received. ``call``: for an answer, the request it answers ('GET /api/v1/statuses/1'), and
    its status where that is what it says ('GET /api/v1/statuses/1 404'). ``account``: of the session that
    polled; None for a webhook that several accounts share.
    """

    body: bytes
    source: Source = Source.WEBHOOK
    call: str = ''
    account: Account | None = None


@dataclass(frozen=True, slots=True)
class Attachment:
    """Something that came with a message. ``kind``: one of ATTACHMENT_KINDS.

    ``url``: as given, '' if none; ``reference``: media id, file id or sticker id to ask the API with.
    ``mimetype``: declared, without parameters. ``size``: bytes, None if not told. ``alt``: text alternative.
    ``reason``, ``declared``: of an unreadable one. ``details``: title, lat, long, address, phone, sensitive…
    """

    kind: str
    url: str = ''
    reference: str = ''
    mimetype: str = ''
    filename: str = ''
    size: int | None = None
    alt: str = ''
    reason: str = ''
    declared: str = ''
    details: Mapping[str, JSON] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened, in our words. Texts are already cleaned and are never HTML.

    account_id   our account's external id; '' = the account of the webhook's URL or of the session
    external_id  id of the message concerned; '' = the network gives none (a key is made of the content)
    user         the citizen's identifier, also for what we wrote; '' if the network does not tell. A
                 MESSAGE without it cannot be routed: it is kept and shown apart, its author never guessed
    aliases      other identifiers of the same person, most stable first
    name         name to display, '' if none
    sent_at      the network's time, aware UTC; None if absent or not understood
    reply_to     external id of the message answered
    from_us      MESSAGE, EDIT, UNSEND: by our account (typed elsewhere, or the echo of our own send)
    key          our own correlation key handed back (``Outgoing.key``), '' if none
    status, up_to, cumulative   STATUS: state of that message, or of all messages to ``user`` sent up to
                 that instant, or of that one and all earlier ones to that person
    code, error  STATUS failed: the network's code, the reason as in ``errors``; CHANNEL: that reason, if told
    number       EDIT: rank of the edit (1, 2…) if the network gives it
    versions     EDIT: (text, time) of the known versions, oldest first, the current one last; may be empty
    emoji, removed              REACTION; ``emoji`` '' if not given
    topic, severity             CHANNEL: one of TOPICS; '' | 'info' | 'warning' | 'critical'
    reason       IGNORED: one of IGNORED_REASONS. For 'unknown_account' the body alone may not tell which
                 account is not connected: the first that is not, of ``account_id`` and details['accounts']
    unreadable   MESSAGE: one of UNREADABLE_REASONS if the content did not come
    sequence     rank in the body, to order what has the same time
    fallback_at  time of the envelope (entry.time…), used when ``sent_at`` is None
    details      JSON facts that are kept and shown, none of them needed by the rules: via, payload, ref,
                 ad_id, story, forwarded, ephemeral, standby, request, more, content_warning, cc, answer_to,
                 app_id, owner, previous, source, fields…
    """

    kind: Kind
    account_id: str = ''
    external_id: str = ''
    user: str = ''
    aliases: tuple[str, ...] = ()
    name: str = ''
    text: str = ''
    sent_at: datetime | None = None
    fallback_at: datetime | None = None
    attachments: tuple[Attachment, ...] = ()
    reply_to: str = ''
    from_us: bool = False
    key: str = ''
    status: Status | None = None
    up_to: datetime | None = None
    cumulative: bool = False
    code: str = ''
    error: str = ''
    number: int | None = None
    versions: tuple[tuple[str, datetime | None], ...] = ()
    emoji: str = ''
    removed: bool = False
    topic: str = ''
    severity: str = ''
    reason: str = ''
    unreadable: str = ''
    sequence: int = 0
    details: Mapping[str, JSON] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class OutgoingFile:
    """A file to send: its bytes, a clean name, a sniffed type, a text alternative; ``url``: where the network
    can fetch it for some minutes, '' unless it has ``files_by_url``."""

    content: bytes = field(repr=False)
    filename: str
    mimetype: str
    alt: str = ''
    url: str = field(default='', repr=False)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """ONE message to send: what one request makes into one message of the network.

    ``key``: unique, ours, stable over the tries; handed to the network where it gives it back.
    ``recipient``: identifier of the citizen; ``recipient_aliases``: the others.
    ``reply_to``: external id of the citizen's last message; ``reply_details``: its, as ``parse`` gave them.
    ``human``: written by a person (opens the human window where a network has one).
    ``template``: to go as the model that the network approved for this account; ``text`` may be empty.
    ``last_inbound_at``: time of the citizen's last message, from which windows are counted.
    ``first_tried_at``: start of the first try; ``last_tried_at``: end of the last one, else its start.
    ``others``: ids of our other messages to that person, which ``find_sent`` never takes for this one.
    ``heard_at``: when the network last told us anything of our account, None if never.
    """

    key: str
    recipient: str
    text: str = field(default='', repr=False)
    file: OutgoingFile | None = None
    recipient_aliases: tuple[str, ...] = ()
    reply_to: str = ''
    reply_details: Mapping[str, JSON] = field(default_factory=dict, repr=False)
    human: bool = True
    template: bool = False
    last_inbound_at: datetime | None = None
    first_tried_at: datetime | None = None
    last_tried_at: datetime | None = None
    others: tuple[str, ...] = ()
    heard_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Sent:
    external_id: str
    sent_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """What a poll read. ``answers``: the raw bodies, parsed later by ``parse``.

    ``cursor``: JSON, committed together with the answers; ``more``: call again at once;
    ``wait``: seconds not to call before, when the network asks for it.
    """

    answers: tuple[Raw, ...]
    cursor: Mapping[str, JSON]
    more: bool = False
    wait: float | None = None


@dataclass(frozen=True, slots=True)
class Thread:
    """A conversation that is being followed, newest first: what ``reread`` looks at again.

    ``messages``: external ids of its recent messages, newest first.
    """

    user: str
    messages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fetch:
    """What to fetch for an attachment. ``headers`` go to ``url``'s host only if it is the API's."""

    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    hosts: tuple[str, ...] = ()  # allowed hosts, as in Network.media_hosts; () = the network's own list


@dataclass(frozen=True, slots=True)
class Problem:
    """Something a person must know. ``reason``: machine word; ``message``: what to do about it.

    ``severity``: 'critical', the account does not work; 'warning', something is wrong; 'info', good to know.
    ``passing``: it may pass by itself.
    """

    reason: str
    message: str
    severity: str = 'critical'
    passing: bool = False


@dataclass(frozen=True, slots=True)
class Health:
    """Result of ``check``. ``external_id``, ``name``: of our account; ``facts``: to keep for later calls."""

    problems: tuple[Problem, ...] = ()
    external_id: str = ''
    name: str = ''
    token_expires: datetime | None = None
    facts: Mapping[str, JSON] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether the account works: only what is critical keeps it from it."""
        return all(problem.severity != 'critical' for problem in self.problems)


@dataclass(frozen=True, slots=True)
class Authorization:
    """Where a person goes to let us use their account. ``keep``: what ``exchange`` needs once they are back
    (verifier, secrets), which never goes to the browser."""

    url: str = field(repr=False)
    keep: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Somebody does not let us use an account any more. ``account_id``: which, '' if the network only says
    who: ``person``, as ``Network.granted_by``; ``at``: when, None if it does not say."""

    account_id: str
    person: str = field(repr=False)
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Return:
    """A person back from the network. ``query``: what the network put in the address; ``redirect_uri`` and
    ``keep``: those of the ``Authorization`` with which they had left."""

    query: Mapping[str, str] = field(repr=False)
    redirect_uri: str
    keep: Mapping[str, str] = field(default_factory=dict, repr=False)
