"""What a step waits for."""

from __future__ import annotations

from msgspec.structs import replace

from scenes.actions import Match
from scenes.effects import (
    Failed,
)
from scenes.player import Player
from scenes.scene import EngineSetup
from tests.scenes.stages import FORK, kinds, scene, stage


def test_a_wait_that_runs_out_fails_with_one_line() -> None:
    player = Player(scene(stage("a", 1, wait=Match("fork"), timeout=3.0)))
    player.start(0.0)
    assert kinds(player.feed_clock(2.9)) == []
    (failed,) = player.feed_clock(3.0)
    assert isinstance(failed, Failed)
    assert failed.reason == "step 'a' waited 3 s for the event 'fork', which did not come"


def test_a_wait_for_all_engines_is_over_when_each_has_been_heard() -> None:
    both = replace(
        scene(stage("a", 1, wait=Match("fork", engine="*"))),
        engines=[EngineSetup("main"), EngineSetup("other")],
    )
    player = Player(both)
    player.start(0.0)
    player.feed_event(FORK)
    player.feed_event(FORK)
    assert player.phase == "waiting"
    player.feed_event(replace(FORK, engine="other"))
    assert player.phase == "resting"
    assert set(player.evidence.engines()) == {"main", "other"}
