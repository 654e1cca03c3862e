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

"""The networks, found by listing this package.

A network is a folder with a module ``network`` that defines one whole subclass of ``base.Network``. Adding
one is adding its folder: nothing else names it.
"""

from __future__ import annotations

import functools
import importlib
import pkgutil
from collections.abc import Mapping

from publik_socialmedia.networks.base import Network


@functools.cache
def registry() -> Mapping[str, Network]:
    """The one instance of each network, by slug, sorted by label."""
    found: dict[str, Network] = {}
    for entry in pkgutil.iter_modules(__path__):
        if not entry.ispkg:
            continue
        module = importlib.import_module(f'{__name__}.{entry.name}.network')
        for value in vars(module).values():
            if _is_network_of(value, module.__name__):
                if value.slug in found:
                    raise TypeError(f'two networks have the slug {value.slug!r}')
                found[value.slug] = value()
    return dict(sorted(found.items(), key=lambda item: item[1].label.lower()))


def get(slug: str) -> Network:
    """The network of that slug; KeyError if there is none."""
    return registry()[slug]


def _is_network_of(value: object, module_name: str) -> bool:
    return (
        isinstance(value, type)
        and issubclass(value, Network)
        and value.__module__ == module_name
        and not value.__dict__.get('partial')
    )
