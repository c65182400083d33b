"""The process that keeps the ledger: several connections, one write in flight on each.

It knows nothing of the crash: it hears its connections break. Orders come as lines of JSON on
standard input, answers leave on standard output; when the input ends, so does the process.
"""

from __future__ import annotations

import os
import selectors
import socket
import sys
from time import monotonic

import msgspec

from scenes.lab import numbered
from scenes.lab.ledger import NEVER, Answer, Entry, Order

PATIENCE = 5.0
"""Seconds to wait for a connection to break that should."""
_CHUNK = 1 << 16


class Line:
    """One connection to the server."""

    def __init__(self, number: int, port: int) -> None:
        self.number = number
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.write = -1
        """The number in flight, -1 if none is."""
        self.sent = 0.0
        self.read = b""
        self.broken = False


class Keeper:
    """The lines, their entries, and the orders."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._selector.register(0, selectors.EVENT_READ, None)
        self._input = b""
        self._lines: list[Line] = []
        self._entries: list[Entry] = []
        self._order = Order("none")
        self._next = 0
        self._began = 0.0
        self._writing = False
        self._acks = 0
        self._stop_asked = self._report_asked = False
        self._give_up_at = 0.0

    def run(self) -> None:
        """Until there are no more orders."""
        while True:
            for key, _ in self._selector.select(self._wait()):
                if key.data is None:
                    if not self._obey(os.read(0, _CHUNK)):
                        return
                elif isinstance(key.data, Line):
                    self._hear(key.data)
            self._send_due()
            self._answer_what_is_asked()

    def _wait(self) -> float | None:
        if self._writing and self._order.rate and any(line.write < 0 for line in self._open):
            return max(0.0, self._due() - monotonic())
        return 0.1 if self._report_asked or self._stop_asked else None

    @property
    def _open(self) -> list[Line]:
        return [line for line in self._lines if not line.broken]

    def _obey(self, data: bytes) -> bool:
        """False when it is time to leave."""
        if not data:
            return False
        *lines, self._input = (self._input + data).split(b"\n")
        for text in lines:
            order = msgspec.json.decode(text, type=Order)
            match order.do:
                case "write":
                    self._begin(order)
                case "stop":
                    self._writing, self._stop_asked = False, True
                    self._give_up_at = monotonic() + PATIENCE
                case "report":
                    self._report_asked = True
                    self._give_up_at = monotonic() + PATIENCE
                case _:
                    return False
        return True

    def _begin(self, order: Order) -> None:
        self._hang_up()
        self._order, self._next, self._acks = order, order.first, 0
        self._entries = []
        self._lines = [Line(number, order.port) for number in range(order.connections)]
        for line in self._lines:
            self._selector.register(line.socket, selectors.EVENT_READ, line)
        self._began = monotonic()
        self._writing = True
        _tell(Answer("connected"))

    def _due(self) -> float:
        return self._began + (self._next - self._order.first) / self._order.rate

    def _send_due(self) -> None:
        if not self._writing:
            return
        for line in self._open:
            if line.write >= 0:
                continue
            if self._order.rate and self._due() > monotonic():
                return
            line.write, line.sent = self._next, monotonic()
            self._next += 1
            try:
                line.socket.send(numbered.encoded(line.write, line.number))
            except OSError:
                self._broke(line)

    def _hear(self, line: Line) -> None:
        try:
            data = line.socket.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._broke(line)
            return
        line.read += data
        if not line.read.endswith(b"\r\n"):
            return
        refused = line.read[1:-2].decode("utf-8", "replace") if line.read[:1] == b"-" else ""
        now = monotonic()
        line.read = b""
        acked = NEVER if refused else now
        self._entries.append(Entry(line.write, line.number, line.sent, acked, refused, now))
        line.write = -1
        if not refused:
            self._acks += 1
            if self._acks == self._order.tell_after:
                _tell(Answer("reached"))

    def _broke(self, line: Line) -> None:
        line.broken = True
        self._selector.unregister(line.socket)
        line.socket.close()
        if line.write >= 0:
            self._entries.append(Entry(line.write, line.number, line.sent))
            line.write = -1

    def _answer_what_is_asked(self) -> None:
        late = monotonic() > self._give_up_at
        waits = any(line.write >= 0 for line in self._open)
        if self._stop_asked and (late or not waits):
            self._stop_asked = False
            _tell(Answer("stopped"))
        if self._report_asked and (late or not (waits if not self._writing else self._open)):
            self._report_asked = self._writing = False
            self._hang_up()
            entries = sorted(self._entries, key=lambda entry: entry.number)
            _tell(Answer("ledger", entries))

    def _hang_up(self) -> None:
        for line in self._open:
            self._broke(line)
        self._lines = []


def _tell(answer: Answer) -> None:
    data = memoryview(msgspec.json.encode(answer) + b"\n")
    while data:
        data = data[os.write(1, data) :]


if __name__ == "__main__":
    try:
        Keeper().run()
    except (KeyboardInterrupt, BrokenPipeError):
        sys.exit(1)
