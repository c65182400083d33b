"""The screen of a scene: its panels, and what the keys do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from app.driver import Driver
from app.keys import acts, bindings
from app.layout import TABS, mode_of
from app.lines import paragraph
from app.panels_screen import PanelsScreen
from app.said import said
from app.sliders_panel import SlidersPanel
from app.tabs import Tabs
from app.timeline import Timeline
from engine.errors import EngineError
from scenes.errors import SceneError

if TYPE_CHECKING:
    from app.prompt import Prompt


class SceneScreen(PanelsScreen):
    """Keys go up to the driver; what it then shows comes down with the next frame."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *bindings(),
        Binding("pageup", "words(-5)", show=False),
        Binding("pagedown", "words(5)", show=False),
    ]

    def __init__(self, driver: Driver, ascii_only: bool = False) -> None:
        super().__init__(driver, ascii_only)
        self.prompt: Prompt | None = None
        """Made when it is first asked for: the first frame need not wait for it."""

    def _act(self, name: str, *arguments: Any) -> None:
        self.said = ""
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

    def action_jump(self) -> None:
        """Pick a step from the list of all, and go there."""
        from app.jump_screen import JumpScreen, entries

        def picked(step: str | None) -> None:
            if step is not None:
                self._act("jump", step)

        self.app.push_screen(JumpScreen(entries(self.driver)), picked)

    def action_answer(self, choice: int) -> None:
        self._act("answer", choice)

    def action_sandbox(self, name: str) -> None:
        self._act("key", name)

    def action_pause(self) -> None:
        self._act("pause")

    def action_pace(self, by: int) -> None:
        self._act("pace", by)

    def action_autoplay(self) -> None:
        """Have steps go on by themselves, or not; and say which."""
        before = self.driver.autoplay
        self._act("toggle_autoplay")
        if self.driver.autoplay != before:
            self.tell(said("autoplay.off" if before else "autoplay.on"))

    def action_branch(self) -> None:
        self._act("branch")

    def action_timeline(self) -> None:
        self._act("other_timeline")

    def action_restart(self) -> None:
        self._act("restart")

    def action_confirm(self, name: str) -> None:
        """Ask before a key that blocks or destroys."""
        from app.page_screen import ConfirmScreen

        if not acts(self.driver, name):
            self._act("key", name)  # refuses, and says why
            return

        def decided(yes: bool | None) -> None:
            if yes:
                self._act("key", name)

        self.app.push_screen(ConfirmScreen(paragraph(said(f"confirm.{name}"), 56)), decided)

    def action_crash(self, name: str) -> None:
        """Ask for a prediction, crash the engine for real, and show the ladder."""
        from app.predict_screen import PredictScreen
        from scenes.prediction import HOW, predict

        if not acts(self.driver, name):
            self._act("key", name)  # refuses, and says why
            return
        prediction = predict(HOW[name], self.driver.now_view)

        def decided(choice: int | None) -> None:
            if choice is not None:
                self._act("crash", name, prediction, choice)
                self.action_page("ladder")

        self.app.push_screen(PredictScreen(prediction), decided)

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
        else:
            panel.real = not panel.real
        panel.top = 0
        self.lay_out()

    def action_card(self) -> None:
        """The next Implementation card."""
        self.card_panel.turn(self.driver)
        self.show_clocks()

    def action_words(self, rows: int) -> None:
        """Scroll the words, wherever the focus is."""
        self.words.scroll_lines(rows)

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

        title, content = page(name, self.driver, self.grid.glyphs, self.placed)
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

    def key_escape(self, event: events.Key) -> None:
        """Escape leaves the prompt wherever the focus is, or stays where the player has come to."""
        if self.is_typing:
            event.stop()
            self.on_prompt_closed()
        elif self.driver.status == "catching_up" or self.driver.is_past:
            self._act("stay")

    def _turn_tab(self, by: int) -> None:
        tabs = [tab for tab in TABS if tab in self.entered]
        if tabs:
            place = tabs.index(self.tab) if self.tab in tabs else 0
            self._pick_tab(tabs[(place + by) % len(tabs)])

    def _pick_tab(self, tab: str) -> None:
        self.entered |= {tab}
        self.tab = tab
        self.lay_out()
        panel = self.panels()[tab]
        if panel.focusable:
            panel.focus()

    def on_tabs_picked(self, event: Tabs.Picked) -> None:
        self._pick_tab(event.tab)

    def on_sliders_panel_moved(self, event: SlidersPanel.Moved) -> None:
        """Move it where an engine runs."""
        if getattr(self.driver, "slide", None) is None:
            self.tell(said("sliders.no_engine"))
            return
        self._act("slide", event.name, event.by)
        self.seen_before = None  # a client's slider changes no view

    def on_timeline_sought(self, event: Timeline.Sought) -> None:
        self._act("seek", event.index)

    # -- the prompt ----------------------------------------------------------------------------

    async def action_prompt(self) -> None:
        """Type a command, where there is an engine to answer it."""
        if not acts(self.driver, ":"):
            self._act("key", ":")  # refuses, and says why
            return
        if self.prompt is None:
            from app.prompt import Prompt

            self.prompt = Prompt()
            await self.mount(self.prompt, before=self.status_line)
        self.prompt.open(self.driver.commands())

    @property
    def is_typing(self) -> bool:
        """Whether the prompt is open."""
        return self.prompt is not None and self.prompt.display

    def lay_out(self) -> None:
        """As the panels; a terminal that is too small has no room for the prompt either."""
        super().lay_out()
        if self.is_typing and self.has_class("tiny"):
            self.on_prompt_closed()

    def on_prompt_closed(self) -> None:
        """The keys belong to the scene again."""
        assert self.prompt is not None
        self.prompt.close()
        self.grid.focus()

    def on_prompt_sent(self, event: Prompt.Sent) -> None:
        """A line to execute."""
        assert self.prompt is not None
        self.prompt.ask(event.text)
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
