"""The keys: one table, from which bindings, footer and help are made."""

from __future__ import annotations

from dataclasses import dataclass

from textual.binding import Binding

from app.driver import Driver


@dataclass(frozen=True)
class Key:
    """What a key does. `keys` are Textual's names; `shown` is how footer and help print them."""

    keys: tuple[str, ...]
    shown: str
    action: str
    short: str
    long: str
    footer: bool = False


TABLE = (
    Key(("space", "n"), "space", "next", "next", "go on to the next step", True),
    Key(("backspace",), "bksp", "back", "back", "see the previous step again", True),
    Key(("comma",), ",", "scrub(-1)", "", "one event back"),
    Key(("full_stop",), ".", "scrub(1)", "", "one event forward"),
    Key(("left_square_bracket",), "[", "mark(-1)", "", "to the mark before (fork, fsync ...)"),
    Key(("right_square_bracket",), "]", "mark(1)", "", "to the next mark"),
    Key(("end",), "End", "to_now", "now", "back to now", True),
    Key(("1",), "1", "answer(0)", "", "answer a question: first, second ... choice"),
    Key(("2",), "2", "answer(1)", "", "answer with the second choice"),
    Key(("3",), "3", "answer(2)", "", "answer with the third choice"),
    Key(("4",), "4", "answer(3)", "", "answer with the fourth choice"),
    Key(("b",), "b", "sandbox('b')", "BGSAVE", "BGSAVE: fork a child that writes the dump", True),
    Key(("w",), "w", "sandbox('w')", "writes", "start or stop the writing client", True),
    Key(("f",), "f", "sandbox('f')", "policy", "appendfsync: everysec, no, always", True),
    Key(("h",), "h", "sandbox('h')", "hold", "hold the child, or let it go", True),
    Key(("s",), "s", "sandbox('s')", "step", "let the held child write 16 pages more"),
    Key(("t",), "t", "sandbox('t')", "huge pages", "transparent huge pages on or off"),
    Key(("F",), "F", "sandbox('F')", "disk", "the disk: well, slow, full, failing fsyncs"),
    Key(("S",), "S", "confirm('S')", "SAVE", "SAVE: blocks the engine until the dump is written"),
    Key(("K",), "K", "crash('K')", "kill -9", "predict, then kill -9 the engine"),
    Key(("P",), "P", "crash('P')", "power cut", "predict, then cut the power (modelled)"),
    Key(("colon",), ":", "prompt", "prompt", "type a Redis command", True),
    Key(("z",), "z", "pause", "pause", "stop the scene's clock, or let it go on", True),
    Key(("plus",), "+", "pace(1)", "", "faster"),
    Key(("minus",), "-", "pace(-1)", "", "slower"),
    Key(("0",), "0", "restart", "again", "start the scene again", True),
    Key(("c",), "c", "code", "code", "pseudo-code or the engine's real source", True),
    Key(("C",), "C", "card", "", "another Implementation card"),
    Key(("i",), "i", "page('details')", "details", "both witnesses, page tables", True),
    Key(("r",), "r", "page('ladder')", "", "the ladder: three rungs, and the last crash"),
    Key(("l",), "l", "page('log')", "", "Redis' log"),
    Key(("g",), "g", "page('glossary')", "", "the words of this scene"),
    Key(("d",), "d", "page('diagram')", "", "Previously, and the diagram in words"),
    Key(("o",), "o", "overlay", "", "mark the pages changed since the last save"),
    Key(("L",), "L", "theme", "", "light or dark"),
    Key(("question_mark",), "?", "page('help')", "help", "all keys", True),
    Key(("q",), "q", "leave", "quit", "leave", True),
)  # fmt: skip

GRID_KEYS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}
"""In a page grid the arrows move the cursor: (columns, rows)."""

SCROLL_KEYS = {"up": -1, "down": 1, "pageup": -10, "pagedown": 10}
"""In a panel of lines the arrows scroll: rows."""

OFFERED = frozenset("bwfhstFSKP")
"""Keys that work only where the scene offers them."""


def bindings() -> list[Binding]:
    """The table as Textual bindings; none has priority, so that a text field keeps its letters."""
    return [
        Binding(",".join(key.keys), key.action, key.short or key.long, show=False) for key in TABLE
    ]


LIVE = OFFERED | frozenset(":")
"""Keys that need an engine at now."""


def acts(driver: Driver, shown: str) -> bool:
    """Whether a key, as the table shows it, does something at this moment instead of refusing."""
    status = driver.status
    if shown == "End":
        return status == "past"
    if shown == "space":
        goes_on = status not in ("starting", "crashed", "failed")
        return goes_on and (not driver.scene.sliders or driver.is_past)
    if shown == "z":
        return status in ("live", "paused", "replay")
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
