"""The Textual app: a menu of scenes and the screen of the one that plays."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import App
from textual.binding import BindingType
from textual.worker import WorkerFailed

from app.bug import line, wants_traceback
from app.glyphs import ASCII, DRAWN, Glyphs, probe
from app.lines import in_ascii
from app.said import said
from app.theme import textual_theme
from engine.errors import EngineError
from scenes import collector
from scenes.errors import SceneError

if TYPE_CHECKING:
    from textual.driver import Driver as TextualDriver

    from app.driver import Driver
    from app.menu import Choice, MenuScreen
    from app.scene_screen import Left


def _yield_to_the_engine() -> None:
    """SCHED_BATCH: the screen must not preempt what it measures; the engine goes back to normal."""
    if hasattr(os, "SCHED_BATCH"):
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


class CowscopeApp(App[int]):
    """Shows one driver's scene, or a menu of them; `run()` returns the process' exit code.

    Everything a driver started is stopped before `run()` returns, however the app ends.
    """

    CSS = """
    PageScreen, JumpScreen, ConfirmScreen, PredictScreen { align: center middle;
        background: $background 70%; }
    #page { width: 90%; max-width: 110; height: 80%; border: round $accent; padding: 0 1;
        background: $background; border-title-color: $foreground;
        border-subtitle-color: $primary; border-title-background: $background;
        border-subtitle-background: $background; }
    #jump { width: 76; max-width: 100%; height: auto; max-height: 90%; border: round $accent;
        padding: 0 1; background: $background; border-title-color: $foreground;
        border-subtitle-color: $primary; border-title-background: $background;
        border-subtitle-background: $background; }
    #confirm { width: 62; height: 6; border: round $error; padding: 1; background: $background;
        border-title-background: $background; border-subtitle-background: $background; }
    #predict { width: 76; max-width: 100%; height: auto; max-height: 100%; min-height: 15;
        border: round $error; padding: 1;
        background: $background; border-title-color: $foreground; border-subtitle-color: $primary; }
    App.plain #page, App.plain #jump, App.plain #confirm,
    App.plain #predict { border: ascii $accent; }
    App.plain Toast { border-left: ascii $error; border-right: ascii $error; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [("ctrl+q", "leave_all", "Quit")]
    TITLE = "Cowscope"
    ENABLE_COMMAND_PALETTE = False
    ESCAPE_TO_MINIMIZE = False

    def __init__(
        self,
        driver: Driver | None = None,
        *,
        menu: Sequence[Choice] = (),
        open_choice: Callable[[MenuScreen.Chosen], Driver] | None = None,
        menu_again: Callable[[], Sequence[Choice]] | None = None,
        menu_notice: Callable[[], str] = str,
        ascii_only: bool = False,
        dark: bool = True,
    ) -> None:
        """`driver` plays at once; without one `menu` is shown, and `open_choice` opens, from the
        start or where it was left. `menu_again` is the menu after that, `menu_notice` what it says
        before all scenes.
        Without `ascii_only` the terminal is asked, see `app.glyphs.probe`."""
        super().__init__()
        self.glyphs: Glyphs = ASCII if ascii_only else DRAWN
        self.playing = driver
        self.menu = menu
        self.open_choice = open_choice
        self.menu_again = menu_again
        self.menu_notice = menu_notice
        self.failure = ""
        """The one line to print after a failed start; empty when nothing failed."""
        self.bug = ""
        """The one line to print after an exception that nobody caught; `run` prints it."""
        self._started: list[Driver] = []
        self._is_loaded = False
        self._served_by = os.getppid()
        for shade in (True, False):
            self.register_theme(textual_theme(shade))
        # Before anything is drawn: the style sheet need not be parsed twice.
        self.set_reactive(App.theme, "cowscope-dark" if dark else "cowscope-light")
        self.stylesheet.set_variables(self.get_css_variables())

    def get_driver_class(self) -> type[TextualDriver]:
        """Textual's choice for this system, but for terminals one that ends with its terminal."""
        chosen = super().get_driver_class()
        if chosen.__name__ != "LinuxDriver":
            return chosen
        from app.terminal_driver import TerminalDriver

        return TerminalDriver

    async def on_mount(self) -> None:
        """The first screen; what plays starts after its first frame."""
        _yield_to_the_engine()
        self._leave_on_signals()
        self.set_class(self.glyphs is ASCII, "plain")
        if self.is_web:
            self.set_interval(1.0, self._leave_with_the_server)
        if self.playing is not None:
            await self.play(self.playing)
        else:
            from app.menu import MenuScreen

            await self.push_screen(MenuScreen(self.menu, self.menu_notice()))

    def _leave_on_signals(self) -> None:
        """A signal ends the app as a key does: terminal restored, engine stopped.

        Without a terminal the caller goes on (a test presses keys, pictures are drawn): an app that
        had left would swallow the signal, and look like one that hangs.
        """
        if self.is_headless:
            return
        loop = asyncio.get_running_loop()
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            # Not on every system, and only on the main thread.
            with contextlib.suppress(AttributeError, NotImplementedError, RuntimeError, ValueError):
                number = getattr(signal, name)
                loop.add_signal_handler(number, self.exit, 128 + number)

    def _leave_with_the_server(self) -> None:
        """In a browser the terminal is another process' pipes, whose end Textual does not tell."""
        if os.getppid() != self._served_by:
            self.exit(128 + signal.SIGHUP)

    async def play(self, driver: Driver) -> None:
        """Show the driver's scene and start it."""
        from app.scene_screen import SceneScreen  # the menu's first frame need not wait for it

        self.playing = driver
        self._started.append(driver)
        await self.push_screen(SceneScreen(driver, self.glyphs is ASCII))
        self.call_after_refresh(lambda: self.run_worker(self._start(driver)))

    async def _start(self, driver: Driver) -> None:
        try:
            await driver.start()
        except (SceneError, EngineError, OSError) as error:
            self.failure = str(error)
            if not self.menu:
                self.exit(getattr(error, "exit_code", 1))
                return
            self.pop_screen()
            self.notify(self.failure, severity="error", timeout=15, markup=False)
        else:
            self._leave_out_loaded()

    def _leave_out_loaded(self) -> None:
        """The modules, the style sheet and the scene: not in a test, which goes on without them."""
        if not (self.is_headless or self._is_loaded):
            self._is_loaded = True
            collector.leave_out_loaded()

    async def on_menu_screen_chosen(self, event: MenuScreen.Chosen) -> None:
        """A scene was picked."""
        if self.open_choice is None:
            return
        try:
            driver = self.open_choice(event)
        except (SceneError, EngineError, OSError) as error:
            self.notify(str(error), severity="error", timeout=15, markup=False)
            return
        await self.play(driver)

    async def on_left(self, event: Left) -> None:
        """Leave the scene: to the menu where there is one."""
        event.stop()
        if not self.menu:
            self.exit(0)
            return
        if self.playing is not None:
            await self.playing.stop()
            self.playing = None
        await self.pop_screen()
        if self.menu_again is not None:
            from app.menu import MenuScreen

            if isinstance(self.screen, MenuScreen):
                self.screen.show(self.menu_again(), self.menu_notice())

    def run(self, *args: Any, **kwargs: Any) -> int | None:
        """Run in the terminal, after asking it whether it draws our glyphs one cell wide."""
        if self.glyphs is DRAWN and probe() is False:
            self.glyphs = ASCII
        code = super().run(*args, **kwargs)
        if self.bug:
            print(f"cowscope: {self.bug}", file=sys.stderr)
        return self.return_code if code is None else code

    def _fatal_error(self) -> None:
        """Textual's way out after an exception that nobody caught: one line, not its traceback."""
        if wants_traceback():
            super()._fatal_error()
            return
        error: BaseException | None = self._exception
        if isinstance(error, WorkerFailed):
            error = error.error
        if error is not None and not self.bug:
            self.bug = line(said("bug.screen"), error)
        self._close_messages_no_wait()

    def notify(self, message: str, **options: Any) -> None:
        """A message in the corner, in the app's own signs."""
        super().notify(in_ascii(message) if self.glyphs is ASCII else message, **options)

    def action_leave_all(self) -> None:
        """Ctrl+Q: out, from anywhere."""
        self.exit(0)

    def action_help_quit(self) -> None:
        """Ctrl+C: out, from anywhere."""
        self.exit(0)

    async def on_unmount(self) -> None:
        """Stop whatever was started."""
        for driver in self._started:
            await driver.stop()
