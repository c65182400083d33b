from __future__ import annotations

import pytest

from scenes.lab import plan, real_disk, sample
from scenes.lab.servers import Server, cowscope
from scenes.lab.trial import POLICIES

REDIS = Server("redis", "redis 7", ("redis-server",))


@pytest.fixture
def as_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(real_disk, "why_not", lambda: "")


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize("size", [sample.WHOLE, sample.PART])
def test_the_sample_has_so_many_of_each_kind_and_all_states(size: sample.Size) -> None:
    rows = sample.rows(cowscope(), size)
    for crash, count in (("kill", size.kills), ("modelled", size.modelled), ("real", size.real)):
        trials = [trial for row in rows if row.crash == crash for trial in row.trials]
        assert len(trials) == count
        assert {trial.during for trial in trials} == set(sample.STATES)
        assert {trial.policy for trial in trials} == {*POLICIES, "none"}


def test_without_root_the_row_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    rows = plan.rows(plan.Wish(hows=("power",)), [cowscope(), REDIS])
    real = [row for row in rows if row.crash == "real"]
    assert {row.why_not for row in real} == {"needs root"}
    assert not any(row.trials for row in real)
    assert all(row.trials for row in rows if row.crash == "modelled")


@pytest.mark.usefixtures("as_root")
def test_redis_stands_beside_the_engine_where_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = plan.rows(plan.Wish(hows=("kill", "power", "mid-rewrite")), [cowscope(), REDIS])
    of_redis = {(row.crash, row.during) for row in rows if row.server is REDIS}
    assert of_redis == {
        ("kill", "load"),
        ("real", "load"),
        ("kill", "rewrite"),
        ("real", "rewrite"),
    }
    kinds = [(row.crash, row.policy) for row in rows if row.during == "load"][:4]
    assert kinds == [("kill", "always")] * 2 + [("kill", "everysec")] * 2
