"""The sandbox's sliders: where they stand, and what moving one does."""

from __future__ import annotations

import immutables
import pytest

from scenes import sandbox
from scenes.effects import Effect, Refused, Send, StartWorkload, StopWorkload
from scenes.loader import PLAYGROUND, known, load
from scenes.player import Player
from scenes.validate import problems
from scenes.view import EngineView, TailView, View

VIEW = View(engine=EngineView(pid=7, alive=True), tail=TailView(enabled=True, policy="everysec"))


@pytest.fixture
def player() -> Player:
    return Player(load("sandbox").scene)


def sent(effects: list[Effect]) -> list[tuple[str, ...]]:
    return [effect.argv for effect in effects if isinstance(effect, Send)]


def test_the_sandbox_is_a_sound_scene_and_none_of_the_course() -> None:
    lesson = load("sandbox")
    assert problems(lesson.scene, lesson.words) == []
    assert lesson.folder == PLAYGROUND
    assert lesson.scene.slug not in {scene.slug for scene in known()}
    offered = {key for stage in lesson.scene.stages for key in stage.keys}
    assert offered >= set("bwfhtSKP")


@pytest.mark.parametrize(
    ("name", "by", "command"),
    [
        ("appendfsync", 1, ("CONFIG", "SET", "appendfsync", "no")),
        ("appendfsync", -1, ("CONFIG", "SET", "appendfsync", "always")),
        ("fsync-delay", 2, ("COWSCOPE", "FAULT", "fsync-delay", "300")),
        ("thp", 1, ("CONFIG", "SET", "arena-thp", "yes")),
    ],
)
def test_a_setting_is_a_command(
    player: Player, name: str, by: int, command: tuple[str, ...]
) -> None:
    assert command in sent(sandbox.slide(name, by, player, VIEW))


def test_more_keys_are_written_and_fewer_deleted(player: Player) -> None:
    grown = sent(sandbox.slide("keys", 1, player, VIEW))
    assert {command[0] for command in grown} == {"MSET"}
    assert [word for command in grown for word in command[1::2]] == [
        f"user:{number}" for number in range(1000, 2000)
    ]
    assert {len(command[2]) for command in grown} == {3000}
    shrunk = sent(sandbox.slide("keys", -2, player, VIEW))
    assert [word for command in shrunk for word in command[1:]] == [
        f"user:{number}" for number in range(200, 2000)
    ]


def test_the_client_is_started_anew_and_stopped_at_no_rate(player: Player) -> None:
    stop, start = sandbox.slide("rate", 1, player, VIEW)
    assert isinstance(stop, StopWorkload) and isinstance(start, StartWorkload)
    assert start.rate == 100 and player.hand.workloads["sandbox"].rate == 100
    sandbox.slide("size", -1, player, VIEW)
    assert player.hand.workloads["sandbox"].value_bytes == 1000
    (only,) = sandbox.slide("rate", -9, player, VIEW)
    assert only == StopWorkload("sandbox") and not player.hand.workloads


def test_a_slider_stands_where_the_engine_says(player: Player) -> None:
    assert player.sliders is not None
    slow = View(
        engine=EngineView(pid=7, thp=True),
        tail=TailView(policy="always"),
        faults=immutables.Map({"fsync-delay": "1500"}),
    )
    standing = player.sliders.standing(slow)
    assert (standing["appendfsync"], standing["fsync-delay"], standing["thp"]) == (0, 3, 1)


def test_at_its_end_a_slider_does_nothing(player: Player) -> None:
    assert sandbox.slide("thp", -1, player, VIEW) == []


def test_without_an_engine_or_sliders_it_is_refused(player: Player) -> None:
    (gone,) = sandbox.slide("thp", 1, player, View())
    (none,) = sandbox.slide("thp", 1, Player(load("04").scene), VIEW)
    assert isinstance(gone, Refused) and isinstance(none, Refused)


def test_the_sandbox_has_no_next_step(player: Player) -> None:
    player.start(0.0)
    (refused,) = player.feed_key("next", 1.0)
    assert isinstance(refused, Refused) and player.phase != "over"
