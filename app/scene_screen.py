"""The screen of a scene: panels around a driver, drawn again only where something changed."""

from __future__ import annotations

from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.geometry import Region
from textual.message import Message
from textual.screen import Screen
from textual.widget import Widget

from app.cards import GLOW, CardPanel
from app.child_grid import ChildGrid
from app.driver import Driver, panels_at
from app.gauge import Gauge
from app.grid import PageGrid
from app.header import Footer, Header, StatusLine
from app.keys import bindings
from app.layout import PANELS, TABS, arranged, mode_of
from app.lines import grouped, paragraph
from app.lines_panel import LinesPanel
from app.tabs import Tabs
from app.tail import Tail
from app.timeline import Timeline
from app.too_small import too_small
from app.words_panel import WordsPanel
from engine.errors import EngineError
from scenes.errors import SceneError
from scenes.view import View

if TYPE_CHECKING:
    from app.prompt import Prompt

FRAME = 1 / 30
CLOCKS = 0.1
"""Seconds between redraws of what follows the clock and not the view (countdown, glow)."""
REFUSAL = 5.0
"""Seconds for which a refusal stays."""

CONFIRM = {
    "S": "SAVE blocks the engine: no client is answered until the dump is complete.",
    "K": "kill -9 the engine: what is in aof_buf is lost; it is then started on what is left.",
    "P": "Cut the power: what no fsync has covered is lost.",
}


class SceneScreen(Screen[None]):
    """Attributes go down from the driver's view to the panels; keys go up to the driver."""

    BINDINGS: ClassVar[list[BindingType]] = list(bindings())

    CSS = """
    SceneScreen { overflow: hidden; background: $background; }
    SceneScreen > Header { height: 2; }
    SceneScreen > #body { height: 1fr; }
    #body > * { position: absolute; display: none; }
    #body > .panel { border-title-color: $foreground; border-subtitle-color: $primary;
        border-title-style: bold; background: $background; border-title-background: $background;
        border-subtitle-background: $background; }
    SceneScreen.drawn #body > .panel { border: round $border; }
    SceneScreen.drawn #body > .panel:focus { border: round $primary; }
    SceneScreen.plain #body > .panel { border: ascii $border; }
    SceneScreen.plain #body > .panel:focus { border: ascii $primary; }
    SceneScreen > StatusLine, SceneScreen > Timeline, SceneScreen > Footer { height: 1; }
    Prompt { display: none; height: auto; background: $background; }
    SceneScreen.drawn Prompt { border: round $accent; }
    SceneScreen.plain Prompt { border: ascii $accent; }
    Prompt > #answers { height: 0; }
    Prompt > CommandLine { height: 1; border: none; padding: 0; background: $background; }
    #too-small { display: none; height: 1fr; }
    SceneScreen.tiny > * { display: none; }
    SceneScreen.tiny > #too-small { display: block; }
    """

    def __init__(self, driver: Driver, ascii_only: bool = False) -> None:
        super().__init__(classes="plain" if ascii_only else "drawn")
        self.driver = driver
        self.grid = PageGrid(id="grid")
        self.child_grid = ChildGrid(id="child")
        self.gauge = Gauge(id="gauge")
        self.tail = Tail(id="tail")
        self.card_panel = CardPanel(id="code")
        self.words = WordsPanel(id="words")
        self.tabs = Tabs(id="tabs")
        self.header = Header()
        self.footer = Footer()
        self.status_line = StatusLine()
        self.timeline = Timeline()
        self.prompt: Prompt | None = None
        """Made when it is first asked for: the first frame need not wait for it."""
        self.small = LinesPanel(id="too-small")
        self.code_open = False
        self.tab = "tail"
        self._seen: tuple[View, int, int, str] | None = None
        self._clock_at = float("-inf")
        self._stage = ""
        self._said = ""
        self._said_at = float("-inf")
        self._places: dict[str, Region] = {}
        self._entered: frozenset[str] = frozenset()

    def compose(self) -> ComposeResult:
        yield self.header
        with Container(id="body"):
            for panel in self._panels().values():
                panel.add_class("panel")
                yield panel
            yield self.tabs
        yield self.status_line
        yield self.timeline
        yield self.footer
        yield self.small

    def _panels(self) -> dict[str, PageGrid | LinesPanel]:
        return {
            "grid": self.grid,
            "child": self.child_grid,
            "gauge": self.gauge,
            "tail": self.tail,
            "code": self.card_panel,
            "words": self.words,
        }

    def on_mount(self) -> None:
        """Start drawing."""
        self.grid.on_point = self.child_grid.follow
        self.child_grid.on_point = self.grid.follow
        self._lay_out()
        self.call_after_refresh(self.frame)
        self.set_interval(FRAME, self.frame)

    def on_resize(self, event: events.Resize) -> None:
        """Another room: other regions."""
        self._lay_out()
        self._seen = None

    # -- layout --------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        columns, rows = self.size
        message = too_small(columns, rows)
        self.set_class(message is not None, "tiny")
        if message is not None:
            self.small.put([((message, "bold"),)])
            return
        if mode_of(columns, rows) == "small" and self.tab not in self._entered:
            self.tab = next((tab for tab in TABS if tab in self._entered), "tail")
        places = arranged(columns, rows, code=self.code_open, tab=self.tab)
        for name in (*PANELS, "tabs"):
            place = places.get(name)
            if place is not None and (name == "tabs" or name in self._entered):
                self._put_at(self.query_one(f"#{name}"), place)
            else:
                self.query_one(f"#{name}").styles.display = "none"
        self._places = places

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
            self._said, self._said_at, driver.refusal = driver.refusal, monotonic(), ""
            self._clock_at = float("-inf")
        seen = (driver.view, driver.cursor, driver.length, driver.status)
        moved = self._seen is None or any(
            a is not b if isinstance(a, View) else a != b
            for a, b in zip(seen, self._seen, strict=True)
        )
        stepped = self._step_changed() if moved else False
        now = monotonic()
        ticked = now - self._clock_at >= CLOCKS
        if moved:
            self._seen = seen
            self._show_view()
        if moved or ticked:
            self._clock_at = now
            self._show_clocks()
        if ticked or stepped:
            self._show_words()

    def _lags(self) -> bool:
        """Whether the terminal still reads an earlier frame: then this one is left out."""
        writer = getattr(getattr(self.app, "_driver", None), "_writer_thread", None)
        queue = getattr(writer, "_queue", None)
        return queue is not None and not queue.empty()

    def _step_changed(self) -> bool:
        """A new step: its panels enter, its card is shown."""
        stage = self.driver.stage()
        if stage.id == self._stage:
            return False
        first = not self._stage
        self._stage = stage.id
        entered = panels_at(self.driver.scene, stage)
        arrived = [name for name in stage.panels if name not in self._entered and name in TABS]
        self._entered = entered
        self.card_panel.chosen = None
        if self.is_small and (arrived or first):
            self.tab = arrived[0] if arrived else self.tab
        self._lay_out()
        self.words.scroll_lines(-1000)
        return True

    def _show_view(self) -> None:
        view = self.driver.view
        pid = f" · pid {view.engine.pid}" if view.engine.pid else ""
        self.grid.title(f"Parent{pid} · {grouped(len(view.pages))} pages")
        self.child_grid.title(_child_title(view))
        for name, panel in self._panels().items():
            if name in ("grid", "child", "gauge") and panel.display:
                cast(PageGrid | Gauge, panel).show(view)
        self.header.show(self.driver)
        self.timeline.show(self.driver)
        self._show_words()

    def _show_clocks(self) -> None:
        driver = self.driver
        now = driver.clock()
        if self.tail.display:
            self.tail.show(driver.view, now)
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
            self.tabs.show([tab for tab in TABS if tab in self._entered], self.tab)
        self.footer.show(driver)
        recent = monotonic() - self._said_at < REFUSAL
        failed = driver.status in ("crashed", "failed")
        self.status_line.show(self._said if recent and self._said else driver.notice, failed)

    # -- keys ----------------------------------------------------------------------------------

    def _act(self, name: str, *arguments: Any) -> None:
        self._said = ""
        getattr(self.driver, name)(*arguments)
        self.frame()

    def action_next(self) -> None:
        self._act("next")

    def action_back(self) -> None:
        self._act("back")

    def action_scrub(self, by: int) -> None:
        self._act("scrub", by)

    def action_mark(self, by: int) -> None:
        self._act("mark", by)

    def action_to_now(self) -> None:
        self._act("to_now")

    def action_answer(self, choice: int) -> None:
        self._act("answer", choice)

    def action_sandbox(self, name: str) -> None:
        self._act("key", name)

    def action_pause(self) -> None:
        self._act("pause")

    def action_pace(self, by: int) -> None:
        self._act("pace", by)

    def action_restart(self) -> None:
        self._act("restart")

    def action_confirm(self, name: str) -> None:
        """Ask before a key that blocks or destroys."""
        from app.page_screen import ConfirmScreen

        if self.driver.is_past or name not in self.driver.offered:
            self._act("key", name)  # refuses, and says why
            return

        def decided(yes: bool | None) -> None:
            if yes:
                self._act("key", name)

        self.app.push_screen(ConfirmScreen(paragraph(CONFIRM[name], 56)), decided)

    def action_code(self) -> None:
        """Pseudo-code or real source; where the code is behind this key, first show it."""
        panel = self.card_panel
        if self.is_small and self.tab != "code":
            self._pick_tab("code")
            return
        if not self.is_small and mode_of(*self.size) == "middle":
            if not self.code_open:
                self.code_open = True
            elif panel.real:
                self.code_open = panel.real = False
            else:
                panel.real = True
            self._lay_out()
        else:
            panel.real = not panel.real
        panel.top = 0
        self.call_after_refresh(self._show_clocks)

    def action_card(self) -> None:
        """The next Implementation card."""
        self.card_panel.turn(self.driver)
        self._show_clocks()

    def action_overlay(self) -> None:
        """Mark the pages changed since the last save."""
        self.grid.toggle_overlay()

    def action_theme(self) -> None:
        """Light or dark."""
        dark = self.app.current_theme.dark
        self.app.theme = "cowscope-light" if dark else "cowscope-dark"

    def action_page(self, name: str) -> None:
        """Open one of the pages of text."""
        from app.page_screen import PageScreen
        from app.pages import page

        title, content = page(name, self.driver, self.grid.glyphs)
        self.app.push_screen(PageScreen(title, content, at_end=name == "log"))

    def action_leave(self) -> None:
        """Back to the menu, or out."""
        self.app.post_message(Left())

    def key_tab(self, event: events.Key) -> None:
        if self.is_small and not self.is_typing:
            event.stop()
            event.prevent_default()
            self._turn_tab(1)

    def key_shift_tab(self, event: events.Key) -> None:
        if self.is_small and not self.is_typing:
            event.stop()
            event.prevent_default()
            self._turn_tab(-1)

    def _turn_tab(self, by: int) -> None:
        tabs = [tab for tab in TABS if tab in self._entered]
        if tabs:
            place = tabs.index(self.tab) if self.tab in tabs else 0
            self._pick_tab(tabs[(place + by) % len(tabs)])

    def _pick_tab(self, tab: str) -> None:
        self._entered |= {tab}
        self.tab = tab
        self._lay_out()
        self._seen = None
        self._clock_at = float("-inf")
        panel = self._panels()[tab]
        if panel.focusable:
            panel.focus()

    def on_tabs_picked(self, event: Tabs.Picked) -> None:
        self._pick_tab(event.tab)

    def on_timeline_sought(self, event: Timeline.Sought) -> None:
        self._act("seek", event.index)

    # -- the prompt ----------------------------------------------------------------------------

    async def action_prompt(self) -> None:
        """Type a command."""
        if self.prompt is None:
            from app.prompt import Prompt

            self.prompt = Prompt()
            await self.mount(self.prompt, before=self.status_line)
        self.prompt.open(self.driver.commands())

    @property
    def is_typing(self) -> bool:
        """Whether the prompt is open."""
        return self.prompt is not None and self.prompt.display

    def on_prompt_closed(self) -> None:
        """The keys belong to the scene again."""
        assert self.prompt is not None
        self.prompt.close()
        self.grid.focus()

    def on_prompt_sent(self, event: Prompt.Sent) -> None:
        """A line to execute."""
        self.run_worker(self._execute(event.text), exclusive=False)

    async def _execute(self, text: str) -> None:
        from app.redis_cli_format import formatted

        try:
            reply = await self.driver.execute(text)
        except (EngineError, SceneError, OSError) as error:
            reply = error
        assert self.prompt is not None
        self.prompt.answer(text, formatted(reply, text))


class Left(Message):
    """The learner wants to leave the scene."""


def _child_title(view: View) -> str:
    child = view.child
    if child is None:
        return "Child"
    if child.alive:
        return f"Child · pid {child.pid}"
    return f"Child · pid {child.pid}, gone"
