"""What MONITOR prints."""

from __future__ import annotations

import re

from engine.monitor import monitor_line
from tests.engine.commands.offline import OfflineServer


def test_words_are_quoted_as_redis_quotes_them() -> None:
    line = monitor_line(3, "127.0.0.1:5", [b"SET", b"a\"'\\", bytes([0, 7, 8, 9, 10, 13, 255])])
    assert re.sub(rb"^\+\d+\.\d{6}", b"", line) == (
        b' [3 127.0.0.1:5] "SET" "a\\"\'\\\\" "\\x00\\a\\b\\t\\n\\r\\xff"\r\n'
    )
    assert b"[0 unix:/tmp/s]" in monitor_line(0, "/tmp/s:0", [b"PING"])


def test_what_runs_is_told_and_nothing_of_administrators() -> None:
    server = OfflineServer()
    watcher, worker = server.connect(), server.connect()
    watcher.line("MONITOR")
    for line in (
        "CONFIG SET hz 20", "CONFIG GET hz", "CLIENT LIST", "CLIENT ID", "CLIENT NOPE", "GET",
        "DEBUG SLEEP 0", "MULTI", "SET a 1", "LASTSAVE", "EXEC", "MULTI", "SET a 2", "DISCARD",
    ):  # fmt: skip
        worker.line(line)
    told = watcher.received().decode().split("\r\n")[:-1]
    assert told == [
        "+CLIENT ID", "+MULTI", "+SET a 1", "+LASTSAVE", "+EXEC", "+MULTI", "+DISCARD"
    ]  # fmt: skip
