"""Expectations are judged until they hold, or their time is up."""

from __future__ import annotations

from scenes.effects import (
    Checked,
    Enter,
)
from scenes.player import Player
from scenes.scene import Expectation
from scenes.verdict import Verdict
from tests.scenes.stages import WRITE, kinds, scene, stage


def test_an_expectation_is_asked_until_it_holds() -> None:
    verdicts = iter([Verdict.missed("no"), Verdict.missed("no"), Verdict.of(True, "yes")])
    player = Player(
        scene(stage("a", 1, expect=[Expectation("c")], settle=20.0)),
        judged_by=lambda e, v: next(verdicts),
    )
    assert kinds(player.start(0.0)) == ["Enter"]
    assert kinds(player.feed_event(WRITE)) == []
    checked = player.feed_event(WRITE)
    assert checked[0] == Checked("c", True, "yes") and player.phase == "resting"


def test_an_expectation_that_never_holds_fails_when_its_time_is_up() -> None:
    player = Player(
        scene(stage("a", 1, expect=[Expectation("c")], settle=3.0), stage("b", 2)),
        judged_by=lambda e, v: Verdict.missed("expected 1, measured 0"),
    )
    player.start(0.0)
    assert kinds(player.feed_clock(2.0)) == []
    assert player.feed_clock(3.0)[0] == Checked("c", False, "expected 1, measured 0")
    assert player.verdicts[0].held is False
    assert player.feed_key("next", 4.0)[0] == Enter("b")


def test_going_on_early_judges_at_once() -> None:
    player = Player(
        scene(stage("a", 1, expect=[Expectation("c")]), stage("b", 2)),
        judged_by=lambda e, v: Verdict.missed("no"),
    )
    player.start(0.0)
    early = Checked("c", False, "no", early=True)
    assert player.feed_key("next", 0.5)[:2] == [early, Enter("b")]
