"""No memory for a child, none in the arena: an error message, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import redis

from tests.whole.running import engine

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the live engine needs Linux"
)

TOO_MUCH = """
import mmap, os
with open("/proc/meminfo") as file:
    kib = {line.split(":")[0]: int(line.split()[1]) for line in file}
half = (kib["MemTotal"] + kib["SwapTotal"] + (1 << 20)) // 2 * 1024 // mmap.PAGESIZE * mmap.PAGESIZE
promised = [mmap.mmap(-1, half, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) for _ in range(2)]
"""
"""Two neighbours that the kernel joins to one mapping, larger than the machine: no fork can copy it
(overcommit_memory 0, mm/util.c). None of it is ever touched."""
TRY = TOO_MUCH + "os.waitpid(os.fork() or os._exit(0), 0)\n"


def _can_be_refused() -> bool:
    done = subprocess.run([sys.executable, "-c", TRY], capture_output=True, timeout=30)
    return b"Cannot allocate memory" in done.stderr


@pytest.mark.parametrize("mode", ["multipart", "pipes"])
def test_a_fork_refused_for_memory_is_an_error_message(tmp_path: Path, mode: str) -> None:
    if not _can_be_refused():
        pytest.skip("this kernel promises any amount of memory (vm.overcommit_memory)")
    (tmp_path / "sitecustomize.py").write_text(TOO_MUCH)
    options = ("--appendonly", "yes", "--aof-rewrite-mode", mode)
    with (
        engine(tmp_path, *options, environment={"PYTHONPATH": str(tmp_path)}) as running,
        running.client() as client,
    ):
        client.set("before", "1")
        with pytest.raises(redis.ResponseError, match=r"^$"):  # Redis says `-ERR` and no more
            client.bgsave()
        with pytest.raises(redis.ResponseError, match=r"^Can't execute an AOF"):
            client.bgrewriteaof()
        client.set("after", "2")
        assert client.info("persistence")["aof_last_bgrewrite_status"] == "err"
        assert client.info("persistence")["rdb_last_bgsave_status"] == "err"
        client.save()  # needs no child
        assert running.stop() == 0
        log = running.log.read_text()
        assert "# Can't save in background: fork: Cannot allocate memory" in log
        assert "background: fork: Cannot allocate memory" in log.partition("rewrite append only")[2]
        assert "Bug:" not in log
        assert not list(running.folder.rglob("temp-*"))
    with engine(tmp_path, *options) as again, again.client() as client:
        assert client.mget("before", "after") == [b"1", b"2"]
        assert client.bgrewriteaof()


def test_a_full_arena_refuses_and_the_aof_holds_what_memory_holds(tmp_path: Path) -> None:
    options = ("--appendonly", "yes", "--arena-pages", "64")
    with engine(tmp_path, *options) as running, running.client() as client:
        refused = 0
        for number in range(40):
            for words in (
                ("SET", f"s{number}", "v" * 5000),
                ("RPUSH", "l", *["v" * 300] * 20),
                ("HSET", "h", *(word for n in range(20) for word in (f"{number}:{n}", "v" * 200))),
            ):
                try:
                    client.execute_command(*words)
                except redis.OutOfMemoryError:
                    refused += 1
        assert refused > 20
        held = client.execute_command("DEBUG", "DIGEST")
        client.execute_command("DEBUG", "LOADAOF")
        assert client.execute_command("DEBUG", "DIGEST") == held
        running.kill_group()
    with engine(tmp_path, *options) as again, again.client() as client:
        assert client.execute_command("DEBUG", "DIGEST") == held
        client.delete("l")
        assert client.set("fits", "again")
