"""What each command of the command line does; `app.cli` parses and reports errors."""

from __future__ import annotations

import argparse
import datetime
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from app.assets import recording
from app.said import said
from scenes.errors import SceneError

if TYPE_CHECKING:
    from app.driver import Driver
    from app.menu import MenuScreen
    from scenes.loader import Lesson
    from scenes.progress import Progress


def play(options: argparse.Namespace) -> int:
    """A scene on the screen; where no engine can run, its recording."""
    from scenes.loader import load

    lesson = load(options.scene, language_of(options))
    needs_terminal(f"cowscope run {options.scene}")
    missing = missing_here()
    if missing:
        return _replay_instead(lesson, missing, options)
    from app.live_driver import LiveDriver

    driver = LiveDriver(
        lesson,
        seed=options.seed,
        arena_pages=options.arena_pages,
        autoplay=options.autoplay,
        progress=(progress := progress_of(options)),
        start_at=_step_of(lesson, options.step),
    )
    code, failure = _show(driver, options)
    _tell_trouble(progress)
    if not failure:
        return code
    print(f"cowscope: {failure}", file=sys.stderr)
    shipped = recording(lesson.scene.number)
    if shipped is None or not _agrees(f"{said('cli.instead')} [Y/n] "):
        return code or 1
    return _replay_instead(lesson, failure, options)


def _step_of(lesson: Lesson, step: str | None) -> str:
    """The step that was asked for; raises SceneError with those that there are."""
    steps = [stage.id for stage in lesson.scene.stages]
    if step is not None and step not in steps:
        raise SceneError(
            said("cli.no_such_step", scene=lesson.scene.number, step=step, steps=", ".join(steps))
        )
    return step or ""


def run_headless(options: argparse.Namespace) -> int:
    """A scene without a screen: plain lines, or JSON events."""
    language = language_of(options)
    missing = missing_here()
    if missing:
        raise SceneError(said("cli.no_run", scene=options.scene, why=missing))
    from scenes.headless import run
    from scenes.loader import load

    step = _step_of(load(options.scene, language), options.step)

    return run(
        options.scene,
        json=options.json,
        seed=options.seed,
        arena_pages=options.arena_pages,
        pace=options.pace,
        verbose=options.verbose,
        start_at=step,
        language=language,
    )


def record(options: argparse.Namespace) -> int:
    """Play a scene without a screen and keep its events in a file."""
    language = language_of(options)
    missing = missing_here()
    if missing:
        raise SceneError(said("cli.no_record", scene=options.scene, why=missing))
    _spare(options.file, options)
    from scenes.headless import record as record_scene

    return record_scene(
        options.scene,
        options.file,
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        seed=options.seed,
        arena_pages=options.arena_pages,
        language=language,
    )


def _spare(path: str, options: argparse.Namespace) -> None:
    """Raise SceneError where a file, or a folder's stills, may not be replaced: nobody said so."""
    stills = os.path.isdir(path) and any(name.endswith(".svg") for name in os.listdir(path))
    if (os.path.isfile(path) or stills) and not options.force:
        raise SceneError(said("cli.is_there", path=path))


def replay(options: argparse.Namespace) -> int:
    """A recording on the screen, with no engine."""
    from app.replay_driver import CUT, ReplayDriver
    from scenes.recorded_lesson import lesson_of
    from scenes.recording import opened

    path = _recording_meant(options.file)
    if path is None:
        raise SceneError(said("cli.no_recording"))
    recorded = opened(str(path))
    note = recorded.damage
    if note:
        if not _is_terminal():
            raise SceneError(note)
        print(f"cowscope: {note}", file=sys.stderr)
    elif recorded.missing:
        note = said("cli.events_missing", path=str(path), count=recorded.missing)
    needs_terminal(said("cli.plain_lines"))
    lesson = lesson_of(recorded, str(path), language_of(options))
    cut = CUT if recorded.damage else ""
    driver = ReplayDriver(
        lesson,
        recorded.events,
        autoplay=options.autoplay,
        note=note,
        end=cut,
        progress=(progress := progress_of(options)),
    )
    try:
        return shown(driver, options)
    finally:
        _tell_trouble(progress)


def export(options: argparse.Namespace) -> int:
    """A recording as something else."""
    from app.export.export import export as exported

    path = _recording_meant(options.file) or options.file
    dark = options.theme != "light"
    language = language_of(options)
    _spare(options.target, options)
    words = exported(str(path), options.target, size=options.size, dark=dark, language=language)
    print(words)
    return 0


def _recording_meant(name: str | None) -> str | Path | None:
    """The file of that name; a scene's number means the recording that ships with it."""
    if name is not None and (os.path.exists(name) or not name.isdigit()):
        return name
    return recording((name or "04").zfill(2)) or name


def menu(options: argparse.Namespace) -> int:
    """The menu of scenes."""
    needs_terminal("cowscope --help")
    from app.application import CowscopeApp
    from app.scenes_menu import choices

    language, missing, progress = language_of(options), missing_here(), progress_of(options)

    def open_choice(chosen: MenuScreen.Chosen) -> Driver:
        from scenes.loader import load  # the menu's first frame waits for none of these

        choice = chosen.choice
        lesson = load(choice.name, language)
        if not chosen.replay:
            from app.live_driver import LiveDriver

            start_at = choice.resume if chosen.resume else ""
            return LiveDriver(lesson, progress=progress, start_at=start_at)
        shipped = recording(choice.number)
        if shipped is None:
            raise SceneError(said("cli.no_shipped", scene=choice.number))
        from app.replay_driver import ReplayDriver
        from scenes.recording import opened

        return ReplayDriver(lesson, opened(str(shipped)).events, progress=progress)

    app = CowscopeApp(
        menu=choices(language, missing, progress),
        open_choice=open_choice,
        menu_again=lambda: choices(language, missing, progress),
        menu_notice=lambda: progress.trouble if progress is not None else "",
        ascii_only=wants_ascii(options),
        dark=options.theme != "light",
    )
    code = app.run()
    _tell_trouble(progress)
    return code or 0


def doctor(options: argparse.Namespace) -> int:
    """What this machine can measure, and what is shown instead where it can't."""
    from app.doctor_report import lines
    from engine.doctor import examine

    language_of(options)
    findings = examine(os.getcwd())
    print("\n".join(lines(findings)))
    return 0


def bench(options: argparse.Namespace) -> int:
    """The project's own measurements; they live in a checkout, not in the installed program."""
    try:
        from bench.__main__ import main
    except ImportError:
        raise SceneError(said("cli.bench_needs")) from None
    return main([])


def language_of(options: argparse.Namespace) -> str:
    """The language asked for, or the locale's; the application speaks it from now on."""
    from scenes import phrases
    from scenes.language import of_locale

    chosen = getattr(options, "lang", None) or of_locale()
    phrases.use(chosen)
    return str(chosen)


def progress_of(options: argparse.Namespace) -> Progress | None:
    """The learner's progress, unless it is not wanted."""
    if getattr(options, "no_progress", False):
        return None
    from scenes.progress import Progress

    return Progress()


def _tell_trouble(progress: Progress | None) -> None:
    """Say what is wrong with the progress file, now that the screen is gone."""
    if progress is not None and progress.trouble:
        print(f"cowscope: {progress.trouble}", file=sys.stderr)


def needs_live(what: str) -> None:
    """Raise SceneError where no engine can run."""
    if missing := missing_here():
        raise SceneError(said("cli.cant_play", what=what, why=missing))


def missing_here() -> str:
    """What a live engine lacks on this machine, in a few words; empty where nothing is missing."""
    if not sys.platform.startswith("linux"):
        return said("cli.needs_linux")
    if not os.path.exists("/proc/self/smaps"):
        return said("cli.needs_smaps")
    return ""


def wants_ascii(options: argparse.Namespace) -> bool:
    """Plain glyphs: asked for, or the locale cannot say more."""
    encoding = (getattr(sys.stdout, "encoding", "") or "").lower().replace("-", "")
    return bool(options.ascii) or encoding not in {"utf8", "utf16", "utf32"}


def _show(driver: Driver, options: argparse.Namespace) -> tuple[int, str]:
    from app.application import CowscopeApp

    app = CowscopeApp(driver, ascii_only=wants_ascii(options), dark=options.theme != "light")
    code = app.run()
    return code or 0, app.failure


def shown(driver: Driver, options: argparse.Namespace) -> int:
    """Show what a driver plays; raises SceneError where it did not start."""
    code, failure = _show(driver, options)
    if failure:
        raise SceneError(failure)
    return code


def _replay_instead(lesson: Lesson, why: str, options: argparse.Namespace) -> int:
    from app.replay_driver import ReplayDriver
    from scenes.recording import opened

    shipped = recording(lesson.scene.number)
    if shipped is None:
        raise SceneError(said("cli.no_play", scene=lesson.scene.number, why=why))
    events = opened(str(shipped)).events
    note = said("cli.not_live", why=why)
    progress = progress_of(options)
    driver = ReplayDriver(lesson, events, note=note, progress=progress)
    try:
        return shown(driver, options)
    finally:
        _tell_trouble(progress)


def web(options: argparse.Namespace) -> int:
    """The screen in a browser."""
    try:
        from app.web.server import serve
    except ImportError as error:
        raise SceneError(said("cli.web_needs", name=error.name)) from error
    language = language_of(options)
    if options.scene is not None:
        from scenes.loader import load

        load(options.scene, language)  # a wrong name is told here, not in every tab
    return serve(
        options.scene,
        port=options.port,
        seats=options.seats,
        public_url=options.public_url or "",
    )


def _is_terminal() -> bool:
    return (sys.stdin.isatty() and sys.stdout.isatty()) or _is_in_browser()


def _is_in_browser() -> bool:
    """Whether textual-serve's pipes stand for a terminal."""
    return "web_driver" in os.environ.get("TEXTUAL_DRIVER", "")


def needs_terminal(instead: str) -> None:
    """Raise SceneError where there is no terminal, naming what does without."""
    if not _is_terminal():
        raise SceneError(said("cli.no_terminal", instead=instead))


def _agrees(question: str) -> bool:
    if _is_in_browser():  # nobody reads what is printed there
        return False
    try:
        return input(question).strip().lower() in {"", "y", "yes"}
    except EOFError:
        return False
