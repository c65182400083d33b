from __future__ import annotations

from msgspec.structs import replace

from scenes.lab.plan import Row
from scenes.lab.rows import line
from scenes.lab.servers import cowscope
from scenes.lab.trial import Facts
from tests.scenes.lab.made import facts


def row(crash: str = "kill", policy: str = "always") -> Row:
    return Row(cowscope(), crash, "load", policy)  # type: ignore[arg-type]


def test_sums() -> None:
    runs = [facts(load_ms=ms, survivors=set(range(8)), written=set(range(8))) for ms in (1.0, 9.0)]
    found = line(row(), runs, [])
    assert (found.runs, found.at_risk, found.acknowledged, found.written) == (2, 2, 16, 16)
    assert (found.survived, found.lost, found.acknowledged_and_lost) == (16, 4, 0)
    assert (found.fsynced, found.load_ms, found.broken) == (0, 5.0, [])


def test_runs_without_a_risk_prove_nothing() -> None:
    assert "prove nothing" in line(row(), [facts(at_risk=False)] * 3, []).broken[0]
    assert line(row(), [facts(at_risk=False), facts()], []).broken == []


def test_a_disk_that_keeps_what_nobody_synced_was_not_cut_off() -> None:
    kept = facts("no", "modelled")
    lost = facts("no", "modelled", survivors=set())
    by_chance = replace(kept, trial=replace(kept.trial, partly=True))
    assert "no power cut" in line(row("modelled", "no"), [kept], []).broken[0]
    assert line(row("modelled", "no"), [kept, lost], []).broken == []
    assert line(row("modelled", "no"), [by_chance], []).broken == []


def test_a_run_that_could_not_be_carried_out_is_a_failure() -> None:
    assert line(row(), [], ["no port"]).broken == ["no port"]


def test_a_server_that_does_not_tell_of_its_fsyncs() -> None:
    run: Facts = facts(covered=None)
    assert line(row(), [run], []).fsynced is None
