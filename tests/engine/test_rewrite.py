from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.aof_intentions import IllegalMoveError
from engine.manifest import Manifest, ManifestFile
from engine.rewrite import (
    IDLE,
    MOVES,
    Create,
    Fork,
    GoOnIn,
    Install,
    MultipartRewrite,
    Persist,
    Remove,
    Rename,
    Settle,
    Step,
    StopWriting,
)

OLD = Manifest(ManifestFile("a.1.base.rdb", 1, "b"), (), (ManifestFile("a.1.incr.aof", 1, "i"),))
WITH_NEXT = OLD.with_increment("a")
TEMPORARY = "temp-a.incr"


def machine() -> MultipartRewrite:
    found = MultipartRewrite("a")
    found.adopt(OLD)
    return found


def do(found: MultipartRewrite, steps: list[Step]) -> None:
    for step in steps:
        found.done(step)


def test_the_steps_in_their_order() -> None:
    found = machine()
    steps = found.begin(appending=True)
    next_name = "a.2.incr.aof"
    assert steps == [Settle(), Create(next_name), Persist(WITH_NEXT), GoOnIn(next_name), Fork()]
    do(found, steps)
    steps = found.child_ended()
    new = Manifest(
        ManifestFile("a.2.base.rdb", 2, "b"),
        (ManifestFile("a.1.incr.aof", 1, "h"), ManifestFile("a.1.base.rdb", 1, "h")),
        WITH_NEXT.increments[1:],
    )
    assert steps == [Install("a.2.base.rdb"), Persist(new)]
    do(found, steps)
    found.finished()
    current = Manifest(new.base, (), new.increments)
    assert found.collect() == [Remove(("a.1.incr.aof", "a.1.base.rdb")), Persist(current)]
    found.collected()
    assert (found.manifest, found.collect(), found.stage) == (current, [], IDLE)


def test_a_child_that_fails_leaves_one_increment_more() -> None:
    found = machine()
    do(found, found.begin(appending=True))
    assert found.child_failed() == []
    assert found.manifest == WITH_NEXT
    assert found.begin(appending=True)[1] == Create("a.3.incr.aof")


def test_a_manifest_that_may_be_on_the_disk_is_taken_back_before_its_file() -> None:
    found = machine()
    settle, create, persist, *_ = found.begin(appending=True)
    do(found, [settle, create])
    assert found.failed(persist) == [Persist(OLD), Remove(("a.2.incr.aof",))]
    assert (found.manifest, found.stage) == (OLD, IDLE)


def test_turning_on_lists_nothing_before_there_is_a_base() -> None:
    found = machine()
    steps = found.begin(appending=False, turning_on=True)
    assert steps == [Create(TEMPORARY), GoOnIn(TEMPORARY), Fork()]
    do(found, steps)
    assert found.manifest == OLD
    install, settle, rename, persist = found.child_ended()
    assert (settle, rename) == (Settle(), Rename(TEMPORARY, "a.2.incr.aof"))
    assert isinstance(persist, Persist)
    assert [file.name for file in persist.manifest.files] == ["a.2.base.rdb", "a.2.incr.aof"]
    do(found, [install, settle, rename])
    assert found.failed(persist) == [
        StopWriting(),
        Persist(OLD),
        Remove(("a.2.base.rdb", "a.2.incr.aof")),
    ]


def test_with_the_aof_off_only_a_base_is_made() -> None:
    found = machine()
    steps = found.begin(appending=False)
    assert steps == [Fork()]
    do(found, steps)
    persist = found.child_ended()[-1]
    assert isinstance(persist, Persist)
    assert [file.name for file in persist.manifest.files] == ["a.2.base.rdb"]


def test_history_may_be_kept() -> None:
    found = machine()
    found.collects = False
    do(found, found.begin(appending=True))
    do(found, found.child_ended())
    found.finished()
    assert found.collect() == [] and len(found.manifest.history) == 2


def test_illegal_moves_change_nothing() -> None:
    moves: dict[str, Callable[[MultipartRewrite], object]] = {
        "adopt": lambda found: found.adopt(Manifest()),
        "begin": lambda found: found.begin(appending=True),
        "done": lambda found: found.done(Fork()),
        "failed": lambda found: found.failed(Fork()),
        "child_failed": lambda found: found.child_failed(),
        "child_ended": lambda found: found.child_ended(),
        "finished": lambda found: found.finished(),
        "collect": lambda found: found.collect(),
    }
    assert set().union(*MOVES.values()) == set(moves)
    for stage, legal in MOVES.items():
        for name, move in moves.items():
            if name not in legal:
                found = machine()
                found.stage = stage
                with pytest.raises(IllegalMoveError, match=f"{name} while {stage}"):
                    move(found)
                assert (found.stage, found.manifest) == (stage, OLD)
