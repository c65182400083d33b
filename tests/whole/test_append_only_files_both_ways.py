"""An append-only file with all types goes both ways between this engine and a real redis-server."""

from __future__ import annotations

import shutil
import subprocess
import time
from pathlib import Path

import pytest

from tests.engine.generated import changes, commands, execute, generated, give
from tests.engine.redis_reference import REDIS_SERVER, RedisServer, Wire
from tests.whole.running import engine

pytestmark = pytest.mark.skipif(REDIS_SERVER is None, reason="no redis-server here")

KEYS = 10_000
PREAMBLE = pytest.mark.parametrize("preamble", ["yes", "no"])


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def own_options(address: str) -> list[str]:
    return ["--arena-pages", "65536", "--enable-debug-command", "yes", "--unixsocket", address]


def rewrite(wire: Wire) -> None:
    """BGREWRITEAOF, and wait until it has ended well."""
    assert wire.call(b"BGREWRITEAOF").startswith(b"+Background")
    deadline = time.monotonic() + 30
    while b"aof_rewrite_in_progress:0\r" not in wire.call(b"INFO", b"persistence"):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert b"aof_last_bgrewrite_status:ok\r" in wire.call(b"INFO", b"persistence")


@PREAMBLE
def test_redis_writes_and_the_engine_loads(tmp_path: Path, preamble: str) -> None:
    items = generated(3, KEYS, now_ms())
    options = ("--appendonly", "yes", "--aof-use-rdb-preamble", preamble)
    data = tmp_path / "data"
    data.mkdir()
    server = RedisServer(data, *options)
    wire = server.connect()
    give(wire, items)
    execute(wire, items[::3], changes)
    rewrite(wire)
    execute(wire, items[::2], changes)
    theirs = wire.call(b"DEBUG", b"DIGEST")
    wire.close()
    server.stop()
    address = str(tmp_path / "socket")
    with engine(tmp_path, *options, *own_options(address)):
        wire = Wire(address)
        assert wire.call(b"DEBUG", b"DIGEST") == theirs
        assert wire.call(b"DEBUG", b"LOADAOF") == b"+OK\r\n"
        assert wire.call(b"DEBUG", b"DIGEST") == theirs
        assert wire.call(b"DEBUG", b"RELOAD") == b"+OK\r\n"
        assert wire.call(b"DEBUG", b"DIGEST") == theirs
        wire.close()


@PREAMBLE
def test_the_engine_writes_and_redis_loads(tmp_path: Path, preamble: str) -> None:
    items = generated(4, KEYS, now_ms())
    options = ("--appendonly", "yes", "--aof-use-rdb-preamble", preamble)
    address = str(tmp_path / "socket")
    with engine(tmp_path, *options, *own_options(address)) as running:
        wire = Wire(address)
        execute(wire, items, commands)
        execute(wire, items[::3], changes)
        rewrite(wire)
        execute(wire, items[::2], changes)
        ours = wire.call(b"DEBUG", b"DIGEST")
        wire.close()
        assert running.stop() == 0
        data = running.folder
    if shutil.which("redis-check-aof"):
        manifest = data / "appendonlydir" / "appendonly.aof.manifest"
        checked = subprocess.run(
            ["redis-check-aof", str(manifest)], capture_output=True, text=True, check=False
        )
        assert checked.returncode == 0, checked.stdout
    server = RedisServer(data, *options)
    wire = server.connect()
    theirs = wire.call(b"DEBUG", b"DIGEST")
    wire.close()
    server.stop()
    assert theirs == ours
