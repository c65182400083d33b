"""A real terminal for tests: one command in a window of a private tmux server."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TypeVar

import psutil

SeenT = TypeVar("SeenT")

WITHIN = 60.0
"""Seconds for which the screen is polled before a test gives up."""
_SIZES = ("COLUMNS", "LINES")
"""Set by whoever runs the tests, they would count for more than the window's size."""
_ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if name not in _SIZES},
    "LC_ALL": "C.UTF-8",
    "TERM": "xterm-256color",
}
_ROW = re.compile(r"^│ *([\d,]+) ([^\s│]+) *│")


class Terminal:
    """Runs `cowscope ARGUMENTS` in a window of `columns` x `rows`; a context manager.

    The window outlives the program: a shell around it notes `stty -a` before and after, and the
    exit code. `folder` gets these notes and everything that the program keeps in caches.
    """

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        columns: int = 160,
        rows: int = 48,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self._socket = f"cowscope-test-{os.getpid()}-{time.monotonic_ns()}"
        program = shlex.join([sys.executable, "-P", "-m", "app.cli", *arguments])
        script = f"stty -a >before; {program}; echo $? >code; stty -a >after; exec cat"
        homes = {f"XDG_{kind}_HOME": str(folder / kind.lower()) for kind in ("CACHE", "DATA")}
        given = {**homes, **(environment or {})}
        self._tmux(
            "-f", "/dev/null", "-u", "new-session", "-d", "-x", str(columns), "-y", str(rows),
            "-c", str(folder), *(f"-e{name}={value}" for name, value in given.items()),
            f"sh -c {shlex.quote(script)}",
        )  # fmt: skip
        self._is_up = True
        self._tmux("set-option", "-g", "status", "off")
        self.shell = psutil.Process(int(self.format("#{pane_pid}")))

    # -- looking -------------------------------------------------------------------------------

    def screen(self, *, styled: bool = False) -> str:
        """What stands on the screen now; `styled` with the escape sequences."""
        return self._tmux("capture-pane", "-p", *(["-e"] if styled else []))

    def format(self, text: str) -> str:
        """What tmux knows about the window, by its own formats (tmux(1), FORMATS)."""
        return self._tmux("display-message", "-p", text).strip()

    def wait_for(self, wanted: str | Callable[[str], bool], seconds: float = WITHIN) -> str:
        """The first screen that has `wanted` on it, or for which it holds."""
        holds = wanted if callable(wanted) else lambda screen: wanted in screen
        return _polled(self.screen, holds, seconds, f"the screen never had: {wanted}")

    def note(self, name: str) -> str:
        """What the shell noted: `before`, `code` or `after`, once it is complete."""
        path = self.folder / name
        return _polled(
            lambda: path.read_text() if path.exists() else "",
            lambda text: text.endswith("\n"),
            WITHIN,
            f"the program has not left; on the screen is:\n{self.screen()}",
        ).strip()

    # -- acting --------------------------------------------------------------------------------

    def press(self, *keys: str) -> None:
        """Type keys, by tmux' names."""
        self._tmux("send-keys", *keys)

    def resize(self, columns: int, rows: int) -> None:
        """Another size of the window."""
        self._tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def hang_up(self) -> None:
        """The terminal goes away."""
        self._is_up = False
        self._tmux("kill-server")

    # -- processes -----------------------------------------------------------------------------

    def program(self) -> psutil.Process:
        """The program in the window."""
        return _polled(self.shell.children, bool, WITHIN, "nothing runs in the window")[0]

    def processes(self) -> list[psutil.Process]:
        """The program and all that descends from it: engine, snapshot child."""
        return self.shell.children(recursive=True)

    # -- life ----------------------------------------------------------------------------------

    def _tmux(self, *arguments: str) -> str:
        done = subprocess.run(
            ["tmux", "-L", self._socket, *arguments],
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=20,
            env=_ENVIRONMENT,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def __enter__(self) -> Terminal:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._is_up:
            left = self.processes()
            self.hang_up()
            wait_until_gone(left)


def wait_until_gone(processes: Sequence[psutil.Process]) -> None:
    """Returns when none of them is left; a zombie is gone, its parent just has not looked."""
    _polled(
        lambda: [process for process in processes if _lives(process)],
        lambda left: not left,
        WITHIN,
        f"left behind, or some of: {list(processes)}",
    )


def heap_cells(screen: str) -> dict[int, str]:
    """Page -> glyph in the parent's grid; every row begins with its first page's number."""
    cells: dict[int, str] = {}
    for row in screen.splitlines():
        if found := _ROW.match(row):
            first = int(found[1].replace(",", ""))
            cells |= {first + place: glyph for place, glyph in enumerate(found[2])}
    return cells


def _lives(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _polled(
    look: Callable[[], SeenT], holds: Callable[[SeenT], bool], seconds: float, complaint: str
) -> SeenT:
    deadline = time.monotonic() + seconds
    while True:
        found = look()
        if holds(found):
            return found
        assert time.monotonic() < deadline, f"{complaint}\n{found}"
        time.sleep(0.05)
