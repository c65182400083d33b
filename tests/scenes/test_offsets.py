"""The offsets that a crash is reported with."""

from __future__ import annotations

from engine import events
from scenes.offsets import Offsets

APPEND = events.AofAppend(file="a.aof", start=0, end=30, text="")
WRITE = events.AofWrite(file="a.aof", start=0, end=20, usec=1)
FSYNC = events.AofFsync(
    file="a.aof", start=0, end=10, usec=1, thread="bio", policy="everysec", dirty_pages_after=0
)


def after(*stream: events.Event) -> tuple[int, int, int, str]:
    offsets = Offsets()
    for event in stream:
        offsets.add(event)
    return offsets.appended, offsets.written, offsets.fsynced, offsets.file


def test_each_rung_has_come_as_far_as_it_was_told() -> None:
    assert after(APPEND, WRITE, FSYNC) == (30, 20, 10, "a.aof")
    assert after(WRITE) == (20, 20, 0, "")  # what was written was appended, too


def test_a_new_file_begins_empty_or_as_what_the_rewrite_left_in_it() -> None:
    opened = events.Rewrite(child=2, stage="began", file="b.aof", bytes=0)
    switched = events.Rewrite(child=2, stage="switched", file="b.aof", bytes=70)
    assert after(APPEND, WRITE, FSYNC, opened)[:3] == (0, 0, 0)
    assert after(APPEND, WRITE, FSYNC, switched)[:3] == (70, 70, 0)
