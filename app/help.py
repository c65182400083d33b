"""Help: every key, and every glyph with its meaning."""

from __future__ import annotations

from app.glyphs import RUNGS, Glyphs
from app.keys import OFFERED, TABLE
from app.lines import EMPTY, Line, line, spread

WIDE = 90
"""Cells from which a note fits beside every key."""
GROUPS = (
    ("The scene", ("next", "back", "answer", "pause", "pace", "restart")),
    ("Time", ("scrub", "mark", "to_now")),
    ("The engine", ("sandbox", "confirm", "crash", "prompt")),
    ("The screen", ("code", "card", "page", "overlay", "theme", "leave")),
)


def help_lines(glyphs: Glyphs, offered: frozenset[str], cells: int) -> list[Line]:
    """The key table by group, then the legend."""
    lines: list[Line] = []
    for name, actions in GROUPS:
        lines.append(line((name, "bold")))
        for key in TABLE:
            if key.action.partition("(")[0] not in actions or key.shown in ("2", "3", "4"):
                continue
            later = key.shown in OFFERED and key.shown not in offered
            note = (
                "" if not later else "not offered by this scene yet" if cells > WIDE else "not yet"
            )
            shown = " or ".join(dict.fromkeys((key.shown, *(k for k in key.keys if len(k) == 1))))
            if key.shown == "1":
                shown = "1 2 3 4"
            left = line("  ", (f"{shown:<12}", "faint" if later else "bold"),
                        (key.long, "faint" if later else "text"))  # fmt: skip
            lines.append(spread(left, line((note, "faint")), cells))
        lines.append(EMPTY)
    for shown, does in (
        ("Tab, arrows", "the focus; arrows: page cursor, scrolling"),
        ("PgUp PgDn", "scroll the words; in the prompt, its answers"),
    ):
        lines.append(line("  ", (f"{shown:<12}", "bold"), does))
    lines += [EMPTY, line(("Glyphs", "bold")), *legend_lines(glyphs)]
    return lines


def legend_lines(glyphs: Glyphs) -> list[Line]:
    """Glyph, colour and meaning."""
    rows = (
        (glyphs.private, "private", "a page of the parent alone, no child alive"),
        (glyphs.shared, "shared", "shared by parent and child since the fork"),
        (glyphs.copied, "copied", "copied: written since the fork"),
        (glyphs.new, "new", "first touched after the fork: nothing was copied"),
        (glyphs.free, "free", "not mapped, no data"),
        (glyphs.to_come, "to come", "the child has not written it to the dump yet"),
        (glyphs.writing, "writing", "the child writes it now"),
        (glyphs.written, "written", "written to the dump"),
        (glyphs.levels[2], "copied text", "a cell of several pages: how much of it is copied"),
        (glyphs.levels[2], "written", "in the child's grid: how much of it is written"),
        (RUNGS["buffer"], "buffer", "in aof_buf: lost when the process dies"),
        (RUNGS["cache"], "cache", "in the page cache: lost when the power goes"),
        (RUNGS["disk"], "disk", "on disk"),
        (glyphs.survived, "disk text", "survived a crash"),
        (glyphs.lost, "lost", "lost by it"),
        (glyphs.lit, "lit", "the line that ran last"),
        (glyphs.remark, "faint", "the well-known pseudo-code is corrected here"),
        (glyphs.safe, "disk text", "bytes of the file that are on disk"),
        (glyphs.unsafe, "cache text", "bytes of the file that are written, but not on disk"),
        (glyphs.mark, "dim", "timeline: a step begins"),
        (glyphs.minor_mark, "disk text", "timeline: an fsync (left out where they would crowd)"),
        ("f", "child", "timeline, where there is no room for the word: fork"),
        ("e", "child", "the same: the child's exit"),
        ("d", "disk text", "the same: a dump was saved"),
        ("c", "lost", "the same: a crash"),
        (glyphs.cursor, "bold", "timeline: the moment on show"),
    )
    return [line("  ", (glyph, role), f"  {meaning}") for glyph, role, meaning in rows]
