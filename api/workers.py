"""Several server processes on one port, each with a listening socket of its own (SO_REUSEPORT, Linux 3.9, BSD).

Of one socket that all of them wait at, whoever is woken first takes nearly every connection: of two processes one stood
still. With a socket for each the kernel deals connections out evenly. The sockets stay open here while a process is
replaced, so what comes meanwhile waits for the next one.
"""

from __future__ import annotations

import logging
import socket
from typing import Any

import uvicorn
from uvicorn.supervisors import Multiprocess

_BACKLOG = 2048

_log = logging.getLogger("relief.api")


def refuse_taken(host: str, port: int) -> None:
    """Raises `OSError` where somebody listens already, or there is no such address here."""
    socket.create_server((host, port), family=_family(host)).close()


def serve_in_processes(app: str, host: str, port: int, workers: int, settings: dict[str, Any]) -> None:
    """Serves `app` (a factory) until it is told to stop. Raises `OSError`."""
    config = uvicorn.Config(app, host=host, port=port, factory=True, workers=workers, **settings)
    sockets = _listening(host, port, workers)
    _log.info("Serving on %s port %s in %s processes", host, port, workers)
    try:
        _Workers(config, sockets).run()
    finally:
        for one in sockets:
            one.close()


def _listening(host: str, port: int, count: int) -> list[socket.socket]:
    """A socket for each; a single one where the system has no SO_REUSEPORT."""
    several = hasattr(socket, "SO_REUSEPORT")
    return [
        socket.create_server((host, port), family=_family(host), backlog=_BACKLOG, reuse_port=several)
        for _ in range(count if several else 1)
    ]


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET


class _Workers(Multiprocess):
    """Gives a process that begins the socket of the one whose place it takes."""

    @property
    def sockets(self) -> list[socket.socket]:
        for place, own in enumerate(self._all):
            if place >= len(self.processes) or self.processes[place].exitcode is not None:
                return [own]
        return (
            self._all
        )  # one more than there are sockets (SIGTTIN), or beside the one that it will replace (SIGHUP)

    @sockets.setter
    def sockets(self, given: list[socket.socket]) -> None:
        self._all = given
