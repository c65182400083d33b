"""redis-cli, redis-benchmark and redis-py against the real engine process."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import pty
import select
import shutil
import struct
import subprocess
import termios
from collections.abc import Iterator
from typing import Any

import pytest
import redis

from tests.whole.running import Engine
from tests.whole.running import engine as running_engine

needs_cli = pytest.mark.skipif(not shutil.which("redis-cli"), reason="redis-cli is missing")
needs_benchmark = pytest.mark.skipif(
    not shutil.which("redis-benchmark"), reason="redis-benchmark is missing"
)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder = tmp_path_factory.mktemp("engine")
    with running_engine(folder, "--appendonly", "yes", "--arena-pages", "65536") as running:
        yield running


@pytest.fixture
def client(engine: Engine) -> Iterator[Any]:
    with redis.Redis(port=engine.port, decode_responses=True) as connection:
        connection.flushall()
        yield connection


def cli(engine: Engine, *words: str, text: str = "") -> str:
    done = subprocess.run(
        ["redis-cli", "-p", str(engine.port), *words],
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


# -- redis-py --------------------------------------------------------------------------------------


def test_redis_py_with_its_defaults(client: Any) -> None:
    assert client.ping()
    assert client.set("a", "1", ex=100)
    assert client.incr("a") == 2
    assert 90 < client.ttl("a") <= 100
    assert client.mget("a", "nothing") == ["2", None]
    assert client.type("a") == "string"
    assert client.config_get("appendonly") == {"appendonly": "yes"}
    assert client.client_info()["resp"] == "3"
    assert client.acl_whoami() == "default"
    assert client.object("encoding", "a") == "int"
    assert client.role() == ["master", 0, []]
    assert client.command_getkeys("SET", "a", "b") == ["a"]
    assert client.info("server")["redis_version"].startswith("7.0.")
    assert sorted(client.scan_iter()) == ["a"]


@pytest.mark.parametrize("protocol", [2, 3])
def test_redis_py_speaks_both_protocols(engine: Engine, protocol: int) -> None:
    with redis.Redis(port=engine.port, protocol=protocol, decode_responses=True) as client:
        client.set("k", "v")
        assert client.get("k") == "v"
        assert client.get("nothing") is None
        assert "get" in client.command()
        assert client.command_count() == len([n for n in client.command_list() if "|" not in n])
        assert client.memory_usage("k") > 0
        assert client.client_list()[0]["db"] == "0"


def test_a_pipeline_is_a_transaction(client: Any) -> None:
    with client.pipeline() as pipe:
        pipe.set("x", 1).incr("x").get("x")
        assert pipe.execute() == [True, 2, "2"]


def test_a_watched_key_stops_the_pipeline(client: Any) -> None:
    with client.pipeline() as pipe:
        pipe.watch("x")
        client.set("x", "someone else")
        pipe.multi()
        pipe.set("x", "mine")
        with pytest.raises(redis.WatchError):
            pipe.execute()


def test_messages_arrive(client: Any) -> None:
    with client.pubsub() as listener:
        listener.subscribe("news")
        assert listener.get_message(timeout=30)["type"] == "subscribe"
        assert client.publish("news", "hello") == 1
        assert listener.get_message(timeout=30)["data"] == "hello"


def test_monitor_shows_what_others_do(client: Any) -> None:
    with client.monitor() as monitor:
        client.set("seen", "by all")  # behind the greetings of the connection it is sent on
        while (shown := monitor.next_command()["command"]) != "SET seen by all":
            assert shown.startswith(("HELLO", "CLIENT"))


def test_a_killed_client_is_gone(engine: Engine, client: Any) -> None:
    with redis.Redis(port=engine.port, client_name="victim", retry=None) as victim:
        number = victim.client_id()
        assert client.client_kill_filter(_id=number) == 1
        assert number not in [int(each["id"]) for each in client.client_list()]


def test_errors_are_redis_errors(client: Any) -> None:
    with pytest.raises(redis.ResponseError, match="unknown command 'NOSUCH'"):
        client.execute_command("NOSUCH")
    client.set("text", "x")
    with pytest.raises(redis.ResponseError, match="not an integer or out of range"):
        client.incr("text")


def test_info_is_complete(client: Any) -> None:
    client.set("a", 1, ex=100)
    info = client.info("everything")
    for field in ("process_id", "uptime_in_seconds", "connected_clients", "used_memory"):
        assert info[field] >= 0, field
    assert info["used_memory_rss"] > 1 << 20
    assert info["db0"]["keys"] == 1
    assert info["db0"]["expires"] == 1
    assert info["cmdstat_set"]["calls"] >= 1
    assert info["aof_enabled"] == 1
    assert client.info("nosuchsection") == {}
    assert set(client.info("cpu")) == {
        "used_cpu_sys",
        "used_cpu_user",
        "used_cpu_sys_children",
        "used_cpu_user_children",
        "used_cpu_sys_main_thread",
        "used_cpu_user_main_thread",
    }


def test_the_slow_log_notes_a_sleep(client: Any) -> None:
    client.config_set("slowlog-log-slower-than", 10_000)
    client.slowlog_reset()
    client.execute_command("DEBUG", "SLEEP", "0.02")
    (entry,) = client.slowlog_get()
    assert entry["command"] == b"DEBUG SLEEP 0.02"
    assert entry["duration"] >= 20_000


def test_a_dump_survives_a_reload(client: Any) -> None:
    client.execute_command("DEBUG", "POPULATE", "500", "key", "100")
    client.set("ttl", 1, ex=1000)
    before = client.execute_command("DEBUG", "DIGEST")
    client.execute_command("DEBUG", "RELOAD")
    assert client.execute_command("DEBUG", "DIGEST") == before
    assert client.dbsize() == 501


def test_the_aof_brings_everything_back(client: Any) -> None:
    client.flushall()
    client.mset({"a": 1, "b": 2})
    client.incrbyfloat("a", 0.5)
    client.expire("b", 1000)
    client.getdel("nothing")
    client.move("a", 3)
    before = client.execute_command("DEBUG", "DIGEST")
    client.execute_command("DEBUG", "LOADAOF")
    assert client.execute_command("DEBUG", "DIGEST") == before


def test_the_state_tells_what_lies_where(client: Any) -> None:
    client.set("hello", "world")
    state = json.loads(client.execute_command("COWSCOPE", "STATE"))
    assert state["type"] == "state"
    assert state["keys"] == 1
    ((page, keys, count),) = state["page_keys"]
    assert (keys, count) == (["hello"], 1)
    assert client.execute_command("COWSCOPE", "PAGE", page)["keys"] == ["hello"]


# -- redis-cli -------------------------------------------------------------------------------------


@needs_cli
def test_redis_cli_one_shot(engine: Engine, client: Any) -> None:
    assert cli(engine, "SET", "a", "1") == "OK\n"
    assert cli(engine, "-n", "2", "SET", "b", "1") == "OK\n"
    assert cli(engine, "-3", "CONFIG", "GET", "appendonly").split() == ["appendonly", "yes"]
    assert cli(engine, "GET", "b") == "\n"
    assert "redis_version:7.0." in cli(engine, "INFO")


@needs_cli
def test_redis_cli_scans_and_finds_big_keys(engine: Engine, client: Any) -> None:
    client.execute_command("DEBUG", "POPULATE", "300")
    client.set("big", "x" * 5000)
    assert len(set(cli(engine, "--scan", "--pattern", "key:*").split())) == 300
    assert "Biggest string found '\"big\"' has 5000 bytes" in cli(engine, "--bigkeys")
    assert "301 strings" in cli(engine, "--memkeys")


@needs_cli
def test_redis_cli_finds_big_keys_of_every_type(engine: Engine, client: Any) -> None:
    client.rpush("list", *range(300))
    client.sadd("set", *range(200))
    client.hset("hash", mapping={str(number): "x" for number in range(100)})
    client.zadd("zset", {str(number): number for number in range(50)})
    found = cli(engine, "--bigkeys")
    for size in ("1 lists with 300 items", "1 sets with 200 members", "1 hashs with 100 fields"):
        assert size in found
    assert "1 zsets with 50 members" in found
    assert "Biggest   hash found '\"hash\"' has" in cli(engine, "--memkeys")


@needs_cli
def test_redis_cli_measures_latency(engine: Engine) -> None:
    least, most, mean, count = map(float, cli(engine, "--latency", "-i", "0.3").split())
    assert 0 <= least <= mean <= most
    assert count > 1


@needs_cli
def test_redis_cli_pipes(engine: Engine, client: Any) -> None:
    text = "".join(f"SET pipe:{number} x\r\n" for number in range(1000))
    assert "errors: 0, replies: 1000" in cli(engine, "--pipe", text=text)
    assert client.dbsize() == 1000


@needs_cli
def test_redis_cli_stat(engine: Engine, client: Any) -> None:
    process = subprocess.Popen(
        ["stdbuf", "-oL", "redis-cli", "-p", str(engine.port), "--stat", "-i", "0.1"],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    with process:
        lines = [process.stdout.readline() for _ in range(4)]
        process.kill()
    assert "keys" in lines[1]
    assert lines[2].split()[0] == "0"


@needs_cli
def test_redis_cli_hints_and_helps(engine: Engine) -> None:
    terminal = Terminal(["redis-cli", "-p", str(engine.port)])
    try:
        terminal.wait_for(f"127.0.0.1:{engine.port}> ")
        terminal.type("set k ")
        terminal.wait_for("value [NX|XX] [GET] [EX seconds|PX milliseconds")
        terminal.type("v\r")
        # Keys typed before the next prompt are lost: redis-cli switches the terminal in between.
        terminal.wait_for(f"\nOK\n127.0.0.1:{engine.port}> ")
        terminal.type("help config get\r")
        terminal.wait_for("Directives and their values")
    finally:
        terminal.close()


class Terminal:
    """A program in a pseudo-terminal of 160 by 40."""

    def __init__(self, argv: list[str]) -> None:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 160, 0, 0))
        environment = {**os.environ, "TERM": "xterm", "REDISCLI_HISTFILE": "/dev/null"}
        self._process = subprocess.Popen(
            argv, stdin=theirs, stdout=theirs, stderr=theirs, env=environment
        )
        os.close(theirs)
        self._terminal = ours
        self._seen = ""

    def type(self, keys: str) -> None:
        """Press keys."""
        self._seen = ""
        os.write(self._terminal, keys.encode())

    def wait_for(self, text: str) -> None:
        """Read until the text has been printed since the last keys."""
        while text not in self._seen.replace("\r\n", "\n"):
            data = b""
            readable, _, _ = select.select([self._terminal], [], [], 20)
            with contextlib.suppress(OSError):
                data = os.read(self._terminal, 65536) if readable else b""
            assert data, f"{text!r} never came: {self._seen!r}"
            self._seen += data.decode("utf-8", "replace")

    def close(self) -> None:
        """End the program."""
        self._process.terminate()
        self._process.wait(10)
        os.close(self._terminal)


# -- redis-benchmark -------------------------------------------------------------------------------


@needs_benchmark
def test_redis_benchmark_runs_all_it_has(engine: Engine) -> None:
    for options in (["-c", "50"], ["-c", "5", "-P", "16"]):
        done = subprocess.run(
            ["redis-benchmark", "-p", str(engine.port), "-n", "2000", "-q", *options],
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0
        assert done.stderr == ""
        assert "WARNING" not in done.stdout
        assert done.stdout.count("requests per second") == 20
