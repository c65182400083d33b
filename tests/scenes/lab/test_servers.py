"""Servers started and killed by the lab."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest

from app.cli import _HOWS
from scenes.lab import plan, servers
from scenes.lab.servers import NotStartedError, Place, Server
from scenes.resp import Connection

LIMIT = 60.0
HERE = [servers.cowscope(), *([servers.redis()] if shutil.which("redis-server") else [])]


def place(path: Path) -> Place:
    return Place(path, str(path), path)


def lives(pid: int) -> bool:
    try:
        return b") Z " not in Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return False


@pytest.mark.parametrize("server", HERE, ids=lambda server: server.kind)
async def test_a_crash_takes_the_save_child_along(tmp_path: Path, server: Server) -> None:
    running = await servers.start(server, place(tmp_path), {})
    try:
        connection = await Connection.open(running.port)
        await connection.call([b"SET", b"a", b"1"])
        await connection.call([b"CONFIG", b"SET", b"rdb-key-save-delay", b"30000000"])
        await connection.call([b"BGSAVE"])
        (child,) = running.children()
        assert lives(child)
        await connection.close()
    finally:
        await running.kill()
    deadline = time.monotonic() + LIMIT
    while lives(child) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not lives(child)
    assert not (tmp_path / "dump.rdb").exists()


@pytest.mark.parametrize("server", HERE, ids=lambda server: server.kind)
async def test_why_a_server_does_not_come_up(tmp_path: Path, server: Server) -> None:
    os.mkdir(tmp_path / "appendonlydir")
    (tmp_path / "appendonlydir" / "appendonly.aof.manifest").write_bytes(b"nonsense\n")
    with pytest.raises(NotStartedError, match=r"exit code 1; its last words: .*AOF"):
        await servers.start(server, place(tmp_path), {"appendonly": "yes"})


def test_the_command_line_and_the_plan_know_the_same_crashes() -> None:
    assert tuple(_HOWS) == plan.HOWS
