"""The command line: what is parsed, which command runs, and how errors leave."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import app.authoring
import app.commands
from app import cli
from app.driver import Driver
from engine import __version__
from engine.errors import EngineError
from scenes.errors import SceneError

COMMANDS = ("play", "run_headless", "record", "replay", "menu", "doctor", "bench")
Run = Callable[..., tuple[str, argparse.Namespace]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command line; the command that would have run, and its options."""
    called: list[tuple[str, argparse.Namespace]] = []

    def note(name: str) -> Callable[[argparse.Namespace], int]:
        def command(options: argparse.Namespace) -> int:
            called.append((name, options))
            return 7

        return command

    for name in COMMANDS:
        monkeypatch.setattr(app.commands, name, note(name))

    def ran(*words: str) -> tuple[str, argparse.Namespace]:
        assert cli.main(words) == 7  # a command's exit code is the process'
        return called[-1]

    return ran


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """The one line about a command line that cannot be read."""
    with pytest.raises(SystemExit) as left:
        cli.main(words)
    assert left.value.code == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    return err.strip()


# -- which command ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ((), "menu"),
        (("play",), "play"),
        (("run",), "run_headless"),
        (("record", "04", "file"), "record"),
        (("replay",), "replay"),
        (("doctor",), "doctor"),
        (("bench",), "bench"),
    ],
)
def test_every_command_is_reached(run: Run, words: tuple[str, ...], command: str) -> None:
    assert run(*words)[0] == command


def test_serve_gets_its_words_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    import engine.serve

    given: list[list[str]] = []
    monkeypatch.setattr(engine.serve, "main", lambda words, told: given.append(words) or 3)
    assert cli.main(["serve", "redis.conf", "--port", "0", "--help"]) == 3
    assert given == [["redis.conf", "--port", "0", "--help"]]


# -- options ---------------------------------------------------------------------------------------


def test_scene_04_plays_unless_another_is_named(run: Run) -> None:
    _, options = run("play")
    assert (options.scene, options.seed, options.arena_pages) == ("04", None, None)
    assert (options.autoplay, options.ascii, options.theme) == (False, False, None)


def test_options_of_play(run: Run) -> None:
    _, options = run("play", "persistence", "--autoplay", "--seed", "7", "--arena-pages", "2048",
                     "--ascii", "--theme", "light")  # fmt: skip
    assert (options.scene, options.seed, options.arena_pages) == ("persistence", 7, 2048)
    assert (options.autoplay, options.ascii, options.theme) == (True, True, "light")


def test_options_of_run(run: Run) -> None:
    _, options = run("run", "04", "--json", "--pace", "2.5", "--seed", "0")
    assert (options.json, options.pace, options.seed) == (True, 2.5, 0)


def test_the_menu_has_the_screens_options_too(run: Run) -> None:
    _, options = run()
    assert (options.ascii, options.theme) == (False, None)


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(["--version"])
    assert left.value.code == 0
    assert capsys.readouterr().out == f"cowscope {__version__}\n"


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        cli.main(["--help"])
    assert left.value.code == 0
    said = capsys.readouterr().out
    for command in ("play", "run", "serve", "record", "replay", "doctor", "bench"):
        assert f"    {command} " in said


def test_the_readme_has_the_commands_that_the_help_names(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--lang", "en", "--help"])
    helped = set(re.findall(r"^    (\w+)  +\S", capsys.readouterr().out, re.MULTILINE))
    readme = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
    rows = re.findall(r"^\| (`cowscope.*?) \|", readme, re.MULTILINE)
    assert helped == set(re.findall(r"`cowscope (\w+)", "\n".join(rows)))


# -- what cannot be read ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (("nonsense",), "'nonsense'"),
        (("run", "04", "--seed", "garbage"), "'garbage' is no whole number from 0 on"),
        (("run", "04", "--seed", "-1"), "'-1' is no whole number from 0 on"),
        (("play", "04", "--arena-pages", "0"), "'0' is no whole number from 1 on"),
        (("play", "04", "--arena-pages", "-5"), "'-5' is no whole number from 1 on"),
        (("record", "04", "f", "--arena-pages", "1e3"), "'1e3' is no whole number from 1 on"),
        (("run", "04", "--pace", "0"), "'0' is no number from 0.1 to 100"),
        (("run", "04", "--pace", "nan"), "'nan' is no number from 0.1 to 100"),
        (("play", "--theme", "pink"), "'pink'"),
        (("record", "04"), "file"),
        (("play", "04", "05"), "05"),
    ],
)
def test_what_cannot_be_read_is_one_line_with_a_way_out(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], wrong: str
) -> None:
    line = refused(capsys, *words)
    assert line.startswith("cowscope")
    assert wrong in line
    assert line.endswith("--help")


# -- how it leaves ---------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [SceneError, EngineError])
def test_an_error_is_one_line_and_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: type[Exception]
) -> None:
    def fail(options: argparse.Namespace) -> int:
        raise error("the disk is on fire: fetch water")

    monkeypatch.setattr(app.commands, "doctor", fail)
    assert cli.main(["doctor"]) == 1
    assert capsys.readouterr() == ("", "cowscope: the disk is on fire: fetch water\n")


def test_ctrl_c_is_no_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(options: argparse.Namespace) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(app.commands, "doctor", interrupted)
    assert cli.main(["doctor"]) == 130
    assert capsys.readouterr() == ("", "")


# -- commands --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("platform", "smaps", "missing"),
    [
        ("linux", True, ""),
        ("linux", False, "no /proc/self/smaps"),
        ("darwin", True, "needs Linux"),
        ("win32", False, "needs Linux"),
    ],
)
def test_what_a_live_engine_lacks(
    monkeypatch: pytest.MonkeyPatch, platform: str, smaps: bool, missing: str
) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr("os.path.exists", lambda path: smaps)
    said = app.commands.missing_here()
    assert missing in said
    assert bool(said) == bool(missing)


@pytest.mark.parametrize("words", [("run", "04"), ("record", "04", "nowhere/file")])
def test_where_no_engine_can_run_the_replay_is_offered(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: tuple[str, ...]
) -> None:
    monkeypatch.setattr(app.commands, "missing_here", lambda: "the moon is in the way")
    assert cli.main(words) == 1
    err = capsys.readouterr().err
    assert "the moon is in the way" in err
    assert "cowscope replay" in err


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[Driver]:
    """Drivers that were to be shown, on what says that it is a terminal."""
    drivers: list[Driver] = []

    def show(driver: Driver, options: argparse.Namespace) -> tuple[int, str]:
        drivers.append(driver)
        return 0, ""

    monkeypatch.setattr(app.commands, "_show", show)
    monkeypatch.setattr(app.commands, "_is_terminal", lambda: True)
    return drivers


def test_play_shows_the_recording_where_no_engine_can_run(
    monkeypatch: pytest.MonkeyPatch, shown: list[Driver]
) -> None:
    monkeypatch.setattr(app.commands, "missing_here", lambda: "the moon is in the way")
    assert cli.main(["play", "04"]) == 0
    (driver,) = shown
    assert driver.status == "replay"
    assert "Not live: the moon is in the way" in driver.notice


@pytest.mark.parametrize("named", [(), ("04",), ("4",)])
def test_replay_shows_the_recording_that_ships(named: tuple[str, ...], shown: list[Driver]) -> None:
    assert cli.main(["replay", *named]) == 0
    (driver,) = shown
    assert driver.status == "replay"


@pytest.mark.parametrize("words", [("play", "04"), ("replay", "04")])
def test_a_damaged_progress_file_is_told_of_at_the_end(
    words: tuple[str, ...],
    tmp_path: Path,
    shown: list[Driver],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    (tmp_path / "cowscope").mkdir()
    (tmp_path / "cowscope" / "progress.json").write_text("{bad")
    assert cli.main(words) == 0 and shown
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and "kept as progress.json.damaged" in told


def test_a_recording_cut_short_is_shown_up_to_the_cut(
    tmp_path: Path, shown: list[Driver], capsys: pytest.CaptureFixture[str]
) -> None:
    shipped = app.commands.recording("04")
    assert shipped is not None
    whole = Path(str(shipped)).read_bytes()
    cut = tmp_path / "cut"
    cut.write_bytes(whole[: len(whole) // 2])
    assert cli.main(["replay", str(cut)]) == 0
    (driver,) = shown
    found = re.match(rf"{cut} breaks off at offset ([\d,]+); ", driver.notice)
    assert found and 0 < int(found[1].replace(",", "")) <= len(whole) // 2
    assert driver.notice in capsys.readouterr().err


def test_a_failed_live_start_offers_the_recording(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tried: list[str] = []

    def show(driver: Driver, options: argparse.Namespace) -> tuple[int, str]:
        tried.append(driver.status)
        return (1, "the engine did not start") if driver.status != "replay" else (0, "")

    monkeypatch.setattr(app.commands, "_show", show)
    monkeypatch.setattr(app.commands, "_is_terminal", lambda: True)
    monkeypatch.setattr("builtins.input", lambda question: "y")
    assert cli.main(["play", "04"]) == 0
    assert tried == ["starting", "replay"]
    assert capsys.readouterr().err == "cowscope: the engine did not start\n"

    monkeypatch.setattr("builtins.input", lambda question: "no")
    assert cli.main(["play", "04"]) == 1
    assert tried == ["starting", "replay", "starting"]


@pytest.mark.parametrize("command", ["play", "run"])
@pytest.mark.parametrize(("language", "says"), [("en", "has no step 'nope'"), ("zh", "「nope」")])
def test_an_unknown_step_is_told_with_those_that_there_are(
    command: str,
    language: str,
    says: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("scenes.phrases._language", "en")
    monkeypatch.setattr(app.commands, "missing_here", lambda: "")
    monkeypatch.setattr(app.commands, "needs_terminal", lambda instead: None)
    assert cli.main([command, "04", "--step", "nope", "--lang", language]) == 1
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1
    assert says in err and "trickle, emerald, first-fork" in err and err.endswith("crash\n")


def test_doctor_reports_every_finding(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["doctor"]) == 0
    out = capsys.readouterr().out
    for name in ("/proc", "fork", "pagemap", "smaps", "cachestat"):
        assert name in out
    assert max(map(len, out.splitlines())) <= 100


# -- scenes and languages --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [("--lang", "zh", "play"), ("play", "--lang", "zh"), ("run", "04", "--lang", "zh")],
)
def test_a_language_may_stand_before_or_after_the_command(
    run: Run, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, options = run(*words)
    monkeypatch.setattr("scenes.phrases._language", "en")  # what is spoken belongs to the process
    assert app.commands.language_of(options) == "zh"


def test_without_one_the_locale_chooses(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    monkeypatch.setattr("scenes.phrases._language", "en")
    _, options = run("play")
    assert app.commands.language_of(options) == "zh"


def test_scenes_are_listed_by_number_and_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["scene", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("04  persistence") and " min  Persistence" in line for line in lines)
    assert [line[:2] for line in lines] == sorted(line[:2] for line in lines)


@pytest.mark.parametrize("command", [("play", "04"), ("replay",)])
def test_progress_need_not_be_kept(run: Run, command: tuple[str, ...]) -> None:
    _, options = run(*command, "--no-progress")
    assert options.no_progress


def test_an_author_may_say_so_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.authoring, "scene_watch", lambda options: 7 * options.no_progress)
    assert cli.main(("scene", "watch", "mine", "--no-progress")) == 7
