"""A value that no event of its kind ever has is found, with those that there are."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from engine import events, log, pipes_steps, rewrite_steps
from engine.events import AnyEvent
from engine.faults import KINDS
from scenes.event_values import closed
from scenes.proofreading import Finding, read_over
from tests.scenes.authored import changed

WAIT = 'wait = { event = "fork" }'
LIGHT = '{ line = 2, on = { event = "pages", nonzero = ["newly_copied"] }'
SETS = "do = [{ hold = true }"


def wrong(folder: Path, *changes: tuple[str, str]) -> list[Finding]:
    changed(folder, *changes)
    return [one for one in read_over(str(folder)) if one.wrong]


@pytest.mark.parametrize(
    ("match", "says"),
    [
        ('event = "fork", where = { purpose = "rbd" }', "purpose = 'rbd'; it has: rdb, aof, les"),
        ('event = "hold", where = { state = "hold" }', "it has: armed, held, released"),
        ('event = "rewrite", where = { stage = "swiched" }', "renamed, switched, old-file-closed"),
        ('event = "aof.fsync", where = { policy = "never" }', "it has: always, everysec, no"),
        ('event = "fault", where = { kind = "fsync" }', "fsync-delay, fsync-error, full, short-w"),
        ('event = "fault", where = { value = "of" }', "value = 'of'; it has: off, on, N"),
        ('event = "crash", where = { kind = "kill" }', "kill -9, scripted cut of N bytes, power"),
        ('event = "log", where = { level = "warning" }', "it has: ., -, *, #"),
        ('event = "process", where = { state = "zombi" }', "zombie, dead"),
        ('event = "walk", where = { stage = "gone" }', "begun, progress, ended, given up"),
        ('event = "lesson.side", where = { who = "son" }', "it has: parent, child"),
        ('event = "step", where = { step = "frok" }', "it has: fork, copy, again, dump"),
        ('event = "answer", where = { id = "third" }', "it has: first, second"),
        ('event = "fork", where = { engine = "other" }', "it has: main"),
        ('event = "fork", where = { source = "guessed" }', "measured, modelled, scripted"),
        ('event = "fork", where = { usec = "long" }', "never has usec = 'long'"),
        (
            'event = "rewrite", begins = { stage = "diffs" }',
            "never has stage = 'diffs ...'; it has",
        ),
        ('event = "config", where = { name = "appendfsink" }', "'appendfsink' is changed at run"),
        ('event = "config", where = { name = "databases" }', "'databases' is changed at run time"),
        ('event = "config", where = { name = "save", new = "x" }', "Invalid save parameters"),
        (
            'event = "config", where = { name = "maxmemory", new = "64mb" }',
            "new = '64mb'; it has: 67108864",
        ),
    ],
)
def test_it_is_named_with_its_line_where_it_is_awaited_and_where_it_lights(
    folder: Path, match: str, says: str
) -> None:
    for before, after in (
        (WAIT, f"wait = {{ {match} }}"),
        (LIGHT, f"{{ line = 2, on = {{ {match} }}"),
    ):
        found = [one for one in wrong(folder, (before, after)) if says in one.text]
        assert found, [str(one) for one in read_over(str(folder))]
        text = (folder / "scene.toml").read_text()
        assert found[0].place.endswith(f":{text.partition(after)[0].count(chr(10)) + 1}")
        (folder / "scene.toml").write_text(text.replace(after, before))


@pytest.mark.parametrize(
    "match",
    [
        'event = "crash", where = { kind = "kill -9, scripted cut of 9 bytes" }',
        'event = "fault", where = { kind = "full", value = "4096" }',
        'event = "config", where = { name = "maxmemory", new = "67108864" }',
        'event = "rewrite", begins = { stage = "diff" }',
        'event = "log", begins = { text = "x" }, where = { level = "#" }',
    ],
)
def test_what_there_is_may_be_asked_for(folder: Path, match: str) -> None:
    assert wrong(folder, (LIGHT, f"{{ line = 2, on = {{ {match} }}")) == []


@pytest.mark.parametrize(
    ("wait", "does", "says"),
    [
        ('"fork", where = { purpose = "aof" }', SETS, "forks a child for 'aof' up to here"),
        ('"fork", where = { purpose = "lesson" }', SETS, "forks a child for 'lesson' up to here"),
        (
            '"crash", where = { kind = "power cut" }',
            'do = [{ crash = "kill" }, { hold = true }',
            "the step ends an engine by: kill -9",
        ),
        (
            '"rewrite", where = { stage = "diff-sent" }',
            'do = [{ send = ["BGREWRITEAOF"] }, { hold = true }',
            "a rewrite of aof-rewrite-mode multipart has no stage 'diff-sent'",
        ),
    ],
)
def test_what_this_scene_never_brings_is_named(
    folder: Path, wait: str, does: str, says: str
) -> None:
    found = wrong(folder, (WAIT, f"wait = {{ event = {wait} }}"), (SETS, does))
    assert [one for one in found if says in one.text], [str(one) for one in found]


@pytest.mark.parametrize(
    ("wait", "does"),
    [
        ('"fork", where = { purpose = "rdb" }', SETS),
        ('"crash", where = { kind = "kill -9" }', 'do = [{ crash = "kill" }, { hold = true }'),
        (
            '"rewrite", where = { stage = "finished" }',
            'do = [{ send = ["BGREWRITEAOF"] }, { hold = false }',
        ),
        (
            '"rewrite", where = { stage = "install-base" }',
            'do = [{ send = ["BGREWRITEAOF"] }, { hold = false }',
        ),
    ],
)
def test_what_it_brings_may_be_awaited(folder: Path, wait: str, does: str) -> None:
    assert wrong(folder, (WAIT, f"wait = {{ event = {wait} }}"), (SETS, does)) == []


def test_closed_sets_are_those_of_the_engine() -> None:
    assert get_args(events.FaultKind) == KINDS
    assert set(get_args(events.LogLevel)) == set(log.LEVELS.values())
    assert set(get_args(events.MultipartStage)) == set(rewrite_steps.NAMES.values())
    between = {
        value for name, value in vars(pipes_steps).items() if re.match("(DIFF|CH|PA).*_", name)
    }
    assert set(get_args(events.PipesStage)) == {*pipes_steps.NAMES.values(), *between}


def test_a_type_without_end_is_not_closed() -> None:
    assert closed(str) is None and closed(events.Policy | str) is None
    assert closed(events.Side | events.HoldState) == (
        *("parent", "child"),
        *("armed", "held", "released"),
    )


def test_fields_that_documents_close_are_closed() -> None:
    """Words of people's making that a field may have: none of them is a bare str by oversight."""
    types = {
        f"{events.type_name(kind)} {field.name}": field.type
        for kind in get_args(AnyEvent)
        for field in msgspec.structs.fields(kind)
    }
    for name in ("aof.fsync policy", "fault kind", "rewrite stage", "log level", "process state"):
        assert closed(types[name]), name
