"""`cowscope export`: a recording as stills, page or film, by the name of what it goes into."""

from __future__ import annotations

import asyncio
import errno
import os
import re
from pathlib import Path

from app.export.film import film
from app.export.page import page, taken
from app.said import said
from scenes.errors import SceneError
from scenes.language import ENGLISH
from scenes.recorded_lesson import lesson_of
from scenes.recording import RecordingWriter, opened


def export(
    source: str,
    target: str,
    *,
    size: tuple[int, int],
    dark: bool = True,
    language: str = ENGLISH,
) -> str:
    """Write `target`; a line that says what was written. Raises SceneError."""
    path = Path(target)
    if not path.parent.is_dir():  # as `record` does: only what was named is made
        why = os.strerror(errno.ENOENT)
        raise SceneError(said("export.unwritten", path=str(path), why=why))
    recorded = opened(source)
    if recorded.damage:
        raise SceneError(recorded.damage)
    if not recorded.events:
        raise SceneError(said("export.no_event", file=source))
    lesson = lesson_of(recorded, source, language)
    title = f"{lesson.scene.number} · {lesson.words.text(lesson.scene.title)}"
    os.environ.pop("NO_COLOR", None)
    os.environ.update(COLORTERM="truecolor", TERM="xterm-256color")
    match path.suffix:
        case ".cast":
            lines = list(asyncio.run(film(lesson, recorded, size, title)))
            _write(path, "".join(f"{line}\n" for line in lines))
            return said(
                "export.film",
                path=str(path),
                seconds=f"{recorded.seconds:.0f}",
                frames=len(lines) - 1,
            )
        case ".html":
            pictures = asyncio.run(taken(lesson, recorded, size, dark=dark))
            _write(path, page(lesson, recorded, pictures))
            return said("export.page", path=str(path), count=len(pictures))
        case ".cowscope":
            files = recorded.scene_files()
            with RecordingWriter(target, recorded.header, lesson.scene, files) as writer:
                for event in recorded.events:
                    writer.append(event)
            return said("export.recording", path=str(path), count=len(recorded.events))
        case "":
            pictures = asyncio.run(taken(lesson, recorded, size, dark=dark))
            for place, one in enumerate(pictures, 1):
                name = re.sub(r"[^\w]+", "-", one.title).strip("-").lower()
                _write(path / f"{place:02}-{name}.svg", one.drawing)
            return said("export.stills", path=str(path), count=len(pictures))
        case _:
            raise SceneError(said("export.unknown", target=target, kinds=said("export.kinds")))


def _write(path: Path, text: str) -> None:
    """All of the file or nothing: an older one is not lost to a failed attempt."""
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(exist_ok=True)
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    except OSError as error:
        raise SceneError(said("export.unwritten", path=str(path), why=error.strerror)) from error
