"""The panels of a scene around its driver, drawn again only where something changed."""

from __future__ import annotations

from time import monotonic

from textual import events
from textual.app import ComposeResult
from textual.containers import Container
from textual.geometry import Region
from textual.screen import Screen
from textual.widget import Widget

from app.cards import GLOW, CardPanel
from app.child_grid import ChildGrid
from app.coming import Coming, room_of
from app.curve_panel import CurvePanel
from app.driver import Driver, Status, ever_in, panels_at
from app.engines_panel import EnginesPanel
from app.exhibit import Exhibit
from app.files_panel import FilesPanel
from app.frames_panel import FramesPanel
from app.gauge import Gauge
from app.grid import PageGrid
from app.header import Footer, Header, StatusLine
from app.keys import acting
from app.latency_panel import LatencyPanel
from app.layout import PANELS, TABS, arranged, mode_of
from app.lines_panel import LinesPanel
from app.placing import placed_words
from app.processes_panel import ProcessesPanel
from app.said import said
from app.sliders_panel import SlidersPanel
from app.tabs import Tabs
from app.tail import Tail
from app.timeline import Timeline
from app.too_small import too_small
from app.words_panel import WordsPanel
from scenes import covers
from scenes.scene import Stage, forks_for_lessons
from scenes.view import View

FRAME = 1 / 30
CLOCKS = 0.1
"""Seconds between redraws of what follows the clock and not the view (countdown, glow)."""
REFUSAL = 5.0
"""Seconds for which a refusal stays."""


class PanelsScreen(Screen[None]):
    """Attributes go down from the driver's view to the panels, 30 times a second."""

    SCOPED_CSS = False  # the rules name this class, not the one derived from it

    CSS = """
    PanelsScreen { overflow: hidden; background: $background; }
    PanelsScreen > Header { height: 2; }
    PanelsScreen > #body { height: 1fr; }
    #body > * { position: absolute; display: none; }
    #body > .panel { border-title-color: $foreground; border-subtitle-color: $primary;
        border-title-style: bold; background: $background; border-title-background: $background;
        border-subtitle-background: $background; }
    PanelsScreen.drawn #body > .panel { border: round $border; }
    PanelsScreen.drawn #body > .panel:focus { border: round $primary; }
    #body > .panel:focus { border-title-style: bold reverse; }
    PanelsScreen.plain #body > .panel { border: ascii $border; }
    PanelsScreen.plain #body > .panel:focus { border: ascii $primary; }
    PanelsScreen > StatusLine, PanelsScreen > Timeline, PanelsScreen > Footer { height: 1; }
    PanelsScreen.long-notice > StatusLine { height: 2; }
    PanelsScreen.long-notice > Timeline { display: none; }
    Prompt { display: none; height: auto; background: $background; }
    PanelsScreen.drawn Prompt { border: round $accent; }
    PanelsScreen.plain Prompt { border: ascii $accent; }
    Prompt > #answers { height: 0; }
    Prompt > CommandLine { height: 1; border: none; padding: 0; background: $background; }
    #too-small { display: none; height: 1fr; }
    PanelsScreen.tiny > * { display: none; }
    PanelsScreen.tiny > #too-small { display: block; }
    """

    def __init__(self, driver: Driver, ascii_only: bool = False) -> None:
        super().__init__(classes="plain" if ascii_only else "drawn")
        self.driver = driver
        self.grid = PageGrid(id="grid")
        self.child_grid = ChildGrid(id="child")
        self.gauge = Gauge(id="gauge")
        self.tail = Tail(id="tail")
        self.sliders = SlidersPanel(id="sliders")
        self.exhibits: dict[str, Exhibit] = {
            "engines": EnginesPanel(id="engines"),
            "sliders": self.sliders,
            "processes": ProcessesPanel(id="processes"),
            "frames": FramesPanel(id="frames"),
            "curve": CurvePanel(id="curve"),
            "latency": LatencyPanel(id="latency"),
            "files": FilesPanel(id="files"),
        }
        self.card_panel = CardPanel(id="code")
        self.words = WordsPanel(id="words")
        self.tabs = Tabs(id="tabs")
        self.coming = Coming(id="coming")
        self.header = Header()
        self.footer = Footer()
        self.status_line = StatusLine()
        self.timeline = Timeline()
        self.small = LinesPanel(id="too-small")
        self.code_open = False
        self.tab = "tail"
        self.seen_before: tuple[View, int, int, str] | None = None
        self.clock_at = float("-inf")
        self._stage: Stage | None = None
        self.said = ""
        self.said_at = float("-inf")
        self.said_in: Status | None = None
        """The status of that moment: with another one the reason for a refusal is gone."""
        self._places: dict[str, Region] = {}
        self.entered: frozenset[str] = frozenset()

    def compose(self) -> ComposeResult:
        yield self.header
        with Container(id="body"):
            for panel in self.panels().values():
                panel.add_class("panel")
                yield panel
            yield self.tabs
            yield self.coming
        yield self.status_line
        yield self.timeline
        yield self.footer
        yield self.small

    def panels(self) -> dict[str, PageGrid | LinesPanel]:
        """The panels by the names that scenes use."""
        return {
            "grid": self.grid,
            "child": self.child_grid,
            "gauge": self.gauge,
            **self.exhibits,
            "tail": self.tail,
            "code": self.card_panel,
            "words": self.words,
        }

    def on_mount(self) -> None:
        """Start drawing."""
        self.grid.on_point = self.child_grid.follow
        self.child_grid.on_point = self.grid.follow
        self.lay_out()
        self.set_interval(FRAME, self.frame)

    def on_resize(self, event: events.Resize) -> None:
        """Another room: other regions."""
        self.lay_out()

    # -- layout --------------------------------------------------------------------------------

    def lay_out(self) -> None:
        """Put the panels that have entered where they belong at this size."""
        columns, rows = self.size
        message = too_small(columns, rows)
        self.set_class(message is not None, "tiny")
        if message is not None:
            self.small.put([((message, "bold"),)])
            return
        if mode_of(columns, rows) == "small" and self.tab not in self.entered:
            self.tab = next((tab for tab in TABS if tab in self.entered), "tail")
        asking = self.driver.stage().question is not None
        places = arranged(
            columns,
            rows,
            code=self.code_open,
            tab=self.tab,
            asking=asking,
            ever=ever_in(self.driver.scene),
        )
        for name in (*PANELS, "tabs"):
            place = places.get(name)
            if place is not None and (name == "tabs" or name in self.entered):
                self._put_at(self.query_one(f"#{name}"), place)
            else:
                self.query_one(f"#{name}").styles.display = "none"
        self._places = places
        self._announce(places)
        if self.is_small:
            self._focus_tab()
        self.call_after_refresh(self._look_again)  # panels have their new sizes only then

    def _look_again(self) -> None:
        """Draw everything, though nothing may have moved: a recording that is paused, say."""
        self.seen_before = None
        self.clock_at = float("-inf")
        self.frame()

    def placed(self) -> str:
        """What stands where on this screen, in words."""
        ever = ever_in(self.driver.scene)
        return placed_words(self._places, self.entered, ever, mode_of(*self.size))

    def _announce(self, places: dict[str, Region]) -> None:
        """Say what will be where nothing is yet."""
        missing = [name for name in TABS if name in places and name not in self.entered]
        room = room_of(places, missing)
        if room is None or self.is_small:
            self.coming.styles.display = "none"
            return
        self._put_at(self.coming, room)
        self.coming.show(self.driver.scene, self.driver.stage(), missing, room.width)

    def _focus_tab(self) -> None:
        """The arrows belong to the one panel below the words, unless somebody types."""
        panel = self.panels()[self.tab]
        if panel.focusable and (self.focused is None or self.focused.id in PANELS):
            panel.focus()

    @staticmethod
    def _put_at(widget: Widget, place: Region) -> None:
        styles = widget.styles
        styles.display = "block"
        styles.offset = (place.x, place.y)
        styles.width, styles.height = place.width, place.height

    @property
    def is_small(self) -> bool:
        """Whether the panels are tabs."""
        return mode_of(*self.size) == "small"

    # -- frames --------------------------------------------------------------------------------

    def frame(self) -> None:
        """Take in what time brought, and draw what changed."""
        driver = self.driver
        driver.tick()
        if self._lags() or self.has_class("tiny"):
            return
        if driver.refusal:
            self.tell(driver.refusal)
            driver.refusal = ""
        seen = (driver.view, driver.cursor, driver.length, driver.status)
        moved = self.seen_before is None or any(
            a is not b if isinstance(a, View) else a != b
            for a, b in zip(seen, self.seen_before, strict=True)
        )
        stepped = self._step_changed() if moved else False
        now = monotonic()
        ticked = now - self.clock_at >= CLOCKS
        if moved:
            self.seen_before = seen
            self._show_view()
        if moved or ticked:
            self.clock_at = now
            self.show_clocks()
        if ticked or stepped:
            self._show_words()

    def tell(self, text: str) -> None:
        """Say something for a few seconds, or until the status changes."""
        self.said, self.said_at, self.said_in = text, monotonic(), self.driver.status
        self.clock_at = float("-inf")

    def _lags(self) -> bool:
        """Whether the terminal still reads an earlier frame: then this one is left out."""
        writer = getattr(getattr(self.app, "_driver", None), "_writer_thread", None)
        queue = getattr(writer, "_queue", None)
        return queue is not None and not queue.empty()

    def _step_changed(self) -> bool:
        """A new step: its panels enter, its card is shown."""
        stage = self.driver.stage()
        if stage is self._stage:
            return False
        first = self._stage is None
        self._stage = stage
        entered = panels_at(self.driver.scene, stage)
        spoken_of = [name for name in stage.panels if name in TABS]
        if spoken_of and (first or not self.driver.is_past):
            self.tab = spoken_of[0]
        self.entered = entered
        self.card_panel.chosen = None
        self.lay_out()
        self.words.scroll_lines(-1000)
        if first and "sliders" in entered:
            self.call_after_refresh(self.sliders.focus)
        return True

    def _show_view(self) -> None:
        view = self.driver.view
        pid = f" · pid {view.engine.pid}" if view.engine.pid else ""
        pages = f"{pid} · {said('grid.pages', pages=len(view.pages))}"
        heap, parent = said("grid.title"), said("grid.title_short")
        self.grid.title(f"{heap}{pages}", f"{parent}{pages}", f"{parent}{pid}")
        child = _child_title(view)
        forks = forks_for_lessons(self.driver.scene)
        is_lesson = view.child.purpose == "lesson" if view.child is not None else forks
        whose = said("child.lessons" if is_lesson else "child.snapshots", child=child)
        self.child_grid.title(whose, f"{child[:1].upper()}{child[1:]}")
        for panel in (self.grid, self.child_grid, self.gauge):
            panel.acting = acting(self.driver)
        self.child_grid.lesson = self.gauge.lesson = forks
        for grid in (self.grid, self.child_grid):
            if grid.display:
                grid.show(view)
        if self.sliders.display:
            self.sliders.places = getattr(self.driver, "slider_places", {})
        for name, exhibit in self.exhibits.items():
            if exhibit.display:
                exhibit.covered = covers.of_panel(
                    self.driver.scene, self.driver.stage(), view, name
                )
                exhibit.show(view)
        self.header.show(self.driver)
        self.timeline.show(self.driver)
        self._show_words()

    def show_clocks(self) -> None:
        """Draw what follows the clock."""
        driver = self.driver
        now = driver.clock()
        if self.tail.display:
            self.tail.show(driver.view, now, over=driver.is_over)
        if self.gauge.display:
            self.gauge.show(driver.view, now)
        if self.card_panel.display:
            self.card_panel.show(driver, self._glowing(now))

    def _glowing(self, now: float | None) -> bool:
        """Whether the line lit last ran a moment ago; never with animations off."""
        card = self.card_panel.card(self.driver)
        lit = self.driver.view.lights.get(card.name) if card else None
        if lit is None or self.app.animation_level == "none":
            return False
        return (now if now is not None else self.driver.view.at) - lit.at < GLOW

    def _show_words(self) -> None:
        driver = self.driver
        if self.words.display:
            self.words.show(driver)
        if self.is_small:
            self.tabs.show([tab for tab in TABS if tab in self.entered], self.tab)
        self.footer.show(driver)
        failed = driver.status in ("crashed", "failed")
        # "Not ready" is over as soon as it is; why it all ended comes before what was refused.
        if driver.status != self.said_in or monotonic() - self.said_at >= REFUSAL:
            self.said = ""
        told = self.said or driver.notice
        self.set_class(self.status_line.show(told, failed) > 1, "long-notice")


def _child_title(view: View) -> str:
    child = view.child
    if child is None:
        return said("child.child")
    lives = child.alive and view.engine.alive
    return said("child.pid" if lives else "child.pid_gone", pid=str(child.pid))
