"""The screen of a scene, from injected events: no engine, no clock."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.pilot import Pilot

from app.application import CowscopeApp
from app.driver import REFUSE_PAST
from app.layout import arranged, mode_of
from app.page_screen import ConfirmScreen, PageScreen
from app.predict_screen import PredictScreen
from app.said import said as phrase
from app.scene_screen import SceneScreen
from app.too_small import too_small
from engine import events
from scenes.history import History
from tests.app.fake import FIRST, FakeDriver, story
from tests.app.seen import rows, seen, settled
from tests.app.stepping import moments, stage


@asynccontextmanager
async def shown(
    size: tuple[int, int] = (160, 48), driver: FakeDriver | None = None, ascii_only: bool = False
) -> AsyncIterator[tuple[SceneScreen, Pilot[int]]]:
    app = CowscopeApp(driver or FakeDriver(), ascii_only=ascii_only)
    async with app.run_test(size=size) as pilot:
        screen = app.screen
        assert isinstance(screen, SceneScreen)
        await settled(pilot)
        yield screen, pilot


async def said(pilot: Pilot[int]) -> str:
    """All that is on the screen at rest."""
    return "\n".join(await settled(pilot))


async def test_all_is_on_the_screen_at_160x48() -> None:
    async with shown() as (_, pilot):
        text = "\n".join(rows(pilot))
    for expected in (
        "Parent heap · pid 4711 · 1,024 pages",
        "Snapshot child · pid 4723",
        "a full copy, modelled: 2,800 KiB",
        "AOF tail · appendonly.aof.1.incr.aof · appendfsync everysec",
        "The first write copies",
        "Implementation · kernel.pageWrite(page)",
        "redis-cli -p 40123",
        "q  quit",
    ):
        assert expected in text


async def test_every_cell_of_the_grid_is_a_page_in_its_state() -> None:
    async with shown() as (screen, _):
        grid = screen.grid
        cells = "".join(
            grid.render_line(row).text[7 : 7 + grid.cells.shape.columns]
            for row in range(grid.cells.shape.used_rows)
        ).rstrip()
        view = screen.driver.view
        counts = [cells.count(glyph) for glyph in "·▫▪◆+"]
    assert counts == list(view.counts)
    assert [n for n, glyph in enumerate(cells) if glyph == "◆"] == [
        n for n, state in enumerate(view.pages) if state == 3
    ]


@pytest.mark.parametrize("size", [(160, 48), (120, 36), (200, 60)])
async def test_both_grids_give_a_page_the_same_place(size: tuple[int, int]) -> None:
    async with shown(size) as (screen, _):
        assert screen.grid.cells.shape == screen.child_grid.cells.shape
        assert screen.grid.foot_rows == screen.child_grid.foot_rows


async def test_arrows_name_a_page_in_both_grids() -> None:
    async with shown() as (screen, pilot):
        screen.grid.focus()
        await pilot.press("right", *["right"] * (FIRST + 42))
        text = await said(pilot)
        assert f"page {FIRST + 42} shared: user:42" in text
        assert screen.child_grid.page == FIRST + 42


async def test_the_mouse_names_a_page() -> None:
    async with shown() as (screen, pilot):
        await pilot.hover("#grid", offset=(1 + 7 + 10, 1 + 1))
        assert screen.grid.page == screen.grid.cells.shape.columns + 10


async def test_the_code_is_behind_a_key_at_120x36() -> None:
    async with shown((120, 36)) as (_, pilot):
        assert "Code ·" not in "\n".join(rows(pilot))
        await pilot.press("c")
        assert "Code · kernel.pageWrite" in await said(pilot)


async def test_panels_are_tabs_at_80x24_and_the_words_stay() -> None:
    async with shown((80, 24)) as (_, pilot):
        first = await said(pilot)
        await pilot.press("tab")
        second = await said(pilot)
    assert "[Heap]" in first and "Parent heap" in first and "Snapshot child" not in first
    assert "[Child]" in second and "Snapshot child" in second and "Parent heap" not in second
    assert "The first write copies" in first and "The first write copies" in second


@pytest.mark.parametrize("scene", ["01", "03"])
async def test_the_tab_that_a_step_turns_to_shows_the_moment(scene: str) -> None:
    async with stage((80, 24)) as shown_at, shown_at.scene(scene) as screen:
        for moment in moments(scene):
            turned = await shown_at.at(screen, moment)
            assert turned == await shown_at.tab(screen, screen.tab), moment


async def test_an_answer_is_turned_to_no_further_than_its_room_asks_for() -> None:
    answered = next(moment for moment in moments("04") if str(moment) == "gauge")
    async with stage((80, 24)) as shown_at, shown_at.scene("04") as screen:
        text = "\n".join(await shown_at.at(screen, answered))  # straight from a step without one
    assert "So far 406 of 700 pages are copied" in text and "however often." in text


async def test_a_small_terminal_is_told_the_size() -> None:
    async with shown((79, 24)) as (_, pilot):
        text = "\n".join(rows(pilot)).split()
    assert " ".join(text) == "80x24 needed, this terminal is 79x24."
    assert too_small(80, 24) is None


async def test_the_screen_follows_the_terminals_size() -> None:
    async with shown((120, 36)) as (screen, pilot):
        await pilot.press("colon")
        await pilot.resize_terminal(60, 20)
        assert "80x24 needed" in await said(pilot)
        assert not screen.is_typing
        await pilot.resize_terminal(160, 48)
        assert "Implementation" in await said(pilot)


async def test_the_past_is_shown_and_refuses_to_act() -> None:
    driver = FakeDriver()
    async with shown(driver=driver) as (_, pilot):
        await pilot.press("left_square_bracket")
        assert "past, the engine runs on" in await said(pilot)
        await pilot.press("b")
        assert phrase(REFUSE_PAST) in await said(pilot)
        assert ("key", "b") not in driver.asked
        await pilot.press("end", "b")
        assert ("key", "b") in driver.asked
        assert "past, the engine runs on" not in await said(pilot)


async def test_panels_enter_with_the_beat_that_needs_them() -> None:
    driver = FakeDriver()
    driver.seek(3)
    async with shown(driver=driver) as (_, pilot):
        before = await said(pilot)
        driver.to_now()
        after = await said(pilot)
    assert "AOF tail" in before and "Parent heap" not in before and "Extra memory" not in before
    assert "Parent heap" in after and "Extra memory" in after


async def test_in_the_prompt_letters_are_letters() -> None:
    driver = FakeDriver()
    async with shown(driver=driver) as (screen, pilot):
        await pilot.press("colon", *"set q b", "space", "1", "enter")
        await seen(pilot, "> set q b 1", "OK")
        assert driver.asked[-1] == ("execute", "set q b 1")
        await pilot.press("g", "e", "tab", "up")
        assert screen.prompt is not None
        assert screen.prompt.command_line.value == "set q b 1"
        await pilot.press("escape")
        assert not screen.is_typing
        await pilot.press("space")
        assert driver.asked[-1] == ("next",)


async def test_a_line_that_waits_for_its_answer_is_on_the_screen() -> None:
    driver, answered = FakeDriver(), asyncio.Event()

    async def slowly(line: str) -> str:
        await answered.wait()
        return "PONG"

    driver.execute = slowly  # type: ignore[method-assign]
    async with shown(driver=driver) as (_, pilot):
        await pilot.press("colon", *"ping", "enter")
        await seen(pilot, "> ping  ... waiting")
        answered.set()
        await seen(pilot, "> ping", "PONG", gone="waiting")


async def test_a_long_answer_can_be_read_with_the_page_keys() -> None:
    driver = FakeDriver()

    async def many(line: str) -> list[bytes]:
        return [b"item %d" % n for n in range(100, 160)]

    driver.execute = many  # type: ignore[method-assign]
    async with shown((80, 24), driver) as (_, pilot):
        await pilot.press("colon", *"keys", "enter")
        await seen(pilot, "item 159", "PgUp, PgDn: answers", "Esc closes", gone="item 149")
        await pilot.press("pageup")
        await seen(pilot, "item 149", gone="item 159")
        await pilot.press("pagedown")
        await seen(pilot, "item 159")


async def test_an_answer_is_folded_to_the_prompts_width_and_never_cut() -> None:
    driver, why = FakeDriver(), " ".join(f"word{n}" for n in range(40))

    async def refused(line: str) -> Exception:
        return ValueError(why)

    driver.execute = refused  # type: ignore[method-assign]
    async with shown((120, 36), driver) as (_, pilot):
        await pilot.press("colon", *"no", "enter")
        await seen(pilot, "word39")
        await pilot.resize_terminal(80, 24)
        text = await seen(pilot, "word39", "> no")
        assert all(f"word{n}" in text for n in range(40))


async def test_at_the_end_of_a_recording_no_fsync_is_due() -> None:
    driver = FakeDriver()
    async with shown(driver=driver) as (screen, pilot):
        assert "the next fsync is due" in await said(pilot)
        driver.is_over = True
        screen.seen_before = None
        text = await said(pilot)
    assert "the recording ends here" in text and "is due" not in text


async def test_over_an_engine_that_is_gone_the_past_names_no_port() -> None:
    driver = FakeDriver([*story(), events.Crash(kind="x", acked=1, written=1, fsynced=1, at=200.0)])
    driver.seek(20)
    async with shown(driver=driver) as (_, pilot):
        text = await said(pilot)
    assert "past, the engine is gone" in text and "redis-cli -p" not in text


async def test_where_nothing_can_be_sent_the_prompt_says_so_and_stays_closed() -> None:
    driver = FakeDriver()
    async with shown(driver=driver) as (screen, pilot):
        await pilot.press("left_square_bracket", "colon")
        await seen(pilot, phrase(REFUSE_PAST))
        assert not screen.is_typing
        await pilot.press("end", "colon")
        assert screen.is_typing


async def test_escape_leaves_the_prompt_wherever_the_focus_is() -> None:
    async with shown((120, 36)) as (screen, pilot):
        await pilot.press("colon")
        screen.grid.focus()
        await pilot.press("escape")
        assert not screen.is_typing


@pytest.fixture
def offering() -> FakeDriver:
    """A driver whose scene offers the keys that block or destroy."""
    driver = FakeDriver()
    offered = frozenset("bwfhKS")
    driver.__class__ = type("Offering", (FakeDriver,), {"offered": property(lambda _: offered)})
    return driver


async def test_save_asks_first(offering: FakeDriver) -> None:
    async with shown(driver=offering) as (screen, pilot):
        await pilot.press("S")
        assert isinstance(screen.app.screen, ConfirmScreen)
        await pilot.press("n")
        assert ("key", "S") not in offering.asked
        await pilot.press("S", "y")
        await settled(pilot)
        assert ("key", "S") in offering.asked


async def test_a_crash_wants_a_prediction_first(offering: FakeDriver) -> None:
    async with shown(driver=offering) as (screen, pilot):
        await pilot.press("K")
        assert isinstance(screen.app.screen, PredictScreen)
        await pilot.press("escape")
        await settled(pilot)
        assert screen.app.screen is screen
        assert not [asked for asked in offering.asked if asked[0] in ("crash", "key")]


@pytest.mark.parametrize("key", ["i", "l", "g", "d", "question_mark"])
async def test_pages_open_and_close(key: str) -> None:
    async with shown((120, 36)) as (screen, pilot):
        await pilot.press(key)
        await settled(pilot)
        assert isinstance(screen.app.screen, PageScreen)
        await pilot.press("escape")
        assert screen.app.screen is screen


async def test_ascii_leaves_nothing_else() -> None:
    async with shown(ascii_only=True) as (_, pilot):
        text = await said(pilot)
    assert {character for character in text if not character.isascii()} == set()


async def test_the_driver_is_stopped_with_the_app() -> None:
    driver = FakeDriver()
    async with shown(driver=driver) as (_, pilot):
        await pilot.press("q")
    assert driver.asked[-1] == ("stop",)


@pytest.mark.parametrize("columns", range(80, 220, 7))
@pytest.mark.parametrize("lines", (24, 31, 36, 44, 60))
def test_panels_do_not_overlap_or_leave_the_screen(columns: int, lines: int) -> None:
    places = list(arranged(columns, lines, code=True, tab="grid").values())
    room = places[0].region if hasattr(places[0], "region") else None
    assert room is None
    for place in places:
        assert place.x >= 0 and place.y >= 0
        assert place.right <= columns and place.bottom <= lines - 5
        assert place.width > 0 and place.height > 0
        assert not any(place.overlaps(other) for other in places if other is not place)
    assert mode_of(columns, lines) in ("large", "middle", "small")


async def test_before_the_engine_speaks_nothing_is_said_of_it() -> None:
    driver = FakeDriver()
    driver.history = History(driver.scene.cards)
    async with shown(driver=driver) as (_, pilot):
        text = await said(pilot)
    assert "The engine starts" in text
    assert "is off" not in text and "aof_buf" not in text


async def test_why_a_scene_stopped_can_be_read_on_a_small_screen() -> None:
    async with shown((80, 24)) as (screen, pilot):
        screen.driver.notice = (  # type: ignore[misc]
            "Stopped; 0 starts again, or cowscope replay 04: step 'tail' waited 10 s for the event"
            " 'aof.append', which did not come"
        )
        timeline = f"event {screen.driver.length} of"
        words = " ".join((await seen(pilot, "did not come", gone=timeline)).split())
        assert "step 'tail' waited 10 s for the event 'aof.append', which did not come" in words
        assert "quit" in words
        screen.driver.notice = ""  # type: ignore[misc]
        await seen(pilot, timeline, gone="did not come")


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_a_refusal_is_gone_with_its_reason(
    language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scenes.phrases._language", language)
    driver = FakeDriver(status="starting")
    async with shown((80, 24), driver) as (_, pilot):
        driver.refusal = phrase("refuse.not_ready")
        assert phrase("refuse.not_ready").rstrip("。") in await said(pilot)
        driver._status = "live"
        assert phrase("refuse.not_ready").rstrip("。") not in await said(pilot)
