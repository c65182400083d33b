"""`cowscope play 04` in a real terminal: its glyphs follow real writes, and it leaves no trace."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
import redis

from app.glyphs import DRAWN
from tests.whole.tmux import Terminal, heap_cells, wait_until_gone

pytestmark = [
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the live engine needs Linux"),
]
needs_redis_cli = pytest.mark.skipif(
    shutil.which("redis-cli") is None, reason="redis-cli is not installed"
)

JOIN_BY = re.compile(r"redis-cli -p (\d+)")
COLOUR = re.compile(r"\x1b\[[\d;]*?[34]8;(5;\d+|2;\d+;\d+;\d+)")
HUELESS = {16, 59, 102, 145, 188, 231, *range(232, 256)}
"""The greys among xterm's 256 colours."""
TOO_SMALL = "80x24 needed, this terminal is 60x20."
RESTORED = "0 0 1"
"""No alternate screen, no mouse reports, a visible cursor."""


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """Scene 04 in a terminal of 160x48, its engine ready."""
    with Terminal(tmp_path, "play", "04") as running:
        running.wait_for(is_joinable)
        yield running


def is_joinable(screen: str) -> bool:
    """Whether the engine runs: the screen says how to join it."""
    return JOIN_BY.search(screen) is not None


def client(terminal: Terminal) -> redis.Redis:
    """A client that joins by the port on the screen."""
    found = JOIN_BY.search(terminal.screen())
    assert found is not None
    return redis.Redis(port=int(found[1]), protocol=2, decode_responses=True)


def redis_cli(terminal: Terminal, *words: str) -> str:
    """What redis-cli prints for a command."""
    found = JOIN_BY.search(terminal.screen())
    assert found is not None
    command = ["redis-cli", "-p", found[1], *words]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.strip()


def play_to_the_held_child(terminal: Terminal) -> None:
    """By keys alone: the third beat forks under hold, and nothing writes any more."""
    for beat in (1, 2, 3):
        terminal.press("Space")
        screen = terminal.wait_for(f"beat {beat} of")
        if beat < 3:  # while a step still happens it refuses the key; beat 2 awaits an fsync
            synced = on_disk(screen)
            terminal.wait_for(lambda screen, synced=synced: on_disk(screen) != synced)
    terminal.wait_for("held (h lets go)")


def on_disk(screen: str) -> str:
    """How many bytes of the AOF the tail shows as on disk: they grow with every fsync."""
    found = re.search(r"on disk ([\d,]+) B", screen)
    return found[1] if found else ""


def fork_held(terminal: Terminal) -> list[psutil.Process]:
    """A held child at once, by commands from outside; all processes there are then."""
    terminal.press("Space")  # the opening would fork, too
    terminal.wait_for("beat 1 of")
    with client(terminal) as joined:
        joined.execute_command("COWSCOPE", "HOLD")
        joined.bgsave()
    processes = terminal.processes()
    assert len(processes) == 3, processes  # the program, its engine, the engine's child
    return processes


def pages_of(terminal: Terminal, key: str) -> list[int]:
    """The pages of the arena on which the engine says that the key lies."""
    with client(terminal) as joined:
        pages = range(1024)
        answers = [joined.execute_command("COWSCOPE", "PAGE", page) for page in pages]
    fields = [dict(zip(answer[::2], answer[1::2], strict=True)) for answer in answers]
    return [page for page, found in zip(pages, fields, strict=True) if key in found["keys"]]


# -- the promise -----------------------------------------------------------------------------------


@needs_redis_cli
def test_a_key_written_by_redis_cli_changes_the_glyph_of_its_page_and_no_other(
    terminal: Terminal,
) -> None:
    play_to_the_held_child(terminal)
    for key, read_only in (("user:321", "user:7"), ("user:7", "user:320")):
        [page] = pages_of(terminal, key)
        before = heap_cells(terminal.screen())
        assert set(before) == set(range(1024))
        assert before[page] == DRAWN.shared
        redis_cli(terminal, "GET", read_only)  # reading copies nothing

        assert redis_cli(terminal, "SET", key, "x") == "OK"

        terminal.wait_for(lambda screen, page=page: heap_cells(screen)[page] != DRAWN.shared)
        after = heap_cells(terminal.screen())
        changed = {where: after[where] for where, glyph in before.items() if after[where] != glyph}
        assert changed == {page: DRAWN.copied}
        assert pages_of(terminal, key) == [page]


# -- leaving ---------------------------------------------------------------------------------------


def test_q_restores_the_terminal_and_leaves_nothing(terminal: Terminal, tmp_path: Path) -> None:
    assert terminal.format("#{alternate_on}") == "1"
    processes = fork_held(terminal)

    terminal.press("q")

    assert terminal.note("code") == "0"
    assert terminal.note("after") == terminal.note("before")
    assert terminal.format("#{alternate_on} #{mouse_any_flag} #{cursor_flag}") == RESTORED
    assert terminal.screen().strip() == ""
    wait_until_gone(processes)
    assert list(tmp_path.glob("cache/cowscope/*")) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_restores_the_terminal_and_leaves_nothing(
    terminal: Terminal, tmp_path: Path, number: signal.Signals
) -> None:
    processes = fork_held(terminal)

    terminal.program().send_signal(number)

    assert terminal.note("code") == str(128 + number)
    assert terminal.note("after") == terminal.note("before")
    assert terminal.format("#{alternate_on} #{mouse_any_flag} #{cursor_flag}") == RESTORED
    assert terminal.screen().strip() == ""
    wait_until_gone(processes)
    assert list(tmp_path.glob("cache/cowscope/*")) == []


def test_a_killed_screen_takes_engine_and_child_along(terminal: Terminal) -> None:
    processes = fork_held(terminal)

    terminal.program().kill()

    assert terminal.note("code") == str(128 + signal.SIGKILL)
    wait_until_gone(processes)


def test_a_terminal_that_hangs_up_takes_everything_along(
    terminal: Terminal, tmp_path: Path
) -> None:
    processes = fork_held(terminal)

    terminal.hang_up()

    wait_until_gone(processes)
    assert list(tmp_path.glob("cache/cowscope/*")) == []


# -- what goes wrong while the screen is up --------------------------------------------------------


def test_an_engine_killed_from_outside_is_said_in_one_line(terminal: Terminal) -> None:
    program, engine, child = fork_held(terminal)

    engine.kill()

    screen = terminal.wait_for("0 starts again")
    said = [line.strip() for line in screen.splitlines() if "engine is gone (" in line]
    assert said == [
        "The engine is gone (killed by signal 9): 0 starts again, backspace looks back."
    ]
    assert "Traceback" not in screen
    wait_until_gone([engine, child])  # the child does not outlive it
    assert program.is_running()

    terminal.press("0")
    terminal.wait_for(lambda screen: "opening" in screen and "killed by" not in screen)
    terminal.wait_for(is_joinable)
    with client(terminal) as joined:
        assert joined.ping()
    terminal.press("q")
    assert terminal.note("code") == "0"


# -- sizes and colours -----------------------------------------------------------------------------


def test_a_small_terminal_says_which_size_is_needed_and_may_grow(tmp_path: Path) -> None:
    with Terminal(tmp_path, "play", "04", columns=60, rows=20) as small:
        assert small.wait_for(TOO_SMALL).strip() == TOO_SMALL

        small.resize(80, 24)
        screen = small.wait_for(lambda screen: is_joinable(screen) and "AOF tail" in screen)
        assert TOO_SMALL not in screen
        lines = screen.splitlines()
        assert len(lines) == 24
        assert "q  quit" in lines[-1]
        small.press("Space")
        small.wait_for("beat 1 of")

        small.resize(60, 20)
        assert small.wait_for(TOO_SMALL).strip() == TOO_SMALL

        small.resize(160, 48)
        assert len(small.wait_for("Implementation").splitlines()) == 48
        small.press("q")
        assert small.note("code") == "0"
        assert small.note("after").partition("\n")[2] == small.note("before").partition("\n")[2]


def test_without_colours_every_state_still_has_its_glyph(tmp_path: Path) -> None:
    with Terminal(tmp_path, "play", "04", environment={"NO_COLOR": "1"}) as plain:
        plain.wait_for(is_joinable)
        play_to_the_held_child(plain)
        with client(plain) as joined:
            joined.set("user:5", "x")
            joined.set("guest", "x")
        states = {DRAWN.shared, DRAWN.copied, DRAWN.new, DRAWN.free}
        plain.wait_for(lambda screen: states <= set(heap_cells(screen).values()))

        for colour in COLOUR.findall(plain.screen(styled=True)):
            kind, *values = map(int, colour.split(";"))
            assert values[0] in HUELESS if kind == 5 else len(set(values)) == 1, colour
