"""A real redis-server to compare with, and replies as the raw bytes that came over the wire."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

REDIS_SERVER = shutil.which("redis-server")
REFERENCE_VERSION = "7.0."


def redis_version() -> str:
    """The installed redis-server's version, empty where there is none."""
    if REDIS_SERVER is None:
        return ""
    out = subprocess.run([REDIS_SERVER, "--version"], capture_output=True, text=True, check=True)
    return out.stdout.partition("v=")[2].partition(" ")[0]


class Wire:
    """One connection; `call` sends words and answers the bytes of the reply."""

    def __init__(self, path: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(10)
        try:
            self._socket.connect(path)
        except OSError:
            self._socket.close()
            raise
        self._file = self._socket.makefile("rb")

    def call(self, *argv: bytes) -> bytes:
        """Execute one command."""
        self.send(*argv)
        return self.receive()

    def send(self, *argv: bytes) -> None:
        """Send a command without waiting for the reply."""
        words = b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in argv)
        self._socket.sendall(b"*%d\r\n%b" % (len(argv), words))

    def receive(self) -> bytes:
        """The bytes of one reply."""
        line = self._file.readline()
        kind, rest = line[:1], line[1:-2]
        if kind in b"$=" and rest != b"-1":
            return line + self._file.read(int(rest) + 2)
        if kind in b"*~>%" and rest != b"-1":
            count = int(rest) * (2 if kind == b"%" else 1)
            return line + b"".join(self.receive() for _ in range(count))
        return line

    def close(self) -> None:
        """Hang up."""
        self._file.close()
        self._socket.close()


class RedisServer:
    """A redis-server of its own in a folder, reached by a socket there."""

    def __init__(self, folder: Path, *options: str) -> None:
        assert REDIS_SERVER is not None
        self.path = str(folder / "redis.sock")
        self._process = subprocess.Popen(
            [
                REDIS_SERVER,
                *("--port", "0", "--unixsocket", self.path, "--dir", str(folder)),
                *("--save", "", "--enable-debug-command", "yes", *options),
            ],
            stdout=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and not self._serves():
            time.sleep(0.01)
        self._await_loaded(deadline)

    def _await_loaded(self, deadline: float) -> None:
        wire = self.connect()
        while wire.call(b"PING").startswith(b"-LOADING") and time.monotonic() < deadline:
            time.sleep(0.01)
        wire.close()

    def _serves(self) -> bool:
        """Whether it answers, with what it had to load in memory."""
        if not os.path.exists(self.path):
            return False
        try:
            wire = self.connect()
        except ConnectionError:  # bound, but not listening yet
            return False
        with contextlib.closing(wire):
            return not wire.call(b"PING").startswith(b"-LOADING")

    def connect(self) -> Wire:
        """A new connection."""
        return Wire(self.path)

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait(10)
