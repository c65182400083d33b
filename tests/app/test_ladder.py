"""The ladder and the question before it, from injected states: no engine, no clock."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from rich.cells import cell_len

from app.application import CowscopeApp
from app.glyphs import ASCII, DRAWN
from app.ladder import ladder_lines, rung_lines
from app.lines import Line, plain, texts, width
from app.predict_screen import PredictScreen, predict_lines
from engine import events
from scenes.prediction import KIND, How, predict
from scenes.view import RungView, TailView, View
from tests.app.fake import FakeDriver, story, writes
from tests.app.seen import rows, settled

FILE = "appendonly.aof.1.incr.aof"
LOST = [(f"user:{n}", f"v{n:08d}") for n in range(200)]


def crashed(how: How = "power", lost: int = 240, survived: int = 12) -> list[events.AnyEvent]:
    """The story, its last beat, writes that nobody synced, a crash that was predicted, a census."""
    found = story()
    end = max(e.end for e in found if isinstance(e, events.AofWrite))
    found.append(events.Step(at=120.0, scene="04", step="crash", title="If it crashed now"))
    found += writes(9, 120.1, end, seed=6)
    end = max(e.end for e in found if isinstance(e, events.AofWrite))
    synced = max(e.end for e in found if isinstance(e, events.AofFsync))
    first = next(e for e in found if isinstance(e, events.State))
    name, kind, left = f"crash-{how}-7", KIND[how], end if how == "kill" else synced
    source: events.Source = "modelled" if how == "power" else "measured"
    choices = ["none", "those that no fsync has covered: 18 commands", "everything"]
    found += [
        events.Question(at=121.0, id=name, choices=choices, right=-1),
        events.Answer(at=121.0, id=name, choice=0),
        events.Crash(at=121.1, kind=kind, acked=end, written=end, fsynced=synced, source=source),
        replace(first, run=2, at=122.0, pid=4800, aof_appended=left, aof_written=left,
                aof_fsynced=left, log=[(121.9, "*", "DB loaded from append only file"),
                                       (121.95, "*", "Ready to accept connections tcp")]),
        events.Recovered(at=122.0, run=2, source_file=FILE, keys=700, truncated_bytes=0,
                         survived=left, lost=end - left, usec=8_400),
        events.Census(at=122.0, run=2, acknowledged=lost + survived, survived=survived, lost=lost,
                      in_flight=1, lost_names=LOST[:lost], in_flight_names=[("user:9", "late")],
                      survivors=[("user:1", "old"), ("user:2", "kept")][:survived], source=source),
        events.Question(at=122.1, run=2, id=name, choices=choices, right=1 if lost else 0),
    ]  # fmt: skip
    return found


def ladder(found: list[events.AnyEvent], cells: int = 100, ascii_only: bool = False) -> list[Line]:
    view = FakeDriver(found).view
    return ladder_lines(view, ASCII if ascii_only else DRAWN, cells)


def row(lines: list[Line], part: str) -> str:
    return next(text for text in texts(lines) if part in text)


def test_each_rung_has_its_counts_and_the_cut_is_where_the_crash_cuts() -> None:
    cut = ladder(crashed())
    assert "0 commands" in row(cut, "B aof_buf") and "18 commands" in row(cut, "C page cache")
    places = [
        n for n, text in enumerate(texts(cut)) if "page cache " in text or "took what" in text
    ]
    assert [("took what" in texts(cut)[place]) for place in places[:2]] == [False, True]
    killed = ladder(crashed("kill", lost=0, survived=252))
    taken = texts(killed).index(row(killed, "kill -9 took what is above"))
    assert "aof_buf" in texts(killed)[taken - 1] and "page cache" in texts(killed)[taken + 1]


def test_a_modelled_cut_says_so_and_a_real_kill_is_measured() -> None:
    assert "modelled: a disk model, not your disk" in texts(ladder(crashed(), 120))[0]
    killed = " ".join(texts(ladder(crashed("kill", lost=0))))
    assert "measured" in killed and "modelled" not in killed


def test_the_acknowledged_and_lost_come_first_by_name_and_long_lists_are_counted() -> None:
    lines = ladder(crashed())
    words = texts(lines)
    fates = [n for n, text in enumerate(words) if "acknowledged and" in text or "never" in text]
    assert [words[n].strip() for n in fates] == [
        "✗ 240 acknowledged and lost", "✗ 1 sent, never answered, and lost",
        "✓ 12 acknowledged and survived",
    ]  # fmt: skip
    named = words[fates[0] + 1 : fates[1]]
    assert "✗ user:0 = v00000000" in named[0]
    shown = sum(text.count("user:") for text in named)
    assert 0 < shown < 240 and f"and {240 - shown} more" in named[-1]


def test_colour_is_never_alone() -> None:
    """Every name stands behind a glyph of its fate, in the role that has its colour."""
    lines = ladder(crashed())
    for of in lines:
        for text, role in of:
            if " = " in text and role == "lost":
                assert plain(of).count("✗") == plain(of).count(" = ")
            if " = " in text and role == "disk text":
                assert plain(of).count("✓") == plain(of).count(" = ")
    assert any(role == "disk text" and " = " in text for of in lines for text, role in of)


def test_the_prediction_is_answered_by_what_was_counted() -> None:
    words = texts(ladder(crashed()))
    right = next(text for text in words if text.startswith(" ►"))
    assert "those that no fsync has covered" in right
    assert any("none" in text and "(your prediction)" in text for text in words)
    assert any("Counted: 240 acknowledged commands lost." in text for text in words)


def test_what_was_counted_and_is_no_choice_is_said_so() -> None:
    found = crashed(lost=192)
    asked = found[-1]
    assert isinstance(asked, events.Question)
    words = texts(ladder([*found[:-1], replace(asked, right=len(asked.choices))]))
    right = [text for text in words if text.startswith(" ►")]
    assert right == [" ► none of these: 192 acknowledged commands lost"]
    assert any("the moment of asking" in text for text in words)


@pytest.mark.parametrize("cells", [72, 80, 90, 118])
def test_large_figures_push_the_fates_below_and_nothing_is_cut_off(cells: int) -> None:
    on_rungs = (
        RungView(1_234_567, 98_765_432),
        RungView(7_654_321, 23_456_789_012),
        RungView(0, 5),
    )
    rows = texts(rung_lines(on_rungs, True, KIND["power"], DRAWN, cells))
    assert max(map(cell_len, rows)) <= cells
    said = " ".join(rows)
    assert "23,456,789,012" in said and said.count(" kill -9 ") == 3
    assert said.count(" power cut ") == 4


def test_the_log_of_the_recovery_stands_below() -> None:
    words = texts(ladder(crashed()))
    assert "0.800 s * DB loaded from append only file" in words[-2]


def test_between_crash_and_start_nothing_is_claimed() -> None:
    found = crashed()
    place = next(n for n, event in enumerate(found) if isinstance(event, events.Crash))
    words = " ".join(texts(ladder(found[: place + 1])))
    assert "started on what is left ..." in words and "It happens now" in words
    assert "came back" not in words and "census" not in words


def test_before_any_crash_the_rungs_are_those_of_now() -> None:
    words = texts(ladder(story()))
    assert "The rungs now" in words[0] and not any("took" in text for text in words)
    off = ladder_lines(View(tail=TailView(enabled=False)), DRAWN, 80)
    assert "appendonly is off" in texts(off)[1]


@pytest.mark.parametrize("cells", [68, 80, 106])
@pytest.mark.parametrize("ascii_only", [False, True])
def test_it_fits_its_page(cells: int, ascii_only: bool) -> None:
    lines = ladder(crashed(), cells, ascii_only)
    assert max(width(of) for of in lines) <= cells
    assert not ascii_only or all("✗" not in text and "║" not in text for text in texts(lines))


def test_the_question_stands_with_its_warning() -> None:
    view = FakeDriver(crashed()[: len(story()) + 28]).view
    words = " ".join(texts(predict_lines(predict("power", view), 70)))
    assert "Modelled: a disk model, not your disk." in words and "1) none" in words
    assert "2) those that no fsync has covered: 18 commands" in words


def at_the_end() -> FakeDriver:
    """Before the crash, in the beat that offers it."""
    found = crashed()
    place = next(n for n, event in enumerate(found) if isinstance(event, events.Question))
    return FakeDriver(found[:place])


@pytest.mark.parametrize("key", ["K", "P"])
async def test_only_a_prediction_lets_the_crash_happen_and_the_ladder_follows(key: str) -> None:
    driver = at_the_end()
    app = CowscopeApp(driver)
    async with app.run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await pilot.press(key)
        assert isinstance(app.screen, PredictScreen)
        await pilot.press("enter", "y", "5")
        assert isinstance(app.screen, PredictScreen), "neither yes nor a choice that there is not"
        assert not [asked for asked in driver.asked if asked[0] == "crash"]
        await pilot.press("escape", key, "2")
        text = "\n".join(await settled(pilot))
        assert ("crash", key, 1) in driver.asked and "The ladder" in text
        for event in crashed()[len(driver.history) :]:
            driver.history.append(event)
        await pilot.pause(0.3)
        assert "240 acknowledged and lost" in "\n".join(rows(pilot))


async def test_where_the_scene_does_not_offer_it_a_key_is_refused_at_once() -> None:
    driver = FakeDriver()
    app = CowscopeApp(driver)
    async with app.run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await pilot.press("K", "P", "F")
        assert [asked for asked in driver.asked if asked[0] in ("key", "crash")] == [
            ("key", "K"), ("key", "P"), ("key", "F"),
        ]  # fmt: skip
        assert not isinstance(app.screen, PredictScreen)


@pytest.mark.parametrize("size", [(160, 48), (120, 36), (80, 24)])
async def test_the_ladder_is_there_in_the_past_too(size: tuple[int, int]) -> None:
    app = CowscopeApp(FakeDriver(crashed()))
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        await pilot.press("comma", "r")
        text = "\n".join(await settled(pilot))
        assert "power cut took what is above" in text and "C page cache" in text


async def test_a_disk_with_a_fault_is_named_in_the_header() -> None:
    fault = events.Fault(at=130.0, kind="fsync-delay", value="1500")
    app = CowscopeApp(FakeDriver([*story(), fault]))
    async with app.run_test(size=(160, 48)) as pilot:
        text = "\n".join(await settled(pilot))
        assert "disk: fsync-delay 1500 ms (scripted)" in text
