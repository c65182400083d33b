"""The multi-part rewrite over a disk that forgets: a power cut before any call of the disk.

A command is a number, its effect that it was executed: so what is loaded tells at once whether it
is a prefix of what was executed, and nothing of it comes twice.
"""

from __future__ import annotations

import errno
from bisect import bisect_right

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from engine.aof_file import AofFatalError, AppendOnlyFile
from engine.aof_folder import AofFolder
from engine.aof_format import encode
from engine.aof_loader import Loader
from engine.aof_policy import AofPolicy, Policy
from engine.disk import REPLACE, Disk, read_all, write_all
from engine.errors import EngineError
from engine.rewrite import IDLE, MultipartRewrite
from engine.rewrite_steps import RewriteSteps
from tests.engine.fake_bio import FakeBio
from tests.engine.fake_disk import FakeDisk

POLICIES = st.sampled_from(["always", "everysec", "no"])
CALLS = ("open", "write", "ftruncate", "fdatasync", "rename", "unlink", "fsync_directory")
BASE = "data/temp-rewriteaof-bg-1.aof"


def folder_on(disk: Disk) -> AofFolder:
    return AofFolder(disk, "data", lambda *_: None, empty_base=lambda: b"REDIS")


def load(disk: Disk) -> list[int]:
    """The numbers of the commands that a restart would execute."""
    found: list[int] = []
    db = 0

    def execute(commands: object) -> None:
        nonlocal db
        assert isinstance(commands, list)
        for name, word, *_ in commands:
            if name == b"SELECT":
                db = int(word)
            else:
                assert db == 3, "a command in a database that it was not for"
                found.append(int(word))

    def load_dump(path: str) -> int:
        data = read_all(disk, path)
        found.extend(int(word) for word in data[5:].split())
        return len(data)

    folder = folder_on(disk)
    Loader(
        disk, folder, lambda *_: None, execute, is_command=lambda _: True, load_rdb=load_dump
    ).load(folder.read())
    return found


class RewriteWorld:
    """A server without clients: commands, an AOF, and the rewrite's machine on a fake disk."""

    def __init__(self, policy: Policy) -> None:
        self.disk = FakeDisk("data")
        self.bio = FakeBio(self.disk)
        self.now = 1000.0
        self.log: list[str] = []
        self.aof = AppendOnlyFile(self.disk, self.bio, self._logged, AofPolicy(policy))
        self.aof.on_append = lambda _file, _start, end, _data: self.ends.append(end)
        self.machine = MultipartRewrite("appendonly.aof")
        self.steps = RewriteSteps(
            self.machine,
            self.disk,
            self.bio,
            self.aof,
            self._logged,
            folder=lambda: folder_on(self.disk),
            fork=self._fork,
            clock=lambda: self.now,
        )
        self.fork_fails = self.exited = self.waits = False
        self.executed: list[int] = []
        self.promised = 0
        """So many commands must survive a power cut."""
        self.ends: list[int] = []
        self.first = 0
        """Offsets behind the commands from number `first` on, in the open file."""
        self.seen = self._file()
        self.snapshot: list[int] = []
        self.doubtful = False
        """A sync of an increment failed: until there is a new base nothing is promised."""
        folder = folder_on(self.disk)
        manifest = folder.complete(folder.read())
        self.machine.adopt(manifest)
        self.aof.open(folder, manifest, self.now)

    def _logged(self, _level: str, text: str) -> None:
        self.log.append(text)
        self.doubtful |= text.startswith("Fail to fsync")

    def _fork(self) -> None:
        if self.fork_fails:
            raise EngineError("Can't rewrite append only file in background: fork: no")
        self.snapshot = list(self.executed)
        self.ends, self.first = [], len(self.executed)

    def _file(self) -> str:
        return self.aof.policy.file

    def turn(self, count: int) -> None:
        if self.exited:
            return
        self.execute(count)
        self._guarded(lambda: self.aof.flush(self.now) if self.aof.enabled else None)
        self.settle_promises(acknowledged=True)

    def execute(self, count: int) -> None:
        """Commands of a turn that has not ended."""
        for _ in range(count):
            if self.aof.enabled:
                self.aof.append(3, [b"SET", b"%d" % len(self.executed)])
            self.executed.append(len(self.executed))

    def _guarded(self, act: object) -> object:
        assert callable(act)
        try:
            return act()
        except AofFatalError:
            self.exited = True
            return None

    def settle_promises(self, *, acknowledged: bool = False) -> None:
        """What the policy says is safe by now has to be."""
        policy = self.aof.policy
        assert policy.fsynced <= policy.written <= policy.appended
        if self.exited or self.waits or not self.aof.enabled:
            return
        kept = self.first + bisect_right(self.ends, policy.fsynced)
        if acknowledged and policy.policy == "always":
            kept = len(self.executed)
        self.promised = max(self.promised, kept)

    def begin(self, *, turning_on: bool = False) -> None:
        was_listed = self.aof.enabled and not self.waits
        self.waits = self.waits or turning_on
        before = len(self.executed)
        switched = self._file()
        begun = self._guarded(lambda: self.steps.begin(turning_on=turning_on))
        if self.exited:
            return
        if not begun and not turning_on and self._file() != switched:
            self.ends, self.first = [], before
        if was_listed and self._file() != switched:
            self.promised = max(self.promised, before)  # the old file was synced to its end
        if turning_on and not begun:
            self.waits = False

    def child_writes(self) -> None:
        numbers = self.snapshot
        if self.machine.rdb_base:
            data = b"REDIS" + b" ".join(b"%d" % number for number in numbers)
        else:
            data = encode([b"SELECT", b"3"])
            data += b"".join(encode([b"SET", b"%d" % number]) for number in numbers)
            data += encode([b"SELECT", b"0"])
        fd = self.disk.open(BASE, REPLACE)
        write_all(self.disk, fd, data)
        self.disk.fsync(fd)
        self.disk.close(fd)
        self.size = len(data)

    def child_writes_undisturbed(self) -> None:
        """What disturbs the child ends in `child_dies`."""
        disk = self.disk
        failing, room = disk.fail, disk.room
        disk.fail, disk.room = {}, None
        self.child_writes()
        disk.fail, disk.room = failing, room

    def child_dies(self) -> None:
        turning_on = self.machine.turning_on
        self.steps.child_failed()
        self.waits = self.waits and not turning_on

    def work(self) -> None:
        """The background thread does its jobs."""
        while self.bio.jobs and not self.exited:
            self.bio.do_one()
            self._guarded(self.aof.collect)
            self.settle_promises()

    def child_ends(self) -> None:
        turning_on = self.machine.turning_on
        if self._guarded(lambda: self.steps.child_ended(BASE, self.size)):
            self.promised = max(self.promised, len(self.snapshot))
            self.doubtful = False
            self.waits = self.waits and not turning_on
        elif turning_on:
            self.waits = False

    def turn_off(self) -> None:
        if self.exited:
            return
        if self.machine.stage == "child":
            self.steps.child_failed()
        if self.aof.enabled:
            self.aof.turn_off(self.now)
            if not self.waits and not self.aof.policy.refusal:
                self.promised = len(self.executed)
        self.waits = False

    def check(self, seed: int | None = None) -> None:
        left = self.disk.after_crash(seed)
        try:
            loaded = load(left)
        except EngineError:
            assert self.doubtful
            return
        if self.doubtful:
            return
        assert loaded == self.executed[: len(loaded)], "no prefix of what was executed"
        assert len(loaded) >= self.promised, f"{loaded} of {self.promised} that were promised"


class CrashAtAnyCall(RuleBasedStateMachine):
    """Everything that may come between a server and its disk, in any order."""

    @initialize(policy=POLICIES)
    def start(self, policy: Policy) -> None:
        self.world = RewriteWorld(policy)
        self.calls = 0
        self.left_to_failure: int | None = None
        self.world.disk.before_call = self.power_cut
        self.world.disk.fail = dict.fromkeys(CALLS, self.fails)

    def power_cut(self) -> None:
        self.calls += 1
        self.world.check(None if self.calls % 2 else self.calls)

    def fails(self) -> int:
        if self.left_to_failure is None:
            return 0
        self.left_to_failure -= 1
        if self.left_to_failure >= 0:
            return 0
        self.left_to_failure = None
        return errno.EIO

    def alive(self) -> bool:
        return not self.world.exited

    @precondition(alive)
    @rule(count=st.integers(1, 4))
    def turn(self, count: int) -> None:
        self.world.turn(count)

    @rule(seconds=st.sampled_from([0.1, 1.0, 2.5]))
    def wait(self, seconds: float) -> None:
        self.world.now += seconds

    @precondition(lambda self: self.world.bio.jobs)
    @rule()
    def bio(self) -> None:
        self.world.bio.do_one()
        if not self.world.exited:
            self.world.aof.collect()
            self.world.settle_promises()

    @precondition(lambda self: self.alive() and self.world.machine.stage == IDLE)
    @rule(rdb=st.booleans(), fork_fails=st.sampled_from([False, False, False, True]))
    def begin(self, rdb: bool, fork_fails: bool) -> None:
        world = self.world
        world.machine.rdb_base = rdb
        world.fork_fails = fork_fails
        world.begin()

    @precondition(lambda self: self.alive() and self.world.machine.stage == "child")
    @rule()
    def child_succeeds(self) -> None:
        self.world.child_writes_undisturbed()
        self.world.child_ends()

    @precondition(lambda self: self.alive() and self.world.machine.stage == "child")
    @rule()
    def child_fails(self) -> None:
        self.world.child_dies()

    @precondition(lambda self: self.alive() and self.world.machine.stage == IDLE)
    @rule(count=st.integers(1, 3), killed=st.booleans())
    def commands_and_a_rewrite(self, count: int, killed: bool) -> None:
        self.world.turn(count)
        rewrite(self.world, killed=killed)

    @precondition(lambda self: self.alive() and self.world.machine.stage == IDLE)
    @rule(keep=st.booleans())
    def keep_history(self, keep: bool) -> None:
        self.world.machine.collects = not keep
        self.world.steps.collect()

    @precondition(lambda self: self.alive() and self.world.aof.enabled)
    @rule()
    def turn_off(self) -> None:
        self.world.turn_off()

    @precondition(
        lambda self: (
            self.alive() and not self.world.aof.enabled and self.world.machine.stage == IDLE
        )
    )
    @rule()
    def turn_on(self) -> None:
        self.world.begin(turning_on=True)

    @precondition(alive)
    @rule(policy=POLICIES)
    def set_policy(self, policy: Policy) -> None:
        world = self.world
        if world.aof.enabled:
            world._guarded(lambda: world.aof.flush(world.now))
        world.aof.policy.policy = policy

    @rule(calls=st.integers(0, 12))
    def a_call_will_fail(self, calls: int) -> None:
        self.left_to_failure = calls

    @rule(room=st.sampled_from([None, None, 0, 3, 30]))
    def the_disk_fills(self, room: int | None) -> None:
        self.world.disk.room = room

    @invariant()
    def offsets(self) -> None:
        if hasattr(self, "world") and self.world.aof.enabled:
            policy = self.world.aof.policy
            assert policy.fsynced <= policy.written <= policy.appended

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.disk.before_call = lambda: None
            self.world.check()


CrashAtAnyCall.TestCase.settings = settings(
    deadline=None, derandomize=True, max_examples=60, stateful_step_count=30
)
test_crash_at_any_call = CrashAtAnyCall.TestCase


class Failing:
    """Fails calls number `first` to `last`, counted from 0, and cuts the power before each call."""

    def __init__(self, world: RewriteWorld, first: int, last: int) -> None:
        self.world = world
        self.failing = range(first, last + 1)
        self.calls = -1
        world.disk.before_call = self._before
        world.disk.fail = dict.fromkeys(CALLS, self._number)

    def _before(self) -> None:
        self.calls += 1
        self.world.check(None if self.calls % 2 else self.calls)

    def _number(self) -> int:
        return errno.EIO if self.calls in self.failing else 0


def rewrite(world: RewriteWorld, *, turning_on: bool = False, killed: bool = False) -> None:
    """A whole one with commands in between, as far as it comes."""
    if world.exited or world.machine.stage != IDLE:
        return
    world.execute(1)
    world.begin(turning_on=turning_on)
    world.now += 2
    world.turn(2)
    if world.exited or world.machine.stage != "child":
        return
    if killed:
        world.child_dies()
        return
    world.child_writes_undisturbed()
    world.child_ends()
    world.turn(1)


def go_on(world: RewriteWorld) -> None:
    """A second passes and the background thread does its work."""
    world.now += 2
    if not world.exited:
        world.turn(1)
        world.work()


def scenario(world: RewriteWorld, name: str) -> None:
    world.turn(2)
    if name == "turned on":
        world.turn_off()
        world.turn(1)
    rewrite(world, turning_on=name == "turned on")
    go_on(world)
    rewrite(world, killed=True)
    if name == "turned on" and world.aof.enabled:
        world.turn_off()
        rewrite(world, turning_on=True, killed=True)
        rewrite(world, turning_on=True)
        world.work()
    rewrite(world)
    go_on(world)


@pytest.mark.parametrize("name", ["rewritten", "turned on"])
@pytest.mark.parametrize("policy", ["always", "everysec", "no"])
@pytest.mark.parametrize("in_a_row", [1, 2])
def test_any_call_may_fail(policy: Policy, name: str, in_a_row: int) -> None:
    for first in range(0, 200, in_a_row):
        world = RewriteWorld(policy)
        failing = Failing(world, first, first + in_a_row - 1)
        try:
            scenario(world, name)
        except AofFatalError:
            world.exited = True
        world.disk.before_call = lambda: None
        world.check()
        if failing.calls < first:
            return
    raise AssertionError("more calls than were tried")


@pytest.mark.parametrize("policy", ["always", "everysec"])
def test_a_plain_rewrite_loses_nothing(policy: Policy) -> None:
    world = RewriteWorld(policy)
    world.disk.before_call = world.check
    world.turn(3)
    world.begin()
    world.turn(2)
    world.child_writes()
    world.child_ends()
    world.turn(1)
    world.now += 2
    world.turn(0)
    world.bio.drain()
    world.disk.before_call = lambda: None
    assert load(world.disk.after_crash()) == [0, 1, 2, 3, 4, 5]
    assert sorted(name.rpartition("/")[2] for name in world.disk.names) == [
        "appendonly.aof.2.base.rdb",
        "appendonly.aof.2.incr.aof",
        "appendonly.aof.manifest",
    ]
