"""One child's account: what was shared at its fork, and what has become of it."""

from __future__ import annotations

from engine import events
from scenes.evidence import Evidence
from scenes.evidence_child import Snapshot

FORK = events.Fork(pid=1, child=11, usec=1, purpose="rdb", page_table_kb=1, at=1.0)


def written(*pages: int, at: float = 2.0) -> events.Command:
    keys = [(page, f"key:{page}") for page in pages]
    return events.Command(client="c", argv=["SET"], usec=1, dirty=1, pages=keys, at=at)


def test_writes_to_pages_with_data_make_copies_due_and_others_new_pages() -> None:
    snapshot = Snapshot(FORK, b"\1\1\0")
    snapshot.command(written(1, 2))
    assert (snapshot.copies_due(), snapshot.new_due()) == ({1}, {2})
    assert snapshot.page_of == {"key:1": 1, "key:2": 2} and snapshot.dirty == 1


def test_after_the_exit_changes_count_but_touch_nothing_shared() -> None:
    snapshot = Snapshot(FORK, b"\1\1")
    gone = events.ChildExit(child=11, status=0, signal=0, usec=1, cow_kb=0)
    assert snapshot.add(gone) == ""
    snapshot.command(written(1))
    assert snapshot.dirty == 1 and not snapshot.touched


def test_a_page_that_is_seen_late_was_held_at_the_fork() -> None:
    snapshot = Snapshot(FORK, b"\0\0\0\0")
    reading = events.Pages(
        child=11, shared=1, copied=1, new=1, newly_shared=[(0, 0)],
        newly_copied=[(1, 1)], newly_new=[(2, 2)],
    )  # fmt: skip
    snapshot.read(reading)
    assert bytes(snapshot.held) == b"\1\0\0\0" and snapshot.latest is not None
    assert snapshot.copied_times == {1: 1} and snapshot.new_pages == {2}


def test_the_exit_of_a_child_that_nobody_forked_contradicts_the_evidence() -> None:
    evidence = Evidence()
    stranger = events.ChildExit(child=12, status=0, signal=0, usec=1, cow_kb=0)
    for event in (FORK, stranger):
        evidence.add(event)
    assert evidence.broken == ["child 12 exited, but 11 was forked"]


def test_a_child_that_the_engine_no_longer_knows_is_lost() -> None:
    evidence = Evidence()
    evidence.add(FORK)
    assert evidence.child_lives
    evidence.add(events.Crash(kind="kill -9", acked=1, written=1, fsynced=1))
    assert not evidence.child_lives
