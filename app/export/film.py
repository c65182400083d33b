"""The film: what a terminal would be sent, with its times, as an asciinema recording.

Source: the asciicast file format, version 2 (docs.asciinema.org/manual/asciicast/v2).
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from app.export.stage import stage
from scenes.loader import Lesson
from scenes.recording import Recording

FRAMES = 10
"""A second of the recording."""
LONGEST = 2.0
"""Seconds that a film stands still at most: a player's idle_time_limit."""


async def film(
    lesson: Lesson, recorded: Recording, size: tuple[int, int], title: str
) -> Iterator[str]:
    """The lines of the file, without their ends."""
    columns, rows = size
    header = {
        "version": 2,
        "width": columns,
        "height": rows,
        "title": title,
        "idle_time_limit": LONGEST,
        "env": {"TERM": "xterm-256color"},
    }
    lines = [json.dumps(header, ensure_ascii=False)]
    async with stage(lesson, recorded, size) as played:
        shown: list[str] = []
        played.app.take = shown.append
        played.app.refresh(layout=True)
        for seconds, index in frames(recorded):
            await played.show(index)
            if data := "".join(shown):
                lines.append(json.dumps([round(seconds, 3), "o", data], ensure_ascii=False))
                shown.clear()
    return iter(lines)


def frames(recorded: Recording) -> Iterator[tuple[float, int]]:
    """(seconds since the start, the last event by then), only where something happened."""
    due = 0.0
    last = len(recorded.events) - 1
    for index, (seconds, _) in enumerate(recorded.timed()):
        if seconds < due and index != last:
            continue
        yield seconds, index
        due = seconds + 1 / FRAMES
