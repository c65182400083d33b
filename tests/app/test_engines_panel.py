"""Engines side by side, as lines: each from its own fold of the one stream."""

from __future__ import annotations

import msgspec
import pytest

from app.engines_panel import column_lines, engines_of, table_lines
from app.glyphs import ASCII, DRAWN
from app.ladder import ladder_lines
from app.layout import arranged
from app.lines import texts, width
from app.resp_text import last_command
from engine import events
from scenes.fold import reduce
from scenes.view import View

NAMES = ("always", "everysec", "no")


def state(policy: str) -> events.State:
    return events.State(
        pid=10, port=7000, version="7.0.15", kernel="6.18", page_size=4096, arena_pages=16,
        high_water_page=8, thp=False, config={}, held_pages=[(0, 7)], page_keys=[], keys=1200,
        dirty=0, lastsave=1, aof_enabled=True, aof_policy=policy, aof_file="a",
    )  # fmt: skip


def stream(engine: str) -> list[events.Event]:
    """Forty commands, of which the policy's fsync has covered its share; then a power cut."""
    synced = {"always": 900, "everysec": 450, "no": 0}[engine]
    half = events.AofAppend(
        file="a", start=0, end=450, text="*1\\r\\n$4\\r\\nPING\\r\\n", merged=20
    )
    rest = events.AofAppend(file="a", start=450, end=900, text=half.text, merged=20)
    made: list[events.Event] = [
        state(engine),
        half,
        rest,
        events.AofWrite(file="a", start=0, end=900, usec=9),
        events.Latency(
            client="w", count=40, p50_usec=1500, p99_usec=2500, max_usec=9, usec=2_000_000
        ),
    ]
    if synced:
        made.append(
            events.AofFsync(
                file="a", start=0, end=synced, usec=700, policy=engine,
                thread="main" if engine == "always" else "bio", dirty_pages_after=0,
            )
        )  # fmt: skip
    return [msgspec.structs.replace(event, engine=engine) for event in made]


def cut(engine: str, lost: int) -> list[events.Event]:
    made: list[events.Event] = [
        events.Crash(
            kind="power cut", acked=900, written=900, fsynced=0, at=5.0, source="modelled"
        ),
        msgspec.structs.replace(state(engine), run=2),
        events.Recovered(source_file="a", keys=7, truncated_bytes=0, survived=0, lost=0, usec=1),
        events.Census(acknowledged=40, survived=40 - lost, lost=lost, source="modelled"),
    ]
    return [msgspec.structs.replace(event, engine=engine) for event in made]


@pytest.fixture
def running() -> View:
    view = View()
    for name in NAMES:
        for event in stream(name):
            view = reduce(view, event)
    return view


@pytest.fixture
def crashed(running: View) -> View:
    view = running
    for name, lost in zip(NAMES, (0, 20, 40), strict=True):
        for event in cut(name, lost):
            view = reduce(view, event)
    return view


def column(view: View, name: str, cells: int = 34, rows: int = 40) -> str:
    one = next(one for one in engines_of(view) if one.name == name)
    return "\n".join(texts(column_lines(one, DRAWN, cells, rows)))


def test_a_column_tells_speed_and_rungs_of_its_own_engine(running: View) -> None:
    always, everysec, no = (column(running, name) for name in NAMES)
    assert "20/s (w)" in always and "p50 1.5 ms  p99 2.5 ms" in always
    assert "D disk       40 cmds 900 B" in always and "0 acknowledged, not safe" in always
    assert "C page cache 20 cmds 450 B" in everysec and "20 acknowledged, not safe" in everysec
    assert "1 fsync, last 700 µs bio" in everysec
    assert "40 acknowledged, not safe" in no and "no fsync seen" in no
    assert "D PING" in always and "C PING" in no


def test_after_a_crash_each_column_says_what_is_left(crashed: View) -> None:
    assert "✓ 40 acknowledged, kept\n✗ 0 acknowledged, lost" in column(crashed, "always")
    assert "✓ 20 acknowledged, kept\n✗ 20 acknowledged, lost" in column(crashed, "everysec")
    assert "✓ 0 acknowledged, kept\n✗ 40 acknowledged, lost" in column(crashed, "no")
    assert "power cut (modelled)" in column(crashed, "no")


@pytest.mark.parametrize("cells", [24, 26, 33, 50])
def test_columns_keep_to_their_room(crashed: View, cells: int) -> None:
    for one in engines_of(crashed):
        lines = column_lines(one, ASCII, cells, 20)
        assert len(lines) <= 20
        assert all(width(line) <= cells for line in lines), texts(lines)


def test_a_small_screen_has_a_row_for_each_in_the_four_that_a_question_leaves(
    crashed: View,
) -> None:
    lines = texts(table_lines(engines_of(crashed), DRAWN, 78))
    assert [line.split()[0] for line in lines[1:4]] == list(NAMES)
    assert lines[3].split()[-2:] == ["0", "40"]
    assert all(len(line) <= 78 for line in lines)


def test_who_answers_fast_is_not_told_while_a_beat_asks_it(running: View) -> None:
    always = engines_of(running)[0]
    told = "\n".join(texts(column_lines(always, DRAWN, 34, 40, asked_in=3)))
    assert "answers p50 ? asked in beat 3" in told and "1.5 ms" not in told and "20/s (w)" in told
    assert all(width(one) <= 24 for one in column_lines(always, DRAWN, 24, 20, asked_in=12))
    table = texts(table_lines(engines_of(running), DRAWN, 78, asked_in=3))
    assert table[1].split()[2:4] == ["?", "?"] and "p50, p99: ? asked in beat 3" in table
    assert all(len(line) <= 78 for line in table)


def test_the_ladder_has_one_for_each(crashed: View) -> None:
    lines = texts(ladder_lines(crashed, DRAWN, 100))
    assert [line.split()[0] for line in lines if "appendfsync" in line] == list(NAMES)


def test_they_have_the_left_of_the_screen() -> None:
    ever = frozenset({"engines", "code", "words"})
    for size in ((160, 48), (120, 36)):
        places = arranged(*size, code=False, tab="engines", ever=ever)
        assert places["engines"].height == size[1] - 5 and places["engines"].x == 0


def test_a_command_is_told_without_its_sizes() -> None:
    assert last_command("*2\\r\\n$3\\r\\nGET\\r\\n$1\\r\\na\\r\\n") == "GET a"
    assert last_command("*1\r\n$4\r\nPING\r\n*2\r\n$3\r\nGET\r\n$2\r\n*9\r\n") == "GET *9"
    assert last_command("SET a b") == "SET a b"
    merged = "*2\\r\\n$3\\r\\nGET\\r\\n$1\\r\\na\\r\\n *2\\r\\n$3\\r\\nGET\\r\\n$2\\r\\nbc\\r\\n"
    assert last_command(merged) == "GET bc", "no sizes of the one behind"
