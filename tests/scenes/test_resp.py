from __future__ import annotations

import asyncio

import pytest

from scenes.errors import SceneError
from scenes.resp import Connection, Reply, ReplyError


class Server:
    """Answers each command with the next of its replies."""

    def __init__(self, *replies: bytes) -> None:
        self.replies = list(replies)
        self.connections = 0
        self.silent = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while await reader.read(4096):
            if not self.replies:
                break
            reply = self.replies.pop(0)
            if reply:
                writer.write(reply)
            else:
                self.silent.set()
        writer.close()

    async def __aenter__(self) -> int:
        self._server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        assert isinstance(port, int)
        return port

    async def __aexit__(self, *_: object) -> None:
        self._server.close()


@pytest.mark.parametrize(
    ("wire", "reply"),
    [
        (b"+OK\r\n", "OK"),
        (b"$2\r\nOK\r\n", b"OK"),
        (b"$4\r\na\r\nb\r\n", b"a\r\nb"),
        (b"$-1\r\n", None),
        (b"*-1\r\n", None),
        (b":-7\r\n", -7),
        (b"*2\r\n:1\r\n*1\r\n+x\r\n", [1, ["x"]]),
    ],
)
async def test_replies(wire: bytes, reply: Reply) -> None:
    async with Server(wire) as port:
        connection = await Connection.open(port)
        assert await connection.call([b"X"]) == reply
        await connection.close()


async def test_an_error_is_returned_not_raised() -> None:
    async with Server(b"-ERR no\r\n") as port:
        connection = await Connection.open(port)
        reply = await connection.call([b"X"])
        assert isinstance(reply, ReplyError) and str(reply) == "ERR no"
        await connection.close()


async def test_a_cancelled_call_does_not_shift_the_replies() -> None:
    server = Server(b"", b"+mine\r\n")
    async with server as port:
        connection = await Connection.open(port)
        lost = asyncio.create_task(connection.call([b"X"]))
        await server.silent.wait()
        lost.cancel()
        await asyncio.gather(lost, return_exceptions=True)
        assert await connection.call([b"Y"]) == "mine"
        assert server.connections == 2
        await connection.close()


async def test_a_lost_connection_is_one_clear_line() -> None:
    async with Server() as port:
        connection = await Connection.open(port)
        with pytest.raises(SceneError, match="closed the connection before it answered"):
            await connection.call([b"X"])
    with pytest.raises(SceneError, match=f"cannot connect to the engine on port {port}"):
        await connection.call([b"X"])
