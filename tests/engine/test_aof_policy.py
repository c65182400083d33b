from __future__ import annotations

import copy
import errno

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from engine.aof_intentions import (
    Delayed,
    Exit,
    IllegalMoveError,
    Intention,
    LogLine,
    Postpone,
    Sync,
    Truncate,
    Write,
)
from engine.aof_policy import DISK_BUSY, MOVES, WRITE_FATAL, AofPolicy, Policy
from engine.disk import APPEND
from tests.engine.fake_disk import FakeDisk


def machine(policy: Policy = "everysec", now: float = 100.0, size: int = 0) -> AofPolicy:
    aof = AofPolicy(policy)
    aof.begin_file("incr", size, now)
    return aof


def one(intentions: list[Intention]) -> Intention:
    assert len(intentions) == 1, intentions
    return intentions[0]


def bio_sync(aof: AofPolicy, data: bytes, now: float) -> Sync:
    """A turn whose sync is now under way in the background."""
    aof.append(data)
    aof.flush(now)
    sync = one(aof.written_all())
    assert isinstance(sync, Sync) and sync.thread == "bio"
    return sync


def test_always_writes_and_syncs_before_the_reply() -> None:
    aof = machine("always")
    aof.append(b"a")
    aof.append(b"bc")
    assert one(aof.flush(100.0)) == Write("incr", 0, b"abc")
    assert aof.may_acknowledge == 0
    sync = one(aof.written_all())
    assert sync == Sync("incr", 0, 3, "main")
    assert aof.may_acknowledge == 0
    assert isinstance(sync, Sync) and aof.synced(sync) == []
    assert (aof.fsynced, aof.written, aof.appended, aof.may_acknowledge) == (3, 3, 3, 3)
    assert aof.flush(100.1) == []


def test_everysec_syncs_when_a_new_second_has_begun() -> None:
    aof = machine(now=100.2)
    aof.append(b"abc")
    aof.flush(100.9)
    assert aof.written_all() == []
    assert (aof.written, aof.fsynced, aof.may_acknowledge) == (3, 0, 3)
    assert aof.next_fsync_at(100.9) == 101.0
    assert aof.flush(100.99) == []
    sync = one(aof.flush(101.0))
    assert sync == Sync("incr", 0, 3, "bio")
    assert aof.fsynced == 0
    assert isinstance(sync, Sync)
    aof.synced(sync)
    assert aof.fsynced == 3
    assert aof.flush(102.5) == [] and aof.next_fsync_at(102.5) == 0.0


def test_a_sync_covers_what_was_written_when_it_began() -> None:
    aof = machine()
    sync = bio_sync(aof, b"abc", 101.0)
    aof.append(b"de")
    aof.flush(101.1, force=True)
    aof.written_all()
    aof.synced(sync)
    assert (aof.fsynced, aof.written) == (3, 5)


def test_no_never_syncs() -> None:
    aof = machine("no")
    aof.append(b"abc")
    aof.flush(200.0)
    assert aof.written_all() == []
    assert aof.flush(300.0) == []
    assert aof.next_fsync_at(300.0) == 0.0


def test_a_write_waits_two_seconds_for_a_slow_sync_then_goes_ahead() -> None:
    aof = machine()
    bio_sync(aof, b"abc", 101.0)
    aof.append(b"de")
    assert aof.flush(101.25) == [Postpone(101.25)]
    assert aof.may_acknowledge == 5, "replies do not wait"
    aof.append(b"f")
    assert aof.flush(103.2) == []
    assert aof.flush(103.25) == [
        LogLine("*", DISK_BUSY),
        Delayed(2.0),
        Write("incr", 3, b"def"),
    ]
    assert aof.written_all() == []
    assert aof.delayed_fsync == 1
    aof.append(b"g")
    assert aof.flush(103.5) == [Postpone(103.5)], "the count starts again"
    assert aof.pending_bio_fsync == 1


def test_a_postponed_write_goes_as_soon_as_the_sync_is_done() -> None:
    aof = machine()
    sync = bio_sync(aof, b"abc", 101.0)
    aof.append(b"de")
    aof.flush(101.1)
    aof.synced(sync)
    assert one(aof.flush(101.2)) == Write("incr", 3, b"de")
    assert aof.delayed_fsync == 0


def test_an_old_file_is_not_taken_for_safe() -> None:
    aof = machine(size=500)
    assert (aof.written, aof.fsynced) == (500, 0)
    assert one(aof.flush(101.0)) == Sync("incr", 0, 500, "bio")


def test_from_no_to_always_what_was_left_is_synced_at_once() -> None:
    aof = machine("no")
    aof.append(b"abc")
    aof.flush(100.0)
    aof.written_all()
    aof.policy = "always"
    assert aof.may_acknowledge == 0
    assert one(aof.flush(100.0)) == Sync("incr", 0, 3, "main")


def test_always_does_not_trust_a_sync_that_is_still_running() -> None:
    aof = machine()
    slow = bio_sync(aof, b"abc", 101.0)
    aof.policy = "always"
    sync = one(aof.flush(101.1))
    assert sync == Sync("incr", 0, 3, "main")
    assert isinstance(sync, Sync)
    aof.synced(sync)
    aof.append(b"d")
    assert one(aof.flush(101.2)) == Write("incr", 3, b"d"), "always postpones nothing"
    now = one(aof.written_all())
    assert isinstance(now, Sync)
    aof.synced(now)
    aof.synced(slow)
    assert (aof.fsynced, aof.pending_bio_fsync) == (4, 0)


@pytest.mark.parametrize("policy", ["always", "everysec"])
def test_no_appendfsync_on_rewrite(policy: Policy) -> None:
    aof = AofPolicy(policy, skip_sync_with_child=True)
    aof.begin_file("incr", 0, 100.0)
    aof.child_active = True
    aof.append(b"abc")
    aof.flush(105.0)
    assert aof.written_all() == []
    assert aof.may_acknowledge == 3
    assert aof.next_fsync_at(105.0) == 0.0
    aof.child_active = False
    assert isinstance(one(aof.flush(105.1)), Sync)


def test_a_full_disk_is_retried_once_a_second_and_refuses_writes_meanwhile() -> None:
    aof = machine()
    aof.append(b"abc")
    aof.flush(100.0)
    assert aof.write_failed(errno.ENOSPC, 0) == [
        LogLine("#", "Error writing to the AOF file: No space left on device")
    ]
    assert aof.refusal == "MISCONF Errors writing to the AOF file: No space left on device"
    assert aof.last_write_status == "err"
    assert aof.flush(100.9) == []
    assert one(aof.flush(101.0)) == Write("incr", 0, b"abc")
    assert aof.write_failed(errno.ENOSPC, 0) == [], "one line in 30 s"
    aof.flush(132.0)
    assert aof.written_all() == [
        LogLine("#", "AOF write error looks solved, Redis can write again."),
        Sync("incr", 0, 3, "bio"),
    ]
    assert aof.refusal is None


def test_a_short_write_is_cut_off() -> None:
    aof = machine()
    aof.append(b"abc")
    aof.flush(100.0)
    assert aof.write_failed(errno.ENOSPC, 2) == [
        LogLine("#", "Short write while writing to the AOF file: (nwritten=2, expected=3)"),
        Truncate("incr", 0, 2),
    ]
    assert aof.truncated() == []
    assert (aof.written, aof.appended) == (0, 3)
    assert one(aof.flush(101.0)) == Write("incr", 0, b"abc")


def test_a_tail_that_cannot_be_cut_off_counts_as_written() -> None:
    aof = machine()
    aof.append(b"abc")
    aof.flush(100.0)
    aof.write_failed(errno.ENOSPC, 2)
    line = one(aof.truncate_failed(errno.EIO, 2))
    assert isinstance(line, LogLine) and line.text.endswith("ftruncate: Input/output error")
    assert (aof.written, aof.appended) == (2, 3)
    assert one(aof.flush(101.0)) == Write("incr", 2, b"c")


def test_always_exits_on_a_write_error() -> None:
    aof = machine("always")
    aof.append(b"abc")
    aof.flush(100.0)
    assert aof.write_failed(errno.EIO, 0)[-1] == Exit(WRITE_FATAL)
    assert aof.may_acknowledge == 0
    with pytest.raises(IllegalMoveError, match="flush while stopped"):
        aof.flush(101.0)


def test_always_exits_on_a_failed_sync() -> None:
    aof = machine("always")
    aof.append(b"abc")
    aof.flush(100.0)
    sync = one(aof.written_all())
    assert isinstance(sync, Sync)
    assert aof.sync_failed(sync, errno.EIO) == [
        Exit(
            "Can't persist AOF for fsync error when the AOF fsync policy is 'always': "
            "Input/output error. Exiting..."
        )
    ]


def test_a_failed_background_sync_refuses_writes_until_one_succeeds() -> None:
    aof = machine()
    sync = bio_sync(aof, b"abc", 101.0)
    assert aof.sync_failed(sync, errno.EIO) == [
        LogLine("#", "Fail to fsync the AOF file: Input/output error")
    ]
    assert aof.refusal == "MISCONF Errors writing to the AOF file: Input/output error"
    assert aof.flush(102.5) == [], "nothing new to sync: it stays refused"
    aof.synced(bio_sync(aof, b"de", 103.0))
    assert aof.refusal is None
    assert aof.fsynced == 0, "a later success proves nothing of the bytes that failed"
    aof.append(b"f")
    aof.flush(104.0)
    aof.synced(one(aof.written_all()))  # type: ignore[arg-type]
    aof.begin_file("next", 0, 104.0)
    aof.synced(bio_sync(aof, b"g", 105.0))
    assert aof.fsynced == 1


def test_closing_syncs_whatever_the_policy() -> None:
    aof = machine("no")
    aof.append(b"abc")
    aof.flush(100.0, force=True)
    aof.written_all()
    sync = one(aof.sync(100.0))
    assert sync == Sync("incr", 0, 3, "main")
    assert isinstance(sync, Sync)
    aof.synced(sync)
    assert aof.fsynced == 3


def test_a_failed_sync_at_the_close_is_told() -> None:
    aof = machine("always")
    sync = one(aof.sync(100.0))
    assert isinstance(sync, Sync)
    assert isinstance(one(aof.sync_failed(sync, errno.EIO)), LogLine)
    aof.append(b"abc")
    aof.flush(100.0)
    sync = one(aof.written_all())
    assert isinstance(sync, Sync)
    assert isinstance(one(aof.sync_failed(sync, errno.EIO)), Exit), "a shutdown was called off"


def test_a_buffer_that_can_not_be_written_can_be_given_up() -> None:
    aof = machine()
    aof.append(b"abc")
    aof.flush(100.0)
    aof.write_failed(errno.ENOSPC, 0)
    assert aof.discard() == 3
    aof.begin_file("next", 0, 101.0)
    assert (aof.appended, aof.refusal) == (0, None)


def test_syncs_of_the_file_before_are_not_taken_for_this_one() -> None:
    aof = machine()
    old = bio_sync(aof, b"abc", 101.0)
    aof.begin_file("next", 0, 101.0)
    aof.synced(old)
    assert (aof.fsynced, aof.pending_bio_fsync) == (0, 0)


def test_a_new_file_needs_an_empty_buffer() -> None:
    aof = machine()
    aof.append(b"abc")
    with pytest.raises(IllegalMoveError, match="3 bytes for incr"):
        aof.begin_file("next", 0, 100.0)
    assert aof.file == "incr"


def test_illegal_moves_change_nothing() -> None:
    assert set().union(*MOVES.values()) == {
        *("append", "flush", "sync", "discard", "begin_file", "written", "write_failed"),
        *("truncated", "truncate_failed", "synced", "sync_failed"),
    }
    aof = machine("always")
    with pytest.raises(IllegalMoveError, match="written while ready"):
        aof.written_all()
    with pytest.raises(IllegalMoveError):
        aof.truncated()
    aof.append(b"abc")
    aof.flush(100.0)
    with pytest.raises(IllegalMoveError, match="append while writing"):
        aof.append(b"d")
    with pytest.raises(IllegalMoveError):
        aof.flush(100.0)
    assert aof.appended == 3 and aof.stage == "writing"


class CrashAtAnyPoint(RuleBasedStateMachine):
    """The machine over a disk that forgets, with a power cut after every step."""

    path = "d/incr"

    @initialize(policy=st.sampled_from(["always", "everysec", "no"]), old=st.binary(max_size=5))
    def start(self, policy: Policy, old: bytes) -> None:
        self.disk = FakeDisk("d")
        self.disk.put(self.path, old)
        self.fd = self.disk.open(self.path, APPEND)
        self.stream = old
        self.now = 1000.0
        self.aof = AofPolicy(policy)
        self.aof.begin_file("incr", len(old), self.now)
        self.in_bio: list[Sync] = []
        self.promised = len(old)  # bytes whose replies left under `always`
        self.before = (0, 0, 0)
        self.exited = self.sync_failed = False

    def perform(self, intentions: list[Intention]) -> None:
        queue = list(intentions)
        while queue:
            intention = queue.pop(0)
            match intention:
                case Write():
                    assert intention.start == self.aof.written
                    queue += self.write(intention.data)
                case Truncate():
                    try:
                        self.disk.ftruncate(self.fd, intention.size)
                        queue += self.aof.truncated()
                    except OSError as err:
                        queue += self.aof.truncate_failed(err.errno or 0, intention.tail)
                case Sync(thread="main"):
                    queue += self.sync(intention)
                case Sync():
                    self.in_bio.append(intention)
                    assert len(self.in_bio) == self.aof.pending_bio_fsync == 1
                case Exit():
                    self.exited = True
                    assert not queue
            self.check()

    def write(self, data: bytes) -> list[Intention]:
        done = 0
        try:
            while done < len(data):
                done += self.disk.write(self.fd, data[done:])
        except OSError as err:
            return self.aof.write_failed(err.errno or 0, done)
        return self.aof.written_all()

    def sync(self, sync: Sync) -> list[Intention]:
        try:
            self.disk.fdatasync(self.fd)
        except OSError as err:
            self.sync_failed = True
            return self.aof.sync_failed(sync, err.errno or 0)
        return self.aof.synced(sync)

    @precondition(lambda self: not self.exited)
    @rule(turn=st.lists(st.binary(min_size=1, max_size=6), max_size=3), force=st.booleans())
    def turn(self, turn: list[bytes], force: bool) -> None:
        for data in turn:
            self.stream += data
            self.aof.append(data)
        self.perform(self.aof.flush(self.now, force))
        if not self.exited and self.aof.policy == "always":
            assert self.aof.may_acknowledge == len(self.stream), "a reply would have to wait"
            if not (self.aof.child_active and self.aof.skip_sync_with_child):
                self.promised = len(self.stream)

    @rule(seconds=st.sampled_from([0.05, 0.4, 1.0, 2.1, 40.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @precondition(lambda self: self.in_bio)
    @rule()
    def bio_ends(self) -> None:
        self.perform(self.sync(self.in_bio.pop()))

    @rule(policy=st.sampled_from(["always", "everysec", "no"]))
    def switch(self, policy: Policy) -> None:
        self.aof.policy = policy

    @rule(active=st.booleans(), skip=st.booleans())
    def child(self, active: bool, skip: bool) -> None:
        self.aof.child_active = active
        self.aof.skip_sync_with_child = skip

    @rule(room=st.sampled_from([None, None, 0, 1, 4]))
    def disk_fills(self, room: int | None) -> None:
        self.disk.room = room

    @rule(call=st.sampled_from(["fdatasync", "ftruncate"]), number=st.sampled_from([0, 0, 5]))
    def disk_breaks(self, call: str, number: int) -> None:
        self.disk.fail[call] = lambda: number

    @rule(seed=st.integers(0, 1000))
    def power_cut_with_luck(self, seed: int) -> None:
        self.check(seed)

    @invariant()
    def check(self, seed: int | None = None) -> None:
        if not hasattr(self, "aof"):
            return
        aof = self.aof
        now = (aof.fsynced, aof.written, aof.appended)
        assert aof.fsynced <= aof.written <= aof.appended
        assert all(old <= new for old, new in zip(self.before, now, strict=True))
        self.before = now
        assert aof.appended == len(self.stream)
        if aof.stage == "ready":
            assert len(self.disk.content(self.path)) == aof.written
        after = copy.deepcopy(self.disk)
        after.fail = {}
        after.crash(seed)
        left = after.content(self.path)
        assert self.stream.startswith(left)
        assert len(left) >= aof.fsynced
        if not self.sync_failed:
            assert len(left) >= self.promised


CrashAtAnyPoint.TestCase.settings = settings(
    deadline=None, derandomize=True, max_examples=100, stateful_step_count=40
)
test_crash_at_any_point = CrashAtAnyPoint.TestCase
