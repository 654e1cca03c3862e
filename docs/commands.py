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

"""Commands that the pages tell to type, each with who proves that it works.

A block that somebody is told to type names its runner after its language:

    ```console deb          run, in the order of the pages, in a throw-away Debian (make deb-test)
    ```console deb-last     the same, after all the others: what removes the package
    ```console suite        run by the test suite, in an empty folder (tests/docs/test_commands.py)
    ```console ci           a target of make that continuous integration itself runs (.ci/run)
    ```python deb:/etc/x.py a file to be written there, for the commands that follow

In it, what follows « # » is typed by root and what follows « $ » by anybody else; a line that ends with a
backslash goes on; any other line is what the command answers.

``python3 -m docs.commands RUNNER [PAGE…]`` prints them, one JSON object per line: ``page``, ``line`` and
either ``command`` and ``root``, or ``path`` and ``content``. It needs nothing but Python.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

DOCS = Path(__file__).parent
ROOT = DOCS.parent
RUNNERS = ('deb', 'deb-last', 'suite', 'ci')
# in the order in which somebody who installs reads them
FIRST = ('README.md', 'docs/exploitation/installer.md', 'docs/exploitation/installer-pip.md')
FENCE = re.compile(r'^( *)```(.*)$')


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: ``words`` of its first line, text without its indentation."""

    page: str
    line: int
    words: tuple[str, ...]
    text: str

    @property
    def runner(self) -> str:
        """'' if it names none."""
        return self.words[1].partition(':')[0] if len(self.words) > 1 else ''

    @property
    def path(self) -> str:
        """Of the file to be written; '' for a block of commands."""
        return self.words[1].partition(':')[2] if len(self.words) > 1 else ''


@dataclass(frozen=True, slots=True)
class Command:
    page: str
    line: int
    command: str
    root: bool


@dataclass(frozen=True, slots=True)
class Written:
    page: str
    line: int
    path: str
    content: str


def pages() -> list[Path]:
    """Of the documentation, those of an installation first."""
    first = [ROOT / name for name in FIRST if (ROOT / name).exists()]
    others = [ROOT / 'README.md', *sorted(DOCS.rglob('*.md'))]
    return list(dict.fromkeys([*first, *others]))


def blocks(page: Path) -> Iterator[Block]:
    name = str(page.relative_to(ROOT))
    opened: tuple[int, str, str] | None = None
    lines: list[str] = []
    for number, line in enumerate(page.read_text().splitlines(), 1):
        found = FENCE.match(line)
        if opened is None and found:
            opened, lines = (number, found[1], found[2]), []
        elif opened is not None and found and not found[2].strip():
            yield Block(name, opened[0], tuple(opened[2].split()), '\n'.join(lines) + '\n')
            opened = None
        elif opened is not None:
            lines.append(line.removeprefix(opened[1]))


def commands(block: Block) -> Iterator[Command]:
    waiting, begun, root = '', 0, False
    for number, line in enumerate(block.text.splitlines(), block.line + 1):
        if waiting:
            waiting += line.strip()
        elif line[:2] in ('# ', '$ '):
            waiting, begun, root = line[2:], number, line[0] == '#'
        else:
            continue  # what is answered
        if waiting.endswith('\\'):
            waiting = waiting[:-1]
            continue
        yield Command(block.page, begun, waiting, root)
        waiting = ''


def steps(runner: str, names: tuple[str, ...] = ()) -> Iterator[Command | Written]:
    """All that is typed or written for that runner, in order; of those pages only, if some are named."""
    for page in pages():
        if names and str(page.relative_to(ROOT)) not in names:
            continue
        for block in blocks(page):
            if block.runner != runner:
                continue
            if block.path:
                yield Written(block.page, block.line, block.path, block.text)
            else:
                yield from commands(block)


if __name__ == '__main__':
    for step in steps(sys.argv[1], tuple(sys.argv[2:])):
        sys.stdout.write(json.dumps(asdict(step), ensure_ascii=False) + '\n')
