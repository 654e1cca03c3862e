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

"""A process that gives birth to workers and to web servers, each in its own process, quickly.

Killing one every 100 ms needs births faster than starting Python: this process has Django loaded and forks.
Lines on its standard input: ``worker``, ``server``; it answers each with the number of the new process. It
holds the listening socket, so that a new server is reached at the same address, and reaps the dead.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from typing import NoReturn


def main() -> None:
    import django

    django.setup()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    listener = socket.create_server(('127.0.0.1', 0), backlog=128)
    _preload()
    print(listener.getsockname()[1], flush=True)  # noqa: T201
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _live(line.strip(), listener)
        print(pid, flush=True)  # noqa: T201


def _preload() -> None:
    """Import what the children need, so that they share it."""
    import django.core.wsgi

    import publik_socialmedia.delivery.service
    import publik_socialmedia.urls  # noqa: F401
    from publik_socialmedia.networks import registry

    registry()
    django.core.wsgi.get_wsgi_application()


def _live(role: str, listener: socket.socket) -> NoReturn:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        if role == 'worker':
            from publik_socialmedia.delivery.service import Worker

            Worker(senders=1).run()
        else:
            _serve(listener)
    finally:
        os._exit(1)


def _serve(listener: socket.socket) -> None:
    from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
    from django.core.wsgi import get_wsgi_application

    class Quiet(WSGIRequestHandler):
        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadedWSGIServer(listener.getsockname(), Quiet, bind_and_activate=False)
    server.socket.close()
    server.socket = listener
    server.server_name, server.server_port = listener.getsockname()
    server.setup_environ()
    server.set_app(get_wsgi_application())
    server.serve_forever()


if __name__ == '__main__':
    main()
