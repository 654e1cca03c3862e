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

"""What the package writes in its log, read in its code: (level, message), once each."""

from __future__ import annotations

import ast
from pathlib import Path

import publik_socialmedia

PACKAGE = Path(publik_socialmedia.__file__).parent
LEVELS = {'debug', 'info', 'warning', 'error', 'exception', 'critical'}


def logged() -> set[tuple[str, str]]:
    """``logger.warning('account %s: %s', …)`` → ('warning', 'account %s: %s'); an exception is an error."""
    found = set()
    for path in PACKAGE.rglob('*.py'):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                if ast.unparse(node.func.value) == 'logger' and node.func.attr in LEVELS:
                    level = 'error' if node.func.attr == 'exception' else node.func.attr
                    found.add((level, ast.literal_eval(node.args[0])))
    return found
