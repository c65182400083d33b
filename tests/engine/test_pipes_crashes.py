"""The rewrite with pipes over a disk that forgets: every call may fail, the power go before each.

Commands are numbers, as in `test_rewrite_crashes`; the child is played by the test.
"""

from __future__ import annotations

import errno
from bisect import bisect_right
from collections.abc import Callable

import pytest

from engine.aof_file import AofFatalError, AppendOnlyFile
from engine.aof_format import encode
from engine.aof_intentions import IllegalMoveError
from engine.aof_loader import Loader
from engine.aof_policy import AofPolicy, Policy
from engine.disk import REPLACE, Disk, read_all, write_all
from engine.errors import EngineError
from engine.pipes_rewrite import IDLE, MOVES, PipesRewrite
from engine.pipes_steps import PipesSteps
from engine.single_file import SingleFile
from tests.engine.fake_bio import FakeBio
from tests.engine.fake_disk import FakeDisk

CALLS = ("open", "write", "ftruncate", "fdatasync", "rename", "unlink", "fsync_directory")
BASE = "data/temp-rewriteaof-bg-1.aof"


def file_on(disk: Disk) -> SingleFile:
    return SingleFile(disk, "data", lambda *_: None)


def load(disk: Disk) -> list[int]:
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
        end = data.index(b";") + 1
        found.extend(int(word) for word in data[5 : end - 1].split())
        return end

    file = file_on(disk)
    Loader(
        disk, file, lambda *_: None, execute, is_command=lambda _: True, load_rdb=load_dump
    ).load(file.read())
    return found


class FakePipes:
    """Pipe 1 holds 60 bytes; the child takes them when the test says so."""

    def __init__(self) -> None:
        self.held = b""
        self.diff = b""
        self.asked = self.agreed = False
        self.open = True

    def send(self, data: bytes) -> int:
        assert not self.agreed, "a diff was sent after the parent had agreed to stop"
        taken = data[: 60 - len(self.held)]
        self.held += taken
        return len(taken)

    def drain(self) -> None:
        self.diff += self.held
        self.held = b""

    def was_asked(self) -> bool:
        return self.asked

    def agree(self) -> None:
        self.agreed = True


class World:
    def __init__(self, policy: Policy, *, rdb: bool = True) -> None:
        self.disk = FakeDisk("data")
        self.bio = FakeBio(self.disk)
        self.now = 1000.0
        self.doubtful = self.unnamed = False
        self.aof = AppendOnlyFile(self.disk, self.bio, self._logged, AofPolicy(policy))
        self.aof.on_append = lambda _file, _start, end, _data: self.ends.append(end)
        self.machine = PipesRewrite(rdb_base=rdb)
        self.pipes = FakePipes()
        self.watched = False
        self.steps = PipesSteps(
            self.machine,
            self.disk,
            self.bio,
            self.aof,
            self._logged,
            folder=lambda: file_on(self.disk),
            open_pipes=self._open_pipes,
            fork=self._fork,
            watch=self._watch,
            hang_up=self._hang_up,
            clock=lambda: self.now,
        )
        self.executed: list[int] = []
        self.promised = self.first = 0
        self.ends: list[int] = []
        self.snapshot: list[int] = []
        file = file_on(self.disk)
        self.aof.open(file, file.complete(file.read()), self.now)

    def _logged(self, _level: str, text: str) -> None:
        self.doubtful |= text.startswith("Fail to fsync")
        self.unnamed |= text.startswith("Fail to fsync the directory")

    def _open_pipes(self) -> FakePipes:
        self.pipes = FakePipes()
        return self.pipes

    def _fork(self, _pipes: object) -> None:
        self.snapshot = list(self.executed)

    def _watch(self, _pipes: object, on: bool) -> None:
        assert on != self.watched
        self.watched = on

    def _hang_up(self, pipes: object) -> None:
        assert pipes is self.pipes and self.pipes.open
        self.pipes.open = False

    def execute(self, count: int) -> None:
        for _ in range(count):
            self.aof.append(3, [b"SET", b"%d" % len(self.executed)])
            self.executed.append(len(self.executed))

    def turn(self, count: int) -> None:
        self.execute(count)
        if self.watched:
            self.steps.send()
        if self.aof.enabled:
            self.aof.flush(self.now)
            if self.aof.policy.policy == "always":
                self.promised = len(self.executed)
        self.settle_promises()

    def settle_promises(self) -> None:
        policy = self.aof.policy
        assert policy.fsynced <= policy.written <= policy.appended
        if self.aof.enabled and not self.doubtful:
            kept = self.first + bisect_right(self.ends, policy.fsynced)
            self.promised = max(self.promised, min(kept, len(self.executed)))

    def rewrite(self, *, turning_on: bool = False, killed: bool = False) -> None:
        """A whole one with commands in every stage of it."""
        self.execute(1)
        if not self.steps.begin(turning_on=turning_on):
            return
        self.turn(2)
        self.pipes.drain()
        self.turn(3)
        self.pipes.drain()
        if killed:
            self.steps.child_failed()
            self.turn(1)
            return
        self.turn(1)
        self.pipes.asked = True
        self.steps.hear()
        self.turn(2)
        self.pipes.drain()
        self._child_writes()
        self.execute(2)
        old, self.unnamed = self.aof.policy.file, False
        done = self.steps.child_ended(BASE, self.size)
        if self.aof.policy.file != old:
            self.ends, self.first = [], len(self.executed)
        if done:
            self.doubtful = self.unnamed
            if self.aof.enabled:
                self.promised = len(self.executed)
        self.turn(1)

    def _child_writes(self) -> None:
        numbers = self.snapshot
        if self.machine.rdb_base:
            data = b"REDIS" + b" ".join(b"%d" % number for number in numbers) + b";"
        else:
            data = encode([b"SELECT", b"3"])
            data += b"".join(encode([b"SET", b"%d" % number]) for number in numbers)
            data += encode([b"SELECT", b"0"])
        disk = self.disk
        failing, disk.fail = disk.fail, {}
        fd = disk.open(BASE, REPLACE)
        write_all(disk, fd, data + self.pipes.diff)
        disk.fsync(fd)
        disk.close(fd)
        disk.fail = failing
        self.size = len(data) + len(self.pipes.diff)

    def go_on(self) -> None:
        self.now += 2
        self.turn(1)
        while self.bio.jobs:
            self.bio.do_one()
            self.aof.collect()
            self.settle_promises()

    def turn_off(self) -> None:
        self.aof.turn_off(self.now)
        if not self.aof.policy.refusal:
            self.promised = len(self.executed)

    def check(self, seed: int | None = None) -> None:
        try:
            loaded = load(self.disk.after_crash(seed))
        except EngineError:
            assert self.doubtful
            return
        if not self.doubtful:
            assert loaded == self.executed[: len(loaded)], "no prefix of what was executed"
            assert len(loaded) >= self.promised, f"{loaded} of {self.promised} that were promised"


def scenario(world: World, name: str) -> None:
    world.turn(3)
    if name == "turned on":
        world.turn_off()
        world.turn(1)
    world.rewrite(turning_on=name == "turned on")
    world.go_on()
    world.rewrite(killed=True)
    world.go_on()
    if name == "turned on" and world.aof.enabled:
        world.turn_off()
        world.rewrite(turning_on=True, killed=True)
        world.rewrite(turning_on=True)
    world.rewrite()
    world.go_on()


class Counter:
    """Cuts the power before every call, and fails number `broken`."""

    def __init__(self, world: World, broken: int) -> None:
        self.world, self.broken, self.calls = world, broken, -1
        world.disk.before_call = self._before
        world.disk.fail = dict.fromkeys(CALLS, self._number)

    def _before(self) -> None:
        self.calls += 1
        self.world.check(None if self.calls % 2 else self.calls)

    def _number(self) -> int:
        return errno.EIO if self.calls == self.broken else 0


@pytest.mark.parametrize("name", ["rewritten", "turned on"])
@pytest.mark.parametrize("policy", ["always", "everysec", "no"])
@pytest.mark.parametrize("rdb", [True, False])
def test_any_call_may_fail(policy: Policy, name: str, rdb: bool) -> None:
    for broken in range(200):
        world = World(policy, rdb=rdb)
        count = Counter(world, broken)
        try:
            scenario(world, name)
        except AofFatalError:
            assert policy == "always"
        world.disk.before_call = lambda: None
        world.check()
        if count.calls < broken:
            assert world.machine.stage == IDLE
            assert load(world.disk) == world.executed
            assert set(world.disk.names) == {"data/appendonly.aof"}
            return
    raise AssertionError("more calls than were tried")


def test_illegal_moves_change_nothing() -> None:
    moves: dict[str, Callable[[PipesRewrite], object]] = {
        "begin": lambda machine: machine.begin(),
        "forked": lambda machine: machine.forked(),
        "append": lambda machine: machine.append(b"x"),
        "sent": lambda machine: machine.sent(0),
        "asked": lambda machine: machine.asked(),
        "child_failed": lambda machine: machine.child_failed(),
        "child_ended": lambda machine: machine.child_ended(),
        "failed": lambda machine: machine.failed(),
        "finished": lambda machine: machine.finished(),
    }
    assert set().union(*MOVES.values()) == {*moves, "adopt"}
    for stage, legal in MOVES.items():
        for name, move in moves.items():
            if name not in legal:
                machine = PipesRewrite()
                machine.stage = stage
                with pytest.raises(IllegalMoveError, match=f"{name} while {stage}"):
                    move(machine)
                assert machine.stage == stage and not machine.buffer
