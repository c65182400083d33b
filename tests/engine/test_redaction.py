"""No password, whatever the command, whatever the place."""

from __future__ import annotations

import pytest

from engine.burst import printable
from engine.monitor import monitor_line
from engine.redaction import redacted
from engine.slowlog import shortened


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("AUTH PW", "AUTH (redacted)"),
        ("auth me PW", "auth (redacted) (redacted)"),
        ("HELLO 3 AUTH me PW SETNAME x", "HELLO 3 AUTH (redacted) (redacted) SETNAME x"),
        ("HELLO 3", "HELLO 3"),
        ("CONFIG SET requirepass PW", "CONFIG SET requirepass (redacted)"),
        (
            "config set hz 20 MASTERAUTH PW masteruser PW",
            "config set hz 20 MASTERAUTH (redacted) masteruser (redacted)",
        ),
        ("CONFIG SET requirepas PW", "CONFIG SET requirepas (redacted)"),
        ("CONFIG SET user PW", "CONFIG SET user (redacted)"),
        ("CONFIG SET dir /home/user hz 20", "CONFIG SET dir /home/user hz 20"),
        ("CONFIG GET requirepass hz", "CONFIG GET requirepass hz"),
        ("ACL SETUSER bob on >PW", "ACL SETUSER (redacted) (redacted) (redacted)"),
        ("MIGRATE h 1 k 0 9 AUTH PW", "MIGRATE h 1 k 0 9 AUTH (redacted)"),
        ("MIGRATE h 1 k 0 9 auth2 me PW", "MIGRATE h 1 k 0 9 auth2 (redacted) (redacted)"),
        ("SET auth value", "SET auth value"),
    ],
)
def test_what_is_shown(line: str, shown: str) -> None:
    argv = [word.encode() for word in line.split()]
    assert b" ".join(redacted(argv)).decode() == shown
    places = (
        " ".join(printable(argv)).encode(),
        b" ".join(shortened(argv)),
        monitor_line(0, "", argv),
    )
    assert not [place for place in places if b"PW" in place]
