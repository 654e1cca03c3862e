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

"""Texts: made safe at the border, read from HTML, cut to a network's limit. No Django here.

Every function takes any ``str``, lone surrogates included, and never raises for what is in it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator
from html import unescape
from urllib.parse import unquote

from lxml import etree, html

# R24: what w.c.s. or PostgreSQL cannot take (C0 but \n and \t, surrogates), and what shows a text in an
# order that is not its own (embeddings, overrides, isolates). Zero-width characters belong to emoji and to
# several scripts: they are kept.
_UNSAFE = re.compile('[\x00-\x08\x0b-\x1f\ud800-\udfff\u202a-\u202e\u2066-\u2069]')
_SURROGATES = re.compile('[\ud800-\udfff]')


def clean(text: str) -> str:
    """The text without what would hurt further on (R24); the same again if it is cleaned twice."""
    if not _UNSAFE.search(text):
        return text
    if _SURROGATES.search(text):
        # two halves that follow each other are one character, written in UTF-16 by some sender
        text = text.encode('utf-16-le', 'surrogatepass').decode('utf-16-le', 'ignore')
    return _UNSAFE.sub('', text)


# -- HTML

_DROPPED = {'script', 'style', 'template', 'noscript', 'head', 'title', 'iframe', 'object', 'svg', 'math'}
_PARAGRAPHS = {'p', 'blockquote', 'ul', 'ol', 'pre', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'hr', 'table'}
_BLOCKS = {'div', 'li', 'tr', 'dt', 'dd'}
_HTML_SPACES = re.compile('[ \t\n\r\f]+')
# Stands for something while the text is put together; ``clean`` has removed them from the text itself.
_MARKS = _LINE, _BLOCK, _PARAGRAPH = '\x01', '\x02', '\x03'
_ANY_MARK = re.compile('([\x01-\x03])')
# At the head of a piece that is an address.
_ADDRESS = '\x04'
_TAG = re.compile('<[^<>]*>')


def from_html(source: str, addresses_only: Callable[[str, str], bool] | None = None) -> str:
    """Plain text of a fragment of HTML, as Mastodon and its kin write messages.

    Line breaks and paragraphs are kept, a link is replaced by where it leads, a mention or a hashtag by what
    is seen of it. Mentions at the beginning and at the end are dropped if ``addresses_only(href, label)``
    says so; those inside a sentence are part of it.
    """
    source = clean(source)
    if not source.strip():
        return ''
    parser = html.HTMLParser(encoding='utf-8')
    try:
        # bytes: a str that declares an encoding is refused
        root = html.document_fromstring(source.encode(), parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError):  # nothing but a comment, for example
        return ''
    if any(entry.level == etree.ErrorLevels.FATAL for entry in parser.error_log):
        # nested deeper than the parser follows: what it dropped may be the message
        return clean(unescape(_TAG.sub(' ', source))).strip()
    return _lay_out(_without_addresses(list(_pieces(root, addresses_only))))


def _pieces(root: html.HtmlElement, addresses_only: Callable[[str, str], bool] | None) -> Iterator[str]:
    """Text and marks, in order. A walk, not a recursion: a message is nested as deep as its author wants."""
    walk = etree.iterwalk(root, events=('start', 'end', 'comment', 'pi'))
    preformatted = 0
    for event, element in walk:
        tag = element.tag
        if event == 'start':
            preformatted += tag == 'pre'
            yield _mark(tag)
            if tag in _DROPPED or tag == 'a':
                yield '' if tag in _DROPPED else _link(element, addresses_only)
                # its end still comes, with the text that follows it
                walk.skip_subtree()
            else:
                yield _spaced(element.get('alt') if tag == 'img' else element.text, preformatted)
        else:
            if event == 'end':
                preformatted -= tag == 'pre'
                yield '' if tag == 'br' else _mark(tag)
            yield _spaced(element.tail, preformatted)


def _mark(tag: str) -> str:
    return _LINE if tag == 'br' else _PARAGRAPH if tag in _PARAGRAPHS else _BLOCK if tag in _BLOCKS else ''


def _spaced(text: str | None, preformatted: int) -> str:
    # entities may have brought back what was removed from the source
    text = clean(text or '')
    return text.replace('\n', _LINE) if preformatted else _HTML_SPACES.sub(' ', text)


def _link(element: html.HtmlElement, addresses_only: Callable[[str, str], bool] | None) -> str:
    label = _HTML_SPACES.sub(' ', clean(''.join(map(str, element.itertext())))).strip()
    target = clean(element.get('href') or '').strip()
    classes = (element.get('class') or '').split()
    if 'mention' in classes and addresses_only is not None and addresses_only(target, label):
        return f'{_ADDRESS}{label}'
    if 'mention' in classes or 'hashtag' in classes or not target.lower().startswith(('http://', 'https://')):
        return label
    return linked(label, target)


def linked(label: str, target: str) -> str:
    """A link as plain text: where it leads, after what is seen of it if that says something else."""
    return target if _shows(label, target) else f'{label} ({target})'


def _shows(label: str, target: str) -> bool:
    """Whether what is seen is the address itself, whole or shortened: then it says nothing more."""
    seen = unquote(label.removesuffix('…').removesuffix('...').rstrip('/'))
    whole = unquote(target)
    bare = whole.partition('://')[2]
    return any(address.startswith(seen) for address in (whole, bare, bare.removeprefix('www.')))


def _without_addresses(pieces: list[str]) -> list[str]:
    """Pieces without the addresses that have nothing before them, or nothing after them."""
    first, last = 0, len(pieces)
    while first < last and _is_edge(pieces[first]):
        first += 1
    while last > first and _is_edge(pieces[last - 1]):
        last -= 1
    return pieces[first:last]


def _is_edge(piece: str) -> bool:
    return piece.startswith(_ADDRESS) or piece in _MARKS or not piece.strip()


def _lay_out(pieces: list[str]) -> str:
    """The text of the pieces, with the line ends that their marks ask for, two in a row at most."""
    text: list[str] = []
    ends = 0
    for piece in re.split(_ANY_MARK, ''.join(pieces)):
        if piece in _MARKS:
            ends = ends + 1 if piece == _LINE else max(ends, 2 if piece == _PARAGRAPH else 1)
        elif piece.strip(' ') or not ends:
            words = piece.replace(_ADDRESS, '')
            if ends and text:
                text[-1] = text[-1].rstrip(' ')
                words = '\n' * min(ends, 2) + words.lstrip(' ')
            text.append(words)
            ends = 0
    return re.sub(' {2,}', ' ', ''.join(text)).strip()


def without_addresses(text: str, names: Collection[str]) -> str:
    """The text without the ``@name`` of its beginning and end, where the name is one of ``names``.

    For servers that write mentions as plain text. Names are compared without regard to case.
    """
    known = {name.lower().lstrip('@') for name in names}
    words = re.split(r'(\s+)', text.strip())
    while words and (not words[0].strip() or _is_address(words[0], known)):
        del words[0]
    while words and (not words[-1].strip() or _is_address(words[-1], known)):
        del words[-1]
    return ''.join(words)


def _is_address(word: str, known: Collection[str]) -> bool:
    return word.startswith('@') and word[1:].lower() in known


# -- measuring and cutting

# Cc, Zl and Zp are boundaries on both sides; Cf are too, but for those that join
_CONTROLS = {'Cc', 'Zl', 'Zp', 'Cf', 'Cs'}
_JOINER = '\u200d'
# Regional indicators, two of which make a flag; skin tones; the tags of some flags
_REGIONAL = range(0x1F1E6, 0x1F200)
_EXTENDERS = ('\u200c', _JOINER, '\uff9e', '\uff9f')
# Hangul: leading consonants, vowels, trailing consonants, whole syllables
_HANGUL_L, _HANGUL_V, _HANGUL_T = range(0x1100, 0x1160), range(0x1160, 0x11A8), range(0x11A8, 0x1200)
_HANGUL = range(0xAC00, 0xD7A4)


def graphemes(text: str) -> Iterator[str]:
    """What a person counts as characters: emoji sequences, flags, letters with their accents, syllables.

    The rules of Unicode's annex 29 that matter for what people write, from the tables of Python: no package
    for it is among our dependencies.
    """
    start = 0
    for position in range(1, len(text)):
        if _is_boundary(text, position, start):
            yield text[start:position]
            start = position
    if text:
        yield text[start:]


def _is_boundary(text: str, position: int, start: int) -> bool:
    """Whether a grapheme that begins at ``start`` ends before ``position``."""
    before, after = text[position - 1], text[position]
    if before == '\r' and after == '\n':
        return False
    if before.isascii() and after.isascii():
        return True
    if _is_control(before) or _is_control(after):
        return True
    if _extends(after):
        return False
    if before == _JOINER:
        return not (_is_pictograph(after) and _is_joined(text, position - 2))
    if ord(before) in _REGIONAL and ord(after) in _REGIONAL:
        return (position - start) % 2 == 0
    return not _is_hangul_pair(ord(before), ord(after))


def _is_joined(text: str, position: int) -> bool:
    """Whether the joiner that follows ``position`` comes after a pictograph, with its tone or variant."""
    while position > 0 and text[position] != _JOINER and _extends(text[position]):
        position -= 1
    return position >= 0 and _is_pictograph(text[position])


def _extends(character: str) -> bool:
    if character in _EXTENDERS or unicodedata.category(character) in ('Mn', 'Me', 'Mc'):
        return True
    return 0x1F3FB <= ord(character) <= 0x1F3FF or 0xE0020 <= ord(character) <= 0xE007F


def _is_control(character: str) -> bool:
    return unicodedata.category(character) in _CONTROLS and not _extends(character)


def _is_pictograph(character: str) -> bool:
    if ord(character) >= 0x1F000:
        return ord(character) not in _REGIONAL and not _extends(character)
    return unicodedata.category(character) in ('So', 'Sm') or character in '‼⁉〰〽'


def _is_hangul_pair(before: int, after: int) -> bool:
    if before in _HANGUL_L:
        return after in _HANGUL_L or after in _HANGUL_V or after in _HANGUL
    whole_without_end = before in _HANGUL and (before - _HANGUL.start) % 28 == 0
    if before in _HANGUL_V or whole_without_end:
        return after in _HANGUL_V or after in _HANGUL_T
    return (before in _HANGUL_T or before in _HANGUL) and after in _HANGUL_T


_SIZES: dict[str, Callable[[str], int]] = {
    'characters': len,
    'utf8': lambda text: len(text.encode('utf-8', 'surrogatepass')),
    'utf16': lambda text: len(text.encode('utf-16-le', 'surrogatepass')) // 2,
    'graphemes': lambda text: sum(1 for _ in graphemes(text)),
}


def length(text: str, unit: str = 'characters') -> int:
    """Length in the network's unit: 'characters' (code points), 'utf8' (bytes), 'utf16' or 'graphemes'."""
    return _SIZES[unit](text)


# Best place to cut first: between paragraphs, lines, sentences, words. Each pattern ends at the cut.
_CUTS = tuple(map(re.compile, (r'\n\s*\n', r'\n', r'[.!?…](?:\s?[)\]"»”’])*\s', r'\s')))
# A part shorter than this share of the limit is not worth a better place.
_SHORTEST = 0.4


def split(text: str, limit: int, unit: str = 'characters') -> list[str]:
    """The text in parts of at most ``limit`` units, in order, cut at sentences or words if it can (R31).

    Only white space at the cuts is lost. A single grapheme above the limit is cut between its characters.
    0: no limit. ValueError for a limit below 4, which one character may exceed.
    """
    text = text.strip()
    if not text:
        return []
    if not limit:
        return [text]
    if limit < 4:
        raise ValueError('a limit of less than 4 units')
    parts = []
    while (longest := _longest(text, limit, unit)) < len(text):
        cut = _cut(text, longest)
        parts.append(text[:cut].rstrip())
        text = text[cut:].lstrip()
    return [part for part in [*parts, text] if part]


def _longest(text: str, limit: int, unit: str) -> int:
    """Number of characters of the longest beginning that fits, not inside a grapheme unless it is huge."""
    size = end = 0
    for grapheme in graphemes(text):
        size += 1 if unit == 'graphemes' else length(grapheme, unit)
        if size > limit:
            break
        end += len(grapheme)
    if end:
        return end
    size = 0
    for character in text:
        size += length(character, unit)
        if size > limit:
            break
        end += 1
    return end


def _cut(text: str, longest: int) -> int:
    """Where to cut, at most ``longest`` characters from the beginning."""
    if text[longest : longest + 1].isspace():
        window = text[: longest + 1]
    else:
        window = text[:longest]
    for pattern in _CUTS:
        found = [match.end() for match in pattern.finditer(window)]
        if found and found[-1] >= longest * _SHORTEST:
            return found[-1]
    return longest


def first_words(text: str, limit: int = 60) -> str:
    """The beginning of the text on one line, at most ``limit`` characters, for a subject."""
    line = ' '.join(clean(text).split())
    if len(line) <= limit:
        return line
    longest = _longest(line, limit - 1, 'characters')
    space = line.rfind(' ', 0, longest + 1)
    return line[: space if space >= longest * _SHORTEST else longest].rstrip(' ,;:') + '…'


_NOT_IN_NAMES = re.compile(r'[^\w .()+@,\'’-]+')


def file_name(name: str, suffix: str, default: str = 'fichier') -> str:
    """A file's name that no system misreads, with the suffix ('.jpg') of the type found in its content."""
    stem = clean(name).replace('\\', '/').rpartition('/')[2]
    stem, dot, last = stem.rpartition('.')
    stem = stem if dot and len(last) <= 5 else f'{stem}{dot}{last}'
    stem = _NOT_IN_NAMES.sub('_', ' '.join(stem.split())).strip(' ._')
    return (stem[:80].strip(' ._') or default) + suffix
