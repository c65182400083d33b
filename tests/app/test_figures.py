"""No panel cuts a figure off: words give way, digits are rounded with their unit, or rows fold."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from app.child_grid import child_words
from app.engines_panel import column_lines, table_lines
from app.figures import brief, counted_in, rounded, rounded_count
from app.files_panel import files_lines
from app.gauge import gauge_lines
from app.glyphs import DRAWN
from app.ladder import ladder_lines
from app.latency_panel import latency_lines
from app.lines import Line, texts, width
from app.page_words import describe
from app.tail import last_fsync, ruler, rungs_line
from scenes import phrases
from scenes.rewrite_view import MULTIPART, RewriteView, StageView
from scenes.view import (
    CensusView,
    ClientView,
    CrashView,
    EngineView,
    PageNote,
    RungView,
    TailView,
    View,
    Wait,
)
from tests.app.fake import FakeDriver, story

LARGE = st.integers(0, 50_000_000)
USEC = st.integers(1, 90_000_000)
MORE = "…"


def whole(lines: list[Line], cells: int) -> None:
    """All of each line is on the screen."""
    for text, one in zip(texts(lines), lines, strict=True):
        assert width(one) <= cells, text
        assert MORE not in text, text


def engine(commands: int, size: int, usec: int) -> View:
    tail = TailView(
        enabled=True, policy="everysec", appended=3 * size, written=2 * size, fsynced=size,
        pending=((2 * size, commands), (3 * size, commands)), unsafe=2 * commands,
        seen=4 * commands, fsyncs=commands, last_fsync_usec=usec, last_fsync_thread="bio",
    )  # fmt: skip
    census = CensusView(
        acknowledged=2 * commands, survived=commands, lost=commands, in_flight=0, left_out=0,
        in_flight_survived=0, lost_names=(), in_flight_names=(), survivors=(), usec=1,
        source="measured",
    )  # fmt: skip
    crash = CrashView(
        kind="power cut", at=1.0, acked=3 * size, written=2 * size, fsynced=size,
        recovered_keys=commands, census=census,
        rungs=(RungView(commands, size), RungView(commands, size), RungView(commands, size)),
    )  # fmt: skip
    client = ClientView("client", 1.0, commands, 10**6, usec, usec, done=False)
    return View(
        engine=EngineView(pid=1, port=65_535, alive=True), name="everysec", keys=commands,
        tail=tail, client=client, crash=crash,
    )  # fmt: skip


@given(LARGE, LARGE, USEC, st.sampled_from([24, 26, 30, 36, 46]), st.sampled_from(["en", "zh"]))
def test_engines_in_columns(commands: int, size: int, usec: int, cells: int, lang: str) -> None:
    view = engine(commands, size, usec)
    with_language(lang, lambda: whole(column_lines(view, DRAWN, cells, 19), cells))


@given(LARGE, LARGE, USEC)
def test_engines_in_a_table_keep_their_figures_apart(commands: int, size: int, usec: int) -> None:
    row = texts(table_lines([engine(commands, size, usec)], DRAWN, 78))[1]
    assert width(((row, "text"),)) <= 78 and MORE not in row
    assert len([word for word in row.split() if word not in ("s", "ms", "µs")]) == 10, row


@given(LARGE, USEC, st.integers(0, 9_000), st.sampled_from([44, 60, 76, 78, 90, 118]))
def test_the_tail(size: int, usec: int, dirty: int, cells: int) -> None:
    tail = replace(engine(9, size, usec).tail, dirty_pages=dirty, dirty_at=1.0, has_disk=True)
    for one in (tail, replace(tail, fsyncs=0), replace(tail, fsyncs=0, fsynced=0)):
        whole([last_fsync(one, 1_000.0, cells)], cells)
        if cells >= 76:
            whole([ruler(one, DRAWN, cells), rungs_line(one, cells)], cells)


@given(USEC, USEC, st.sampled_from([30, 34, 38, 46, 60, 80]), st.sampled_from(["en", "zh"]))
def test_the_waits(last: int, most: int, cells: int, lang: str) -> None:
    waits = (Wait(at=1.0, usec=most, client="sandbox"), Wait(at=2.0, usec=last, client="sandbox"))
    with_language(lang, lambda: whole(latency_lines(waits, (), 2.0, cells, 7)[-1:], cells))


@given(LARGE, LARGE, st.sampled_from([68, 72, 80, 118]))
def test_the_ladder(commands: int, size: int, cells: int) -> None:
    whole(ladder_lines(engine(commands, size, 1), DRAWN, cells), cells)


@given(st.integers(0, 4_000_000), st.sampled_from([76, 78, 80, 118]))
def test_the_gauge(kib: int, cells: int) -> None:
    view = FakeDriver(story()).view
    large = replace(view.gauge, extra_kb=kib, copied_kb=kib, full_copy_kb=4_194_304)
    assert view.child is not None
    gone = replace(view.child, alive=False, ended_at=view.at)
    for one in (replace(view, gauge=large), replace(view, gauge=large, child=gone)):
        whole(gauge_lines(one, DRAWN, cells, 3), cells)


@given(LARGE, st.integers(0, 10**11), st.sampled_from([29, 38, 39, 78]))
def test_the_childs_progress(keys: int, size: int, cells: int) -> None:
    view = FakeDriver(story()).view
    assert view.child is not None
    child = replace(view.child, keys=keys, total_keys=keys, bytes=size, saved_bytes=size)
    for one in (replace(child, alive=True), replace(child, alive=False, saved_path="d.rdb")):
        whole([child_words(one, True, frozenset(), cells)[1]], cells)


@given(LARGE, st.sampled_from([20, 24, 30, 39]))
def test_the_stages_of_a_rewrite(size: int, cells: int) -> None:
    reached = tuple(StageView(name, 1.0, size) for name in MULTIPART)
    rows = texts(files_lines(View(rewrite=RewriteView(stages=reached)), cells, 30))
    told = [row for row in rows if row[:2] in ("+ ", "> ") and any(map(str.isdigit, row))]
    assert all(row.endswith(f" {size:,}") for row in told) and bool(told) == bool(size)


def with_language(lang: str, check: Callable[[], None]) -> None:
    before = phrases.language()
    phrases.use(lang)
    try:
        check()
    finally:
        phrases.use(before)


@pytest.mark.parametrize(
    ("told", "is_so"),
    [
        (brief(191_040), "191 ms"), (brief(12_345_678), "12.3 s"), (brief(7), "7 µs"),
        (rounded(106_498), "106.5 kB"), (rounded(999_960), "1.0 MB"),
        (rounded_count(1_234_567), "1.2M"),
        (counted_in(12_345, 6), "12,345"), (counted_in(123_456, 6), "123k"),
    ],
)  # fmt: skip
def test_what_is_rounded_has_its_unit(told: str, is_so: str) -> None:
    assert told == is_so


def test_a_client_that_waited_for_seconds_has_told() -> None:
    slow = ClientView("client", 1.0, 1, 4_000_000, 12_500, 12_500, done=True)
    words = texts(column_lines(replace(engine(1, 1, 1), client=slow), DRAWN, 46, 19))
    assert "< 1/s (client)" in words and not any("no client" in text for text in words)
    table = texts(table_lines([replace(engine(1, 1, 1), client=slow)], DRAWN, 78))
    assert "< 1 " in table[1]


def test_a_dead_engines_page_is_not_called_free() -> None:
    view = View(
        engine=EngineView(pid=1, alive=False), pages=bytes(8),
        notes=View().notes.set(3, PageNote(keys=("user:0", "user:1", "user:2"), keys_more=2)),
    )  # fmt: skip
    one, several = (texts(describe(view, pages, 3)) for pages in (range(3, 4), range(2, 6)))
    assert one == ["page 3 gone with the engine", "before its end: user:0 user:1 user:2 +2"]
    assert several[0] == "pages 2-5: gone with the engine" and several[1] == one[1]
