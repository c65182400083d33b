"""The rows around the panels: which scene, where in it, what was refused, which keys there are."""

from __future__ import annotations

from rich.cells import cell_len

from app.driver import Driver, beats, status_words
from app.keys import Key, footer
from app.lines import Line, Span, crop, cut, line, spread, width, wrap
from app.lines_panel import LinesPanel
from app.said import said
from scenes.event_words import fault_word
from scenes.view import View

MIDDLE = 100
"""Cells from which how to join the engine stands in the first row."""
WIDE = 150
"""Cells from which pace and policy are named."""


class Header(LinesPanel, can_focus=False):
    """Two rows: number, title, beat, state; and the thesis."""

    def show(self, driver: Driver) -> None:
        """Draw the driver's state."""
        self.put(header_lines(driver, self.size.width))


def header_lines(driver: Driver, cells: int) -> list[Line]:
    """The header; the title gives way where the row is too short for both."""
    scene, view, stage = driver.scene, driver.view, driver.stage()
    wide = cells >= WIDE
    beat = (
        said("header.beat", beat=stage.beat, beats=beats(scene))
        if stage.beat
        else said("header.opening")
    )
    role = "lost" if driver.status in ("crashed", "failed") else "bold"
    pace = f"{said('header.pace')} " if wide else ""
    policy = "appendfsync " if wide else ""
    if scene.engines:
        policy, logs = "", said("header.engines", count=len(scene.engines))
    elif not view.tail.enabled and view.engine.pid:
        policy, logs = ("appendonly ", "no") if wide else ("", said("header.no_aof"))
    else:
        is_bare_no = not wide and view.tail.policy == "no"
        logs = said("header.no_fsync") if is_bare_no else view.tail.policy
    where = line((f"{beat} · ", "dim"))
    status = line((status_words(driver), "glow" if driver.status == "past" else role))
    pace_span, log_span = (
        (f" · {pace}x{_pace(driver.pace_factor)}", "dim"),
        (f" · {policy}{logs}", "dim"),
    )
    state: list[Span] = []
    if view.engine.thp:
        state.append((f" · {said('header.huge')}" if wide else " · THP", "text"))
    scale = view.clock_scale if view.clock_scale != 1 else scene.clock_scale
    if scale != 1:
        state.append((f" · {said('header.clock', scale=f'{scale:g}')}", "cache text"))
    state += disk_faults(view, wide)
    if view.missed:
        missed = said(
            "header.missed" if view.missed > 1 else "header.missed_one", count=view.missed
        )
        state.append((f" · {missed}", "lost"))
    joinable = not driver.is_replay and driver.now_view.engine.alive and view.engine.port
    port = f"redis-cli -p {view.engine.port}" if joinable else ""
    if port and cells >= MIDDLE:
        state.append((f" · {port}", "text"))
    state.append((" ", "dim"))
    # Where the title has no room, what is as usual gives way first.
    usual = [[log_span], []] if driver.pace_factor == 1 else [[pace_span], [pace_span]]
    ways = [[pace_span, log_span], *usual]
    states = [line(*where, *status, *way, *state) for way in ways]
    least = cell_len(_titles(driver)[-1]) + len(scene.number) + 4
    chosen = next((one for one in states if width(one) + least <= cells), states[-1])
    title = _title(driver, cells - width(chosen) - 1)
    second: Line = (("", "dim"), (port and f"{port} ", "text")) if cells < MIDDLE else ()
    thesis = sentences(driver.text(scene.thesis), cells - width(second) - 3)
    return [
        spread(title, chosen, cells),
        spread(line((f" {thesis}", "dim")), second, cells),
    ]


def disk_faults(view: View, wide: bool) -> list[Span]:
    """What is wrong with the disk, because the lesson wants it so."""
    found = ", ".join(
        fault_word(kind) if value in ("on", "0") else f"{fault_word(kind)} {value}{_unit(kind)}"
        for kind, value in sorted(view.faults.items())
    )
    said_so = said("header.disk_wide" if wide else "header.disk", found=found)
    return [(f" · {said_so}", "lost")] if found else []


def _pace(factor: float) -> str:
    """x1.0, x2.0, and 0.25 as what it is."""
    return f"{factor:.1f}" if round(factor, 1) == factor else f"{factor:g}"


def _unit(kind: str) -> str:
    """Of a disk fault's figure; that of fsync-error counts calls, and has none."""
    return {"fsync-delay": " ms", "full": " B", "short-write": " B"}.get(kind, "")


def _title(driver: Driver, cells: int) -> Line:
    """Number and title; only the title's head or nothing where there is no room for all of it."""
    number = driver.scene.number
    room = cells - len(number) - 3
    shown = next((title for title in _titles(driver) if cell_len(title) <= room), "")
    return line((f" {number} ", "key"), (f" {shown}", "bold"))


def _titles(driver: Driver) -> tuple[str, str]:
    """The scene's title, and its head: what stands before a dash, a colon or a bracket."""
    title = driver.text(driver.scene.title)
    ends = (title.find(sign) for sign in (" — ", "：", ": ", " (", "（"))
    return title, title[: min((end for end in ends if end > 0), default=len(title))]


def sentences(text: str, cells: int) -> str:
    """As many whole sentences of `text` as fit, or clauses of the first one; else it is cut."""
    for kept, ends in ((1, (". ", "。")), (0, (": ", "; ", "：", "；")), (0, (", ", "，"))):
        ends_at = (at for at in range(len(text) - 1, 0, -1) if text.startswith(ends, at))
        shorter = (text, *(text[: at + kept] for at in ends_at))
        if fits := next((one for one in shorter if cell_len(one) <= cells), ""):
            return fits
    return cut(text, cells)


class Footer(LinesPanel, can_focus=False):
    """The last row: keys that work now."""

    def show(self, driver: Driver) -> None:
        """Draw the keys that the scene offers by now."""
        self.put([footer_line(footer(driver), self.size.width)])


def footer_line(keys: list[Key], cells: int) -> Line:
    """As many keys as fit; help and quit always do."""
    kept, last = keys[:-2], keys[-2:]
    closing = _named(last)
    while kept and width(_named(kept)) + width(closing) > cells:
        kept = kept[:-1]
    return crop((*_named(kept), *closing), cells)


def _named(keys: list[Key]) -> Line:
    spans: list[Span] = []
    for key in keys:
        spans += [(" ", "text"), (f" {key.label} ", "key"), (f" {key.short} ", "dim")]
    return tuple(spans)


class StatusLine(LinesPanel, can_focus=False):
    """A row for refusals and notices, a second one if they need it; empty most of the time."""

    def show(self, text: str, failed: bool) -> int:
        """Say `text`; the rows that it takes."""
        lines = status_lines(text, "lost" if failed else "text", self.size.width)
        self.put(lines)
        return len(lines)


def status_lines(text: str, role: str, cells: int) -> list[Line]:
    """One row, or two where one would cut the text; what two rows can't hold is cut."""
    room = max(cells - 2, 1)
    first, *rest = wrap(text, room) or [""]
    rows = [first, cut(" ".join(rest), room)] if rest else [first]
    return [line((f" {row}", role)) for row in rows]
