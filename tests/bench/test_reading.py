"""What the benchmarks read out of other programs' answers."""

from __future__ import annotations

import pytest

from bench.filling import collection, command, strings
from bench.loading_bench import loading_seconds
from bench.peer_bench import whole
from bench.saving import private_dirty
from bench.scale import factor, scaled
from bench.throughput_bench import rate_in

CSV = '"test","rps","avg_latency_ms"\n"SET","71428.57","0.4"\n"GET","80000.00","0.4"\n'


def test_the_rate_is_that_of_the_test_asked_for() -> None:
    assert rate_in(CSV, "get") == 80000
    with pytest.raises(RuntimeError, match="no line for zadd"):
        rate_in(CSV, "zadd")


def test_loading_is_the_whole_load_not_one_file_of_it() -> None:
    log = (
        "1:M 01 Jan 2026 * DB loaded from incr file appendonly.aof.1.incr.aof: 0.700 seconds\n"
        "1:M 01 Jan 2026 * DB loaded from append only file: 0.712 seconds\n"
    )
    assert loading_seconds(log) == 0.712
    assert loading_seconds("* DB loaded from disk: 1.500 seconds") == 1.5
    with pytest.raises(RuntimeError, match="no line"):
        loading_seconds("Ready to accept connections")


def test_copied_memory_is_private_dirty_in_bytes() -> None:
    assert private_dirty("Rss:  9 kB\nPrivate_Clean: 4 kB\nPrivate_Dirty:  3004 kB\n") == 3004 << 10
    assert private_dirty("") == 0


@pytest.mark.parametrize(
    ("answer", "ended"),
    [(b"+OK\r\n", True), (b"+OK", False), (b"$3\r\nab", False), (b"$3\r\nabc\r\n", True),
     (b"$-1\r\n", True), (b"", False)],
)  # fmt: skip
def test_an_answer_is_read_to_its_end(answer: bytes, ended: bool) -> None:
    assert whole(answer) is ended


def test_every_server_is_filled_with_the_same() -> None:
    assert command(b"GET", b"k") == b"*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"
    assert list(strings(range(3), 10)) == list(strings(range(3), 10))
    assert next(strings(range(3), 10))[-12:] != next(strings(range(3, 6), 10))[-12:]
    assert b"".join(collection("zset", 250)).count(b"ZADD") == 3


def test_a_scale_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_SCALE", "0.01")
    assert scaled(1_000) == 10
    assert scaled(10, least=5) == 5
    for wrong in ("0", "2", "small", "nan"):
        with pytest.raises(ValueError, match=f"BENCH_SCALE={wrong}: set"):
            factor(wrong)
