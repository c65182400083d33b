"""The panels of single lessons, as lines: what each says about a view."""

from __future__ import annotations

from msgspec.structs import replace
from rich.cells import cell_len

from app.coming import room_of
from app.curve_panel import curve_lines, predicted
from app.frames_panel import FramesPanel, frames_lines
from app.latency_panel import latency_lines
from app.layout import arranged
from app.lines import texts, width
from app.processes_panel import ProcessesPanel, processes_lines
from engine import events
from scenes import phrases
from scenes.fold import reduce
from scenes.view import LessonView, View, Wait


def folded(*stream: events.Event) -> View:
    view = View()
    for number, event in enumerate(stream, 1):
        view = reduce(view, event)
        assert number
    return view


STATE = events.State(
    pid=10, port=7000, version="7.0.15", kernel="6.18", page_size=4096, arena_pages=16,
    high_water_page=8, thp=False, config={}, held_pages=[(0, 7)], page_keys=[], keys=8, dirty=0,
    lastsave=1,
)  # fmt: skip
FORK = events.Fork(at=5.0, pid=10, child=11, usec=900, purpose="lesson", page_table_kb=40)
SIDE = events.LessonSide(who="child", pid=11, ppid=10, returned=0, address=0x7F0000)


def process(pid: int, ppid: int, name: str, rss: int, pss: int, uss: int) -> events.Process:
    return events.Process(
        pid=pid, ppid=ppid, name=name, state="sleeping", rss_kb=rss, pss_kb=pss, uss_kb=uss
    )


def test_the_processes_are_a_tree_whose_pss_may_be_added() -> None:
    view = folded(
        STATE, FORK, process(10, 1, "python", 38_000, 17_000, 6_000),
        process(11, 10, "lesson", 30_000, 15_000, 5_000),
    )  # fmt: skip
    lines = texts(processes_lines(view, 100))
    assert lines[1].split() == ["10", "1", "python", "38,000", "17,000", "6,000"]
    assert lines[2].split() == ["+-", "11", "10", "lesson", "30,000", "15,000", "5,000"]
    assert lines[3].split() == ["both", "68,000", "32,000", "11,000"]
    assert all(width(line) <= 40 for line in processes_lines(view, 40)[:4])
    gone = reduce(view, events.ChildExit(child=11, status=0, signal=0, usec=9, cow_kb=0, at=99.0))
    assert texts(processes_lines(gone, 100))[2:] == ["read while the child still lived"]
    assert "both" not in ProcessesPanel().source(gone)


def test_how_much_is_shared_is_not_told_while_a_beat_asks_it() -> None:
    view = folded(
        STATE, FORK, process(10, 1, "python", 38_000, 17_000, 6_000),
        process(11, 10, "lesson", 30_000, 15_000, 5_000),
    )  # fmt: skip
    lines = texts(processes_lines(view, 100, asked_in=8))
    assert lines[1].split() == ["10", "1", "python", "38,000", "?", "?"]
    assert lines[3].split() == ["both", "68,000", "?", "?"]
    assert lines[4] == "? asked in beat 8"


def test_a_page_that_was_written_has_two_frames_and_one_address() -> None:
    def looked(parent: list[int], child: list[int]) -> events.Frames:
        return events.Frames(child=11, first=2, parent_frames=parent, child_frames=child)

    view = folded(STATE, FORK, SIDE, looked([0xA, 0xB, 0xC], [0xA, 0xB, 0xC]))
    assert texts(frames_lines(view.lesson, 4096, 60))[0] == "   2 0x7f2000 both ---> a"
    view = reduce(view, looked([0xA, 0xF, 0xC], [0xA, 0xB, 0xE]))
    lines = texts(frames_lines(view.lesson, 4096, 60))
    assert lines[0].endswith("both ---> a")
    assert lines[1].endswith("parent f* child b")
    assert lines[2].endswith("parent c child e*")
    first = texts(frames_lines(view.lesson, 4096, 60, rows=2))[0]
    assert first == lines[1]  # where room is short, what has changed is seen
    assert FramesPanel().source(view) == "measured: pagemap"
    gone = reduce(view, events.ChildExit(child=11, status=0, signal=0, usec=9, cow_kb=0))
    assert FramesPanel().source(gone) == "measured: pagemap (child gone)"
    again = reduce(view, msg_fork(12))
    assert frames_lines(again.lesson, 4096, 60) == []


def test_a_row_that_was_read_before_a_copy_says_so() -> None:
    frames = events.Frames(
        child=11, first=2, parent_frames=[0xA, 0xF], child_frames=[0xA, 0xB], at=5.0
    )
    copied = events.Pages(
        child=11, shared=6, copied=2, new=0, newly_copied=[(2, 3)], private_dirty_kb=8, at=6.0
    )
    view = reduce(folded(STATE, FORK, SIDE, frames), copied)
    panel = FramesPanel()
    lines = texts(panel.picture(view, 60, 9))
    assert lines[0].endswith("both a copied since")
    assert "since" not in lines[1]
    assert panel.source(view) == "read before 1 copy"
    assert texts(panel.picture(view, 60, 1))[0] == lines[0]
    read_again = replace(frames, parent_frames=[0xC, 0xF], at=7.0)
    view = reduce(view, read_again)
    assert panel.source(view) == "measured: pagemap"
    assert "since" not in " ".join(texts(panel.picture(view, 60, 9)))


def msg_fork(child: int) -> events.Fork:
    return events.Fork(at=9.0, pid=10, child=child, usec=1, purpose="lesson", page_table_kb=1)


def test_the_curve_counts_the_writes_since_the_fork() -> None:
    def wrote(key: str) -> events.Command:
        return events.Command(client="c", argv=["SET", key, "x"], usec=1, dirty=1, pages=[(0, key)])

    copied = events.Pages(
        child=11, shared=7, copied=1, new=0, free=8, newly_copied=[(0, 0)], newly_shared=[(1, 7)]
    )
    view = folded(STATE, wrote("before"), FORK, wrote("a"), wrote("b"), copied)
    assert view.lesson.curve == ((0, 0), (2, 1))


def test_both_curves_are_drawn_on_the_same_axes() -> None:
    samples = tuple((n, round(predicted(400, n))) for n in range(0, 401, 4))
    lines = texts(curve_lines(samples, 400, 53, 8))
    assert len(lines) == 8
    assert lines[-1] == "253 copied by 400 writes; by chance 253 of 400"
    assert "400 writes" in lines[-2]
    few = texts(curve_lines(((0, 0), (400, 90)), 400, 53, 8))
    assert "." in few[0] and "#" not in few[0]  # far below what chance would have
    assert "#" in lines[0]
    assert curve_lines(samples, 0, 53, 8) == curve_lines((), 400, 53, 8) == []


def test_what_happened_meanwhile_is_named_in_the_language_of_the_screen() -> None:
    phrases.use("zh")
    marks = ((12.0, "saved"), (13.0, "walk"), (25.0, "walk"))
    row = texts(latency_lines((Wait(12.0, 900, "p"),), marks, 30.0, 60, 8))[-2]
    phrases.use("en")
    assert row.split() == ["已保存", "遍历"], "the second would cover the first"
    assert cell_len(row[: row.index("遍历")]) == 9 + 50 - int(5 / 40 * 51)


def test_a_long_wait_stands_out() -> None:
    waits = (Wait(10.0, 900, "payroll"), Wait(12.0, 1_400_000, "payroll"), Wait(14.0, 800, "p"))
    lines = texts(latency_lines(waits, ((12.0, "saved"),), 30.0, 60, 8))
    assert lines[-1] == "last 800 µs (p); longest here 1.40 s; the last 40 s"
    assert "saved" in lines[-2]
    bars = [sum(line[9:].count("#") for line in lines)]
    column = next(n for n, sign in enumerate(lines[1]) if sign == "#" and n >= 9)
    assert lines[-2].index("saved") == column
    assert bars[0] > 3
    assert latency_lines((), (), 1.0, 60, 8) == []


def test_waits_and_marks_come_from_the_stream() -> None:
    latency = events.Latency(client="p", count=3, p50_usec=1, p99_usec=2, max_usec=3, at=2.0)
    saved = events.RdbSaved(path="dump.rdb", bytes=1, keys=1, usec=1, at=3.0)
    view = folded(STATE, latency, saved)
    assert view.lesson == LessonView(waits=(Wait(2.0, 3, "p"),), marks=((3.0, "saved"),))


def test_what_is_to_come_covers_no_panel_that_is_there() -> None:
    ever = frozenset({"grid", "child", "gauge", "latency", "code"})
    places = arranged(160, 48, code=True, tab="grid", ever=ever)
    room = room_of(places, ["child", "gauge"])
    assert room is not None
    assert not room.overlaps(places["grid"]) and not room.overlaps(places["latency"])
