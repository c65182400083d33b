"""The glyphs: one glyph, one meaning, across all panels, in a drawn and an ASCII set.

Some drawn glyphs are of ambiguous width (East Asian Width A): one cell in most terminals, two in
some. `probe` asks the terminal itself; where one takes two cells the ASCII set is used.
"""

from __future__ import annotations

import os
import re
import select
import sys
import time
from dataclasses import dataclass
from typing import Literal

from rich.cells import cell_len


@dataclass(frozen=True)
class Glyphs:
    """A set; fields are meanings."""

    free: str
    private: str
    shared: str
    copied: str
    new: str
    to_come: str
    writing: str
    written: str
    levels: str
    """Seven glyphs: how much of a cell of several pages is copied (or written)."""
    curve: str
    """Eight glyphs: a curve's height."""
    bar: str
    bar_rest: str
    lit: str
    remark: str
    cursor: str
    mark: str
    minor_mark: str
    track: str
    safe: str
    """The file's bytes that are on disk, as a line; `unsafe`: those that are not."""
    unsafe: str
    newline: str
    """Where the RESP text has CR LF."""
    more: str
    arrow: str
    survived: str
    lost: str
    rail: str
    """The ladder's upright."""
    border: Literal["round", "ascii"]

    def every(self) -> tuple[str, ...]:
        """All single-cell glyphs of the set."""
        return tuple(
            character
            for name in self.__dataclass_fields__
            if name != "border"
            for character in getattr(self, name)
        )


DRAWN = Glyphs(
    free="·",
    private="▫",
    shared="▪",
    copied="◆",
    new="+",
    to_come="◦",
    writing="▸",
    written="▬",
    levels="▁▂▃▄▅▆▇",
    curve="▁▂▃▄▅▆▇█",
    bar="█",
    bar_rest="░",
    lit="►",
    remark="※",
    cursor="▲",
    mark="┼",
    minor_mark="┴",
    track="─",
    safe="═",
    unsafe="-",
    newline="↵",
    more="…",
    arrow="→",
    survived="✓",
    lost="✗",
    rail="║",
    border="round",
)

ASCII = Glyphs(
    free=",",
    private=":",
    shared=".",
    copied="#",
    new="+",
    to_come="o",
    writing="}",
    written="=",
    levels="1234567",
    curve="_.-~^*%@",
    bar="|",
    bar_rest=" ",
    lit=">",
    remark="!",
    cursor="^",
    mark="*",
    minor_mark="'",
    track="-",
    safe="=",
    unsafe="-",
    newline=";",
    more="~",
    arrow=">",
    survived="/",
    lost="x",
    rail="H",
    border="ascii",
)

RUNGS = {"buffer": "B", "cache": "C", "disk": "D"}
"""aof_buf, page cache, disk: letters in both sets."""

PROBED = "·▪◆▬►█─═┼↵…✓✗║"


def chosen(ascii_only: bool | None) -> Glyphs:
    """The set to draw with; None: what the terminal and the locale can show."""
    if ascii_only is None:
        ascii_only = not utf8_locale() or probe() is False
    return ASCII if ascii_only else DRAWN


def utf8_locale() -> bool:
    """Whether the standard output takes UTF-8."""
    encoding = (getattr(sys.__stdout__, "encoding", None) or "").lower().replace("-", "")
    return encoding == "utf8"


def probe(timeout: float = 0.1) -> bool | None:
    """Whether the probed glyphs take the cells that we count; None where no terminal answers.

    Writes them, asks for the cursor's column (CSI 6n, ECMA-48 DSR) and wipes them again.
    `timeout` in seconds bounds the wait for terminals that never answer.
    """
    if not (sys.__stdin__ and sys.__stdin__.isatty() and sys.__stderr__):
        return None
    try:
        import termios
        import tty
    except ImportError:
        return None
    source, target = sys.__stdin__.fileno(), sys.__stderr__.fileno()
    if not os.isatty(target):
        return None
    try:
        before = termios.tcgetattr(source)
    except termios.error:
        return None
    try:
        tty.setcbreak(source)
        os.write(target, f"\r{PROBED}\x1b[6n".encode())
        answer = _answer(source, timeout)
        os.write(target, b"\r\x1b[K")
    finally:
        termios.tcsetattr(source, termios.TCSAFLUSH, before)
    found = re.search(rb"\x1b\[\d+;(\d+)R", answer)
    return None if found is None else int(found.group(1)) == cell_len(PROBED) + 1


def _answer(source: int, timeout: float) -> bytes:
    answer, until = b"", time.monotonic() + timeout
    while not answer.endswith(b"R"):
        left = until - time.monotonic()
        if left <= 0 or not select.select([source], [], [], left)[0]:
            break
        answer += os.read(source, 64)
    return answer
