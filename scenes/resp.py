"""One RESP connection that keeps apart what redis-cli prints apart: statuses, bulks and errors.

The parsers that redis-py uses give bytes for a status and for a bulk alike; a prompt must know.
"""

from __future__ import annotations

import asyncio
import contextlib
from time import monotonic
from typing import TypeAlias

from scenes.errors import SceneError
from scenes.sayings import trouble

Reply: TypeAlias = "str | bytes | int | ReplyError | list[Reply] | None"
"""A status is a str, a bulk is bytes; an error is an exception object, returned, not raised."""

_MOST_BYTES = 1 << 26


class ReplyError(Exception):
    """An error reply; its text is the whole line, without the leading '-'."""


class Connection:
    """A connection for one caller at a time; replies come in order.

    A call that is cancelled leaves its reply unread, so the next call begins a new connection.
    """

    def __init__(self, port: int) -> None:
        self.asked_at = 0.0
        """CLOCK_MONOTONIC seconds since which a command waits for its reply; 0: none does."""
        self._port = port
        self._turn = asyncio.Lock()
        self._reader: asyncio.StreamReader
        self._writer: asyncio.StreamWriter | None = None

    @classmethod
    async def open(cls, port: int) -> Connection:
        """Connect to 127.0.0.1; raises SceneError when nobody listens."""
        connection = cls(port)
        await connection._connect()
        return connection

    async def _connect(self) -> asyncio.StreamWriter:
        try:
            self._reader, self._writer = await asyncio.open_connection(
                "127.0.0.1", self._port, limit=_MOST_BYTES
            )
        except OSError as err:
            raise SceneError(
                trouble("resp.cannot_connect", port=str(self._port), strerror=str(err.strerror))
            ) from err
        return self._writer

    @property
    def address(self) -> str:
        """Where the engine sees it come from, e.g. `127.0.0.1:40000`; empty when it is closed."""
        name = self._writer.get_extra_info("sockname") if self._writer else None
        return f"{name[0]}:{name[1]}" if name else ""

    async def call(self, argv: list[bytes]) -> Reply:
        """Send one command and read its reply; raises SceneError when the connection is lost."""
        parts = [b"*%d\r\n" % len(argv)]
        parts += [b"$%d\r\n%b\r\n" % (len(word), word) for word in argv]
        return (await self.pipeline(b"".join(parts), 1))[0]

    async def pipeline(self, commands: bytes, count: int) -> list[Reply]:
        """Send `count` commands at once and read their replies; raises SceneError likewise."""
        async with self._turn:
            writer = self._writer or await self._connect()
            whole = False
            self.asked_at = monotonic()
            try:
                writer.write(commands)
                await writer.drain()
                replies = [await self._reply() for _ in range(count)]
                whole = True
            except (OSError, asyncio.IncompleteReadError) as err:
                raise SceneError(trouble("resp.closed_early")) from err
            finally:
                self.asked_at = 0.0
                if not whole:
                    writer.close()
                    self._writer = None
            return replies

    async def _reply(self) -> Reply:
        line = await self._reader.readuntil(b"\r\n")
        kind, rest = line[:1], line[1:-2]
        match kind:
            case b"+":
                return rest.decode("utf-8", "replace")
            case b"-":
                return ReplyError(rest.decode("utf-8", "replace"))
            case b":":
                return int(rest)
            case b"$":
                if (size := int(rest)) < 0:
                    return None
                return (await self._reader.readexactly(size + 2))[:-2]
            case b"*":
                if (size := int(rest)) < 0:
                    return None
                return [await self._reply() for _ in range(size)]
            case _:
                raise SceneError(trouble("resp.not_resp", line=f"{line!r}"))

    async def close(self) -> None:
        """Close it; a peer that is gone already does not matter."""
        if self._writer is not None:
            self._writer.close()
            with contextlib.suppress(OSError):
                await self._writer.wait_closed()
            self._writer = None


def in_words(reply: Reply) -> str:
    """A reply in one line: as redis-cli prints it, without quotes and numbers before elements."""
    match reply:
        case None:
            return "(nil)"
        case bytes():
            return reply.decode(errors="replace")
        case list():
            return " ".join(map(in_words, reply))
        case _:
            return str(reply)
