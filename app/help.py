"""Help: every key, and every glyph with its meaning."""

from __future__ import annotations

from app.glyphs import RUNGS, Glyphs
from app.keys import OFFERED, TABLE
from app.lines import EMPTY, Line, line, padded, spread, width
from app.said import said

WIDE = 90
"""Cells from which a note fits beside every key."""
GROUPS = (
    ("scene", ("next", "back", "answer", "pause", "pace", "autoplay", "restart")),
    ("time", ("jump", "scrub", "mark", "to_now", "branch", "timeline")),
    ("engine", ("sandbox", "confirm", "crash", "prompt")),
    ("screen", ("code", "card", "page", "overlay", "theme", "leave")),
)


def help_lines(glyphs: Glyphs, offered: frozenset[str], cells: int) -> list[Line]:
    """The key table by group, then the legend."""
    lines: list[Line] = []
    for name, actions in GROUPS:
        lines.append(line((said(f"help.{name}"), "bold")))
        for key in TABLE:
            if key.action.partition("(")[0] not in actions or key.shown in ("2", "3", "4"):
                continue
            later = key.shown in OFFERED and key.shown not in offered
            note = said("help.not_offered" if cells > WIDE else "help.not_yet") if later else ""
            names = dict.fromkeys((key.label, *(k for k in key.keys if len(k) == 1)))
            shown = f" {said('help.or')} ".join(names)
            if key.shown == "1":
                shown = "1 2 3 4"
            left = line("  ", (padded(shown, 12), "faint" if later else "bold"),
                        (key.long, "faint" if later else "text"))  # fmt: skip
            if width(left) + width(line(note)) < cells:
                lines.append(spread(left, line((note, "faint")), cells))
            else:  # the note has a row of its own
                lines += [left, spread((), line((note, "faint")), cells)]
        lines.append(EMPTY)
    for shown, does in (
        (said("help.focus"), said("help.focus_does")),
        ("PgUp PgDn", said("help.pages_does")),
    ):
        lines.append(line("  ", (padded(shown, 12), "bold"), does))
    lines += [EMPTY, line((said("help.glyphs"), "bold")), *legend_lines(glyphs)]
    return lines


def legend_lines(glyphs: Glyphs) -> list[Line]:
    """Glyph, colour and meaning."""
    rows = (
        (glyphs.private, "private", "private"),
        (glyphs.shared, "shared", "shared"),
        (glyphs.copied, "copied", "copied"),
        (glyphs.new, "new", "new"),
        (glyphs.free, "free", "free"),
        (glyphs.to_come, "to come", "to_come"),
        (glyphs.writing, "writing", "writing"),
        (glyphs.written, "written", "written"),
        (glyphs.levels[2], "copied text", "level_copied"),
        (glyphs.levels[2], "written", "level_written"),
        (RUNGS["buffer"], "buffer", "buffer"),
        (RUNGS["cache"], "cache", "cache"),
        (RUNGS["disk"], "disk", "disk"),
        (glyphs.survived, "disk text", "survived"),
        (glyphs.lost, "lost", "lost"),
        (glyphs.lit, "lit", "lit"),
        (glyphs.remark, "faint", "remark"),
        (glyphs.safe, "disk text", "safe"),
        (glyphs.unsafe, "cache text", "unsafe"),
        (glyphs.mark, "dim", "step"),
        (glyphs.minor_mark, "disk text", "fsync"),
        ("f", "child", "fork"),
        ("e", "child", "exit"),
        ("d", "disk text", "dump"),
        ("c", "lost", "crash"),
        (glyphs.cursor, "bold", "cursor"),
    )
    return [line("  ", (glyph, role), f"  {said(f'glyph.{name}')}") for glyph, role, name in rows]
