"""Bad input, as a user meets it: an exit code, one clear line, no traceback, nothing lost."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.whole.running import engine, free_port
from tests.whole.tmux import Terminal

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the live engine needs Linux"
)

OTHER_SYSTEM = "import sys; sys.platform = 'darwin'\n"
NO_PROC = """
import os.path
exists = os.path.exists
os.path.exists = lambda path: not str(path).startswith("/proc") and exists(path)
"""
RECORDING = Path(__file__).parents[2] / "assets" / "recordings" / "04.cowscope"


def cowscope(*words: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    """One command without a terminal; `path` holds a sitecustomize for it."""
    environment = dict(os.environ)
    if path is not None:
        environment["PYTHONPATH"] = str(path)
    return subprocess.run(
        [sys.executable, "-P", "-m", "app.cli", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        env=environment,
    )


def last_line(done: subprocess.CompletedProcess[str]) -> str:
    """What was said last: a failure's reason, on stderr alone in its line or at the log's end."""
    assert "Traceback" not in done.stdout + done.stderr
    assert done.returncode == 1, done.stdout + done.stderr
    assert len(done.stderr.splitlines()) <= 1, done.stderr
    return (done.stderr.strip() or done.stdout.strip()).splitlines()[-1]


def contents(folder: Path) -> dict[Path, bytes]:
    """Every file below a folder."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def serve(folder: Path, *options: str) -> str:
    """The last line of an engine that must not start."""
    port = ("--port", str(free_port())) if "--port" not in options else ()
    done = cowscope("serve", *port, "--dir", str(folder), "--arena-pages", "1024", *options)
    return last_line(done)


def test_a_taken_port(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        line = serve(tmp_path, "--port", port)
    assert f"127.0.0.1:{port}" in line
    assert "Address already in use; choose another --port" in line


def test_a_folder_that_is_none(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    assert f"'--dir {file}': Not a directory" in serve(file)


def test_a_folder_in_which_nothing_can_be_written() -> None:
    line = serve(Path("/proc"), "--appendonly", "yes")
    assert "appendonlydir" in line
    assert "No such file" in line or "Permission denied" in line


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--no-such-directive", "1"), "no-such-directive"),
        (("--appendfsync", "sometimes"), "appendfsync"),
        (("--arena-pages", "-5"), "arena-pages"),
        (("--appendonly", "perhaps"), "appendonly"),
        (("--port", "0"), "Configured to not listen anywhere"),
    ],
)
def test_a_bad_directive(tmp_path: Path, options: tuple[str, ...], told: str) -> None:
    assert told in serve(tmp_path, *options)


def test_a_configuration_file_that_is_not_there() -> None:
    assert "/no/such.conf" in last_line(cowscope("serve", "/no/such.conf"))


def test_a_broken_dump_is_refused_with_its_offset_and_left_alone(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with engine(tmp_path) as running, running.client() as client:
        client.mset({f"k{number}": "v" * 50 for number in range(20)})
        client.save()
        running.stop()
    dump = data / "dump.rdb"
    good = dump.read_bytes()
    for bad in (good[:-30], good[:100] + b"\xff" + good[101:], b"REDIS9999" + good[9:], b"hello"):
        dump.write_bytes(bad)
        before = contents(data)
        line = serve(data)
        assert "dump.rdb" in line or "RDB" in line
        assert contents(data) == before


@pytest.mark.parametrize("file", ["incr.aof", "manifest"])
def test_a_broken_aof_is_refused_and_left_alone(tmp_path: Path, file: str) -> None:
    data = tmp_path / "data"
    with engine(tmp_path, "--appendonly", "yes") as running, running.client() as client:
        client.set("key", "value")
        running.stop()
    (path,) = (data / "appendonlydir").glob(f"*.{file}")
    bad = path.read_bytes() + b"garbage\r\n"
    path.write_bytes(bad)
    before = contents(data)
    line = serve(data, "--appendonly", "yes")
    assert "AOF" in line or "append only file" in line or "manifest" in line.lower()
    assert contents(data) == before


def test_a_torn_tail_is_cut_and_the_rest_is_there(tmp_path: Path) -> None:
    with engine(tmp_path, "--appendonly", "yes") as running, running.client() as client:
        client.set("whole", "1")
        client.set("torn", "2")
        running.stop()
    (path,) = (tmp_path / "data" / "appendonlydir").glob("*.incr.aof")
    path.write_bytes(path.read_bytes()[:-4])
    with engine(tmp_path, "--appendonly", "yes") as running, running.client() as client:
        assert client.get("whole") == b"1"
        assert client.get("torn") is None


@pytest.mark.parametrize(
    ("request_bytes", "answer"),
    [
        (b"*1\r\n!4\r\nPING\r\n", b"-ERR Protocol error: expected '$', got '!'\r\n"),
        (b"*1\r\n$600000000\r\n", b"-ERR Protocol error: invalid bulk length\r\n"),
        (b"*99999999999\r\n", b"-ERR Protocol error: invalid multibulk length\r\n"),
        (b'SET k "v\r\n', b"-ERR Protocol error: unbalanced quotes in request\r\n"),
    ],
)
def test_a_malformed_request_loses_only_its_connection(
    tmp_path: Path, request_bytes: bytes, answer: bytes
) -> None:
    with engine(tmp_path) as running, running.client() as client:
        client.set("kept", "1")
        with socket.create_connection(("127.0.0.1", running.port)) as bad:
            bad.sendall(request_bytes)
            said = b""
            while data := bad.recv(4096):
                said += data
        assert said == answer
        assert client.get("kept") == b"1"


def test_an_unknown_scene_lists_the_known_ones() -> None:
    line = last_line(cowscope("run", "99"))
    assert "99" in line
    assert "04" in line


@pytest.mark.parametrize("command", [("play", "04"), ("replay",), ()])
def test_a_pipe_instead_of_a_terminal(command: tuple[str, ...]) -> None:
    assert "terminal" in last_line(cowscope(*command))


def test_an_arena_too_small_for_the_scene() -> None:
    assert "at least 128" in last_line(cowscope("run", "04", "--arena-pages", "5"))


def test_an_arena_too_large_for_the_machine() -> None:
    line = last_line(cowscope("run", "04", "--arena-pages", "2000000000"))
    assert "2,000,000,000 pages is too large" in line


def test_a_number_that_is_none_is_one_line_with_a_way_out() -> None:
    done = cowscope("run", "04", "--seed", "garbage")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        "cowscope run: argument --seed: 'garbage' is no whole number from 0 on;"
        " try: cowscope run --help\n"
    )


def test_a_foreign_file_is_no_recording(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"not a recording")
    assert f"{file} is no recording" in last_line(cowscope("replay", str(file)))
    assert "nowhere" in last_line(cowscope("replay", str(tmp_path / "nowhere")))


def test_a_damaged_recording_says_where_and_stays_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "damaged.cowscope"
    shipped = RECORDING.read_bytes()
    for bad in (shipped[:-3000], shipped[:5000] + b"\x00\xff" * 20 + shipped[5040:]):
        file.write_bytes(bad)
        line = last_line(cowscope("replay", str(file)))
        assert str(file) in line
        assert "events before it are whole" in line
        assert file.read_bytes() == bad


def test_a_recording_that_cannot_be_written_leaves_the_old_one(tmp_path: Path) -> None:
    old = tmp_path / "old.cowscope"
    old.write_bytes(b"precious")
    (tmp_path / "old.cowscope.part").mkdir()  # where the new one would be written
    assert f"cannot record to {old}" in last_line(cowscope("record", "04", str(old), "--force"))
    assert old.read_bytes() == b"precious"


# -- another operating system ----------------------------------------------------------------------


@pytest.mark.parametrize("command", [("run", "04"), ("record", "04", "/nowhere/file")])
def test_another_operating_system_is_offered_the_replay(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    (tmp_path / "sitecustomize.py").write_text(OTHER_SYSTEM)
    line = last_line(cowscope(*command, path=tmp_path))
    assert "a live engine needs Linux's fork and /proc" in line
    assert "Try: cowscope replay" in line


def test_the_engine_says_what_it_needs(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(OTHER_SYSTEM)
    line = last_line(cowscope("serve", path=tmp_path))
    assert "the engine needs Linux (fork and /proc/self/smaps)" in line
    assert "cowscope replay" in line


def test_without_proc_the_replay_is_offered(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(NO_PROC)
    line = last_line(cowscope("run", "04", path=tmp_path))
    assert "there is no /proc/self/smaps" in line
    assert "Try: cowscope replay" in line


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
def test_play_on_another_operating_system_shows_the_recording(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(OTHER_SYSTEM)
    with Terminal(tmp_path, "play", "04", environment={"PYTHONPATH": str(tmp_path)}) as terminal:
        screen = terminal.wait_for("Not live: a live engine needs Linux's fork and /proc.")
        assert "replay, no engine" in screen
        assert len(terminal.processes()) == 1
        terminal.press("q")
        assert terminal.note("code") == "0"
