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

"""Parts of the pages that are made of the code: messages, settings, commands, system checks.

The code speaks English; the French of its explanations is in ``traductions.toml``, by whole text, so
that a text that changed has none until somebody looks: a test says which. What to do about each message is in
``remedes.toml``.
"""

from __future__ import annotations

import argparse
import ast
import inspect
import os
import textwrap
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

DOCS = Path(__file__).parent
REMEDIES = DOCS / 'remedes.toml'
TRANSLATIONS = DOCS / 'traductions.toml'
PREFIX = 'socialmedia_'
# options of any command of Django
COMMON = {'help', 'version', 'verbosity', 'settings', 'pythonpath', 'traceback', 'no_color', 'force_color'}
ACTORS = {
    'administrateur': 'administrateur',
    'exploitant': 'exploitant',
    'agent': 'agent',
    'personne': 'personne',
}


def set_up() -> None:
    """Django, as the tests set it, in French."""
    import django
    from django.utils import translation

    os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'tests.settings')
    django.setup()
    translation.activate('fr')


def remedies() -> dict[str, Any]:
    return tomllib.loads(REMEDIES.read_text())


def translations() -> dict[str, str]:
    """English text, on one line → French."""
    known = tomllib.loads(TRANSLATIONS.read_text())['texte']
    return {plain(pair['en']): pair['fr'] for pair in known if pair['fr']}


def plain(text: str) -> str:
    return ' '.join(text.split())


def untranslated() -> list[str]:
    """English texts of the settings and of the commands that have no French."""
    known = translations()
    return [text for text in texts() if text not in known]


def texts() -> Iterator[str]:
    for _name, text, _default in settings():
        yield text
    for _name, parser in commands():
        yield plain(parser.description or '')
        yield from (plain(action.help % _values(action)) for action in options(parser) if action.help)


# -- messages


def messages() -> str:
    """A table per part of what can be read on the screens."""
    from django.utils import translation

    from publik_socialmedia import reasons

    known = remedies()
    with translation.override('fr'):
        tables = [
            f'## {part["titre"]}\n\n'
            + _table(
                ('Message', 'Qui agit', 'Que faire'),
                (
                    (f'{_said(word, name, reasons)}<br>`{word}`', ACTORS[value['qui']], value['faire'])
                    for word, value in part.items()
                    if word != 'titre'
                ),
            )
            for name, part in known.items()
            if 'titre' in part
        ]
    return '\n'.join(tables)


def _said(word: str, part: str, reasons: Any) -> str:
    return str(reasons.lost(word) if part == 'contenu' else reasons.sentence(word))


def checks() -> str:
    return _table(
        ('Contrôle', 'Ce qui ne va pas', 'Que faire'),
        (
            (f'`publik_socialmedia.{number}`', value['dit'], value['faire'])
            for number, value in remedies()['controles'].items()
        ),
    )


# -- settings


def settings() -> Iterator[tuple[str, str, str]]:
    """Name, English text, default value."""
    from publik_socialmedia import app_settings

    for name, member in vars(app_settings.AppSettings).items():
        if not isinstance(member, property) or member.fget is None:
            continue
        tree = ast.parse(textwrap.dedent(inspect.getsource(member.fget)))
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == 'self._get':
                if ast.unparse(call.args[0]) == repr(name):
                    yield (
                        name,
                        plain(inspect.getdoc(member) or ''),
                        _default(call.args[1], vars(app_settings)),
                    )


def _default(value: ast.expr, names: Mapping[str, Any]) -> str:
    """As it is written in a file of settings; '' if it is empty."""
    found = eval(compile(ast.Expression(value), 'app_settings', 'eval'), dict(names))  # noqa: S307
    return repr(found) if found not in (None, '', (), {}) else ''


def reglages() -> str:
    known = translations()
    return '\n'.join(
        f'`PUBLIK_SOCIALMEDIA_{name}`\n: {known.get(text, text)}'
        + (f' Valeur par défaut : `{default}`.' if default else '')
        + '\n'
        for name, text, default in settings()
    )


# -- commands


def commands() -> Iterator[tuple[str, argparse.ArgumentParser]]:
    from django.core.management import get_commands, load_command_class

    for name, application in sorted(get_commands().items()):
        if application == 'publik_socialmedia' and name.startswith(PREFIX):
            yield name, load_command_class('publik_socialmedia', name).create_parser('', name)


def options(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """Of the command itself."""
    for action in parser._actions:
        if action.dest not in COMMON | {'skip_checks'}:
            yield action


def commandes() -> str:
    known = translations()
    return '\n'.join(_command(name, parser, known) for name, parser in commands())


def _command(name: str, parser: argparse.ArgumentParser, known: Mapping[str, str]) -> str:
    own = list(options(parser))
    words = ' '.join(filter(None, map(_written, own)))
    described = plain(parser.description or '')
    lines = [
        f'## `{name}`',
        '',
        f'`{name} {words}`'.replace(' `', '`'),
        '',
        known.get(described, described),
        '',
    ]
    for action in own:
        help_text = plain((action.help or '') % _values(action))
        if help_text:
            lines.append(f'`{_names(action)}`\n: {known.get(help_text, help_text)}\n')
    return '\n'.join(lines)


def _values(action: argparse.Action) -> dict[str, Any]:
    return {'default': action.default, 'prog': '', 'choices': action.choices}


def _names(action: argparse.Action) -> str:
    return ', '.join(action.option_strings) or _value(action)


def _value(action: argparse.Action) -> str:
    if action.choices and action.metavar is None:
        return '{' + ','.join(map(str, action.choices)) + '}'
    return str(action.metavar or action.dest.upper())


def _written(action: argparse.Action) -> str:
    """As in a usage: « [--days N] », « ACCOUNT… »."""
    many = '…' if action.nargs in ('*', '+') else ''
    if not action.option_strings:
        return f'[{_value(action)}{many}]' if action.nargs in ('?', '*') else _value(action) + many
    value = '' if action.nargs == 0 else f' {_value(action)}{many}'
    return f'[{action.option_strings[-1]}{value}]'


def sorties() -> str:
    """Hosts that each network is called at."""
    from publik_socialmedia.networks import registry

    return _table(
        ('Réseau', 'API', 'Fichiers'),
        (
            (
                network.label,
                ', '.join(f'`{host}`' for host in (urlsplit(network.api_url).hostname, *network.other_hosts))
                if network.api_url
                else 'le serveur du compte',
                ', '.join(f'`{host}`' for host in network.media_hosts)
                or ('–' if network.api_url else 'ceux que le serveur indique'),
            )
            for network in registry().values()
        ),
    )


def _table(head: tuple[str, ...], rows: Any) -> str:
    lines = [head, ('---',) * len(head), *rows]
    return (
        '\n'.join(f'| {" | ".join(cell.replace("|", chr(92) + "|") for cell in line)} |' for line in lines)
        + '\n'
    )


PARTS: Mapping[str, Callable[[], str]] = {
    'messages': messages,
    'controles': checks,
    'reglages': reglages,
    'commandes': commandes,
    'sorties': sorties,
}
