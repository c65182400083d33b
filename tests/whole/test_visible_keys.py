"""Scene 01 in a terminal of 80x24, from start to end, by keys that are on the screen and no others.

Whoever presses them here knows no key by heart: each is read from the footer, from the choices of a
question or from a hint, as it is drawn at that moment, and a key that is not drawn fails the test.
"""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path
from time import monotonic, sleep

import pytest

from tests.whole.tmux import Terminal

pytestmark = [
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the live engine needs Linux"),
]

NAMED = {"space": "Space", "bksp": "BSpace", "PgDn": "PageDown", "Tab": "Tab"}
"""What is printed on a key -> tmux' name, where they differ."""
BEAT = re.compile(r"beat (\d+) of (\d+)|opening")
CHOICE = re.compile(r"^│ +(\d)\) ", re.MULTILINE)
HINT = re.compile(r"(PgDn): more")
TABS = re.compile(r"^(?= *[\[\w]).*\[(.+?)\].*\b(Tab): next", re.MULTILINE)
PREDICT = re.compile(r"1 to \d: predict")
OVER = "The scene is over"
WITHIN = 120.0
"""Seconds for a step; a loaded machine is slow."""
PATIENCE = 1.0
"""Seconds before the key is pressed again."""


class Reader:
    """Sees the screen, and presses what it shows."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self.pressed: list[str] = []

    def press(self, key: str) -> None:
        """A key as it is printed."""
        self.pressed.append(key)
        self.terminal.press(NAMED.get(key, key))

    def key_that(self, does: str) -> str:
        """The key beside which the footer says what it does."""
        screen = self.terminal.screen()
        footer = screen.rstrip("\n").splitlines()[-1]
        found = re.search(rf"(?:^| )(\S+)  {does}(?: |$)", footer)
        assert found is not None, f"no key is shown that does {does!r}:\n{screen}"
        return found[1]

    def beat(self) -> str:
        """Where in the scene the screen is, by its first row."""
        first = self.terminal.screen().splitlines()[0]
        found = BEAT.search(first)
        assert found is not None, first
        return found[0]

    def read_on(self) -> None:
        """The words to their end, and every tab, by the keys that say so."""
        while found := HINT.search(self.terminal.screen()):
            before = self.terminal.screen()
            self.press(found[1])
            self.terminal.wait_for(lambda screen, before=before: screen != before)
        first = TABS.search(self.terminal.screen())
        while first is not None:
            tab = TABS.search(self.terminal.screen())
            assert tab is not None, "the tabs are gone"
            self.press(tab[2])
            self.terminal.wait_for(lambda screen, tab=tab: f"[{tab[1]}]" not in screen)
            now = TABS.search(self.terminal.screen())
            if now is None or now[1] == first[1]:
                return

    def answer(self) -> None:
        """The last of the choices that are drawn."""
        choices = CHOICE.findall(self.terminal.screen())
        assert choices, f"a question, and no choice to be seen:\n{self.terminal.screen()}"
        self.press(choices[-1])
        self.terminal.wait_for(lambda screen: "your answer" in screen, WITHIN)

    def go_on(self) -> None:
        """To another beat or the end, however often the scene says that this one still happens."""
        here, until = self.beat(), monotonic() + WITHIN
        while self.beat() == here and OVER not in self.terminal.screen():
            assert monotonic() < until, f"nothing goes on:\n{self.terminal.screen()}"
            if PREDICT.search(self.terminal.screen()):
                self.answer()
            self.press(self.key_that("next"))
            looked = monotonic()
            while self.beat() == here and monotonic() < looked + PATIENCE:
                sleep(0.1)


def test_scene_01_is_played_by_visible_keys_alone(tmp_path: Path) -> None:
    with Terminal(tmp_path, "play", "01", columns=80, rows=24) as terminal:
        terminal.wait_for(lambda screen: "redis-cli -p" in screen, WITHIN)
        reader = Reader(terminal)
        beats = [reader.beat()]
        while OVER not in terminal.screen():
            reader.go_on()
            reader.read_on()
            beats.append(reader.beat())
        last = BEAT.fullmatch(beats[-1])
        assert beats[0] == "opening" and last is not None and last[1] == last[2]
        assert len(set(beats)) == int(last[2]) + 1, beats
        assert {"1", "2", "3"} & set(reader.pressed), "no question was answered"
        reader.press(reader.key_that("quit"))
        assert terminal.note("code") == "0"


def test_a_key_that_is_not_drawn_is_missed(tmp_path: Path) -> None:
    """The reader itself: beside what no footer says, it finds no key."""
    with Terminal(tmp_path, "play", "01", columns=80, rows=24) as terminal:
        terminal.wait_for(lambda screen: "redis-cli -p" in screen, WITHIN)
        with pytest.raises(AssertionError, match="no key is shown"):
            Reader(terminal).key_that("look sideways")
