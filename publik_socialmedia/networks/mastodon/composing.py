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

"""What is posted: one mention, and a text in which nothing else can be taken for one (R34); its length (R31).

In a private status every ``@name`` of the text becomes a recipient. What the servers take for a mention:

* Mastodon: ``@name`` or ``@name@domain`` after anything but a letter, a digit, ``_``, ``=`` or ``/``
  (``Account::MENTION_RE``);
* GoToSocial: the same after white space or punctuation, ``_`` included (``isMentionBoundary``);
* snac: the same anywhere, even inside an e-mail address (``process_tags``).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from publik_socialmedia import errors, text
from publik_socialmedia.networks.base import JSON

from .identity import ACCT, GOTOSOCIAL, MASTODON, SNAC, Ours, word

MAX_CHARACTERS = 500  # where the server does not say: Mastodon's own
URL_CHARACTERS = 23  # a URL counts for that many, whatever its length (Mastodon)

ZERO_WIDTH_SPACE = '\u200b'
_URL = re.compile(r'https?://\S+', re.IGNORECASE)
_DOMAIN = re.compile(r'[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+')
# Of what Mastodon counts as a URL, what is surely one: counting one too few would get the text refused.
_COUNTED_URL = re.compile(
    r'(?<![\w@＠$#＃./-])https?://(?:[A-Za-z0-9-]+\.)+(?:[a-z]{2}|com|org|net|info)'
    r'(?:/(?:[A-Za-z0-9/_=&?%.#~+-]*[A-Za-z0-9/_=&#-])?)?(?![\w/?%~+@-]|\.\S)'
)
_STAND_IN = '\ue0f2'  # for a URL while a text is cut


def recipient(acct: str, ours: Ours) -> str:
    """The one account to mention, as its server writes it; PermanentError if that is not an account."""
    acct = acct.strip().removeprefix('@')
    if not ACCT.fullmatch(acct) or acct.lower() == ours.acct.lower():
        raise errors.PermanentError('blocked', detail='not an account')
    domain = ours.full(acct).partition('@')[2]
    # snac completes a name without domain with that of whom it answers; it reads no domain with a port
    if ours.server == SNAC and '@' not in acct and domain and ':' not in domain:
        return ours.full(acct)
    return acct


def compose(acct: str, written: str, server: str) -> str:
    """What is posted: the mention that delivers it, then the agent's text."""
    return f'@{acct} {neutral(written, server)}'.strip()


def neutral(written: str, server: str) -> str:
    """The text without anything that a server takes for a mention; the same again if it is done twice.

    A URL keeps its meaning with ``%40``; elsewhere a zero-width space follows the ``@``. That of an e-mail
    address is left as it is where the server surely does not read it.
    """
    written = _URL.sub(lambda match: match[0].replace('@', '%40'), text.clean(written).strip())
    keeps_emails = server in (MASTODON, GOTOSOCIAL)
    pieces = []
    for rank, character in enumerate(written):
        pieces.append(character)
        after = written[rank + 1 : rank + 2]
        if character != '@' or not after or after.isspace() or after == ZERO_WIDTH_SPACE:
            continue
        if not (keeps_emails and _is_in_email(written, rank)):
            pieces.append(ZERO_WIDTH_SPACE)
    return ''.join(pieces)


def _is_in_email(written: str, at: int) -> bool:
    before = written[at - 1 : at]
    letter = bool(before) and (unicodedata.category(before)[0] == 'L' or unicodedata.category(before) == 'Nd')
    return letter and _DOMAIN.match(written, at + 1) is not None


def same_text(one: str, other: str) -> bool:
    """Whether two texts are the same but for what posting does to them."""
    return _bare(one) == _bare(other)


def _bare(written: str) -> str:
    written = re.sub('%40', '@', text.clean(written)).replace(ZERO_WIDTH_SPACE, '')
    return ' '.join(written.split())


# -- length


def limit_of(facts: Mapping[str, JSON]) -> int:
    limit = facts.get('max_characters')
    return limit if isinstance(limit, int) and limit > 0 else MAX_CHARACTERS


def pieces(written: str, acct: str, facts: Mapping[str, JSON]) -> list[str]:
    """The text in the parts that the server accepts, numbered if there are several, in order."""
    server, limit = word(facts.get('server')), limit_of(facts)
    written = text.clean(written).strip()
    room = limit - len(_counted_mention(acct, server))
    if not written or counted(neutral(written, server), facts) <= room:
        return [written] if written else []
    room -= len(' (999/999)')
    if room < 4:
        raise errors.PermanentError('permanent', detail='no room for a text')
    prepared = neutral(written.replace(_STAND_IN, ''), server)
    parts = _cut(prepared, room, facts)
    # neutral again when it is sent: what is kept and shown is the agent's own text
    parts = [part.replace(f'@{ZERO_WIDTH_SPACE}', '@').removeprefix(ZERO_WIDTH_SPACE) for part in parts]
    if len(parts) < 2:
        return parts
    return [f'{part} ({rank}/{len(parts)})' for rank, part in enumerate(parts, 1)]


def _cut(written: str, room: int, facts: Mapping[str, JSON]) -> list[str]:
    """The text in parts of at most ``room`` characters, where a URL is as long as the server says."""
    urls, size = _COUNTED_URL.findall(written), _url_characters(facts)
    if facts.get('server') in (GOTOSOCIAL, SNAC) or not urls:
        return text.split(written, room, 'characters')
    parts = text.split(_COUNTED_URL.sub(_STAND_IN * size, written), room, 'characters')
    runs = re.compile(f'{_STAND_IN}+')
    if any(len(run) != size for part in parts for run in runs.findall(part)):
        return text.split(written, room, 'characters')  # a URL in a word so long that it had to be cut
    rest = iter(urls)
    return [runs.sub(lambda _match: next(rest), part) for part in parts]


def counted(written: str, facts: Mapping[str, JSON]) -> int:
    """Length of a text as its server counts it, or more. GoToSocial and snac count every character."""
    if facts.get('server') in (GOTOSOCIAL, SNAC):
        return len(written)
    return len(_COUNTED_URL.sub('u' * _url_characters(facts), written))


def _url_characters(facts: Mapping[str, JSON]) -> int:
    reserved = facts.get('url_characters')
    return reserved if isinstance(reserved, int) and 0 < reserved < 100 else URL_CHARACTERS


def _counted_mention(acct: str, server: str) -> str:
    """Mastodon does not count the domain of a mention."""
    return f'@{acct.partition("@")[0]} ' if server == MASTODON else f'@{acct} '
