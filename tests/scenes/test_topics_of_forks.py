"""The topics fork, cow and saving: they take any stream, and hold only what was shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings

from engine import events
from engine.events import AnyEvent
from scenes.answering import Answering
from scenes.evidence import Evidence
from scenes.loader import load
from scenes.measures import MEASURES
from scenes.recording import read
from scenes.told_lines import ToldLines
from scenes.topics import cow, fork, saving
from scenes.topics.cow import deviation, expected
from tests.scenes.streams import any_stream

TOPICS = ["fork", "cow", "saving"]
CHECKS = {**fork.CHECKS, **cow.CHECKS, **saving.CHECKS}
OWN_MEASURES = {**fork.MEASURES, **cow.MEASURES, **saving.MEASURES}
RECORDINGS = Path(__file__).parents[2] / "assets" / "recordings"


def gathered(*stream: AnyEvent, populate: int = 400) -> Evidence:
    evidence = Evidence(populate=populate, topics=TOPICS)
    for event in stream:
        evidence.add(event)
    return evidence


@pytest.mark.parametrize("name", CHECKS)
def test_without_evidence_nothing_holds(name: str) -> None:
    assert not CHECKS[name](gathered()).held


@settings(max_examples=60, deadline=None)
@given(any_stream)
def test_any_stream_is_taken(stream: list[AnyEvent]) -> None:
    evidence = gathered(*stream)
    for measure in OWN_MEASURES.values():
        assert isinstance(measure(evidence), int | str | None)
    for check in CHECKS.values():
        assert check(evidence).detail


# -- fork ----------------------------------------------------------------------------------------

FORK = events.Fork(pid=10, child=11, usec=9, purpose="lesson", page_table_kb=1)


def side(who: str, returned: int, **fields: object) -> events.LessonSide:
    pid, ppid = (10, 1) if who == "parent" else (11, 10)
    given = {"pid": pid, "ppid": ppid, "threads": 1, "descriptors": 5, "cpu_usec": 5, **fields}
    return events.LessonSide(who=who, returned=returned, **given)  # type: ignore[arg-type]


PARENT = side("parent", 11, threads=2, descriptors=20, handlers=["SIGTERM"], cpu_usec=900)


@pytest.mark.parametrize(
    ("child", "holds"),
    [(side("child", 0), True), (side("child", 11), False), (side("child", 0, ppid=1), False)],
)
def test_each_side_has_got_its_own_value(child: events.LessonSide, holds: bool) -> None:
    assert CHECKS["fork_returned_twice"](gathered(FORK, PARENT, child)).held is holds


@pytest.mark.parametrize(
    ("fields", "holds"),
    [
        ({}, True),
        ({"threads": 2}, False),
        ({"handlers": ["SIGTERM"]}, False),
        ({"descriptors": 9}, False),
        ({"cpu_usec": 901}, False),
    ],
)
def test_a_child_has_not_all_that_its_parent_has(fields: dict[str, object], holds: bool) -> None:
    evidence = gathered(FORK, PARENT, side("child", 0, **fields))
    assert CHECKS["child_is_not_all_its_parent"](evidence).held is holds


@pytest.mark.parametrize(("uss_kb", "holds"), [(500, True), (2_900, False), (3_000, False)])
def test_a_child_that_has_all_to_itself_shares_nothing(uss_kb: int, holds: bool) -> None:
    """40 pages of heap are 160 KiB; three times that is shared, or it is not all of memory."""

    def process(pid: int, uss_kb: int) -> events.Process:
        return events.Process(
            pid=pid, ppid=1, name="x", state="S", rss_kb=3_000, pss_kb=1_500, uss_kb=uss_kb
        )

    both = process(10, 500), process(11, uss_kb)
    seen = gathered(ready(), FORK, PARENT, side("child", 0), *both)
    verdict = CHECKS["more_than_the_heap_is_shared"](seen)
    assert verdict.held is holds, verdict.detail


def ready() -> events.State:
    """An engine with data on 40 pages."""
    return events.State(
        pid=10, port=1, version="7", kernel="", page_size=4096, arena_pages=64,
        high_water_page=40, thp=False, config={}, held_pages=[(0, 39)], page_keys=[],
        keys=40, dirty=0, lastsave=0,
    )  # fmt: skip


def value(who: str, text: str, address: int = 0x1000, frame: int = 0) -> events.LessonValue:
    pid = 10 if who == "parent" else 11
    return events.LessonValue(
        who=who, pid=pid, about="get", key="k", exists=True, value=text, address=address,
        frame=frame,
    )  # type: ignore[arg-type]  # fmt: skip


@pytest.mark.parametrize(
    ("its", "holds", "sees"),
    [
        (value("child", "old"), True, "old"),
        (value("child", "new"), False, "new"),
        (value("child", "old", address=0x2000), False, "old"),
        (value("child", "old", frame=7), False, "old"),
    ],
)
def test_one_address_has_two_values(its: events.LessonValue, holds: bool, sees: str) -> None:
    evidence = gathered(FORK, its, value("parent", "new", frame=its.frame))
    assert CHECKS["one_address_two_values"](evidence).held is holds
    assert OWN_MEASURES["child_sees"](evidence) == sees


def test_a_refused_fork_leaves_no_child() -> None:
    refused = side("parent", -1, error="fork: no")
    assert CHECKS["fork_was_refused"](gathered(refused)).held
    assert not CHECKS["fork_was_refused"](gathered(refused, FORK)).held
    modelled = side("parent", -1, error="modelled: no", source="modelled")
    assert CHECKS["fork_was_refused"](gathered(modelled)).skipped


# -- cow -----------------------------------------------------------------------------------------


def frames(parent: list[int], child: list[int], source: str = "measured") -> events.Frames:
    return events.Frames(
        child=11, first=3, parent_frames=parent, child_frames=child, source=source
    )  # type: ignore[arg-type]  # fmt: skip


@pytest.mark.parametrize(
    ("parent", "child", "mover"),
    [([9], [1], "parent"), ([1], [9], "child"), ([8], [9], "both"), ([1], [1], "nobody")],
)
def test_the_new_frame_is_whose_table_has_changed(
    parent: list[int], child: list[int], mover: str
) -> None:
    evidence = gathered(FORK, frames([1], [1]), frames(parent, child))
    assert OWN_MEASURES["new_frame_of"](evidence) == mover
    check = CHECKS["writer_has_the_new_frame"]
    assert check(evidence, who="parent", page=3).held is (mover == "parent")
    assert check(evidence, who="child", page=3).held is (mover == "child")
    assert not check(evidence, who="parent", page=4).held


def test_a_models_frames_are_no_proof() -> None:
    evidence = gathered(FORK, frames([1], [1], "modelled"), frames([9], [1], "modelled"))
    assert CHECKS["writer_has_the_new_frame"](evidence, who="parent", page=3).skipped


@pytest.mark.parametrize("source", ["measured", "modelled"])
def test_whose_frame_is_new_is_known_as_the_frames_are(source: str) -> None:
    asked = next(one.question for one in load("02").scene.stages if one.id == "parent")
    assert asked is not None
    answering = Answering(asked, 0)
    answering.judge(gathered(FORK, frames([1], [1], source), frames([9], [1], source)))
    assert answering.source == source


def test_the_formula_and_its_spread() -> None:
    assert expected(400, 400) == pytest.approx(400 * (1 - 1 / 2.7183), rel=0.01)
    assert expected(400, 1) == pytest.approx(1)
    assert 5 < deviation(400, 400) < 8
    assert deviation(400, 1) == pytest.approx(0, abs=1e-3)


def test_copies_that_chance_would_not_bring_are_found() -> None:
    def copied(count: int) -> Evidence:
        write = events.Command(client="b", argv=["SET"], usec=1, dirty=1, pages=[], merged=400)
        pages = events.Pages(child=11, shared=0, copied=count, new=0)
        return gathered(FORK, write, pages)

    assert CHECKS["copies_follow_the_formula"](copied(253)).held
    assert not CHECKS["copies_follow_the_formula"](copied(400)).held
    assert not CHECKS["copies_follow_the_formula"](copied(0)).held


# -- saving --------------------------------------------------------------------------------------


def contents(total: int, count: int = 400, late: int = 0) -> events.Contents:
    groups = [("account:", count, total)] + [("late:", late, 0)] * bool(late)
    return events.Contents(path="dump.rdb", keys=count + late, groups=groups)


def saved_by_child(total: int, late: int = 0) -> Evidence:
    return gathered(
        events.Fork(pid=10, child=11, usec=9, purpose="rdb", page_table_kb=1),
        events.Command(client="c", argv=["SET"], usec=1, dirty=12, pages=[]),
        events.RdbSaved(path="dump.rdb", bytes=1, keys=400, usec=1_000_000),
        contents(total, late=late),
    )


def test_a_file_is_exact_or_it_is_not() -> None:
    exact, torn = saved_by_child(40_000), saved_by_child(40_001)
    assert CHECKS["file_is_exact"](exact, way="bgsave").held
    assert not CHECKS["file_is_exact"](torn, way="bgsave").held
    assert not CHECKS["file_is_exact"](exact, way="save").held
    assert CHECKS["clients_were_served"](exact).held
    assert not CHECKS["clients_were_served"](exact, least=13).held
    assert CHECKS["late_writes_are_not_in_it"](exact).held
    assert not CHECKS["late_writes_are_not_in_it"](saved_by_child(40_000, late=1)).held


def test_a_walk_that_adds_up_is_not_torn() -> None:
    def walked(total: int, changes: int) -> Evidence:
        ended = events.Walk(
            stage="ended", keys=400, total_keys=400, bytes=1, changes=changes, usec=9
        )
        return gathered(ended, contents(total))

    assert CHECKS["walk_is_torn"](walked(40_177, 134)).held
    assert not CHECKS["walk_is_torn"](walked(40_000, 134)).held
    assert not CHECKS["walk_is_torn"](walked(40_177, 0)).held


def test_waits_count_for_the_way_that_caused_them() -> None:
    def wait(at: float, usec: int) -> events.Latency:
        return events.Latency(
            client="c", count=1, p50_usec=usec, p99_usec=usec, max_usec=usec, at=at
        )

    save = events.RdbSaved(path="dump.rdb", bytes=1, keys=400, usec=1_000_000, at=5.0)
    held = gathered(events.Answer(id="q", choice=0), save, wait(5.2, 990_000), wait(9.0, 7_000_000))
    assert CHECKS["everybody_waited"](held).held
    assert OWN_MEASURES["save_wait_msec"](held) == 990
    assert not CHECKS["everybody_waited"](gathered(save, wait(5.2, 90_000))).held
    late = gathered(events.Answer(id="q", choice=0), save, wait(8.0, 990_000), wait(9.0, 7_000_000))
    assert OWN_MEASURES["save_wait_msec"](late) == 990  # a busy machine: the first report after it


# -- recordings ----------------------------------------------------------------------------------


@pytest.mark.parametrize("number", ["01", "02", "03"])
def test_a_shipped_recording_knows_every_figure_that_the_words_name(number: str) -> None:
    lesson = load(number)
    scene = lesson.scene
    evidence = Evidence(populate=scene.populate, topics=scene.topics)
    stages = {stage.id: stage for stage in scene.stages}
    unknown: list[str] = []
    shown = ""

    def look() -> None:
        """At the end of a step all that it says is known."""
        stage = stages[shown]
        keys = [stage.text] + ([stage.question.text] if stage.question else [])
        named = {name for key in keys for name in lesson.words.figures_in(key)}
        unknown.extend(
            f"{shown}: {name}"
            for name in named - scene.values.keys()
            if MEASURES[name](evidence) is None
        )

    for event in read(str(RECORDINGS / f"{number}.cowscope")).events:
        if isinstance(event, events.Step):
            if shown:
                look()
            shown = event.step
        evidence.add(event)
    look()
    assert shown == scene.stages[-1].id
    assert unknown == []


def test_a_saving_is_told_without_what_another_run_would_tell_otherwise() -> None:
    lines = ToldLines(TOPICS)
    saved = events.RdbSaved(path="dump.rdb", bytes=8_157, keys=400, usec=9)
    assert "400" in lines.line(saved) and "8,157" not in lines.line(saved)
    ended = events.Walk(stage="ended", keys=400, total_keys=400, bytes=8_157, changes=77, usec=9)
    assert "77" not in lines.line(ended) and "8,157" not in lines.line(ended)
    assert "sum 40,000" in lines.line(contents(40_000))
    assert "sum more than 40,000" in lines.line(contents(40_177))
    assert "sum less than 40,000" in lines.line(contents(39_999))
