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

"""One module a network: its server in the demonstration, our account on it, what citizens do there.

A module ``demo/scenes/<slug>.py`` defines one subclass of :class:`Scene`; nothing else names it.
"""

from __future__ import annotations

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any, ClassVar, Self

from demo.script import Script


class Scene(ABC):
    """One network. A context manager: its server runs inside.

    ``port`` 0: any free one. ``url``: of the server, once it runs. ``script``: what was played, and what must
    come of it. ``secrets``: of the endpoint, {} if the network is polled without webhook.
    """

    slug: ClassVar[str]
    label: ClassVar[str]  # as on the demands
    external_id: str = ''  # of our account; '' = the first test finds it
    secrets: Mapping[str, Sequence[str]] = {}
    credentials: Mapping[str, str] = {}
    url: str = ''

    def __init__(self, script: Script, port: int = 0) -> None:
        self.script, self.port = script, port
        self.stack = ExitStack()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stack.close()
            raise
        return self

    def __exit__(self, *details: object) -> None:
        self.stack.close()

    @property
    def api_url(self) -> str:
        """What our software calls instead of the network; '' if the credentials say where it is."""
        return self.url

    @abstractmethod
    def start(self) -> None:
        """Start the server in ``self.stack`` and set ``url``."""

    def connect(self, callback: str) -> None:  # noqa: B027 - polled networks have nothing to connect
        """Tell the network the address of our webhook."""

    def declare(self, address: str) -> None:  # noqa: B027 - some networks want nothing beforehand
        """Tell the network where it may send back whoever connects an account by signing in to it."""

    @abstractmethod
    def play(self) -> None:
        """Citizens write."""

    def play_later(self) -> None:  # noqa: B027 - not every scene has an end
        """Once the demands are open: what follows joins them."""

    @abstractmethod
    def on_screen(self) -> list[str]:
        """The texts that citizens have received from us, of all conversations."""

    def says(self, who: str, text: str, *, opens: bool = True, **facts: Any) -> str:
        """The text with the mark by which it is found again in w.c.s. ``facts``: see ``Script.mark``."""
        return self.script.mark(self.label, who, text, opens=opens, **facts)

    def about(self) -> str:
        """A line for whoever plays with the demonstration."""
        return f'{self.label:<12} {self.url}'


def scenes() -> list[type[Scene]]:
    """All of them, by their slugs."""
    found = []
    for entry in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f'{__name__}.{entry.name}')
        found += [
            value
            for value in vars(module).values()
            if isinstance(value, type) and issubclass(value, Scene) and value.__module__ == module.__name__
        ]
    return sorted(found, key=lambda scene: scene.slug)


__all__ = ['Scene', 'scenes']
