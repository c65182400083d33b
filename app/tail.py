"""The AOF's tail: the last commands on the three rungs of durability, and what is not yet safe."""

from __future__ import annotations

from collections.abc import Callable

from rich.cells import cell_len

from app.figures import exact, rounded
from app.glyphs import RUNGS, Glyphs
from app.lines import (
    Line,
    Span,
    cut,
    duration,
    grouped,
    line,
    padded,
    roomiest,
    spread,
    width,
)
from app.lines_panel import LinesPanel
from app.resp_text import resp_text
from app.said import said
from scenes.view import TailEntry, TailView, View

ROLES = {"buffer": "buffer", "cache": "cache", "disk": "disk"}
EVERYSEC = 1.0
STALE = 2.0
"""Seconds after which what was true at the last fsync says how old it is."""
WIDE = 90
"""Cells from which the longer words are used."""
LABEL = 10
"""Cells before the two bars: what they count."""


class Tail(LinesPanel, can_focus=False):
    """Draws `View.tail`; `now` is the live clock, which a view does not know."""

    def show(self, view: View, now: float | None = None, *, over: bool = False) -> None:
        """Draw `view`; `now` in CLOCK_MONOTONIC seconds, None where time stands still.

        `over`: a recording has ended, so that nothing is due any more.
        """
        if not view.engine.pid:  # nothing is known yet: no word about it either
            self.title(said("tail.title"))
            self.subtitle("")
            self.put([line((said("tail.starts"), "dim"))])
            return
        file = view.tail.file.rsplit("/", 1)[-1]
        policy = f"appendfsync {view.tail.policy} · {said('source.measured')}"
        name = f"{view.name}: {said('tail.title')}" if view.others else said("tail.title")
        if view.tail.enabled:
            self.title(f"{name} · {file} · {policy}", f"{name} · {policy}")
        else:
            self.title(f"{name} · {said('tail.off')}")
        gone = view.tail.enabled and not view.engine.alive
        due = (
            said("tail.over")
            if over and view.tail.enabled
            else countdown(view.tail, now, self.glyphs)
        )
        self.subtitle(said("tail.gone") if gone else due)
        at = now if now is not None else view.at
        self.put(tail_lines(view.tail, self.glyphs, self.size.width, self.size.height, at))


def countdown(tail: TailView, now: float | None, glyphs: Glyphs) -> str:
    """When the next fsync is due, as far as the policy tells."""
    if not tail.enabled:
        return ""
    if tail.policy == "always":
        return said("tail.always")
    if tail.policy == "no":
        return said("tail.no")
    if tail.fsynced == tail.appended:
        return said("tail.idle")
    if now is None or not tail.last_fsync_at:
        return said("tail.within")
    left = min(max(tail.last_fsync_at + EVERYSEC - now, 0.0), EVERYSEC)
    done = round(10 * (1 - left))
    due = said("tail.next", seconds=f"{left:.1f}")
    return f"{due} [{glyphs.bar * done}{glyphs.bar_rest * (10 - done)}]"


def tail_lines(
    tail: TailView, glyphs: Glyphs, cells: int, rows: int, now: float | None = None
) -> list[Line]:
    """The tail's lines, at most `rows`; the commands get the rows that are left over."""
    if not tail.enabled:
        return [line((said("tail.none"), "dim"))]
    lines = [rungs_line(tail, cells)]
    closing = [ruler(tail, glyphs, cells), last_fsync(tail, now, cells)]
    if rows < 4:
        return [*lines, *closing][:rows]
    lines.append(ribbon(tail, cells))
    lines += commands(tail, glyphs, cells, max(rows - len(lines) - len(closing), 0))
    return [*lines, *closing][:rows]


def rungs_line(tail: TailView, cells: int) -> Line:
    """How many bytes are on each rung, and the commands that a power cut would lose."""
    role = "cache text" if tail.unsafe else "bold"
    unsafe = grouped(tail.unsafe, 4)
    commands = said("tail.command" if tail.unsafe == 1 else "tail.commands")
    cmds = said("tail.cmd" if tail.unsafe == 1 else "tail.cmds")
    whole = line((f"{said('tail.not_safe')} ", "dim"), (f"{unsafe} {commands}", role))
    rights = [
        line((f"{unsafe} {unit}", role), (f" {said('tail.unsafe')}", "dim"))
        for unit in (commands, cmds)
    ]
    wordings = [(3, whole), (2, whole), (2, rights[0]), (2, rights[1]), (1, rights[1])]
    sizes = (exact, rounded)
    tried = [(_on_rungs(tail, gap, size), right) for size in sizes for gap, right in wordings][
        0 if cells >= WIDE else 2 :
    ]
    fits = (both for both in tried if width(both[0]) + width(both[1]) < cells)
    left, right = next(fits, tried[-1])
    return spread(left, right, cells)


def _on_rungs(tail: TailView, gap: int, size: Callable[[int, int], str]) -> Line:
    cached, buffered = tail.written - tail.fsynced, tail.appended - tail.written
    room = len(size(tail.appended, 0)) - len(" B")
    between = " " * gap
    return line(
        (RUNGS["buffer"], "buffer"), f" aof_buf {size(buffered, 4)}{between}",
        (RUNGS["cache"], "cache"), f" {said('tail.cache')} {size(cached, 6)}{between}",
        (RUNGS["disk"], "disk"), f" {said('tail.disk')} {size(tail.fsynced, room)}",
    )  # fmt: skip


def ribbon(tail: TailView, cells: int) -> Line:
    """One letter a command, youngest at the right: amber turns to emerald where fsync passed."""
    head = (padded(said("tail.ribbon"), LABEL), "dim")
    end = (f" {said('tail.latest')}" if cells >= WIDE else "", "dim")
    room = cells - LABEL - cell_len(end[0])
    letters: list[Span] = []
    shown = 0
    for entry in reversed(tail.entries):
        for rung, commands_on_it in reversed(tail.rungs(entry)):
            count = min(commands_on_it, room - shown)
            if count <= 0:
                break
            if letters and letters[-1][1] == ROLES[rung]:
                letters[-1] = (letters[-1][0] + RUNGS[rung] * count, ROLES[rung])
            else:
                letters.append((RUNGS[rung] * count, ROLES[rung]))
            shown += count
    if not letters:
        return line(head, (said("tail.none_yet"), "faint"))
    return line(head, *reversed(letters), end)


def commands(tail: TailView, glyphs: Glyphs, cells: int, rows: int) -> list[Line]:
    """The last commands as the bytes that the file holds, with their offset, youngest below."""
    last = tail.entries[-rows:] if rows else ()
    found = [command_line(tail, entry, glyphs, cells) for entry in last]
    return [*found, *[()] * (rows - len(found))]


def command_line(tail: TailView, entry: TailEntry, glyphs: Glyphs, cells: int) -> Line:
    """One command: offset, rung, RESP."""
    rung = tail.rung(entry)
    head = line(
        (f"{grouped(entry.start, len(grouped(tail.appended)))} ", "faint"),
        (f"{RUNGS[rung]}", ROLES[rung]),
        " ",
    )
    count = f"  ({_merged(tail, entry)})" if entry.merged > 1 else ""
    text = resp_text(entry.text, glyphs)
    room = cells - width(head) - cell_len(count)
    return line(*head, cut(text, room, glyphs.more), (count, "dim"))


def _merged(tail: TailView, entry: TailEntry) -> str:
    """How many commands an entry is, and how many of them are on which rung if on several."""
    rungs = tail.rungs(entry)
    if len(rungs) == 1:
        return f"{grouped(entry.merged)} {said('tail.commands')}"
    return ", ".join(f"{grouped(count)} {RUNGS[rung]}" for rung, count in rungs)


def ruler(tail: TailView, glyphs: Glyphs, cells: int) -> Line:
    """The file's byte offsets: on disk up to here, written up to there."""
    least = 4
    tried = [_ruler_ends(tail, said("tail.bytes"), grouped), _ruler_ends(tail, "", rounded)]
    left, right = next(
        (ends for ends in tried if width(ends[0]) + width(ends[1]) + least <= cells), tried[-1]
    )
    room = max(cells - width(left) - width(right), 4)
    waiting = tail.appended - tail.fsynced
    scale = max(waiting * 2, 4096)
    amber = 0 if not waiting else max(1, min(room - 1, round(room * waiting / scale)))
    return line(
        *left,
        (glyphs.safe * (room - amber - (1 if amber else 0)), "disk text"),
        (glyphs.arrow if amber else "", "disk text"),
        (glyphs.unsafe * amber, "cache text"),
        *right,
    )


def _ruler_ends(tail: TailView, label: str, figure: Callable[[int], str]) -> tuple[Line, Line]:
    left = line(
        (padded(label, LABEL) if label else "", "dim"),
        (f"{figure(tail.fsynced)} {said('tail.disk')} ", "disk text"),
    )
    right = line((f" {figure(tail.written)} {said('tail.written')}", "cache text"))
    if tail.appended > tail.written:
        right = (*right, (f" {figure(tail.appended)} {said('tail.appended')}", "buffer"))
    return left, right


def last_fsync(tail: TailView, now: float | None, cells: int) -> Line:
    """The last completed fdatasync, how long ago, and the kernel's own count right after it."""
    counted = _counted(tail, now, cells)
    if not tail.fsyncs:
        before = "tail.older" if tail.fsynced else "tail.no_fsync"
        short = _counted(tail, now, WIDE - 1)
        ways = [(before, counted), (before, short), (f"{before}_short", short)]
        all_of_it = [line((said(key), "dim"), found) for key, found in ways]
        return roomiest([*all_of_it, line((short[0].removeprefix(" · "), short[1]))], cells)
    by = said("tail.bio" if tail.last_fsync_thread == "bio" else "tail.main")
    full = said("tail.by", thread=by, bytes=tail.last_fsync_bytes)
    took: Span = (f"{duration(tail.last_fsync_usec):>8}", "bold")
    late = [(f" · {said('tail.delayed', count=tail.delayed)}", "lost")] if tail.delayed else []
    short = _counted(tail, now, WIDE - 1)
    wordings = [(full, counted), (by, counted), (by, short)]
    told = [
        line((_ago(tail, now), "dim"), took, (f" {where}", "dim"), count, *late)
        for where, count in (wordings if cells >= WIDE else wordings[1:])
    ]
    least = line((f"{said('tail.bare')} ", "dim"), took, short, *late)
    return roomiest([*told, least, line((f"{said('tail.bare')} ", "dim"), took, *late)], cells)


def _counted(tail: TailView, now: float | None, cells: int) -> Span:
    """The kernel's count of what it still has to write, and when it counted."""
    if not tail.has_disk:
        return f" · {said('tail.no_disk')}", "lost"
    if tail.dirty_pages < 0:
        return (f" · {said('tail.uncounted')}", "faint") if tail.fsyncs else ("", "dim")
    when = said("tail.after")
    if tail.dirty_at:
        age = max((tail.dirty_at if now is None else now) - tail.dirty_at, 0.0)
        when = said("tail.ago", age=f"{age:.0f}")
    key = "tail.counted" if cells >= WIDE else "tail.counted_short"
    key += "_one" if tail.dirty_pages == 1 else ""
    return f" · {said(key, pages=tail.dirty_pages, when=when)}", "dim"


def _ago(tail: TailView, now: float | None) -> str:
    """When the last fdatasync completed; seconds only when they would mislead if left out."""
    age = max(now - tail.last_fsync_at, 0.0) if now is not None and tail.last_fsync_at else 0.0
    return f"{said('tail.last' if age < STALE else 'tail.last_ago', age=f'{age:,.0f}')} "
