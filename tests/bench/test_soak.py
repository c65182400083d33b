"""The soak's verdict: what grows is missed, what is level is held."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from bench.load import Result
from bench.soak_bench import Sample, _remains, _rows

MIB = 1 << 20
LEVEL = Sample(resident=40 * MIB, descriptors=17, threads=2, children=0)
DID = {
    "total_commands_processed": 9,
    "rdb_saves": 3,
    "aof_rewrites": 1,
    "total_connections_received": 5,
}


def server(folder: Path, log: str = "", **did: int) -> Any:
    (folder / "bench.log").write_text(log)
    client = SimpleNamespace(info=lambda _section: {**DID, **did})
    return SimpleNamespace(client=client, folder=folder, log=folder / "bench.log")


def verdicts(samples: list[Sample], after: Sample, where: Any) -> list[bool | None]:
    rows = _rows(samples, LEVEL, after, Result(60, 1000, 1, 2), where)
    return [row.held for row in rows]


def test_what_is_level_is_held(tmp_path: Path) -> None:
    assert verdicts([LEVEL] * 20, LEVEL, server(tmp_path)) == [True] * 5


def test_what_grows_is_missed(tmp_path: Path) -> None:
    growing = [Sample(MIB * (40 + number), 17, 2, 0) for number in range(20)]
    after = Sample(60 * MIB, 18, 3, 1)
    assert verdicts(growing, after, server(tmp_path)) == [False] * 5


def test_a_soak_without_snapshots_is_none(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="nothing to soak in"):
        verdicts([LEVEL] * 20, LEVEL, server(tmp_path, aof_rewrites=0))


def test_what_must_not_be_left_is_missed(tmp_path: Path) -> None:
    assert [row.held for row in _remains(server(tmp_path))] == [True] * 3
    for name in ("temp-1.rdb", *(f"appendonly.aof.{n}.incr.aof" for n in (1, 2, 3))):
        (tmp_path / name).touch()
    where = server(tmp_path, log="1:M 01 Jan 2026 # Invariant broken: x\n")
    assert [row.held for row in _remains(where)] == [False] * 3
