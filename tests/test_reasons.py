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

"""Each machine word of our errors has a sentence; the words are found by reading the code (R23, R33, R40)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import publik_socialmedia
from publik_socialmedia import errors
from publik_socialmedia.networks.base import UNREADABLE_REASONS
from publik_socialmedia.networks.model import IGNORED_REASONS
from publik_socialmedia.reasons import CONTENTS, SENTENCES, lost, sentence
from publik_socialmedia.wcs import refusals

PACKAGE = Path(publik_socialmedia.__file__).parent
RAISED = ('ConfigurationError', 'TemporaryError', 'OutcomeUnknown', 'PermanentError')
# calls whose first argument is a reason; « kind » is a variable that holds one of the errors
FIRST = (*RAISED, 'kind', 'Problem', 'problem', 'refuse', 'refuse_wcs', 'Finding')
# arguments by name; « invalid » is what the w.c.s. client makes of a 400
KEYWORDS = ('reason', 'unreadable', 'failure', 'invalid')
# variables that carry a word which was written, and is found, elsewhere
CARRIERS = ('reason', 'unreadable', 'problem', 'invalid')


def name_of(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ''


def leaves(node: ast.expr) -> list[ast.expr]:
    """What an expression may give: both sides of « if else », each of « or »."""
    if isinstance(node, ast.IfExp):
        return leaves(node.body) + leaves(node.orelse)
    if isinstance(node, ast.BoolOp):
        return [leaf for value in node.values for leaf in leaves(value)]
    return [node]


def given(tree: ast.Module) -> Iterator[ast.expr]:
    """The expressions that give a reason."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = name_of(node.func)
            if name in FIRST and node.args:
                yield node.args[0]
            # the words of an event without interest are its own, only counters show them
            yield from (word.value for word in node.keywords if word.arg in KEYWORDS and name != 'Event')
        elif isinstance(node, ast.Tuple) and len(node.elts) == 2 and name_of(node.elts[0]) in RAISED:
            yield node.elts[1]  # the meaning of a code
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    pairs = list(zip(target.elts, node.value.elts, strict=True))
                else:
                    pairs = [(target, node.value)]
                yield from (value for to, value in pairs if name_of(to) == 'reason')


def constants(trees: dict[str, ast.Module]) -> dict[str, set[str]]:
    """Texts that have a name in capitals, in any module."""
    found: dict[str, set[str]] = {}
    for tree in trees.values():
        for node in tree.body:
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
                for target in node.targets:
                    if name_of(target).isupper() and isinstance(node.value.value, str):
                        found.setdefault(name_of(target), set()).add(node.value.value)
    return found


def words_of(trees: dict[str, ast.Module]) -> dict[str, set[str]]:
    """Reasons, each with the modules that give it."""
    named = constants(trees)
    found: dict[str, set[str]] = {}
    for module, tree in trees.items():
        for leaf in (leaf for expression in given(tree) for leaf in leaves(expression)):
            if isinstance(leaf, ast.Constant):
                words = {leaf.value} if leaf.value and isinstance(leaf.value, str) else set()
            else:
                words = named.get(name_of(leaf), set())
            for word in words:
                found.setdefault(word, set()).add(module)
    return found


@pytest.fixture(scope='module')
def trees() -> dict[str, ast.Module]:
    return {
        path.relative_to(PACKAGE).as_posix(): ast.parse(path.read_text())
        for path in sorted(PACKAGE.rglob('*.py'))
        if 'migrations' not in path.parts
    }


def test_each_reason_has_a_sentence(trees):
    """R23, R33: nobody reads « unknown error » for an error that we know."""
    missing = {
        word: sorted(modules)
        for word, modules in words_of(trees).items()
        if word not in SENTENCES and word not in IGNORED_REASONS
    }
    assert missing == {}, 'write what they mean to a person in publik_socialmedia/reasons.py'


def test_each_error_gives_a_word_that_can_be_found(trees):
    """The test above reads words, and names of words; an error that computes its own would escape it."""
    named = constants(trees)
    computed = [
        f'{module}: {ast.unparse(leaf)}'
        for module, tree in trees.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and name_of(node.func) in (*RAISED, 'kind') and node.args
        for leaf in leaves(node.args[0])
        if not isinstance(leaf, ast.Constant) and name_of(leaf) not in (*CARRIERS, *named)
    ]
    # its words are those of the refusals of w.c.s., see the next test
    assert computed == ["wcs/refusals.py: f'wcs_{word}'"]


def test_each_refusal_of_wcs_has_a_sentence():
    """R23"""
    words = {word for _start, word in refusals._SENTENCES} | set(refusals._CODES.values())
    assert {'secret', 'clock', 'right', 'form_disabled'} <= words
    for word in words:
        assert refusals.refusal_error(word, 403).reason in SENTENCES


@pytest.mark.parametrize('name', RAISED)
def test_the_reason_of_an_error_without_one_has_a_sentence(name):
    assert getattr(errors, name)().reason in SENTENCES


def test_the_reader_of_the_code_sees_what_it_must():
    """Words in each of the ways in which the package gives them, and no others."""
    code = """
POLICY = 'named'
TABLE = {1: (ConfigurationError, 'of a table')}
raise errors.PermanentError('first' if a else 'second', detail='not one')
raise OutcomeUnknown(reason or 'default')
raise TemporaryError(POLICY)
test.problem(POLICY, 'message')
state, reason = 'not one', 'of a pair'
attachment.reason = 'assigned'
rows.update(state='not one', failure='updated')
Event(Kind.IGNORED, reason='not one')
Attachment('unreadable', reason='content')
(ConfigurationError, PermanentError)
"""
    found = words_of({'module': ast.parse(code)})
    assert sorted(found) == sorted(
        ['named', 'of a table', 'first', 'second', 'default', 'of a pair', 'assigned', 'updated', 'content']
    )


@pytest.mark.parametrize('reason', UNREADABLE_REASONS)
def test_each_content_that_did_not_come_is_named(reason):
    """R9, R14: in its place, a group of words without a full stop."""
    assert lost(reason) == str(CONTENTS[reason])
    assert not lost(reason).endswith('.')


@pytest.mark.parametrize(
    'reason', ['temporary', 'connection', 'rate', 'auth', 'antivirus', '', 'of tomorrow']
)
def test_a_lost_content_is_not_promised(reason):
    """R9: a passing failure that lasted until we gave up is no longer « we keep trying »."""
    assert lost(reason) == str(CONTENTS['media_error'])


def test_an_unknown_word_is_shown():
    """Never nothing: whoever is asked can tell which it is."""
    assert 'of tomorrow' in sentence('of tomorrow')
