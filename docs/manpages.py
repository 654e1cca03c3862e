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

"""``debian/man/*.8``: a manual page per command, made from what the command says of itself.

``python -m docs.manpages`` writes them (``make docs``); a test keeps them as the commands are.
"""

from __future__ import annotations

import argparse
import os
import pkgutil
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / 'debian' / 'man'
# options of all commands of Django, which its own manual describes
COMMON = {
    '--force-color',
    '--help',
    '--no-color',
    '--pythonpath',
    '--settings',
    '--skip-checks',
    '--traceback',
    '--verbosity',
    '--version',
}
PAGE = """\
.\\" Made from the command by docs/manpages.py.
.TH {title} 8 "" "publik_socialmedia" "Publik"
.SH NAME
{name} \\- {summary}
.SH SYNOPSIS
.nf
.B combo\\-manage tenant_command {command} \\-d DOMAIN {words}
.B combo\\-manage tenant_command {command} \\-\\-all\\-tenants {words}
.fi
.SH DESCRIPTION
{description}
.PP
It is run as the user of the brick, on one tenant or on all. In a project without tenants:
.BR "manage.py {command}" .
{arguments}.SH FILES
.TP
.I /etc/combo/settings.d/50publik_socialmedia.py
loads the application into the brick
.TP
.I /etc/cron.d/publik\\-socialmedia
what runs by itself
.SH SEE ALSO
{others},
.BR django\\-admin (1),
.I /usr/share/doc/python3\\-publik\\-socialmedia/README.Debian
"""


def names() -> list[str]:
    """The commands of the application."""
    from publik_socialmedia.management import commands

    return sorted(module.name for module in pkgutil.iter_modules(commands.__path__))


def page(name: str) -> str:
    """The manual page of a command, in troff's ``man`` macros."""
    from django.core.management import load_command_class

    command = load_command_class('publik_socialmedia', name)
    parser = command.create_parser('combo-manage', name)
    actions = [action for action in parser._actions if not COMMON & set(action.option_strings)]
    # arguments first, as in the synopsis
    actions.sort(key=lambda action: bool(action.option_strings))
    summary = (__import__(command.__module__, fromlist=['x']).__doc__ or '').strip().partition('\n')[0]
    others = ',\n'.join(f'.BR {_plain(other)} (8)' for other in names() if other != name)
    return PAGE.format(
        title=name.upper(),
        name=_plain(name),
        command=_plain(name),
        summary=_plain(summary.rstrip('.')[:1].lower() + summary.rstrip('.')[1:]),
        words=_plain(' '.join(map(_synopsis, actions))) or '\\&',
        description=_plain(command.help),
        arguments=_arguments(actions),
        others=others,
    )


def _plain(text: str) -> str:
    """Text that troff shows as it is."""
    plain = text.replace('\\', '\\e').replace('-', '\\-')
    return '\n'.join(f'\\&{line}' if line[:1] in ('.', "'") else line for line in plain.splitlines())


def _value(action: argparse.Action) -> str:
    if action.choices:
        return '{' + ','.join(map(str, action.choices)) + '}'
    names = action.metavar or action.dest.upper()
    return names if isinstance(names, str) else ' '.join(names)


def _synopsis(action: argparse.Action) -> str:
    """An argument or an option as it is written: ``[--once]``, ``NAME [NAME ...]``."""
    value = '' if action.nargs == 0 else _value(action)
    many = {'*': f'[{value} ...]', '+': f'{value} [{value} ...]', '?': f'[{value}]'}
    value = many.get(str(action.nargs), value)
    if not action.option_strings:
        return value
    words = f'{action.option_strings[-1]} {value}'.strip()
    return words if action.required else f'[{words}]'


def _arguments(actions: list[argparse.Action]) -> str:
    if not actions:
        return ''
    lines = ['.SH OPTIONS']
    for action in actions:
        names = ', '.join(action.option_strings)
        value = '' if action.nargs == 0 else _value(action)
        said = (action.help or '').replace('%(default)s', str(action.default)).replace('%%', '%')
        lines += ['.TP', f'.B {_plain(f"{names} {value}".strip())}', _plain(said) or '\\&']
    return '\n'.join(lines) + '\n'


def main() -> None:
    import django

    os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'tests.settings')
    django.setup()
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.glob('*.8'):
        path.unlink()
    for name in names():
        (FOLDER / f'{name}.8').write_text(page(name))


if __name__ == '__main__':
    main()
