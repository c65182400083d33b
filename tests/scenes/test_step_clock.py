"""A step's time, and what of it is not its own."""

from __future__ import annotations

from scenes.actions import Action, Match, Workload
from scenes.effects import (
    Asleep,
    Enter,
    StartWorkload,
)
from scenes.player import Player
from scenes.step_clock import ASLEEP_AFTER
from tests.scenes.stages import kinds, scene, stage, wake


def test_a_busy_engines_time_is_not_the_steps() -> None:
    player = Player(scene(stage("a", 1, wait=Match("fork"), timeout=3.0)))
    player.start(0.0)
    assert player.feed_busy(2.0, 2.5) == []
    assert player.feed_clock(60.0) == [] and not player.failed
    assert wake(player.feed_busy(0.0, 62.0)) == 63.0
    assert kinds(player.feed_clock(62.9)) == [] and kinds(player.feed_clock(63.0)) == ["Failed"]


def test_writers_sleep_when_nobody_presses_a_key_and_wake_with_one() -> None:
    load = Workload(name="w", rate=20)
    player = Player(scene(stage("a", 1, do=[Action(start=load)]), stage("b", 2)))
    assert wake(player.start(0.0)) == ASLEEP_AFTER
    assert kinds(player.feed_clock(ASLEEP_AFTER - 1)) == []
    assert kinds(player.feed_clock(ASLEEP_AFTER)) == ["StopWorkload", "Asleep"] and player.asleep
    assert player.feed_clock(5 * ASLEEP_AFTER) == []  # no further call, no further event
    woken = player.feed_key("next", 6 * ASLEEP_AFTER)
    assert woken[:2] == [StartWorkload(load, 20), Enter("b")] and not player.asleep


def test_autoplay_does_not_sleep() -> None:
    player = Player(scene(stage("a", 1, dwell=1000.0)), autoplay=True)
    player.start(0.0)
    assert not [e for e in player.feed_clock(2 * ASLEEP_AFTER) if isinstance(e, Asleep)]


def test_at_a_slow_pace_a_step_has_longer_and_says_how_long() -> None:
    player = Player(scene(stage("a", 1, wait=Match("fork"), timeout=10.0)))
    player.hand.pace = 0.25
    assert wake(player.start(0.0)) == 40.0
    assert kinds(player.feed_clock(39.9)) == []
    assert kinds(player.feed_clock(40.0)) == ["Failed"] and "waited 40 s" in player.failed


def test_at_a_fast_pace_it_has_no_less() -> None:
    player = Player(scene(stage("a", 1, wait=Match("fork"), timeout=10.0)))
    player.hand.pace = 100.0
    assert wake(player.start(0.0)) == 10.0


def test_what_is_left_of_its_time_goes_with_the_pace() -> None:
    player = Player(scene(stage("a", 1, wait=Match("fork"), timeout=10.0)))
    player.start(0.0)
    assert wake(player.feed_key("slower", 4.0)) == 4.0 + 6.0 / 0.75
    assert wake(player.feed_key("faster", 8.0)) == 8.0 + 4.0 * 0.75
    assert wake(player.feed_key("faster", 9.0)) == 11.0
