"""Hashes, sets and SORT as redis-py, redis-benchmark and the AOF's tools meet them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import redis

from tests.engine.redis_reference import RedisServer
from tests.whole.running import Engine
from tests.whole.running import engine as running_engine


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder = tmp_path_factory.mktemp("engine")
    with running_engine(
        folder, "--appendonly", "yes", "--appendfsync", "always", "--enable-debug-command", "yes"
    ) as running:
        yield running


@pytest.fixture
def client(engine: Engine) -> Iterator[Any]:
    with redis.Redis(port=engine.port, decode_responses=True) as connection:
        connection.flushall()
        yield connection


def test_redis_py_finds_hashes_as_documented(client: Any) -> None:
    assert client.hset("bike:1", mapping={"model": "Deimos", "price": 4972, "weight": 13.5}) == 3
    assert client.hgetall("bike:1") == {"model": "Deimos", "price": "4972", "weight": "13.5"}
    assert client.hincrby("bike:1", "price", 100) == 5072
    assert client.hincrbyfloat("bike:1", "weight", -0.5) == 13.0
    assert client.hmget("bike:1", "price", "nothing") == ["5072", None]
    assert client.hdel("bike:1", "weight", "nothing") == 1
    assert client.hexists("bike:1", "model") is True
    assert client.hrandfield("bike:1", 5, withvalues=True) in (
        ["model", "Deimos", "price", "5072"],
        [["model", "Deimos"], ["price", "5072"]],
    )
    assert dict(client.hscan_iter("bike:1", match="m*")) == {"model": "Deimos"}


def test_redis_py_finds_sets_as_documented(client: Any) -> None:
    assert client.sadd("bikes:france", "1", "2", "3") == 3
    assert client.sadd("bikes:usa", "1", "4") == 2
    assert client.sinter("bikes:france", "bikes:usa") == {"1"}
    assert client.sunion("bikes:france", "bikes:usa") == {"1", "2", "3", "4"}
    assert client.sdiff("bikes:france", "bikes:usa") == {"2", "3"}
    assert client.sintercard(2, ["bikes:france", "bikes:usa"], limit=5) == 1
    assert client.smismember("bikes:france", ["1", "4"]) == [1, 0]
    assert client.smove("bikes:france", "bikes:usa", "2") is True
    assert client.sdiffstore("rest", ["bikes:usa", "bikes:france"]) == 2
    assert sorted(client.sscan_iter("rest")) == ["2", "4"]
    assert sorted(client.spop("rest", 5)) == ["2", "4"]
    assert client.spop("rest") is None


def test_redis_py_sorts_as_documented(client: Any) -> None:
    client.sadd("ids", 3, 1, 2)
    client.mset({"weight:1": 30, "weight:2": 20, "weight:3": 10, "name:1": "a", "name:3": "c"})
    assert client.sort("ids", desc=True, start=0, num=2) == ["3", "2"]
    assert client.sort("ids", by="weight:*", get=["#", "name:*"], groups=True) == [
        ("3", "c"),
        ("2", None),
        ("1", "a"),
    ]
    assert client.sort("ids", store="sorted") == 3
    assert client.lrange("sorted", 0, -1) == ["1", "2", "3"]
    assert client.copy("sorted", "other", replace=True) is True


@pytest.mark.skipif(not shutil.which("redis-server"), reason="no redis-server here")
@pytest.mark.skipif(not shutil.which("redis-check-aof"), reason="no redis-check-aof here")
def test_redis_loads_what_was_logged(engine: Engine, client: Any) -> None:
    client.sadd("s", *range(20))
    client.spop("s", 3)
    client.spop("s")
    client.sunionstore("t", "s")
    client.hset("h", mapping={"a": 1, "b": 2})
    client.hincrbyfloat("h", "a", 0.1)
    client.sort("s", store="l")
    client.copy("h", "h", destination_db=3)
    data = engine.folder / "appendonlydir"
    logged = next(data.glob("*.incr.aof")).read_bytes()
    popped = logged[logged.index(b"MULTI") : logged.index(b"EXEC")]
    assert popped.count(b"SREM") == 3
    manifest = str(data / "appendonly.aof.manifest")
    assert subprocess.run(["redis-check-aof", manifest], capture_output=True).returncode == 0
    copied = engine.folder.parent / "redis"
    shutil.copytree(engine.folder, copied)
    server = RedisServer(copied, "--appendonly", "yes")
    try:
        wire = server.connect()
        theirs = wire.call(b"DEBUG", b"DIGEST").strip(b"+\r\n").decode()
        wire.close()
    finally:
        server.stop()
    assert theirs == client.execute_command("DEBUG", "DIGEST")
    client.execute_command("DEBUG", "RELOAD")
    assert theirs == client.execute_command("DEBUG", "DIGEST")


@pytest.mark.skipif(not shutil.which("redis-benchmark"), reason="redis-benchmark is missing")
def test_redis_benchmark_runs_its_tests_of_these_types(engine: Engine) -> None:
    done = subprocess.run(
        ["redis-benchmark", "-p", str(engine.port), "-n", "2000", "-q", "-t", "sadd,hset,spop"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0
    assert "WARNING" not in done.stdout + done.stderr
    assert done.stdout.count("requests per second") == 3
