"""The keys: one table, from which bindings, footer and help are made."""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding

from app.driver import Driver
from app.said import said
from scenes.language import ENGLISH


@dataclass(frozen=True)
class Key:
    """What a key does. `keys` are Textual's names; `shown` is what is printed on it."""

    keys: tuple[str, ...]
    shown: str
    action: str
    name: str
    """The key of its phrases: `keys.NAME`, if it has a short one, and `keys.NAME_long`."""
    footer: bool = False

    @property
    def label(self) -> str:
        """How footer and help print it."""
        return said(f"keys.on_{self.shown}") if self.shown in ("space", "bksp") else self.shown

    @property
    def short(self) -> str:
        """In a word, for the footer; empty for keys that it never names."""
        key = f"keys.{self.name}"
        return said(key) if key in said.words(ENGLISH) else ""

    @property
    def long(self) -> str:
        """In a few words, for the help."""
        return said(f"keys.{self.name}_long")


TABLE = (
    Key(("space", "n"), "space", "next", "next", True),
    Key(("backspace",), "bksp", "back", "back", True),
    Key(("comma",), ",", "scrub(-1)", "scrub_back"),
    Key(("full_stop",), ".", "scrub(1)", "scrub"),
    Key(("left_square_bracket",), "[", "mark(-1)", "mark_back"),
    Key(("right_square_bracket",), "]", "mark(1)", "mark"),
    Key(("end",), "End", "to_now", "now", True),
    Key(("B",), "B", "branch", "branch", True),
    Key(("v",), "v", "timeline", "timeline", True),
    Key(("1",), "1", "answer(0)", "answer"),
    Key(("2",), "2", "answer(1)", "answer_2"),
    Key(("3",), "3", "answer(2)", "answer_3"),
    Key(("4",), "4", "answer(3)", "answer_4"),
    Key(("b",), "b", "sandbox('b')", "bgsave", True),
    Key(("w",), "w", "sandbox('w')", "writes", True),
    Key(("f",), "f", "sandbox('f')", "policy", True),
    Key(("h",), "h", "sandbox('h')", "hold", True),
    Key(("s",), "s", "sandbox('s')", "step"),
    Key(("t",), "t", "sandbox('t')", "huge"),
    Key(("F",), "F", "sandbox('F')", "disk"),
    Key(("S",), "S", "confirm('S')", "save"),
    Key(("K",), "K", "crash('K')", "kill"),
    Key(("P",), "P", "crash('P')", "power"),
    Key(("colon",), ":", "prompt", "prompt", True),
    Key(("z",), "z", "pause", "pause", True),
    Key(("plus",), "+", "pace(1)", "faster"),
    Key(("minus",), "-", "pace(-1)", "slower"),
    Key(("a",), "a", "autoplay", "autoplay"),
    Key(("0",), "0", "restart", "again", True),
    Key(("c",), "c", "code", "code", True),
    Key(("C",), "C", "card", "card"),
    Key(("i",), "i", "page('details')", "details", True),
    Key(("j",), "j", "jump", "jump", True),
    Key(("r",), "r", "page('ladder')", "ladder"),
    Key(("l",), "l", "page('log')", "log"),
    Key(("g",), "g", "page('glossary')", "glossary"),
    Key(("d",), "d", "page('diagram')", "diagram"),
    Key(("o",), "o", "overlay", "overlay"),
    Key(("L",), "L", "theme", "theme"),
    Key(("question_mark",), "?", "page('help')", "help", True),
    Key(("q",), "q", "leave", "quit", True),
)  # fmt: skip

GRID_KEYS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
"""In a page grid the arrows move the cursor: (columns, rows)."""

SCROLL_KEYS = {"up": -1, "down": 1, "pageup": -10, "pagedown": 10}
"""In a panel of lines the arrows scroll: rows."""

OFFERED = frozenset("bwfhstFSKP")
"""Keys that work only where the scene offers them."""


def bindings() -> list[Binding]:
    """The table as Textual bindings; none has priority, so that a text field keeps its letters."""
    return [Binding(",".join(key.keys), key.action, key.name, show=False) for key in TABLE]


LIVE = OFFERED | frozenset(":")
"""Keys that need an engine at now."""


def acts(driver: Driver, shown: str) -> bool:
    """Whether a key, as the table shows it, does something at this moment instead of refusing."""
    status = driver.status
    if shown == "End":
        return status == "past"
    if shown == "B":
        return status == "past" and not driver.is_replay
    if shown == "v":
        return driver.timelines > 1
    if shown == "space":
        goes_on = status not in ("starting", "catching_up", "crashed", "failed")
        return goes_on and (not driver.scene.sliders or driver.is_past)
    if shown == "z":
        return status in ("live", "catching_up", "paused", "replay")
    if shown not in LIVE:
        return True
    if driver.is_replay or status not in ("live", "paused", "failed"):
        return False
    if shown == "s":  # steps the child that h holds
        return "h" in driver.offered and driver.now_view.hold == "held"
    return shown == ":" or shown in driver.offered


def acting(driver: Driver) -> frozenset[str]:
    """The sandbox keys that do something at this moment."""
    return frozenset(key for key in OFFERED if acts(driver, key))


def footer(driver: Driver) -> list[Key]:
    """The keys that the footer names: of those that are worth a place there, the ones that act."""
    ended = driver.is_over or driver.status in ("crashed", "failed")
    return [
        key
        for key in TABLE
        if key.footer and acts(driver, key.shown) and (key.shown != "0" or ended)
    ]
