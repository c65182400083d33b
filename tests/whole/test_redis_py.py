"""What users of redis-py do, by both clients in both protocols: here and in a redis-server."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
import redis.asyncio

from tests.engine.redis_reference import REFERENCE_VERSION, RedisServer, redis_version
from tests.whole.running import engine

needs_redis = pytest.mark.skipif(
    not redis_version().startswith(REFERENCE_VERSION),
    reason=f"no redis-server {REFERENCE_VERSION}x to compare with",
)


@pytest.fixture(scope="module", params=["here", pytest.param("redis", marks=needs_redis)])
def path(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The socket of a server."""
    folder: Path = tmp_path_factory.mktemp(request.param)
    if request.param == "here":
        with engine(folder, "--unixsocket", "engine.sock", "--appendonly", "yes") as running:
            yield str(running.folder / "engine.sock")
        return
    server = RedisServer(folder)
    try:
        yield server.path
    finally:
        server.stop()


@pytest.fixture(params=[2, 3])
def r(request: pytest.FixtureRequest, path: str) -> Iterator[Any]:
    """A client that an example would call so."""
    with redis.Redis(
        unix_socket_path=path, protocol=request.param, decode_responses=True
    ) as client:
        client.flushall()
        yield client


def is_resp3(r: Any) -> bool:
    return bool(r.client_info()["resp"] == "3")


def test_strings(r: Any) -> None:
    assert r.set("bike:1", "Deimos") is True
    assert r.get("bike:1") == "Deimos"
    assert r.set("bike:1", "bike", nx=True) is None
    assert r.set("bike:1", "bike", xx=True) is True
    assert r.set("bike:1", "new", get=True) == "bike"
    assert r.mset({"a": "1", "b": "2"}) is True
    assert r.mget("a", "b", "none") == ["1", "2", None]
    assert (r.incr("a"), r.incrby("a", 10), r.decr("a")) == (2, 12, 11)
    assert r.incrbyfloat("a", 0.5) == 11.5
    assert r.append("bike:1", "er") == 5
    assert (r.getrange("bike:1", 1, 3), r.strlen("bike:1")) == ("ewe", 5)
    assert r.setrange("bike:1", 6, "!") == 7
    assert r["bike:1"] == "newer\x00!"
    assert (r.getdel("b"), r.exists("a", "b")) == ("2", 1)


def test_lists(r: Any) -> None:
    assert r.lpush("bikes", "bike:1") == 1
    assert r.rpush("bikes", "bike:2", "bike:3") == 3
    assert r.lrange("bikes", 0, -1) == ["bike:1", "bike:2", "bike:3"]
    assert (r.llen("bikes"), r.lindex("bikes", -1)) == (3, "bike:3")
    assert r.linsert("bikes", "AFTER", "bike:1", "bike:1.5") == 4
    assert r.lpos("bikes", "bike:2") == 2
    assert r.lmove("bikes", "finished", "LEFT", "RIGHT") == "bike:1"
    assert r.lrem("bikes", 0, "bike:2") == 1
    assert r.ltrim("bikes", 0, 0) is True
    assert r.lset("bikes", 0, "x") is True
    assert r.rpop("bikes", 5) == ["x"]
    assert (r.rpop("bikes"), r.exists("bikes")) == (None, 0)
    assert r.lmpop(2, "nothing", "finished", direction="LEFT") == ["finished", ["bike:1"]]


def test_hashes(r: Any) -> None:
    assert r.hset("bike:1", mapping={"model": "Deimos", "price": 4972}) == 2
    assert r.hset("bike:1", "type", "Enduro") == 1
    assert r.hget("bike:1", "model") == "Deimos"
    assert r.hgetall("bike:1") == {"model": "Deimos", "price": "4972", "type": "Enduro"}
    assert r.hmget("bike:1", ["model", "none"]) == ["Deimos", None]
    assert r.hincrby("bike:1", "price", 100) == 5072
    assert r.hincrbyfloat("bike:1", "weight", 1.5) == 1.5
    assert sorted(r.hkeys("bike:1")) == ["model", "price", "type", "weight"]
    assert r.hdel("bike:1", "type", "weight", "none") == 2
    assert (r.hexists("bike:1", "type"), r.hlen("bike:1")) == (False, 2)
    assert dict(r.hscan_iter("bike:1")) == {"model": "Deimos", "price": "5072"}
    assert r.hrandfield("bike:1") in ("model", "price")


def test_sets(r: Any) -> None:
    assert r.sadd("france", "a", "b", "c") == 3
    assert r.sadd("usa", "a", "d") == 2
    assert (r.sismember("france", "a"), r.smismember("usa", ["a", "b"])) == (1, [1, 0])
    assert r.smembers("france") == {"a", "b", "c"}
    assert r.sinter("france", "usa") == {"a"}
    assert r.sunion("france", "usa") == {"a", "b", "c", "d"}
    assert r.sdiff("france", "usa") == {"b", "c"}
    assert r.sdiffstore("only", "france", "usa") == 2
    assert r.sintercard(2, ["france", "usa"]) == 1
    assert r.smove("france", "usa", "b") is True
    assert (r.scard("usa"), r.srem("usa", "d", "x")) == (3, 1)
    assert r.spop("only") in ("b", "c")
    assert set(r.sscan_iter("usa")) == {"a", "b"}
    assert r.sort("usa", alpha=True, desc=True) == ["b", "a"]


def test_sorted_sets(r: Any) -> None:
    scores = {"Norem": 10, "Royce": 12, "Ford": 6.5}
    assert r.zadd("racers", scores) == 3
    assert r.zadd("racers", {"Ford": 7}, gt=True, ch=True) == 1
    assert r.zrange("racers", 0, -1) == ["Ford", "Norem", "Royce"]
    first = r.zrange("racers", 0, 0, withscores=True)
    assert [tuple(pair) for pair in first] == [("Ford", 7.0)]
    assert r.zrevrange("racers", 0, 0) == ["Royce"]
    assert r.zrangebyscore("racers", "-inf", 10) == ["Ford", "Norem"]
    assert r.zrange("racers", "(7", "+inf", byscore=True, offset=1, num=1) == ["Royce"]
    assert (r.zrank("racers", "Norem"), r.zrevrank("racers", "Norem")) == (1, 1)
    assert (r.zscore("racers", "Royce"), r.zscore("racers", "x")) == (12.0, None)
    assert r.zincrby("racers", 50, "Norem") == 60.0
    assert (r.zcount("racers", 0, 12), r.zcard("racers")) == (2, 3)
    assert next(tuple(pair) for pair in r.zscan_iter("racers")) == ("Ford", 7.0)
    assert r.zunionstore("all", {"racers": 2}) == 3
    assert r.zscore("all", "Ford") == 14.0
    popped = r.zpopmax("racers")
    assert popped == (["Norem", 60.0] if is_resp3(r) else [("Norem", 60.0)])
    assert r.zremrangebyrank("racers", 0, 0) == 1
    assert r.zadd("names", {"b": 0, "a": 0, "c": 0}) == 3
    assert r.zrangebylex("names", "[a", "(c") == ["a", "b"]


def test_expiry(r: Any) -> None:
    r.set("short", "x", px=30)
    r.set("long", "x", ex=100)
    assert r.ttl("long") in (99, 100)
    assert r.expire("long", 200, nx=True) == 0
    assert r.expire("long", 200, gt=True) == 1
    assert r.persist("long") is True
    assert (r.ttl("long"), r.ttl("none")) == (-1, -2)
    assert r.expireat("long", int(time.time()) + 50) is True
    assert r.expiretime("long") > time.time() + 40
    assert r.getex("long", persist=True) == "x"
    deadline = time.monotonic() + 60
    while r.get("short") is not None:
        assert time.monotonic() < deadline
    assert r.keys() == ["long"]


def test_pipelines_and_transactions(r: Any) -> None:
    with r.pipeline() as pipe:
        assert pipe.set("a", 1).incr("a").lpush("l", "x").execute() == [True, 2, 1]
    with r.pipeline(transaction=False) as pipe:
        pipe.get("a").incr("l").get("a")
        got = pipe.execute(raise_on_error=False)
    assert (got[0], got[2]) == ("2", "2")
    assert isinstance(got[1], redis.ResponseError)

    def double(pipe: Any) -> None:
        now = int(pipe.get("a"))
        pipe.multi()
        pipe.set("a", now * 2)

    assert r.transaction(double, "a") == [True]
    assert r.get("a") == "4"
    with r.pipeline() as pipe:
        pipe.watch("a")
        r.set("a", "9")
        pipe.multi()
        pipe.incr("a")
        with pytest.raises(redis.WatchError):
            pipe.execute()


def test_channels_and_patterns(r: Any) -> None:
    with r.pubsub(ignore_subscribe_messages=True) as listener:
        listener.subscribe("news")
        listener.psubscribe("n*")
        for _ in range(2):
            listener.get_message(timeout=30)
        assert r.publish("news", "hello") == 2
        assert r.pubsub_numsub("news") == [("news", 1)]
        got = [listener.get_message(timeout=30) for _ in range(2)]
    assert [(each["type"], each["pattern"], each["data"]) for each in got] == [
        ("message", None, "hello"),
        ("pmessage", "n*", "hello"),
    ]


def test_keyspace_notifications(r: Any) -> None:
    r.config_set("notify-keyspace-events", "KEA")
    with r.pubsub(ignore_subscribe_messages=True) as listener:
        listener.psubscribe("__key*@0__:*")
        listener.get_message(timeout=30)
        r.lpush("l", "x")
        got = [listener.get_message(timeout=30) for _ in range(2)]
    r.config_set("notify-keyspace-events", "")
    assert [(each["channel"], each["data"]) for each in got] == [
        ("__keyspace@0__:l", "lpush"),
        ("__keyevent@0__:lpush", "l"),
    ]


def test_blocking_pops(r: Any) -> None:
    assert r.blpop(["jobs"], timeout=0.05) is None
    pusher = threading.Timer(0.1, r.rpush, ("jobs", "one", "two"))
    pusher.start()
    assert list(r.blpop(["other", "jobs"], timeout=10)) == ["jobs", "one"]
    pusher.join()
    assert list(r.brpop("jobs", timeout=10)) == ["jobs", "two"]
    r.zadd("due", {"task": 5})
    assert list(r.bzpopmin("due", timeout=10)) == ["due", "task", 5.0]
    r.rpush("from", "x")
    assert r.blmove("from", "to", timeout=10) == "x"


def test_scan_iterators(r: Any) -> None:
    r.mset({f"key:{number}": number for number in range(1000)})
    r.sadd("members", *range(1000))
    assert len(set(r.scan_iter(match="key:*", count=100))) == 1000
    assert list(r.scan_iter(_type="set")) == ["members"]
    assert set(r.sscan_iter("members")) == set(map(str, range(1000)))


def test_keys_in_general(r: Any) -> None:
    r.hset("h", "f", "v")
    assert (r.type("h"), r.object("encoding", "h")) == ("hash", "listpack")
    assert r.copy("h", "copy") is True
    assert r.rename("copy", "moved") is True
    assert r.renamenx("moved", "h") is False
    assert (r.touch("h", "moved", "none"), r.unlink("moved")) == (2, 1)
    assert r.move("h", 3) is True
    assert (r.dbsize(), r.randomkey()) == (0, None)
    r.swapdb(0, 3)
    assert r.hgetall("h") == {"f": "v"}


def test_a_lock_needs_scripts(r: Any, path: str) -> None:
    """redis-py releases a lock by a script: here that is refused, and says why."""
    lock = r.lock("lock", timeout=10)
    assert lock.acquire()
    if "redis.sock" in path:
        lock.release()
        return
    with pytest.raises(redis.ResponseError, match="this engine has no scripts or functions"):
        lock.release()


@pytest.mark.parametrize("protocol", [2, 3])
def test_the_asyncio_client(path: str, protocol: int) -> None:
    asyncio.run(_examples(path, protocol))


async def _examples(path: str, protocol: int) -> None:
    client: Any = redis.asyncio.Redis(
        unix_socket_path=path, protocol=protocol, decode_responses=True
    )
    async with client as r:
        await r.flushall()
        assert await r.set("a", 1, ex=100)
        async with r.pipeline(transaction=True) as pipe:
            assert await pipe.incr("a").hset("h", mapping={"f": "v"}).execute() == [2, 1]
        assert await r.hgetall("h") == {"f": "v"}
        assert [key async for key in r.scan_iter(match="a*")] == ["a"]
        await r.zadd("z", {"m": 1.5})
        assert await r.zscore("z", "m") == 1.5
        async with r.pubsub(ignore_subscribe_messages=True) as listener:
            await listener.subscribe("c")
            await listener.get_message(timeout=30)
            assert await r.publish("c", "hello") == 1
            async for message in listener.listen():
                assert message["data"] == "hello"
                break
        waiting = asyncio.create_task(r.blpop(["jobs"], timeout=10))
        while not (await r.info("clients"))["blocked_clients"]:
            await asyncio.sleep(0)
        await r.rpush("jobs", "one")
        assert list(await waiting) == ["jobs", "one"]
        got = await asyncio.gather(*(r.incr("n") for _ in range(50)))
        assert sorted(got) == list(range(1, 51))
