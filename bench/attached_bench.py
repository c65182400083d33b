"""What being watched costs: 20,000 requests/s with the screen attached, and without.

The screen runs in a real pseudo-terminal on scene 04's engine; the load joins as one more client.
Also measured here: how long a copied page takes from its write to the terminal.
"""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Iterator
from fcntl import ioctl
from pathlib import Path

import redis

from bench.load import Result, paced_sets
from bench.row import Row, median, table

_RATE = 20_000
_SECONDS = 5.0
_ROUNDS = 5
_KEYS = 600
_ESCAPE = re.compile(rb"\x1b\[[0-9;?<>=]*[A-Za-z]")
_PORT = re.compile(rb"redis-cli -p (\d+)")


class Screen:
    """`cowscope play 04` in a pseudo-terminal of 160x48, read without end."""

    def __init__(self) -> None:
        self.output = bytearray()
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
            os.execve(
                sys.executable, [sys.executable, "-P", "-m", "app.cli", "play", "04"], environment
            )
        ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", 48, 160, 0, 0))
        self.arrived = threading.Condition()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._fd, 1 << 16)
            except OSError:
                return
            with self.arrived:
                self.output += data
                self.arrived.notify_all()

    def port(self) -> int:
        """The engine's port, as the screen shows it."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            if found := _PORT.search(bytes(self.output)):
                return int(found[1])
            time.sleep(0.05)
        raise RuntimeError("the screen never showed its engine's port")

    def press(self, keys: str) -> None:
        """Type keys."""
        os.write(self._fd, keys.encode())

    def wait_for(self, pattern: re.Pattern[bytes], start: int, seconds: float) -> float | None:
        """When (perf_counter) output from byte `start` on matched; None if it did not."""
        deadline = time.monotonic() + seconds
        with self.arrived:
            while time.monotonic() < deadline:
                if pattern.search(self.text(start)):
                    return time.perf_counter()
                self.arrived.wait(deadline - time.monotonic())
        return None

    def text(self, start: int) -> bytes:
        """The output from byte `start` on without its escape sequences."""
        return _ESCAPE.sub(b"", bytes(self.output[start:]))

    def close(self) -> None:
        """Quit, and be sure of it."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)
        os.waitpid(self.pid, 0)
        os.close(self._fd)


@contextlib.contextmanager
def _alone(settings: dict[str, str]) -> Iterator[int]:
    """The same engine with nobody watching; its port."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(dir=Path.home() / ".cache", ignore_cleanup_errors=True) as d:
        options = [word for name, value in settings.items() for word in (f"--{name}", value)]
        engine = subprocess.Popen(
            [sys.executable, "-P", "-m", "engine", "--port", str(port), "--dir", d, *options],
            stdout=subprocess.DEVNULL,
        )
        try:
            client = redis.Redis(port=port)
            for _ in range(200):
                with contextlib.suppress(redis.ConnectionError):
                    client.ping()
                    break
                time.sleep(0.05)
            yield port
        finally:
            engine.terminate()
            engine.wait()


_SAME = ("appendonly", "appendfsync", "save", "arena-pages", "arena-one-value-a-page")


def measure() -> list[Row]:
    """Ratios of medians of interleaved rounds."""
    (Path.home() / ".cache").mkdir(exist_ok=True)
    screen = Screen()
    try:
        port = screen.port()
        client = redis.Redis(port=port)
        time.sleep(10)  # the opening has forked and its child is held
        settings = {name: client.config_get(name)[name] for name in _SAME}
        watched: list[Result] = []
        bare: list[Result] = []
        with _alone(settings) as other:
            for number in range(_ROUNDS):
                for results, where in ((bare, other), (watched, port)):
                    results.append(
                        paced_sets(where, rate=_RATE, seconds=_SECONDS, keys=_KEYS, seed=number)
                    )
        shown = _time_to_screen(screen, client)
    finally:
        screen.close()
    p99 = median([result.p99_usec for result in bare]), median([r.p99_usec for r in watched])
    rates = median([result.rate for result in bare]), median([r.rate for r in watched])
    rows = [
        Row(
            "20,000 SET/s: throughput with the screen attached", rates[1], "requests/s",
            rates[0], "nobody watching", at_least=0.9,
        ),
        Row(
            "20,000 SET/s: p99 latency without / with the screen", p99[0], "usec",
            p99[1], "screen attached", at_least=0.9,
        ),
    ]  # fmt: skip
    if not shown:
        raise RuntimeError("no copied page was seen on the screen")
    rows.append(
            Row(
                "a copied page from its write to the terminal, p95",
                sorted(shown)[int(len(shown) * 0.95)] * 1000, "ms", at_most=100,
                note=f"(median {median(shown) * 1000:.0f} ms of {len(shown)})",
            )
        )  # fmt: skip
    return rows


def _time_to_screen(screen: Screen, client: redis.Redis) -> list[float]:
    """Seconds from a write to a shared page until the legend counts one copied page more."""
    for _ in range(12):  # to the beat whose child is held and where nobody else writes
        if b"beat 3 of" in screen.text(0):
            break
        screen.press(" ")
        time.sleep(3)
    time.sleep(2)
    state = json.loads(client.execute_command("COWSCOPE", "STATE"))
    shared = {page for first, last in state["shared_ranges"] for page in range(first, last + 1)}
    copied = sum(last - first + 1 for first, last in state["copied_ranges"])
    keys = [names[0] for page, names, _ in state["page_keys"] if page in shared][:60]
    found = []
    for number, key in enumerate(keys, copied + 1):
        start = len(screen.output)
        written = time.perf_counter()
        client.set(key, "x" * 12)
        seen = screen.wait_for(re.compile(rb"copied\s+%d\b" % number), start, 2)
        if seen is not None:
            found.append(seen - written)
        time.sleep(0.2)
    return found


if __name__ == "__main__":
    print(table(measure()))
