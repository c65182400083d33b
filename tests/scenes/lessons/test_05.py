"""Scene 05, the log, is played for real: it passes, its figures are this run's, and lies fail."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from engine import events
from engine.events import AnyEvent, decode
from scenes.aof_check import parsed
from scenes.errors import SceneError
from scenes.fold import reduce
from scenes.loader import load
from scenes.tearing import cut_off
from scenes.view import View
from tests.scenes.lessons.playing import played
from tests.scenes.test_headless import Done

LIES = [
    ("relative_expiry", "expiry_is_absolute|deadline_stands"),
    ("kind_start", "only_the_log_counts"),
]
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the engine needs Linux")


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Done]:
    """Another seed and arena as JSON, and the lying engines; the golden file has the plain run."""
    folder = tmp_path_factory.mktemp("log")
    return played("05", folder, arena_pages=2048, lies=[lie for lie, _ in LIES])


def stream(done: dict[str, Done]) -> list[AnyEvent]:
    return [decode(line) for line in done["json"].out.splitlines()]


@linux
def test_another_seed_and_arena_pass_with_figures_of_their_own(done: dict[str, Done]) -> None:
    run = done["json"]
    assert (run.code, run.err, run.left) == (0, "", [])
    starts = [event for event in stream(done) if isinstance(event, events.Recovered)]
    assert [start.keys for start in starts] == [403, 404, 404, 404, 400, 0, 400, 400]
    assert [start.truncated_bytes for start in starts] == [0, 25, 0, 25, 0, 0, 0, 0]
    asked = [e for e in stream(done) if isinstance(e, events.Question) and e.right >= 0]
    assert [(e.id, e.right) for e in asked] == [
        ("what-is-written", 1),
        ("how-much", 2),
        ("half", 1),
        ("over-a-dump", 1),
    ]


@linux
def test_what_the_scene_does_to_the_file_is_called_scripted(done: dict[str, Done]) -> None:
    crashes = [event for event in stream(done) if isinstance(event, events.Crash)]
    cut = [event for event in crashes if event.kind == "kill -9, scripted cut of 9 bytes"]
    assert [event.source for event in cut] == ["scripted"] * 2
    assert {event.source for event in crashes if event not in cut} == {"measured"}


@linux
def test_every_card_is_lit_and_the_refused_start_is_told(done: dict[str, Done]) -> None:
    cards, view, lit = load("05").scene.cards, View(), set()
    for event in stream(done):
        view = reduce(view, event, cards)
        lit |= {(name, one.line) for name, one in view.lights.items()}
    assert lit == {
        *(("append", line) for line in (3, 6)),
        *(("load", line) for line in (2, 4, 5)),
        *(("start", line) for line in (2, 5)),
    }


def test_a_card_is_lit_only_by_what_it_shows() -> None:
    cards = load("05").scene.cards

    def lit(source_file: str, keys: int) -> dict[str, int]:
        start = events.Recovered(
            source_file=source_file, keys=keys, truncated_bytes=0, survived=0, lost=0, usec=1
        )
        return {name: one.line for name, one in reduce(View(), start, cards).lights.items()}

    assert lit("appendonly.aof.1.incr.aof", 9) == {"load": 2, "start": 2}
    assert lit("", 0) == {"start": 2}  # no log to read commands from
    assert lit("dump.rdb", 9) == {"start": 5}


@linux
@pytest.mark.parametrize(("lie", "found_by"), LIES)
def test_a_lying_engine_is_found_out(done: dict[str, Done], lie: str, found_by: str) -> None:
    run = done[lie]
    assert run.code == 1 and run.left == [], run.out[-2000:]
    assert all(re.search(found_by, line) for line in run.err.splitlines()) and run.err, run.err


def test_both_languages_say_all_of_it() -> None:
    assert load("05", "zh").words.missing() == []


def test_a_file_is_parsed_up_to_its_last_whole_command() -> None:
    whole = b"*2\r\n$3\r\nDEL\r\n$1\r\na\r\n"
    assert parsed(whole).commands == [[b"DEL", b"a"]]
    for size in range(1, len(whole)):
        found = parsed(whole + whole[:size])
        assert (found.whole, found.size, found.problem) == (len(whole), len(whole) + size, "")
    assert "offset 20: expected *" in parsed(whole + b"noise\r\n").problem
    assert "no line end" in parsed(b"*1\r\n$1\r\nab\r\n").problem


def test_a_tail_is_cut_off_where_the_file_lies(tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    file = tmp_path / "log" / "a.aof"
    file.write_bytes(b"0123456789")
    cut_off(tmp_path, "log", "a.aof", 4)
    assert file.read_bytes() == b"012345"
    with pytest.raises(SceneError, match=r"6 bytes can't be cut off the AOF 'a[.]aof': it has 6"):
        cut_off(tmp_path, "log", "a.aof", 6)
    with pytest.raises(SceneError, match="it has 0"):
        cut_off(tmp_path, "log", "b.aof", 1)
