"""The AOF's tail: the last commands on the three rungs of durability, and what is not yet safe."""

from __future__ import annotations

from app.glyphs import RUNGS, Glyphs
from app.lines import Line, Span, cut, duration, grouped, line, spread, width
from app.lines_panel import LinesPanel
from app.resp_text import resp_text
from scenes.view import TailEntry, TailView, View

ROLES = {"buffer": "buffer", "cache": "cache", "disk": "disk"}
EVERYSEC = 1.0
STALE = 2.0
"""Seconds after which what was true at the last fsync says how old it is."""
WIDE = 90
"""Cells from which the longer words are used."""
GONE = "the engine is gone: no fsync comes"
OVER = "the recording ends here"
UNITS = ("commands", "cmds")
"""What is not yet safe, where there is room and where there is little."""
LABEL = 10
"""Cells before the two bars: what they count."""


class Tail(LinesPanel, can_focus=False):
    """Draws `View.tail`; `now` is the live clock, which a view does not know."""

    def show(self, view: View, now: float | None = None, *, over: bool = False) -> None:
        """Draw `view`; `now` in CLOCK_MONOTONIC seconds, None where time stands still.

        `over`: a recording has ended, so that nothing is due any more.
        """
        if not view.engine.pid:  # nothing is known yet: no word about it either
            self.title("AOF tail")
            self.subtitle("")
            self.put([line(("The engine starts ...", "dim"))])
            return
        file = view.tail.file.rsplit("/", 1)[-1]
        policy = f"appendfsync {view.tail.policy} · measured"
        if view.tail.enabled:
            self.title(f"AOF tail · {file} · {policy}", f"AOF tail · {policy}")
        else:
            self.title("AOF tail · off")
        gone = view.tail.enabled and not view.engine.alive
        due = OVER if over and view.tail.enabled else countdown(view.tail, now, self.glyphs)
        self.subtitle(GONE if gone else due)
        at = now if now is not None else view.at
        self.put(tail_lines(view.tail, self.glyphs, self.size.width, self.size.height, at))


def countdown(tail: TailView, now: float | None, glyphs: Glyphs) -> str:
    """When the next fsync is due, as far as the policy tells."""
    if not tail.enabled:
        return ""
    if tail.policy == "always":
        return "fsync before each reply"
    if tail.policy == "no":
        return "no fsync: the kernel decides when"
    if tail.fsynced == tail.appended:
        return "everysec: nothing waits for an fsync"
    if now is None or not tail.last_fsync_at:
        return "everysec: the next fsync is due within a second"
    left = min(max(tail.last_fsync_at + EVERYSEC - now, 0.0), EVERYSEC)
    done = round(10 * (1 - left))
    return f"next fsync in {left:.1f} s [{glyphs.bar * done}{glyphs.bar_rest * (10 - done)}]"


def tail_lines(
    tail: TailView, glyphs: Glyphs, cells: int, rows: int, now: float | None = None
) -> list[Line]:
    """The tail's lines, at most `rows`; the commands get the rows that are left over."""
    if not tail.enabled:
        return [line(("The append only file is off (appendonly no).", "dim"))]
    lines = [rungs_line(tail, cells)]
    closing = [ruler(tail, glyphs, cells), last_fsync(tail, now, cells)]
    if rows < 4:
        return [*lines, *closing][:rows]
    lines.append(ribbon(tail, cells))
    lines += commands(tail, glyphs, cells, max(rows - len(lines) - len(closing), 0))
    return [*lines, *closing][:rows]


def rungs_line(tail: TailView, cells: int) -> Line:
    """How many bytes are on each rung, and the commands that a power cut would lose."""
    size = len(grouped(tail.appended))
    cached, buffered = tail.written - tail.fsynced, tail.appended - tail.written
    wide = cells >= WIDE
    gap = "   " if wide else "  "
    left = line(
        (RUNGS["buffer"], "buffer"), f" aof_buf {grouped(buffered, 4)} B{gap}",
        (RUNGS["cache"], "cache"), f" page cache {grouped(cached, 6)} B{gap}",
        (RUNGS["disk"], "disk"), f" on disk {grouped(tail.fsynced, size)} B",
    )  # fmt: skip
    role = "cache text" if tail.unsafe else "bold"
    unsafe = grouped(tail.unsafe, 4)
    if wide:
        label = "acknowledged, not yet safe: "
        return spread(left, line((label, "dim"), (f"{unsafe} commands", role)), cells)
    wordings = [line((f"{unsafe} {unit}", role), (" unsafe", "dim")) for unit in UNITS]
    fits = (right for right in wordings if width(left) + width(right) < cells)
    return spread(left, next(fits, wordings[-1]), cells)


def ribbon(tail: TailView, cells: int) -> Line:
    """One letter a command, youngest at the right: amber turns to emerald where fsync passed."""
    head = (f"{'commands':<{LABEL}}", "dim")
    end = (" latest", "dim") if cells >= WIDE else ("", "dim")
    room = cells - LABEL - len(end[0])
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
        return line(head, ("none yet", "faint"))
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
    room = cells - width(head) - len(count)
    return line(*head, cut(text, room, glyphs.more), (count, "dim"))


def _merged(tail: TailView, entry: TailEntry) -> str:
    """How many commands an entry is, and how many of them are on which rung if on several."""
    rungs = tail.rungs(entry)
    if len(rungs) == 1:
        return f"{grouped(entry.merged)} commands"
    return ", ".join(f"{grouped(count)} {RUNGS[rung]}" for rung, count in rungs)


def ruler(tail: TailView, glyphs: Glyphs, cells: int) -> Line:
    """The file's byte offsets: on disk up to here, written up to there."""
    left = line((f"{'bytes':<{LABEL}}", "dim"), (f"{grouped(tail.fsynced)} on disk ", "disk text"))
    right = line((f" {grouped(tail.written)} written", "cache text"))
    if tail.appended > tail.written:
        right = (*right, (f" {grouped(tail.appended)} appended", "buffer"))
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


def last_fsync(tail: TailView, now: float | None, cells: int) -> Line:
    """The last completed fdatasync, how long ago, and the kernel's own count right after it."""
    counted = _counted(tail, now, cells)
    if not tail.fsyncs:
        before = "no fdatasync since this view began: what is on disk is older"
        return line((before if tail.fsynced else "no fdatasync has completed yet", "dim"), counted)
    wide = cells >= WIDE
    by = "background" if tail.last_fsync_thread == "bio" else "main"
    where = f" {by} thread, {grouped(tail.last_fsync_bytes)} B" if wide else f" {by} thread"
    spans: list[Span | str] = [
        (_ago(tail, now), "dim"),
        (f"{duration(tail.last_fsync_usec):>8}", "bold"),
        (where, "dim"),
        counted,
    ]
    if tail.delayed:
        spans.append((f" · delayed {grouped(tail.delayed)}", "lost"))
    return line(*spans)


def _counted(tail: TailView, now: float | None, cells: int) -> Span:
    """The kernel's count of what it still has to write, and when it counted."""
    if not tail.has_disk:
        return " · no disk behind this file", "lost"
    if tail.dirty_pages < 0:
        return (" · dirty pages cannot be counted here", "faint") if tail.fsyncs else ("", "dim")
    when = "after it"
    if tail.dirty_at:
        when = f"{max((tail.dirty_at if now is None else now) - tail.dirty_at, 0.0):.0f} s ago"
    words = "the kernel counted " if cells >= WIDE else ""
    return f" · {words}{grouped(tail.dirty_pages)} dirty pages {when}", "dim"


def _ago(tail: TailView, now: float | None) -> str:
    """When the last fdatasync completed; seconds only when they would mislead if left out."""
    age = max(now - tail.last_fsync_at, 0.0) if now is not None and tail.last_fsync_at else 0.0
    return "last fdatasync " if age < STALE else f"last fdatasync, {age:,.0f} s ago "
