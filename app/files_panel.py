"""The AOF's files, what is kept in memory for a rewrite, and the rewrite's stages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from rich.cells import cell_len

from app.covered import SIGN, covered_words
from app.exhibit import Exhibit
from app.lines import Line, Span, cut, fitting, grouped, line, shortened, spread, width
from app.said import said
from engine.events import AofFile
from scenes.event_words import stage_word
from scenes.rewrite_view import MULTIPART, PIPES, RewriteView
from scenes.view import View

NAMED_SO = frozenset({"base", "increment", "manifest", "log", "temporary"})
"""Roles that a file's name tells; they give way where there is no room for both. Of other files the
size does: that one is history, say, is what has to be known of it."""
SENT = "diff-sent"
OF_THE_DIFF = frozenset({SENT, "child-diff-appended", "residual-written"})
"""Stages whose names and figures speak of what is written while a child rewrites."""
NOTHING: Mapping[str, int] = {}
_BESIDE = 66
"""Cells from which the stages stand beside the files."""


class FilesPanel(Exhibit):
    """Draws `View.rewrite`, of several engines side by side."""

    TITLE: ClassVar[tuple[str, ...]] = (
        "files.title",
        "files.short",
    )
    EMPTY_WORDS: ClassVar[str] = "files.empty"

    def picture(self, view: View, cells: int, rows: int) -> list[Line]:
        """One engine's files and stages, or those of all engines in columns."""
        if view.others:
            return _columns({view.name: view, **view.others}, cells, rows, self.covered)
        return files_lines(view, cells, rows, self.covered)

    def source(self, view: View) -> str:
        """Sizes are stat(2)'s; what is in memory, the engine counts."""
        return said("files.source")


def files_lines(
    view: View, cells: int, rows: int, covered: Mapping[str, int] = NOTHING
) -> list[Line]:
    """One engine: files and memory, the stages beside them where there is room.

    `covered`: parts that a beat asks for, by the names of scenes.covers.
    """
    rewrite = view.rewrite
    if not rewrite.files and not rewrite.stages:
        return []
    if cells < _BESIDE:
        above = [*_files(rewrite, cells), *_memory(view, cells, covered)]
        return [*above, *_stages(rewrite, cells, max(rows - len(above), 3), covered)]
    left = cells * 11 // 20
    return _beside(
        [*_files(rewrite, left - 2), *_memory(view, left - 2, covered)],
        _stages(rewrite, cells - left, rows, covered),
        left,
    )


def _columns(
    views: dict[str, View], cells: int, rows: int, covered: Mapping[str, int]
) -> list[Line]:
    size = cells // len(views)
    lines: list[Line] = []
    for place, (name, view) in enumerate(views.items()):
        reached = view.rewrite.stages[-1].name if view.rewrite.stages else ""
        word = _stage_word(reached, covered) if reached else ""
        heading = spread(line((name, "bold")), line((word, "bold")), size - 2)
        column: list[Line] = [heading, *files_lines(view, size - 2, rows - 1, covered)]
        lines = _beside(lines, column, size * place) if place else column
    return lines


def _beside(left: list[Line], right: list[Line], at: int) -> list[Line]:
    """The lines of two columns, the second from cell `at` on."""
    lines = []
    for row in range(max(len(left), len(right))):
        mine = left[row] if row < len(left) else ()
        its = right[row] if row < len(right) else ()
        lines.append((*mine, (" " * (at - width(mine)), "text"), *its))
    return lines


def _files(rewrite: RewriteView, cells: int) -> list[Line]:
    newest = max((f.name for f in rewrite.files if f.role in ("log", "increment")), default="")
    return [_file(file, file.name == newest, cells) for file in rewrite.files]


def _file(file: AofFile, appended_to: bool, cells: int) -> Line:
    colour = {"temporary": "child", "history": "faint", "unlisted": "child"}.get(file.role, "text")
    role, size = said(f"files.{file.role}"), grouped(file.bytes)
    sign: Span = ("> " if appended_to else "  ", "dim")
    rights = [
        line((f"{role} ", "dim"), (f"{size:>11}", colour)),
        line((f"{role} ", "dim"), (size, colour)),
        line((size, colour)) if file.role in NAMED_SO else line((role, "dim")),
    ]
    needed = len(file.name) + 3
    right = next((one for one in rights if needed + width(one) <= cells), rights[-1])
    room, name = cells - width(right) - 3, file.name
    if len(name) > room:  # what tells names apart is their end
        name = "…" + name[1 - max(room, 2) :]
    return spread(line(sign, (name, colour)), right, cells)


def _memory(view: View, cells: int, covered: Mapping[str, int]) -> list[Line]:
    tail, rewrite = view.tail, view.rewrite
    kept = [("aof_buf", tail.appended - tail.written)]
    if rewrite.has_pipes:
        kept += [("rewrite_buffer", rewrite.buffered), ("sent", rewrite.sent)]
    lines = []
    for key, size in kept:
        if key != "aof_buf" and "diff" in covered:
            lines.append(line((f"  {covered_words(covered['diff'])}", "dim")))
            continue
        figure = line((f"{grouped(max(0, size)):>9}", "buffer" if size > 0 else "faint"))
        if key != "aof_buf" and "sent" in covered:
            figure = line((f"{SIGN:>9}", "dim"))
        wordings = (said(f"files.{key}"), said(f"files.{key}_short"))
        name = fitting(wordings, cells - width(figure) - 3)
        lines.append(spread(line((f"  {name}", "dim")), figure, cells))
    return lines


def _stages(rewrite: RewriteView, cells: int, rows: int, covered: Mapping[str, int]) -> list[Line]:
    """The stages, what was reached with its bytes; as many as fit around the last reached."""
    names: tuple[str, ...] = PIPES if rewrite.has_pipes else MULTIPART
    if rewrite.stages and rewrite.stages[-1].name == "failed":
        names = (*(stage.name for stage in rewrite.stages),)
    lines: list[Line] = []
    reached = list(rewrite.stages)
    last = -1
    for number, name in enumerate(names):
        place = next((n for n, stage in enumerate(reached) if stage.name == name), None)
        if name == SENT and "sent" in covered:  # that it was reached tells that pipe 1 took some
            place = None
        word = _stage_word(name, covered)
        if place is None and "stages" in covered:
            word = covered_words(covered["stages"])
            if lines and lines[-1][0][0].endswith(word):
                continue  # one word for all that are to come
        if place is None:
            lines.append(line((f"  {word}", "faint")))
            continue
        stage = reached.pop(place)
        last = number
        told = stage.bytes and name != "finished"  # the child's file, and not what the log has now
        size = f" {grouped(stage.bytes)}" if told else ""
        if told and ("written" in covered or (name in OF_THE_DIFF and "sent" in covered)):
            size = f" {SIGN}"
        if name in OF_THE_DIFF and "diff" in covered:
            size = ""
        word = cut(word, max(cells - 2 - cell_len(size), 1))  # the figure is whole
        lines.append(line(("+ ", "disk text"), word, (size, "dim")))
    if last >= 0:
        current = lines[last]
        lines[last] = line(("> ", "bold"), (current[1][0], "chosen"), *current[2:])
    top = max(0, min(last - rows // 2, len(lines) - rows)) if rows < len(lines) else 0
    return [shortened(one, cells) for one in lines[top : top + rows]]


def _stage_word(name: str, covered: Mapping[str, int]) -> str:
    if name in OF_THE_DIFF and "diff" in covered:
        return covered_words(covered["diff"])
    return stage_word(name)
