"""The screen on a real pseudo-terminal: CPU seconds a second under load, and the first frame.

python -m bench.screen_bench
"""

from __future__ import annotations

import compileall
import fcntl
import os
import pty
import random
import select
import struct
import sys
import termios
import time
from collections.abc import Sequence
from pathlib import Path

from bench.row import Row, compared, table

PAGES = 16_384
CHANGES = 200
HERTZ = 30
WARM_UP, MEASURED = 2.0, 6.0
ROUNDS = 5
FRAME = 1_500
"""Bytes: more than a terminal's set-up, less than any frame."""
TWO_LINES = "two-line Textual app"
ALTERNATE_SCREEN = b"\x1b[?1049h"
CURSOR_QUERY, CURSOR_ANSWER = b"\x1b[6n", b"\x1b[1;10R"
SCENE_SIZE, GRID_SIZE = (160, 48), (140, 125)


class Terminal:
    """A child process of this module on a pseudo-terminal that reads everything at once."""

    def __init__(self, arguments: Sequence[str], size: tuple[int, int]) -> None:
        self.started = time.monotonic()
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            columns, rows = size
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.environ.update(
                TERM="xterm-256color", COLORTERM="truecolor", TEXTUAL_ANIMATIONS="none"
            )
            os.environ.pop("NO_COLOR", None)
            os.execv(sys.executable, [sys.executable, "-m", *arguments])
        self.read = 0

    def drain(self, seconds: float, until: bytes = b"") -> float | None:
        """Read for so long; when `FRAME` bytes, and `until` among them, were on the screen."""
        end, seen = time.monotonic() + seconds, b""
        while (left := end - time.monotonic()) > 0:
            if not select.select([self.master], [], [], left)[0]:
                break
            try:
                data = os.read(self.master, 1 << 16)
            except OSError:
                break
            self.read += len(data)
            if CURSOR_QUERY in data:  # what every real terminal answers at once
                os.write(self.master, CURSOR_ANSWER)
            if until:
                seen += data
                place = seen.find(ALTERNATE_SCREEN)
                if place >= 0 and len(seen) - place > FRAME and until in seen[place:]:
                    return time.monotonic() - self.started
        return None

    def cpu(self) -> float:
        """CPU seconds of the process so far, user and system (proc(5), stat)."""
        with open(f"/proc/{self.pid}/stat") as file:
            fields = file.read().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def close(self) -> None:
        """End the process and wait for it."""
        os.kill(self.pid, 15)
        self.drain(0.5)
        os.close(self.master)
        os.waitpid(self.pid, 0)


def load(mode: str, what: str, size: tuple[int, int]) -> float:
    """CPU seconds a second of the screen while `CHANGES` pages change `HERTZ` times a second."""
    terminal = Terminal(("bench.screen_bench", what, mode), size)
    try:
        terminal.drain(WARM_UP)
        cpu, at = terminal.cpu(), time.monotonic()
        terminal.drain(MEASURED)
        return (terminal.cpu() - cpu) / (time.monotonic() - at)
    finally:
        terminal.close()


def first_frame(until: bytes, *arguments: str) -> float:
    """Seconds from exec until the first frame's bytes have arrived, and these words with them."""
    terminal = Terminal(arguments, SCENE_SIZE)
    try:
        seconds = terminal.drain(20, until)
        if seconds is None:
            raise RuntimeError(f"{' '.join(arguments)}: no first frame within 20 s")
        return seconds
    finally:
        terminal.close()


def measure() -> list[Row]:
    """All rows of this benchmark."""
    rows = []
    for mode, target in (("runs", 0.25), ("random", 0.60)):
        for what, size in (("scene", SCENE_SIZE), ("grid", GRID_SIZE)):
            name = "whole screen 160x48" if what == "scene" else "grid, one page a cell"
            rows.append(
                Row(f"{PAGES:,} pages, {CHANGES} changes a frame, {mode}, {name}",
                    load(mode, what, size), "cores", at_most=target)
            )  # fmt: skip
    return [*rows, *first_frames(ROUNDS)]


def first_frames(rounds: int) -> list[Row]:
    """The first frame of a scene and of the menu, each round beside a two-line app's."""
    for package in ("engine", "scenes", "app", "bench"):  # as pip does where it installs
        compileall.compile_dir(Path(__file__).parents[1] / package, quiet=2)
    programs = {
        "cowscope play 04": (b"Persistence", "app.cli", "play", "04"),
        "cowscope, the menu": (b"The bill", "app.cli", "--no-progress"),
        TWO_LINES: (b"hello", "bench.screen_bench", "two-lines", "first"),
    }
    seconds: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(rounds):
        for name, arguments in programs.items():
            seconds[name].append(first_frame(*arguments))
    theirs = seconds.pop(TWO_LINES)
    return [
        compared(f"first frame of {name}", "s", ours, theirs, TWO_LINES, at_most=1.5)
        for name, ours in seconds.items()
    ]


# The child: what is measured ----------------------------------------------------------------------


def child(what: str, mode: str) -> None:
    """Run one of the programs that are measured."""
    if what == "two-lines":
        from textual.app import App
        from textual.widgets import Static

        class TwoLines(App[None]):
            def compose(self):  # type: ignore[no-untyped-def]
                yield Static("hello, world\n" * 200)

        TwoLines().run()
        return
    from app.application import CowscopeApp
    from bench.screen_load import GridApp, LoadDriver

    changes = Changes(mode)
    if what == "scene":
        CowscopeApp(LoadDriver(PAGES, changes)).run()
    else:
        GridApp(PAGES, changes, HERTZ).run()


class Changes:
    """Which pages turn copied (and back) with each frame."""

    def __init__(self, mode: str) -> None:
        self.mode = mode
        self.chance = random.Random(4)
        self.at = 0
        self.copied: set[int] = set()

    def following(self) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        """(newly copied, newly shared) page ranges of the next frame."""
        if self.mode == "runs":
            first = self.at % (PAGES - CHANGES)
            self.at += CHANGES
            fresh = set(range(first, first + CHANGES))
        else:
            fresh = set(self.chance.sample(range(PAGES), CHANGES))
        back = fresh & self.copied
        self.copied ^= fresh
        return _ranges(fresh - back), _ranges(back)


def _ranges(pages: set[int]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for page in sorted(pages):
        if found and found[-1][1] == page - 1:
            found[-1] = (found[-1][0], page)
        else:
            found.append((page, page))
    return found


def main() -> int:
    """Print the table; 1 when a target was missed."""
    rows = measure()
    print(table(rows))
    return int(any(row.held is False for row in rows))


if __name__ == "__main__":
    if len(sys.argv) == 3:
        child(sys.argv[1], sys.argv[2])
    else:
        sys.exit(main())
