"""The request framer of one connection: bytes in, commands out, nothing else touched.

Theory of operation
-------------------
A request is either a *multibulk* (`*3 CRLF $3 CRLF SET CRLF $1 CRLF k CRLF $1 CRLF v CRLF`) or, if
its first byte is not `*`, an *inline* line of text. TCP delivers both cut anywhere, many at a time.

The framer reads two ways, and both must always give the same commands:

- **Strictly**, header by header. This way knows every limit and every error of Redis, and it can
  stop anywhere: what it holds between two reads is the arguments that are complete (`_argv`), how
  many are to come (`_missing`), the announced length of the next one (`_length`, -1 before its
  header has arrived) and the bytes that are not used yet (`_chunks`). So no argument is parsed
  twice, and no announcement allocates anything: `*1000000000` costs an integer, `$536870912`
  another one.
- **By shape**. Clients repeat themselves: thousands of commands differ only inside their arguments.
  When enough strictly read commands had arguments of the same sizes, the framing they share is
  kept as a `Shape`, and whole runs of such commands are checked and cut in C (see
  `command_shapes`). Bytes that do not fit a shape to the last one are read strictly.

A large argument arrives in many reads. Until it is complete they are only collected; then the
pieces are joined once, so that an argument costs one copy, not one a read.

Limits are those of Redis 7.0.15 (src/networking.c): a header or inline line is at most 64 KiB; a
multibulk has at most 2^31 - 1 arguments, an argument at most proto-max-bulk-len bytes; before
authentication it is 10 and 16 KiB. Like Redis, the framer looks for a header's CR and takes on
trust the byte behind it, and the two behind an argument. A NUL in a line is a byte like any other,
where Redis' C string ends and it waits for more.

After an error the connection is lost: nobody can know where the next command starts. The commands
before it still count; `error` then holds what to answer before closing.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from itertools import repeat

from engine.command_shapes import Shape, ShapeTable
from engine.inline import split_arguments

MAX_LINE = 64 * 1024
"""Bytes of an inline request or of a header (PROTO_INLINE_MAX_SIZE)."""
MAX_ARGC = 2**31 - 1
MAX_BULK = 512 * 1024 * 1024
"""Default of proto-max-bulk-len."""
UNAUTHENTICATED_ARGC = 10
UNAUTHENTICATED_BULK = 16384
_LLONG_MIN = -(2**63)
_LARGE = 64 * 1024
"""From this size on, an argument's pieces are joined into the argument itself."""

_SHORT_MULTIBULK = re.compile(rb"\*([1-9])\r\n").match
_SHORT_BULK = re.compile(rb"\$(0|[1-9][0-9]{0,3})\r\n").match
"""The headers that nearly all requests have: no limit applies to them."""
_INTEGER = re.compile(rb"0|-?[1-9][0-9]{0,18}").fullmatch
_ASTERISK = ord("*")
_ZERO = ord("0")

_shared_shapes = ShapeTable()

Request = tuple[list[bytes], bytes]
"""A command's words and, if it came as their canonical encoding, those bytes; else none."""


class ProtocolError(Exception):
    """Bytes that are no request; the str is what follows `-ERR ` in the answer."""

    def __init__(self, what: str) -> None:
        super().__init__(f"Protocol error: {what}")

    @property
    def reply(self) -> bytes:
        """The last bytes that the client gets before the connection is closed."""
        return b"-ERR " + str(self).encode("latin-1") + b"\r\n"


class _Incomplete(Exception):
    """The command goes on in bytes that have not arrived."""


class Framer:
    """Cuts one connection's bytes into commands: `feed` them, then take the `commands`."""

    def __init__(
        self,
        *,
        max_bulk: int = MAX_BULK,
        authenticated: bool = True,
        shapes: ShapeTable | None = _shared_shapes,
    ) -> None:
        """`max_bulk`: proto-max-bulk-len, at least 1 MiB; without `shapes` all is read strictly."""
        self.max_bulk = max_bulk
        self.error: ProtocolError | None = None
        """Set for good once the stream is broken."""
        self._shapes = shapes
        self._authenticated = authenticated
        self._argv: list[bytes] = []
        self._missing = 0
        self._length = -1
        self._chunks: list[bytes] = []
        self._held = 0
        self._needed = 1
        self._spent = 0
        self._shape: Shape | None = None
        """Of the last command that was read strictly."""
        self._resting: ShapeTable | None = None
        """The shapes, as long as they may be used and nothing is half read."""

    @property
    def authenticated(self) -> bool:
        """Before authentication the limits are lower."""
        return self._authenticated

    @authenticated.setter
    def authenticated(self, authenticated: bool) -> None:
        self._authenticated = authenticated
        self._shape = None
        self._resting = None

    @property
    def buffered(self) -> int:
        """Bytes held for a command that is not complete."""
        return self._held + self._spent

    @property
    def unparsed(self) -> int:
        """Bytes that are no part of an argument yet (limit: client-query-buffer-limit)."""
        return self._held

    def beginning(self, size: int) -> bytes:
        """The first of them."""
        start = b""
        for chunk in self._chunks:
            if len(start) >= size:
                break
            start += chunk[: size - len(start)]
        return start

    def receive(self, data: bytes) -> list[list[bytes]]:
        """Take bytes as they arrived; all commands that are complete now."""
        run = self.run_of(data)
        if run is not None:
            return [argv for argv, _ in run]
        self.feed(data)
        return self.commands()

    def run_of(
        self, data: bytes, reads: Container[bytes] = frozenset()
    ) -> Iterable[Request] | None:
        """The commands of a read that is all of one shape, if nothing came before it; else None.

        Each with its own bytes in `data`, unless there are several and the first one's name is in
        `reads`: nobody needs theirs. Without a run nothing has been taken.
        """
        shapes = self._resting
        if shapes is None:
            return None
        shape = shapes.by_length.get(len(data))
        if shape is not None:
            parts = shape.split(data)
            if parts[::2] == shape.framing:
                return (([*parts[1::2]], data),)
        shape = self._shape
        if shape is not None and shape.whole(data) is not None:
            commands = map(list, shape.cut(data))
            if data[shape.name] in reads:
                return zip(commands, repeat(b""))
            return zip(commands, shape.pieces(data), strict=True)
        return None

    def feed(self, data: bytes) -> None:
        """Take bytes as they arrived; looks at none of them."""
        if data and self.error is None:
            self._chunks.append(data)
            self._held += len(data)
            self._resting = None

    def commands(self) -> list[list[bytes]]:
        """All commands that are complete now, each once; a broken stream shows in `error`."""
        done: list[list[bytes]] = []
        if self._held < self._needed or self.error is not None:
            return done
        data = self._take_large_argument(done) if self._length >= _LARGE else self._take_all()
        used = self._parse(data, done)
        if used < len(data):
            self._chunks.append(data[used:])
            self._held = len(data) - used
        self._needed = max(self._length + 2, self._held + 1)
        if self._held == 0 and self._missing == 0 and self._authenticated and self.error is None:
            self._resting = self._shapes
        return done

    def _parse(self, data: bytes, done: list[list[bytes]]) -> int:
        """Read all that is complete in `data` into `done`; returns how many bytes that took."""
        at, size, start = 0, len(data), -self._spent
        shapes = self._shapes if self._authenticated else None
        argv, missing, length = self._argv, self._missing, self._length
        try:
            while at < size:
                if missing == 0:
                    shape = self._shape
                    if shape is not None and (run := shape.run(data, at)) is not None:
                        done.extend(map(list, shape.cut(data[at : run.end()])))
                        at = run.end()
                        continue
                    if data[at] != _ASTERISK:
                        at = self._inline(data, at, done)
                        continue
                    start, argv = at, []
                    if (header := _SHORT_MULTIBULK(data, at)) is not None:
                        missing, at = header[1][0] - _ZERO, header.end()
                    else:
                        missing, at = self._multibulk(data, at)
                while missing:
                    if length < 0:
                        if (header := _SHORT_BULK(data, at)) is not None:
                            length, at = int(header[1]), header.end()
                        else:
                            length, at = self._bulk(data, at)
                    end = at + length
                    if end + 2 > size:
                        raise _Incomplete
                    argv.append(data[at:end])
                    at = end + 2
                    length = -1
                    missing -= 1
                if argv:
                    done.append(argv)
                    if shapes is not None:
                        self._shape = shapes.recognise(argv)
                    argv = []
        except _Incomplete:
            pass
        except ProtocolError as error:
            self.error = error
            self._shape = None
            at, argv, missing, length = size, [], 0, -1
        self._argv, self._missing, self._length = argv, missing, length
        self._spent = at - start if missing else 0
        return at

    def _multibulk(self, data: bytes, at: int) -> tuple[int, int]:
        """The number of arguments that `*n` announces (0 for less), and where they begin."""
        end = _end_of_header(data, at, "too big mbulk count string")
        if _INTEGER(data, at + 1, end) is None:
            raise ProtocolError("invalid multibulk length")
        count = int(data[at + 1 : end])
        if not _LLONG_MIN <= count <= UNAUTHENTICATED_ARGC:
            if not _LLONG_MIN <= count <= MAX_ARGC:
                raise ProtocolError("invalid multibulk length")
            if not self._authenticated:
                raise ProtocolError("unauthenticated multibulk length")
        return max(count, 0), end + 2

    def _bulk(self, data: bytes, at: int) -> tuple[int, int]:
        """The length that `$n` announces, and where the argument begins."""
        end = _end_of_header(data, at, "too big bulk count string")
        if data[at : at + 1] != b"$":
            got = chr(data[at]).replace("\r", " ").replace("\n", " ")
            raise ProtocolError(f"expected '$', got '{got}'")
        if _INTEGER(data, at + 1, end) is None:
            raise ProtocolError("invalid bulk length")
        length = int(data[at + 1 : end])
        if not 0 <= length <= UNAUTHENTICATED_BULK:
            if not 0 <= length <= self.max_bulk:
                raise ProtocolError("invalid bulk length")
            if not self._authenticated:
                raise ProtocolError("unauthenticated bulk length")
        return length, end + 2

    def _inline(self, data: bytes, at: int, done: list[list[bytes]]) -> int:
        """Read a line of text; a blank one is no command. Returns where the next request begins."""
        end = data.find(b"\n", at, at + MAX_LINE + 1)
        if end < 0:
            if len(data) - at > MAX_LINE:
                raise ProtocolError("too big inline request")
            raise _Incomplete
        argv = split_arguments(data[at:end].removesuffix(b"\r"))
        if argv is None:
            raise ProtocolError("unbalanced quotes in request")
        if argv:
            done.append(argv)
        return end + 1

    def _take_all(self) -> bytes:
        data = self._chunks[0] if len(self._chunks) == 1 else b"".join(self._chunks)
        self._chunks, self._held = [], 0
        return data

    def _take_large_argument(self, done: list[list[bytes]]) -> bytes:
        """Join the pieces of the complete large argument; returns the bytes that follow it."""
        surplus = self._held - self._length
        rest = b""
        while len(rest) < surplus:
            rest = self._chunks.pop() + rest
        cut = len(rest) - surplus
        self._chunks.append(rest[:cut])
        self._argv.append(self._take_all())
        self._spent += self._length + 2
        self._length = -1
        self._missing -= 1
        if self._missing == 0:
            done.append(self._argv)
            self._argv = []
        return rest[cut + 2 :]


def _end_of_header(data: bytes, at: int, too_big: str) -> int:
    """Where the CR of a header stands, once the byte behind it is there, too."""
    end = data.find(b"\r", at, at + MAX_LINE + 1)
    if end < 0 and len(data) - at > MAX_LINE:
        raise ProtocolError(too_big)
    if end < 0 or end + 2 > len(data):
        raise _Incomplete
    return end
