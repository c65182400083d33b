"""One RESP connection that keeps apart what redis-cli prints apart: statuses, bulks and errors.

The parsers that redis-py uses give bytes for a status and for a bulk alike; a prompt must know.
"""

from __future__ import annotations

import asyncio
from typing import TypeAlias

from scenes.errors import SceneError

Reply: TypeAlias = "str | bytes | int | ReplyError | list[Reply] | None"
"""A status is a str, a bulk is bytes; an error is an exception object, returned, not raised."""


class ReplyError(Exception):
    """An error reply; its text is the whole line, without the leading '-'."""


class Connection:
    """A connection for one caller at a time; replies come in order."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._turn = asyncio.Lock()

    @classmethod
    async def open(cls, port: int) -> Connection:
        """Connect to 127.0.0.1; raises SceneError when nobody listens."""
        try:
            return cls(*await asyncio.open_connection("127.0.0.1", port, limit=1 << 26))
        except OSError as err:
            raise SceneError(
                f"cannot connect to the engine on port {port}: {err.strerror}"
            ) from err

    async def call(self, argv: list[bytes]) -> Reply:
        """Send one command and read its reply; raises SceneError when the connection is lost."""
        async with self._turn:
            parts = [b"*%d\r\n" % len(argv)]
            parts += [b"$%d\r\n%b\r\n" % (len(word), word) for word in argv]
            try:
                self._writer.write(b"".join(parts))
                await self._writer.drain()
                return await self._reply()
            except (OSError, asyncio.IncompleteReadError) as err:
                raise SceneError("the engine closed the connection before it answered") from err

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
                raise SceneError(f"the engine answered {line!r}, which is no RESP2 reply")

    async def close(self) -> None:
        """Close it; a peer that is gone already does not matter."""
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except OSError:
            return
