"""Keys: one table, without a collision in any focus."""

from collections import Counter

import pytest
from textual.app import App
from textual.binding import Binding
from textual.screen import Screen
from textual.widget import Widget

from app.application import CowscopeApp
from app.cards import CardPanel
from app.child_grid import ChildGrid
from app.driver import Status
from app.grid import PageGrid
from app.keys import GRID_KEYS, OFFERED, TABLE, acts, bindings, footer
from app.prompt import CommandLine
from app.scene_screen import SceneScreen
from app.words_panel import WordsPanel
from scenes.sandbox import POLICIES
from tests.app.fake import FakeDriver, start

ALL = [key for entry in TABLE for key in entry.keys]


def keys_of(kind: type) -> set[str]:
    """Every key that a class and its parents bind."""
    found: set[str] = set()
    for parent in kind.__mro__:
        for bound in parent.__dict__.get("BINDINGS", ()):
            name = bound.key if isinstance(bound, Binding) else bound[0]
            found |= {key.strip() for key in name.split(",")}
    return found


def test_no_key_does_two_things() -> None:
    assert [key for key, times in Counter(ALL).items() if times > 1] == []


@pytest.mark.parametrize("panel", [PageGrid, ChildGrid, CardPanel, WordsPanel])
def test_a_focused_panel_takes_only_its_arrows(panel: type[Widget]) -> None:
    assert keys_of(panel) & set(ALL) == set()
    if issubclass(panel, PageGrid):
        assert keys_of(panel) >= set(GRID_KEYS)


@pytest.mark.parametrize("kind", [Screen, App, CowscopeApp])
def test_the_frameworks_own_keys_stay_apart(kind: type) -> None:
    assert keys_of(kind) & set(ALL) == set()


def test_nothing_has_priority_over_text() -> None:
    assert not any(bound.priority for bound in bindings())
    letters = {key for key in keys_of(CommandLine) if len(key) == 1 or key == "space"}
    assert letters == set()


def test_every_action_exists() -> None:
    for entry in TABLE:
        assert hasattr(SceneScreen, "action_" + entry.action.partition("(")[0]), entry


class At(FakeDriver):
    """A driver in some state that offers some sandbox keys."""

    def __init__(self, status: Status, offered: str = "bwfhK") -> None:
        super().__init__(status=status)
        self.keys = frozenset(offered)

    @property
    def offered(self) -> frozenset[str]:
        return self.keys


def shown(driver: FakeDriver) -> set[str]:
    return {key.shown for key in footer(driver)}


def test_the_footer_names_what_the_scene_offers() -> None:
    assert shown(At("live", "")) & OFFERED == set()
    assert shown(At("live")) & OFFERED == set("bwfh")
    assert {"space", ":", "z"} <= shown(At("live")) and "End" not in shown(At("live"))


def test_in_the_past_only_time_moves() -> None:
    driver = At("live")
    driver.scrub(-1)
    assert shown(driver) & (OFFERED | {":", "z"}) == set()
    assert {"End", "space", "bksp"} <= shown(driver)


@pytest.mark.parametrize("status", ["catching_up", "crashed", "replay", "starting"])
def test_without_an_engine_nothing_is_offered_that_needs_one(status: Status) -> None:
    assert shown(At(status)) & (OFFERED | {":"}) == set()
    assert ("space" in shown(At(status))) == (status == "replay")


def test_the_footer_names_the_key_that_starts_again_where_all_has_ended() -> None:
    assert "0" in shown(At("crashed")) and "0" in shown(At("failed"))
    assert "0" not in shown(At("live"))


def test_s_acts_on_a_held_child_where_h_is_offered() -> None:
    assert At("live").now_view.hold == "held"
    assert acts(At("live"), "s") and not acts(At("live", "b"), "s")
    fresh = FakeDriver(start())
    fresh.__class__ = type("Offering", (FakeDriver,), {"offered": property(lambda _: {"h"})})
    assert not acts(fresh, "s") and acts(fresh, "h")


def test_help_names_the_policies_in_the_order_in_which_f_takes_them() -> None:
    told = next(key.long for key in TABLE if key.shown == "f").partition(": ")[2].split(", ")
    place = POLICIES.index(told[0])
    assert told == [*POLICIES[place:], *POLICIES[:place]]


async def test_a_turns_autoplay_on_and_off_and_says_so() -> None:
    driver = FakeDriver()
    app = CowscopeApp(driver, ascii_only=True)
    async with app.run_test(size=(120, 36)) as pilot:
        for is_on in (True, False):
            await pilot.press("a")
            assert driver.autoplay is is_on
            assert isinstance(app.screen, SceneScreen)
            assert app.screen.said.startswith(f"Autoplay is {'on' if is_on else 'off'}")
