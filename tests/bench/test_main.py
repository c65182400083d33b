"""`python -m bench` and what its exit code says."""

from __future__ import annotations

import types

import pytest

from bench import __main__ as program
from bench.row import Row


def _benches(monkeypatch: pytest.MonkeyPatch, **measures: object) -> None:
    monkeypatch.setattr(program, "BENCHES", tuple(measures))
    monkeypatch.setattr(
        program.importlib,
        "import_module",
        lambda name: types.SimpleNamespace(measure=measures[name.removeprefix("bench.")]),
    )


def _fails() -> list[Row]:
    raise RuntimeError("the server did not answer")


def test_one_that_fails_is_told_and_costs_the_others_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _benches(monkeypatch, first=_fails, second=lambda: [Row("forks", 1, "s", at_most=2)])
    assert program.main([]) == 1
    output = capsys.readouterr().out
    assert "first" in output and "not measured: the server did not answer" in output
    assert "| forks | 1 s |" in output
    assert "`make bench`" in output.splitlines()[0]


def test_the_exit_code_tells_missed_targets_and_wrong_names(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _benches(
        monkeypatch,
        held=lambda: [Row("forks", 1, "s", at_most=2)],
        missed=lambda: [Row("forks", 3, "s", at_most=2)],
    )
    assert program.main(["held"]) == 0
    assert "`python -m bench held`" in capsys.readouterr().out
    assert program.main(["held", "missed"]) == 1
    assert program.main(["nothing"]) == 2
    monkeypatch.setenv("BENCH_SCALE", "0")
    assert program.main(["held"]) == 2


def test_a_smaller_run_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _benches(monkeypatch, held=lambda: [Row("forks", 1, "s", at_most=2)])
    monkeypatch.setenv("BENCH_SCALE", "0.5")
    assert program.main([]) == 0
    assert "`BENCH_SCALE=0.5 make bench`" in capsys.readouterr().out


def test_what_is_long_runs_only_by_its_name_which_may_be_short(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [Row("forks", 1, "s", at_most=2)]
    _benches(monkeypatch, fork_bench=lambda: rows, soak_bench=_fails)
    monkeypatch.setattr(program, "BENCHES", ("fork_bench",))
    assert program.LONG == ("soak_bench", "autoplay_bench")
    assert program.main([]) == 0
    assert "soak" not in capsys.readouterr().out
    assert program.main(["fork"]) == 0
    assert program.main(["soak"]) == 1
