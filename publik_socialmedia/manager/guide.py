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

"""The README of a network as a page: how to open the account, what the test says, what does not exist.

It is our own text, in a small part of Markdown: titles, paragraphs, lists, tables, links, **bold**, *italic*
and `code`. All is escaped first; only links by http(s) are made.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib import resources

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

_TITLE = re.compile(r'(#{1,6})\s+(.*)')
_ITEM = re.compile(r'(\s*)(?:[-*]|(\d+)\.)\s+(.*)')
_RULE = re.compile(r'\|[\s|:-]+\|')
_CODE = re.compile(r'`([^`]+)`')
_INLINE = (
    (re.compile(r'\[([^\]]+)\]\((https?://[^)\s]+)\)'), r'<a href="\2">\1</a>'),
    (re.compile(r'\[([^\]]+)\]\([^)]*\)'), r'\1'),
    (re.compile(r'\*\*(.+?)\*\*'), r'<strong>\1</strong>'),
    (re.compile(r'(?<![\w*])\*([^*\s][^*]*?)\*(?![\w*])'), r'<em>\1</em>'),
)
LOWEST = 1  # levels by which titles go down: the page has its own above


@cache
def of_network(slug: str) -> SafeString:
    """The guide of a network, as HTML; '' if it has none."""
    file = resources.files('publik_socialmedia.networks').joinpath(slug, 'README.md')
    return html(file.read_text()) if file.is_file() else mark_safe('')


def html(markdown: str) -> SafeString:
    """What these lines say. Its first title is left out: the page has one."""
    blocks = list(_blocks(markdown.splitlines()))
    if blocks and blocks[0].startswith('<h2>'):
        blocks = blocks[1:]
    return mark_safe('\n'.join(blocks))  # noqa: S308 - each block escapes what it is made of


def _blocks(lines: list[str]) -> Iterator[str]:
    rest = list(lines)
    while rest:
        line = rest[0]
        if not line.strip():
            rest.pop(0)
        elif title := _TITLE.fullmatch(line):
            rest.pop(0)
            level = min(len(title[1]) + LOWEST, 6)
            yield f'<h{level}>{_inline(title[2])}</h{level}>'
        elif line.startswith('|'):
            yield _table(_take(rest, lambda text: text.startswith('|')))
        elif _ITEM.fullmatch(line):
            yield _list(_take(rest, lambda text: bool(text.strip()) and not _TITLE.fullmatch(text)))
        else:
            paragraph = _take(rest, _is_plain)
            yield f'<p>{_inline(" ".join(text.strip() for text in paragraph))}</p>'


def _is_plain(text: str) -> bool:
    return bool(text.strip()) and not (
        _TITLE.fullmatch(text) or _ITEM.fullmatch(text) or text.startswith('|')
    )


def _take(rest: list[str], belongs: object) -> list[str]:
    """The first line, whatever it is, and those that follow as long as they belong to it."""
    assert callable(belongs)
    found = [rest.pop(0)]
    while rest and belongs(rest[0]):
        found.append(rest.pop(0))
    return found


def _table(lines: list[str]) -> str:
    rows = [[cell.strip() for cell in line.strip().strip('|').split('|')] for line in lines]
    body = [row for row, line in zip(rows[1:], lines[1:], strict=True) if not _RULE.fullmatch(line.strip())]
    head = ''.join(f'<th scope="col">{_inline(cell)}</th>' if cell else '<td></td>' for cell in rows[0])
    shown = ''.join('<tr>%s</tr>' % ''.join(f'<td>{_inline(cell)}</td>' for cell in row) for row in body)
    table = f'<table class="main"><thead><tr>{head}</tr></thead><tbody>{shown}</tbody></table>'
    label = _label(rows[0])
    return f'<div class="socialmedia-wide" tabindex="0" role="group" aria-label="{label}">{table}</div>'


def _label(cells: list[str]) -> str:
    return escape(', '.join(re.sub(r'[*`]', '', cell) for cell in cells if cell) or '…')


def _list(lines: list[str]) -> str:
    """A list; what is more indented than its first item is a list inside the item before it."""
    first = _ITEM.fullmatch(lines[0])
    assert first is not None
    items: list[list[str]] = []
    for line in lines:
        item = _ITEM.fullmatch(line)
        if item and len(item[1]) <= len(first[1]):
            items.append([item[3]])
        else:
            items[-1].append(line)
    inner = ''.join(map(_item, items))
    if not first[2]:
        return f'<ul>{inner}</ul>'
    start = '' if first[2] == '1' else f' start="{int(first[2])}"'  # a table may come between two items
    return f'<ol{start}>{inner}</ol>'


def _item(lines: list[str]) -> str:
    inner = next((rank for rank, line in enumerate(lines[1:], 1) if _ITEM.fullmatch(line)), len(lines))
    text = _inline(' '.join(line.strip() for line in lines[:inner]))
    return f'<li>{text}{_list(lines[inner:]) if lines[inner:] else ""}</li>'


def _inline(text: str) -> str:
    """Words of a line; what is between ` is left as it is."""
    codes: list[str] = []

    def keep(match: re.Match[str]) -> str:
        codes.append(f'<code>{match[1]}</code>')
        return f'\x01{len(codes) - 1}\x01'

    marked = _CODE.sub(keep, str(escape(text.replace('\x01', ''))))
    for pattern, replacement in _INLINE:
        marked = pattern.sub(replacement, marked)
    return re.sub(r'\x01(\d+)\x01', lambda match: codes[int(match[1])], marked)
