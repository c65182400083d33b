"""DEBUG RELOAD and its options: what is loaded, and that a bad dump costs nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from tests.whole.running import Engine, engine

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the live engine needs Linux"
)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Engine]:
    with engine(tmp_path, "--enable-debug-command", "local", "--arena-pages", "64") as started:
        yield started


def test_the_options_leave_steps_out(running: Engine) -> None:
    with running.client() as client:
        client.set("s", "saved", ex=1000)
        client.rpush("l", "saved")
        client.save()
        client.set("s", "later")
        client.rpush("l", "later")
        client.set("new", "later")
        client.execute_command("DEBUG", "RELOAD", "nosave", "NOFLUSH", "MERGE", "merge")
        assert (client.get("s"), client.lrange("l", 0, -1)) == (b"saved", [b"saved"])
        assert client.get("new") == b"later"
        assert client.ttl("s") > 0 and client.dbsize() == 3
        assert client.info("persistence")["rdb_changes_since_last_save"] == 3
        client.execute_command("DEBUG", "RELOAD", "NOSAVE")
        assert not client.exists("new") and client.dbsize() == 2
        with pytest.raises(redis.ResponseError, match="only supports the MERGE, NOFLUSH and"):
            client.execute_command("DEBUG", "RELOAD", "FOO")


def test_a_dump_that_cannot_be_loaded_costs_nothing(running: Engine) -> None:
    dump = running.folder / "dump.rdb"
    with running.client() as client:
        client.set("k", "v")
        with pytest.raises(redis.ResponseError, match=r"Error trying to load the RDB dump: .*No"):
            client.execute_command("DEBUG", "RELOAD", "NOSAVE")
        client.save()
        good = dump.read_bytes()
        dump.write_bytes(good[:-9])
        with pytest.raises(redis.ResponseError, match="Error trying to load the RDB dump: "):
            client.execute_command("DEBUG", "RELOAD", "NOSAVE")
        assert client.get("k") == b"v"
        assert dump.read_bytes() == good[:-9]


def test_half_of_the_data_is_never_saved(running: Engine) -> None:
    with running.client() as client:
        client.mset({f"k{number}": "v" for number in range(100)})
        client.config_set("save", "1 1")
        with pytest.raises(redis.ConnectionError):
            client.execute_command("DEBUG", "RELOAD", "NOFLUSH")
    assert running.process.wait(20) == 1
    (line,) = [line for line in running.log.read_text().splitlines() if "half of the data" in line]
    assert "duplicated key" in line
    with engine(running.folder.parent) as again, again.client() as client:
        assert client.dbsize() == 100
