"""The rows around the panels: which scene, where in it, what was refused, which keys there are."""

from __future__ import annotations

from app.driver import STATUS_WORDS, Driver, beats
from app.keys import Key, footer
from app.lines import Line, Span, crop, cut, line, spread, width
from app.lines_panel import LinesPanel


class Header(LinesPanel, can_focus=False):
    """Two rows: number, title, beat, state; and the thesis."""

    def show(self, driver: Driver) -> None:
        """Draw the driver's state."""
        self.put(header_lines(driver, self.size.width))


def header_lines(driver: Driver, cells: int) -> list[Line]:
    """The header; the title gives way where the row is too short for both."""
    scene, view, stage = driver.scene, driver.view, driver.stage()
    title = line((f" {scene.number} ", "key"), (f" {driver.text(scene.title)}", "bold"))
    beat = "opening" if stage.beat == 0 else f"beat {stage.beat} of {beats(scene)}"
    role = "lost" if driver.status in ("crashed", "failed") else "bold"
    state: list[Span] = [
        (f"{beat} · ", "dim"),
        (STATUS_WORDS[driver.status], "glow" if driver.status == "past" else role),
        (f" · x{driver.pace_factor:.1f} · {view.tail.policy}", "dim"),
    ]
    if scene.clock_scale != 1.0:
        state.append((f" · clock x{scene.clock_scale:g}, scripted", "cache text"))
    if view.missed:
        state.append((f" · {view.missed} events missed", "lost"))
    if driver.status != "replay" and view.engine.port and cells >= 100:
        state.append((f" · redis-cli -p {view.engine.port}", "text"))
    state.append((" ", "dim"))
    thesis = cut(driver.text(scene.thesis), cells - 2)
    if cells < 100 and driver.status != "replay" and view.engine.port:
        port = f"redis-cli -p {view.engine.port} "
        second = spread(line((f" {thesis}", "dim")), line((port, "text")), cells)
    else:
        second = line((f" {thesis}", "dim"))
    return [spread(title, tuple(state), cells), second]


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
        spans += [(" ", "text"), (f" {key.shown} ", "key"), (f" {key.short} ", "dim")]
    return tuple(spans)


class StatusLine(LinesPanel, can_focus=False):
    """One row for refusals and notices; empty most of the time."""

    def show(self, text: str, failed: bool) -> None:
        """Say `text`."""
        self.put([line((f" {cut(text, self.size.width - 2)}", "lost" if failed else "text"))])
