from __future__ import annotations

import pytest
from msgspec.structs import replace

from scenes.lab.ledger import Entry, Ledger
from scenes.lab.promises import broken
from scenes.lab.trial import Saved
from tests.scenes.lab.made import ALL, facts, ledger

SOME = {0, 1, 2, 3}


@pytest.mark.parametrize("crash", ["kill", "real", "modelled"])
@pytest.mark.parametrize("policy", ["always", "everysec", "no"])
def test_what_lost_nothing_broke_nothing(policy: str, crash: str) -> None:
    assert broken(facts(policy, crash)) == []


@pytest.mark.parametrize("crash", ["kill", "real", "modelled"])
def test_always_may_lose_what_was_not_acknowledged_and_nothing_else(crash: str) -> None:
    acked = set(range(8))
    assert broken(facts("always", crash, survivors=acked, written=acked)) == []
    said = broken(facts("always", crash, survivors=acked - {7}, written=acked - {7}))
    assert said == [
        "always: no acknowledged write is lost: 1 acknowledged writes are lost (write 7)"
    ]


@pytest.mark.parametrize("policy", ["everysec", "no"])
@pytest.mark.parametrize("crash", ["real", "modelled"])
def test_a_power_cut_may_take_what_no_fsync_covered(policy: str, crash: str) -> None:
    assert broken(facts(policy, crash, survivors=SOME, covered=SOME)) == []
    assert broken(facts(policy, crash, survivors=SOME, covered=None)) == []
    said = broken(facts(policy, crash, survivors=SOME, covered=SOME | {4}))
    assert said == ["what a completed fsync covered is kept: 1 fsynced writes are lost (write 4)"]


@pytest.mark.parametrize("policy", ["always", "everysec", "no"])
def test_kill_takes_nothing_that_was_written(policy: str) -> None:
    # the last ones in flight were written, and not acknowledged
    said = broken(facts(policy, survivors=set(range(8)), written=set(ALL)))
    assert said == [
        "kill -9 takes nothing that was written: 2 written writes are lost (write 8, 9)"
    ]


def test_a_reply_before_the_write_shows_where_no_fsync_can_be_waited_for() -> None:
    lost = {"survivors": set(range(7)), "written": set(range(7))}
    assert any("no reply before write(2)" in why for why in broken(facts("no", **lost)))
    assert broken(facts("everysec", **lost)) == []
    waited = broken(facts("everysec", **lost, crashed_at=103.0))
    assert waited == [
        "everysec lets a write wait for 2 s at most:"
        " an acknowledged write had waited 2925 ms for write(2)"
    ]


def test_what_survived_once_survives_again() -> None:
    assert broken(facts(settled={90})) == [
        "what has survived one crash survives the next: 1 of them are lost (write 90)"
    ]
    assert broken(facts(settled={90}, survivors={*ALL, 90})) == []


def test_a_torn_record_is_the_only_one_that_goes() -> None:
    survivors = set(range(9))
    assert broken(facts(torn=9, survivors=survivors)) == []
    assert broken(facts(torn=9, survivors=survivors - {8})) != []
    acked_one = facts(ledger=ledger(acked=10), torn=9, survivors=survivors)
    assert broken(acked_one) == []


def test_a_server_that_stays_away_has_broken_the_first_promise() -> None:
    assert broken(facts(not_started="exit code 1")) == ["the server did not come back: exit code 1"]


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        ({"holes": [5]}, "as a prefix"),
        ({"damaged": ["write 4 has the value b'x'"]}, "nothing is changed"),
        ({"fillers_missing": 3}, "3 are missing"),
    ],
)
def test_every_survivor_is_whole_and_in_its_place(harm: dict[str, object], words: str) -> None:
    assert words in "".join(broken(facts(**harm)))


def test_a_value_that_nobody_synced_may_come_back_with_a_hole_in_it() -> None:
    run = facts("no", "modelled", damaged=["write 9 has the value b'9.\\0'"])
    assert broken(run) != []
    assert broken(replace(run, trial=replace(run.trial, partly=True))) == []


def test_a_refused_write_is_not_there() -> None:
    refused = Ledger([Entry(0, 0, 100.0, refused="MISCONF", answered=100.1)])
    assert broken(facts(ledger=refused, survivors=set(), written=set())) == []
    assert broken(facts(ledger=refused, survivors={0})) != []


class TestSnapshot:
    OLD = frozenset({50, 51})

    def saved(self, complete: bool = False) -> Saved:
        return Saved(asked_at=100.042, answered_at=100.055, old=set(self.OLD), complete=complete)

    def run(self, survivors: set[int], complete: bool = False) -> list[str]:
        return broken(
            facts("none", during="snapshot", survivors=survivors, saved=self.saved(complete))
        )

    def test_old_or_new(self) -> None:
        assert self.run(set(self.OLD)) == []
        assert self.run({*self.OLD, 0, 1, 2, 3}) == []
        assert self.run({*self.OLD, 0, 1, 2, 3, 4, 5}) == []  # on their way at the fork

    def test_nothing_in_between(self) -> None:
        assert self.run({*self.OLD, 0, 1}) != []  # neither
        assert self.run({50, 0, 1, 2, 3}) != []  # a half of the old one
        assert self.run({*self.OLD, *range(8)}) != []  # what came after the fork

    def test_a_dump_reported_complete_is_the_new_one(self) -> None:
        assert "reported complete" in "".join(self.run(set(self.OLD), complete=True))
        assert self.run({*self.OLD, 0, 1, 2, 3}, complete=True) == []
