"""The slow log."""

from __future__ import annotations

from types import SimpleNamespace

from engine.slowlog import MAX_BYTES, MAX_WORDS, SlowLog, shortened


def log(length: int = 3) -> SlowLog:
    return SlowLog(SimpleNamespace(slowlog_max_len=length), clock=lambda: 1000.9)


def test_newest_first_and_no_more_than_allowed() -> None:
    slow = log(3)
    for number in range(5):
        slow.add([b"GET", b"%d" % number], 100 + number, "127.0.0.1:1", "me")
    assert [entry.id for entry in slow.newest(-1)] == [4, 3, 2]
    assert [entry.usec for entry in slow.newest(1)] == [104]
    assert slow.newest(1)[0].time == 1000


def test_ids_go_on_after_a_reset() -> None:
    slow = log()
    slow.add([b"PING"], 1, "", "")
    slow.reset()
    assert len(slow) == 0
    slow.add([b"PING"], 1, "", "")
    assert slow.newest(-1)[0].id == 1


def test_long_commands_are_cut_as_redis_cuts_them() -> None:
    words = shortened([b"MSET", *[b"x"] * 100])
    assert len(words) == MAX_WORDS
    assert words[-1] == b"... (70 more arguments)"
    assert shortened([b"SET", b"k", b"v" * 130])[-1] == b"v" * MAX_BYTES + b"... (2 more bytes)"


def test_no_password_is_kept() -> None:
    assert shortened([b"AUTH", b"secret"]) == (b"AUTH", b"(redacted)")
    words = shortened([b"CONFIG", b"SET", b"requirepass", b"secret", b"hz", b"20"])
    assert words == (b"CONFIG", b"SET", b"requirepass", b"(redacted)", b"hz", b"20")
