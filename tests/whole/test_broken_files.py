"""Files that can't be loaded: one line with the file, the place, what is there and what to do."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.engine.redis_reference import REDIS_SERVER, RedisServer
from tests.whole.running import engine, free_port

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the live engine needs Linux"
)

SET = b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$1\r\nv\r\n"
BASE = b"file appendonly.aof.1.base.rdb seq 1 type b\n"
INCR = b"file appendonly.aof.1.incr.aof seq 1 type i\n"


def refusal(data: Path, *options: str) -> str:
    """The last line of an engine that must not start, and leaves the folder as it is."""
    before = {path: path.read_bytes() for path in data.rglob("*") if path.is_file()}
    done = subprocess.run(
        [
            sys.executable, "-P", "-m", "engine", "--port", str(free_port()), "--dir", str(data),
            "--arena-pages", "64", *options,
        ],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1 and done.stderr == "" and "Traceback" not in done.stdout
    assert {path: path.read_bytes() for path in data.rglob("*") if path.is_file()} == before
    line = done.stdout.splitlines()[-1].partition(" # ")[2]
    assert line.endswith(".") and "b'" not in line
    return line.replace(str(data), "DIR")


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """A dump and an AOF of the engine's own, by their paths."""
    folder = tmp_path_factory.mktemp("good")
    with engine(folder, "--appendonly", "yes") as running, running.client() as client:
        client.mset({f"k{number}": "v" * 50 for number in range(20)})
        client.save()
        running.stop()
        return {
            str(path.relative_to(running.folder)): path.read_bytes()
            for path in running.folder.rglob("*")
            if path.is_file()
        }


def fill(data: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        (data / name).parent.mkdir(exist_ok=True)
        (data / name).write_bytes(content)


RESTORE = "Restore the file from a backup"
CHECK = f"{RESTORE}; redis-check-rdb DIR/dump.rdb may tell more."


@pytest.mark.parametrize(
    ("damage", "told"),
    [
        (lambda dump: b"", "DIR/dump.rdb at offset 0: Unexpected end of file: it is cut short. "),
        (lambda dump: dump[:-30], "Unexpected end of file: it is cut short. " + CHECK),
        (lambda dump: b"hello\0\xff, world", '"hello\\x00\\xff, " is no RDB header. ' + CHECK),
        (lambda dump: b"REDIS0099" + dump[9:], "5: Can't handle RDB format version 99. This engin"),
        (lambda dump: dump[:-1] + bytes([dump[-1] ^ 1]), ": Wrong RDB checksum expected: ("),
        (lambda dump: dump[:9] + b"\x08" + dump[10:], "10: Unknown RDB encoding type 8. " + CHECK),
        (
            lambda dump: dump[:9] + b"\x0f\x03\xff\0\n",
            '"\\xff\\x00\\n" of DB 0 is of type 15 (stream)',
        ),
        (
            lambda dump: dump[:9] + b"\x04\x01k\x09",
            'it is cut short (in key "k" of DB 0, a hash). ',
        ),
        (
            lambda dump: dump[:9] + b"\x10\x01k\x02ab" + dump[14:],
            'header (in key "k" of DB 0, a hash as',
        ),
    ],
)
def test_dumps(
    tmp_path: Path, good: dict[str, bytes], damage: Callable[[bytes], bytes], told: str
) -> None:
    fill(tmp_path, {"dump.rdb": damage(good["dump.rdb"])})
    line = refusal(tmp_path)
    assert line.startswith("DIR/dump.rdb at offset ") and told in line, line


MANIFEST = "DIR/appendonlydir/appendonly.aof.manifest"
ONE = "DIR/appendonlydir/appendonly.aof.1.incr.aof"
FIX = f"Make a backup, then try redis-check-aof --fix {MANIFEST}."


@pytest.mark.parametrize(
    ("manifest", "told"),
    [
        (b"", "Found an empty AOF manifest"),
        (b"gar\0bage\n", 'Found a NUL byte in a line, line 1 ("gar\\x00bage\\n")'),
        (BASE + INCR[:-1], "The last line does not end in a line feed, line 2"),
        (BASE + BASE, "Found duplicate base file information, line 2"),
        (BASE + INCR + INCR, "Found a non-monotonic sequence number, line 3"),
        (BASE + b"file a seq x type i\n", "Invalid AOF manifest file format, line 2"),
        (BASE + b"file ../a seq 1 type i\n", "File can't be a path, just a filename, line 2"),
        (BASE + b"file a seq 1 type x\n", "Unknown AOF file type, line 2"),
    ],
)
def test_manifests(tmp_path: Path, good: dict[str, bytes], manifest: bytes, told: str) -> None:
    fill(tmp_path, good | {"appendonlydir/appendonly.aof.manifest": manifest})
    line = refusal(tmp_path, "--appendonly", "yes")
    assert line.startswith(f"Can't use the AOF manifest {MANIFEST}: {told}"), line
    assert "Restore it from a backup" in line


@pytest.mark.parametrize(
    ("increment", "told"),
    [
        (SET + b"hello\0\r\n", f'27: Bad file format reading the append only file (expected "*", '
            f'found "h"). {FIX}'),
        (SET + bytes(9), f'(expected "*", found "\\x00"). {FIX}'),
        (SET + b"*0\r\n", f"27: Bad file format reading the append only file (an empty command). "
            f"{FIX}"),
        (SET + b"*x\xff\r\n", f'(expected a number after "*", found "x\\xff"). {FIX}'),
        (SET + b"*1\r\n$3\r\nSET\r\n" + SET, "27: Command 'SET' with a wrong number of arguments "
            f"(0) reading the append only file. {RESTORE}."),
        (SET + b"*1\r\n$4\r\nN\n\0P\r\n", r"27: Unknown command 'N\n\x00P' reading the append"),
        (b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$300000\r\n%b\r\n" % (b"x" * 300000), "0: the arena of 64 "
            "pages is full: 74 more are needed. Start with a larger --arena-pages."),
    ],
    ids=range(7),
)  # fmt: skip
def test_increments(tmp_path: Path, good: dict[str, bytes], increment: bytes, told: str) -> None:
    fill(tmp_path, good | {"appendonlydir/appendonly.aof.1.incr.aof": increment})
    line = refusal(tmp_path, "--appendonly", "yes")
    assert line.startswith(f"{ONE} at offset ") and told in line, line


def test_a_cut_increment_with_load_truncated_off(tmp_path: Path, good: dict[str, bytes]) -> None:
    fill(tmp_path, good | {"appendonlydir/appendonly.aof.1.incr.aof": SET + b"*3\r\n"})
    line = refusal(tmp_path, "--appendonly", "yes", "--aof-load-truncated", "no")
    assert line.startswith(f"{ONE} at offset 27: Unexpected end of file"), line
    assert "--aof-load-truncated yes" in line and "redis-check-aof --fix" in line


def _missing(data: Path) -> str:
    (data / "appendonlydir/appendonly.aof.1.incr.aof").unlink()
    return f"Unable to obtain the AOF file {ONE} length. stat: No such file or directory. The man"


def _folder(data: Path) -> str:
    path = data / "appendonlydir/appendonly.aof.1.incr.aof"
    path.unlink()
    path.mkdir()
    return f"Unrecoverable error reading the append only file {ONE}: Is a directory. {RESTORE}"


def _manifest_folder(data: Path) -> str:
    path = data / "appendonlydir/appendonly.aof.manifest"
    path.unlink()
    path.mkdir()
    return f"Fatal error: can't open the AOF manifest file {MANIFEST} for reading: Is a directory."


@pytest.mark.parametrize("damage", [_missing, _folder, _manifest_folder])
def test_files_that_are_none(
    tmp_path: Path, good: dict[str, bytes], damage: Callable[[Path], str]
) -> None:
    fill(tmp_path, good)
    told = damage(tmp_path)
    line = refusal(tmp_path, "--appendonly", "yes")
    assert line.startswith(told), line


def test_a_dump_that_is_a_folder(tmp_path: Path) -> None:
    (tmp_path / "dump.rdb").mkdir()
    line = refusal(tmp_path)
    assert line.startswith("Fatal error loading the DB: DIR/dump.rdb: Is a directory. "), line


def test_a_dump_larger_than_the_arena_names_itself_and_the_directive(tmp_path: Path) -> None:
    with engine(tmp_path) as running, running.client() as client:
        client.mset({f"k{number}": "v" * 3000 for number in range(100)})
        client.save()
        running.stop()
    line = refusal(tmp_path / "data")
    assert line == (
        "Can't load DIR/dump.rdb: the arena of 64 pages is full: 1 more are needed. "
        "Start with a larger --arena-pages."
    )


def test_loadaof_of_a_broken_file_ends_the_engine_and_loses_nothing(tmp_path: Path) -> None:
    options = ("--appendonly", "yes", "--enable-debug-command", "yes")
    with engine(tmp_path, *options) as running, running.client() as client:
        client.set("k", "v")
        (path,) = (running.folder / "appendonlydir").glob("*.incr.aof")
        with path.open("ab") as file:
            file.write(b"garbage\r\n")
        whole = path.read_bytes()
        with pytest.raises(ConnectionError):
            _debug_loadaof(running.port)
        assert running.process.wait(20) == 1
        assert path.read_bytes() == whole
        assert sorted(os.listdir(running.folder)) == ["appendonlydir", "cowscope.lock"]


def _debug_loadaof(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(b"DEBUG LOADAOF\r\n")
        if not connection.recv(100):
            raise ConnectionError


@pytest.mark.skipif(REDIS_SERVER is None, reason="redis-server is not installed")
@pytest.mark.parametrize(
    "record",
    [
        SET[:-2] + b"XY",
        SET.replace(b"SET\r\n", b"SETab"),
        SET.replace(b"$3\r\n", b"$3x\r\n"),
        SET.replace(b"*3\r\n", b"* +03\n"),
        b"#a\0b\r\n" + SET,
    ],
)
def test_a_sloppy_record_is_loaded_as_redis_loads_it(tmp_path: Path, record: bytes) -> None:
    files = {
        "appendonlydir/appendonly.aof.manifest": INCR,
        "appendonlydir/appendonly.aof.1.incr.aof": record + SET.replace(b"k", b"j"),
    }
    (tmp_path / "data").mkdir()
    fill(tmp_path / "data", files)
    redis_folder = tmp_path / "redis"
    redis_folder.mkdir()
    fill(redis_folder, files)
    server = RedisServer(redis_folder, "--appendonly", "yes")
    wire = server.connect()
    try:
        theirs = wire.call(b"MGET", b"k", b"j")
    finally:
        wire.close()
        server.stop()
    assert theirs == b"*2\r\n$1\r\nv\r\n$1\r\nv\r\n"
    with engine(tmp_path, "--appendonly", "yes") as running, running.client() as client:
        assert client.mget("k", "j") == [b"v", b"v"]
