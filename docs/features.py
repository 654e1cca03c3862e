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

"""The page of what each network can do, made of the ``capabilities`` that its class declares.

``python -m docs.features`` writes ``docs/reseaux.md``; a test fails when the page is not what this writes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

from publik_socialmedia.networks import registry
from publik_socialmedia.networks.base import Capabilities, Network, Status

PAGE = Path(__file__).with_name('reseaux.md')
UNITS = {
    'characters': 'caractères',
    'utf8': 'octets (un caractère accentué en prend deux)',
    'utf16': 'caractères (un émoji en vaut deux ou plus)',
    'graphemes': 'signes (un émoji en vaut un)',
}
STATES = {Status.SENT: 'envoyé', Status.DELIVERED: 'distribué', Status.READ: 'lu', Status.FAILED: 'échec'}
FILES = {
    '*/*': 'tous',
    'image/*': 'images',
    'video/*': 'vidéos',
    'audio/*': 'sons',
    'application/*': 'documents',
    'text/*': 'textes',
    'application/msword': 'Word',
    'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'Word',
    'application/vnd.ms-excel': 'Excel',
    'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'Excel',
    'application/vnd.ms-powerpoint': 'PowerPoint',
    'application/vnd.openxmlformats-officedocument.presentationml.presentation': 'PowerPoint',
    'video/quicktime': 'QuickTime',
    'text/plain': 'texte',
}
HEAD = """# Ce que chaque réseau permet

<!-- produite à partir du code par « make docs » : ne pas la modifier à la main -->

Les démarches, les droits, les prix et ce qui n’est pas pris en charge sont dans la page de chaque réseau.

"""


def page() -> str:
    """The whole page, in Markdown."""
    networks = list(registry().values())
    names = [f'[{n.label}](../publik_socialmedia/networks/{n.slug}/README.md)' for n in networks]
    lines = [_row('Réseau', names), _row('---', ['---'] * len(networks))]
    lines += [_row(label, [cell(network) for network in networks]) for label, cell in ROWS.items()]
    return HEAD + '\n'.join(lines) + '\n'


def _row(label: str, cells: list[str]) -> str:
    return f'| {" | ".join([label, *cells])} |'


def _yes(name: str) -> Callable[[Network], str]:
    return lambda network: 'oui' if getattr(network.capabilities, name) else '—'


def _receiving(network: Network) -> str:
    able, ways = network.capabilities, []
    if able.webhook:
        ways.append('appel du réseau (immédiat)')
    if able.polling:
        ways.append(f'relève toutes les {_duration(timedelta(seconds=able.poll_interval))}')
    return ' ou '.join(ways)


def _changes(name: str) -> Callable[[Network], str]:
    def cell(network: Network) -> str:
        able = network.capabilities
        if not getattr(able, name):
            return '—'
        return f'oui, sous {_duration(timedelta(seconds=able.reread_interval))}' if able.rereads else 'oui'

    return cell


def _receipts(network: Network) -> str:
    return ', '.join(STATES[status] for status in network.capabilities.receipts) or '—'


def _length(network: Network) -> str:
    able = network.capabilities
    return f'{able.text_limit:_} {UNITS[able.text_unit]}'.replace('_', ' ')


def _files(network: Network) -> str:
    """« images (8 Mo), documents (25 Mo) »; types that share a limit are said together."""
    found: dict[int, list[str]] = {}
    for pattern, size in network.capabilities.files_out.items():
        name = FILES.get(pattern) or pattern.partition('/')[2].upper()
        found.setdefault(size, []).append(name)
    return (
        ', '.join(f'{", ".join(dict.fromkeys(names))} ({_size(size)})' for size, names in found.items())
        or '—'
    )


def _size(size: int) -> str:
    """In the unit that gives the shortest figure: networks count in thousands or in 1024."""
    for unit, name in ((1_000_000, 'Mo'), (1024 * 1024, 'Mio'), (1000, 'ko'), (1024, 'Kio')):
        if size >= unit and size % unit == 0:
            return f'{size // unit} {name}'
    return f'{size / 1_000_000:.1f} Mo'.replace('.', ',')


def _window(network: Network) -> str:
    able: Capabilities = network.capabilities
    if able.answer_window is None:
        return 'sans limite'
    text = _duration(able.answer_window)
    if able.human_window:
        text += f', {_duration(able.human_window)} pour une personne (si accordé)'
    if getattr(able, 'template', False):
        text += ', puis modèle approuvé'
    return text


def _duration(duration: timedelta) -> str:
    seconds = int(duration.total_seconds())
    for unit, name in ((86400, 'j'), (3600, 'h'), (60, 'min')):
        if seconds >= unit and seconds % unit == 0 and (seconds > unit or unit < 86400):
            return f'{seconds // unit} {name}'
    return '24 h' if seconds == 86400 else f'{seconds} s'


ROWS: Mapping[str, Callable[[Network], str]] = {
    'Connexion sans copier de jeton': _yes('authorizes'),
    '**Réception**': _receiving,
    'Relecture du passé': _yes('history'),
    'Messages modifiés': _changes('edits'),
    'Messages repris': _changes('unsends'),
    'Réactions': _yes('reactions'),
    '**Délai de réponse**': _window,
    'Longueur d’un message (au-delà : découpé)': _length,
    'Fichiers envoyés': _files,
    'Accusés': _receipts,
}


if __name__ == '__main__':
    PAGE.write_text(page())
