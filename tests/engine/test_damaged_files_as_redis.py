"""Damaged files, a sample of every kind: loaded, cut or refused here as by a real redis-server."""

from __future__ import annotations

import random
import re
import subprocess
import time
from pathlib import Path

import pytest

from engine.digest import digest
from engine.errors import CorruptFileError
from tests.engine import test_damaged_aof as aof
from tests.engine import test_damaged_dump as dump
from tests.engine.damage import cuts, flips
from tests.engine.redis_reference import (
    REDIS_SERVER,
    REFERENCE_VERSION,
    Wire,
    redis_version,
)

pytestmark = pytest.mark.skipif(
    not redis_version().startswith(REFERENCE_VERSION),
    reason=f"no redis-server {REFERENCE_VERSION}x to compare with",
)

Outcome = tuple[str, str, int]
"""`loaded` or `refused`, the digest of what is in memory then, the bytes of the file then."""


def theirs(folder: Path, file: Path, *options: str) -> Outcome:
    """What a redis-server makes of the file in its folder."""
    assert REDIS_SERVER is not None
    path = str(folder / "redis.sock")
    server = subprocess.Popen(
        [
            *(REDIS_SERVER, "--port", "0", "--unixsocket", path, "--dir", str(folder)),
            *("--save", "", "--enable-debug-command", "yes", *options),
        ],
        stdout=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 60
        while server.poll() is None and time.monotonic() < deadline:
            if found := _digest(path):
                return "loaded", found, file.stat().st_size
            time.sleep(0.005)
        assert server.poll() == 1, "it neither serves nor left with its error"
        return "refused", "", file.stat().st_size
    finally:
        server.kill()
        server.wait()


def _digest(path: str) -> str:
    """Of a server that has loaded; empty for one that is about to, or to leave."""
    try:
        wire = Wire(path)
    except OSError:
        return ""
    try:
        if wire.call(b"DBSIZE").startswith(b":"):
            return wire.call(b"DEBUG", b"DIGEST")[1:-2].decode()
        return ""
    except (OSError, ValueError):  # it left in the middle
        return ""
    finally:
        wire.close()


def sampled_flips(data: bytes, count: int, seed: int) -> list[bytes]:
    return [text for _, text in random.Random(seed).sample(list(flips(data)), count)]


@pytest.mark.parametrize("number", range(10))
def test_an_aof(tmp_path: Path, number: int) -> None:
    some_cuts = random.Random(1).sample(list(cuts(aof.AOF)), 2)
    data = [*sampled_flips(aof.AOF, 8, 1), *some_cuts][number]
    folder = tmp_path / "appendonlydir"
    folder.mkdir()
    (folder / "appendonly.aof.manifest").write_bytes(
        b"file %b seq 1 type i\n" % aof.ONE.name.encode()
    )
    (folder / aof.ONE.name).write_bytes(data)
    trial = aof.Trial()
    try:
        trial.load(data)
        left = len(trial.left)
        if left < len(data):  # Redis cuts an annotation off, too, if it was the next command's
            left -= len(re.search(rb"(#[^\n]*\n)*\Z", trial.left)[0])  # type: ignore[index]
        ours = "loaded", digest(trial.server.keyspace).hex(), left
    except CorruptFileError:
        ours = "refused", "", len(trial.left)
    assert ours == theirs(tmp_path, folder / aof.ONE.name, "--appendonly", "yes"), data


@pytest.mark.parametrize("number", range(6))
def test_a_dump(tmp_path: Path, number: int) -> None:
    whole = dump.DUMPS["our own"]
    old = whole.replace(b"REDIS0009", b"REDIS0001")  # one flip: from before checksums
    data = [*sampled_flips(whole, 4, 2), *random.Random(2).sample(list(cuts(whole)), 1), old][
        number
    ]
    (tmp_path / "dump.rdb").write_bytes(data)
    trial = dump.Trial()
    trial.keyspace.now_ms = lambda: int(time.time() * 1000)
    try:
        trial.load(data)
        ours = "loaded", digest(trial.keyspace).hex(), len(data)
    except CorruptFileError:
        ours = "refused", "", len(data)
    assert ours == theirs(tmp_path, tmp_path / "dump.rdb"), data
