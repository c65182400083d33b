"""A client's connection: bytes in, commands executed, replies kept until the turn's end."""

from __future__ import annotations

import asyncio
import socket
import time
from itertools import repeat
from typing import TYPE_CHECKING, cast

from engine import dispatch, output_limits
from engine.client_line import described
from engine.framer import Framer
from engine.inline import quote
from engine.keepalive import keep_alive

if TYPE_CHECKING:
    from engine.blocking import Wait
    from engine.commands.table import CommandSpec
    from engine.database import Database
    from engine.server import Server
    from engine.transactions import Transaction, Watch

_HIGH_WATER = 1 << 20
"""Bytes of unsent replies at which a client is not read any further."""

_SHOWN = 64
"""Bytes of a request too long that the log shows."""

_SUBSCRIPTIONS = frozenset({"subscribe", "unsubscribe", "psubscribe", "punsubscribe"})


class Client(asyncio.Protocol):
    """One connection and what it has chosen: database, protocol version, name, subscriptions.

    Replies collect in `replies` and leave in one write at the end of the loop's turn, after the
    AOF was flushed, so that nothing is acknowledged before its policy allows.
    """

    def __init__(self, server: Server, *, replaying: bool = False) -> None:
        self.server = server
        self.id = 0 if replaying else server.next_client_id()
        self.name = ""
        self.lib_name = ""
        self.lib_version = ""
        self.address = ""
        self.local_address = ""
        self.resp = 2
        self.null = b"$-1\r\n"
        self.db: Database = server.keyspace.databases[0]
        self.authenticated = replaying or not server.config.requirepass
        self.guarded = not self.authenticated
        """True while a command needs a look before it runs: no password yet, MULTI, subscribed."""
        self.replaying = replaying
        self.transaction: Transaction | None = None
        self.watch: Watch | None = None
        self.propagated: list[list[bytes]] | None = None
        """What the running write command wants in the AOF instead of its own words."""
        self.channels: set[bytes] = set()
        self.patterns: set[bytes] = set()
        self.monitoring = False
        self.no_evict = False
        self.no_touch = False
        self.unanswered = 0
        """CLIENT REPLY: how many commands from here on go unanswered; -1 all."""
        self.postponed: list[list[bytes]] = []
        """Commands that wait for the end of a CLIENT PAUSE, or of a blocking command."""
        self.wait: Wait | None = None
        """What a blocking command waits for."""
        self.replies: list[bytes] = []
        self.behind = False
        """The peer does not read: more than a MiB waits for it."""
        self.soft_since = 0.0
        """Since when more waits than the soft limit, on the monotonic clock; 0: it does not."""
        self.stalled = False
        """What was sent behind the last command waits until the replies so far have been read."""
        self._heavy = 0
        """Bytes of this turn's large replies."""
        self.closing = False
        self.closed = False
        self.created_at = time.monotonic()
        self.active_at = self.created_at
        self.last_command = ""
        self.framer = Framer(
            authenticated=self.authenticated, max_bulk=server.config.proto_max_bulk_len
        )
        self.transport: asyncio.Transport | None = None

    # -- asyncio.Protocol ----------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection, or turn it away when there are too many."""
        self.transport = transport = cast(asyncio.Transport, transport)  # uvloop's is no subclass
        transport.set_write_buffer_limits(high=_HIGH_WATER)
        connection = transport.get_extra_info("socket")
        if connection is not None and connection.family != socket.AF_UNIX:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            keep_alive(connection, self.server.config.tcp_keepalive)
        self.address = _address(transport.get_extra_info("peername"), self.server)
        self.local_address = _address(transport.get_extra_info("sockname"), self.server)
        refusal = self.server.admit(self)
        if refusal:
            transport.write(b"-%b\r\n" % refusal.encode())
            transport.close()

    def data_received(self, data: bytes) -> None:
        """Leave what has arrived for the turn."""
        server = self.server
        server.arrivals.reads.append((self, data))
        if not server.turn_planned:
            server.plan_turn()

    def go_on(self) -> None:
        """The pause, or the wait for a key, is over: execute what has been sent meanwhile."""
        commands, self.postponed = self.postponed, []
        if not self.closing:
            commands += self.framer.commands()
            if commands:
                dispatch.run(self.server, [(self, zip(commands, repeat(b"")))])
                self.server.wants_turn(self)
            self.look_at_rest(complete=bool(commands))

    def look_at_rest(self, *, complete: bool) -> None:
        """What is left of a read: nothing, half a request, one too large, or one that is broken.

        `complete`: whether it had commands.
        """
        framer = self.framer
        if framer.error is not None:
            waits = self.postponed or self.wait is not None
            if not waits and not self.closing:  # else it is answered in its turn
                self.reply(framer.error.reply)
                self.close_after_reply()
        elif not complete and framer.unparsed > self.server.config.client_query_buffer_limit:
            self._drop_request()

    def _drop_request(self) -> None:
        line = described(self).decode()
        start = quote(self.framer.beginning(_SHOWN)).decode()
        self.server.log(
            "#",
            f"Closing client that reached max query buffer length: {line} "
            f"(qbuf initial bytes: {start})",
        )
        self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the client, and what it has sent and nobody has looked at."""
        self.closed = self.closing = True
        self.server.forget(self)

    def pause_writing(self) -> None:
        """The peer does not read: stop reading from it, so that memory stays bounded."""
        self.behind = True
        if self.transport is not None and not self.transport.is_closing():
            self.transport.pause_reading()

    def resume_writing(self) -> None:
        """The peer reads again."""
        self.behind = False
        if self.transport is not None and not self.transport.is_closing():
            self.transport.resume_reading()
        self._unstall()

    # -- replies -------------------------------------------------------------------------------

    def reply(self, data: bytes) -> None:
        """Keep a reply for the turn's end."""
        self.replies.append(data)
        self.server.wants_turn(self)

    def answer(self, spec: CommandSpec | None, reply: bytes) -> bytes:
        """What of a reply is sent while CLIENT REPLY wants none: subscriptions are no replies."""
        if self.unanswered > 0:
            self.unanswered -= 1
        return reply if spec is not None and spec.name in _SUBSCRIPTIONS else b""

    def push(self, data: bytes) -> None:
        """Keep an out-of-band message (pub/sub, MONITOR) for the turn's end."""
        self.reply(data)

    def send(self) -> int:
        """Write everything kept, called once a turn, after the AOF flush; how many bytes."""
        transport, replies = self.transport, self.replies
        if self.closed or transport is None:
            replies.clear()
            return 0
        size = 0
        if replies:
            data = b"".join(replies)
            size = len(data)
            pending = size + transport.get_write_buffer_size()
            if pending > output_limits.FREE and output_limits.exceeded(self, pending):
                output_limits.cut_off(self)
                return 0
            transport.write(data)
            replies.clear()
            self._heavy = 0
        if self.closing:
            transport.close()
        elif self.stalled and not self.behind:
            self.server.loop.call_soon(self._unstall)
        return size

    def weigh(self, size: int) -> bool:
        """A large reply: whether the commands behind it must wait until this much has been read."""
        self._heavy += size
        pending = self._heavy + self.unsent()
        if output_limits.exceeded(self, pending):
            output_limits.cut_off(self)
        elif pending > output_limits.AT_ONCE and not self.replaying:
            self.stalled = True
        return self.stalled

    def _unstall(self) -> None:
        if self.stalled:
            self.stalled = False
            self.go_on()

    def unsent(self) -> int:
        """Bytes of replies that the peer has not taken yet."""
        return 0 if self.transport is None else self.transport.get_write_buffer_size()

    def close_after_reply(self) -> None:
        """Answer what is due, then close; nothing more is read."""
        self.closing = True
        self.server.wants_turn(self)

    def abort(self) -> None:
        """Close at once, without sending what is due."""
        self.closing = True
        self.server.blocking.forget(self)
        self.replies.clear()
        if self.transport is not None:
            self.transport.abort()

    # -- what it has chosen --------------------------------------------------------------------

    def select(self, index: int) -> None:
        """Use database `index` from now on."""
        self.db = self.server.keyspace.databases[index]

    def set_resp(self, version: int) -> None:
        """Speak RESP2 or RESP3 from now on."""
        self.resp = version
        self.null = b"_\r\n" if version == 3 else b"$-1\r\n"

    def set_authenticated(self) -> None:
        """The password was right (or none is needed)."""
        self.authenticated = True
        self.framer.authenticated = True
        self.update_guard()

    def update_guard(self) -> None:
        """Recompute `guarded`; to be called when one of its reasons changes."""
        self.guarded = (
            not self.authenticated
            or self.transaction is not None
            or (self.resp == 2 and bool(self.channels or self.patterns))
        )

    @property
    def label(self) -> str:
        """What events call this client: its name, or where it comes from."""
        return self.name or self.address or "replay"


def _address(peer: object, server: Server) -> str:
    if isinstance(peer, tuple) and len(peer) >= 2:
        host = f"[{peer[0]}]" if ":" in str(peer[0]) else str(peer[0])
        return f"{host}:{peer[1]}"
    return f"{server.config.unixsocket}:0"
