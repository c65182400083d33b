"""An append-only file with all types goes both ways between this engine and a real redis-server.

Each is rewritten while its keys go on changing, as Redis 7 does it and through the pipes of Redis
5 and 6. A redis-server 7 has no pipes, but its base and its increment behind each other are what
they would have left.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.engine.generated import Item, changes, commands, execute, generated, give
from tests.engine.redis_reference import REDIS_SERVER, RedisServer, Wire
from tests.whole.running import engine

pytestmark = pytest.mark.skipif(REDIS_SERVER is None, reason="no redis-server here")

KEYS = 10_000
SLICES = 40
PREAMBLE = pytest.mark.parametrize("preamble", ["yes", "no"])
MODE = pytest.mark.parametrize("mode", ["multipart", "pipes"])


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def own_options(address: str, mode: str) -> list[str]:
    words = ("--arena-pages", "65536", "--enable-debug-command", "yes", "--unixsocket", address)
    return [*words, "--aof-rewrite-mode", mode]


def is_rewriting(wire: Wire) -> bool:
    return b"aof_rewrite_in_progress:1\r" in wire.call(b"INFO", b"persistence")


def rewrite_under_load(wire: Wire, items: list[Item]) -> None:
    """BGREWRITEAOF, and change key after key while it goes on; it ends well."""
    wire.call(b"CONFIG", b"SET", b"rdb-key-save-delay", b"20")
    assert wire.call(b"BGREWRITEAOF").startswith(b"+Background")
    deadline = time.monotonic() + 60
    meanwhile = 0
    for number in range(SLICES):
        execute(wire, items[number::SLICES], changes)
        meanwhile += is_rewriting(wire)
    while is_rewriting(wire):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert meanwhile > 0
    assert b"aof_last_bgrewrite_status:ok\r" in wire.call(b"INFO", b"persistence")


def in_one_file(data: Path) -> None:
    """The files that the manifest names become the only one."""
    folder = data / "appendonlydir"
    manifest = (folder / "appendonly.aof.manifest").read_text()
    names = [line.split()[1] for line in manifest.splitlines()]
    assert len(names) == 2
    (data / "appendonly.aof").write_bytes(b"".join((folder / name).read_bytes() for name in names))
    shutil.rmtree(folder)


@PREAMBLE
def test_redis_writes_and_the_engine_loads(tmp_path: Path, preamble: str) -> None:
    items = generated(3, KEYS, now_ms())
    options = ("--appendonly", "yes", "--aof-use-rdb-preamble", preamble)
    data = tmp_path / "data"
    data.mkdir()
    server = RedisServer(data, *options)
    wire = server.connect()
    give(wire, items)
    execute(wire, items[::10], changes)
    rewrite_under_load(wire, items[::3])
    theirs = wire.call(b"DEBUG", b"DIGEST")
    wire.close()
    server.stop()
    address = str(tmp_path / "socket")
    with engine(tmp_path, *options, *own_options(address, "multipart")):
        wire = Wire(address)
        assert wire.call(b"DEBUG", b"DIGEST") == theirs
        for way in (b"LOADAOF", b"RELOAD"):
            assert wire.call(b"DEBUG", way) == b"+OK\r\n"
            assert wire.call(b"DEBUG", b"DIGEST") == theirs
        wire.close()
    in_one_file(data)
    with engine(tmp_path, *options, *own_options(address, "pipes")):
        wire = Wire(address)
        assert wire.call(b"DEBUG", b"DIGEST") == theirs
        wire.close()


@MODE
@PREAMBLE
def test_the_engine_writes_and_redis_loads(tmp_path: Path, preamble: str, mode: str) -> None:
    items = generated(4, KEYS, now_ms())
    options = ("--appendonly", "yes", "--aof-use-rdb-preamble", preamble)
    address = str(tmp_path / "socket")
    with engine(tmp_path, *options, *own_options(address, mode)) as running:
        wire = Wire(address)
        execute(wire, items, commands)
        execute(wire, items[::10], changes)
        rewrite_under_load(wire, items[::3])
        ours = wire.call(b"DEBUG", b"DIGEST")
        wire.close()
        assert running.stop() == 0
        data = running.folder
    name = "appendonlydir/appendonly.aof.manifest" if mode == "multipart" else "appendonly.aof"
    if shutil.which("redis-check-aof"):
        checked = subprocess.run(
            ["redis-check-aof", str(data / name)], capture_output=True, text=True, check=False
        )
        assert checked.returncode == 0, checked.stdout
    server = RedisServer(data, *options)  # it takes a single file for an old one and moves it
    wire = server.connect()
    theirs = wire.call(b"DEBUG", b"DIGEST")
    wire.close()
    server.stop()
    assert theirs == ours
