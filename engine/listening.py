"""Where the server listens: TCP sockets of every address to bind, and a Unix socket."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from typing import TYPE_CHECKING

from engine.client import Client
from engine.errors import EngineError

if TYPE_CHECKING:
    from engine.server import Server

_BACKLOG = 511


class Listening:
    """The listening sockets of one server."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._listeners: list[asyncio.Server] = []
        self._unix_path = ""

    async def open(self) -> int:
        """Listen as the configuration says; the TCP port, 0 without. Raises EngineError."""
        config = self._server.config
        if config.port:
            for host in config.bind:
                await self._tcp(host, config.port)
        if config.unixsocket:
            await self._unix(config.unixsocket)
        if not self._listeners:
            raise EngineError(
                "Configured to not listen anywhere, exiting: give a --port or a --unixsocket"
            )
        return config.port

    async def _tcp(self, host: str, port: int) -> None:
        """All addresses of a host; one that begins with '-' need not be there."""
        try:
            sockets = _bound(host.removeprefix("-"), port)
        except OSError as error:
            if host.startswith("-"):
                return
            raise EngineError(
                f"Could not create server TCP listening socket {host}:{port}: "
                f"bind: {_reason(error)}; choose another --port or --bind"
            ) from error
        for bound in sockets:
            self._listeners.append(
                await self._server.loop.create_server(
                    self._client, sock=bound, backlog=self._server.config.tcp_backlog
                )
            )

    async def _unix(self, path: str) -> None:
        config = self._server.config
        try:
            if os.path.exists(path):
                os.unlink(path)
            listener = await self._server.loop.create_unix_server(
                self._client, path, backlog=config.tcp_backlog
            )
            if config.unixsocketperm:
                os.chmod(path, config.unixsocketperm)
        except OSError as error:
            raise EngineError(
                f"Failed opening Unix socket: bind: {path}: {error.strerror}"
            ) from error
        self._listeners.append(listener)
        self._unix_path = path

    def _client(self) -> Client:
        return Client(self._server)

    def close(self) -> None:
        """Take no more connections."""
        for listener in self._listeners:
            listener.close()

    def remove_unix_socket(self) -> None:
        """Its file goes last, when the clients are gone."""
        if self._unix_path:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(self._unix_path)


def _bound(host: str, port: int) -> list[socket.socket]:
    """A socket for each address of a host; raises OSError.

    The name is looked up on this thread: libuv wants threads for it, and aborts if it gets none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    places = dict.fromkeys((family, address) for family, *_, address in found)
    return [
        socket.create_server(address, family=family, backlog=_BACKLOG) for family, address in places
    ]


def _reason(error: OSError) -> str:
    if isinstance(error, socket.gaierror) or not error.errno:
        return error.strerror or str(error)
    return os.strerror(error.errno)
