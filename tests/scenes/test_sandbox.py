from __future__ import annotations

import immutables
import pytest
from msgspec.structs import replace

from scenes.actions import Workload
from scenes.effects import Crash, Effect, Refused, Send, StartWorkload, StopWorkload
from scenes.player import Player
from scenes.refusals import GONE, played
from scenes.sandbox import WRITES, press
from scenes.scene import Scene, Stage
from scenes.view import EngineView, TailView, View

ALIVE = View(engine=EngineView(alive=True))


def player(*keys: str) -> Player:
    stages = [
        Stage(id="a", beat=1, title="t", text="t", keys=list(keys)),
        Stage(id="b", beat=2, title="t", text="t", keys=["S"]),
    ]
    played = Player(
        Scene(
            number="99", slug="s", title="t", thesis="t", previously="t", diagram="t",
            minutes=1, cards=[], stages=stages,
        )
    )  # fmt: skip
    played.start(0.0)
    return played


@pytest.mark.parametrize(
    ("key", "view", "effect"),
    [
        ("b", ALIVE, Send(("BGSAVE",))),
        ("f", ALIVE, Send(("CONFIG", "SET", "appendfsync", "no"))),
        (
            "f",
            replace(ALIVE, tail=TailView(policy="no")),
            Send(("CONFIG", "SET", "appendfsync", "always")),
        ),
        ("h", ALIVE, Send(("COWSCOPE", "HOLD"))),
        ("h", replace(ALIVE, hold="held"), Send(("COWSCOPE", "RELEASE"))),
        ("t", ALIVE, Send(("CONFIG", "SET", "arena-thp", "yes"))),
        ("K", ALIVE, Crash("kill")),
        ("P", ALIVE, Crash("power")),
    ],
)
def test_keys(key: str, view: View, effect: Effect) -> None:
    assert press(key, player("b", "f", "h", "t", "K", "P"), view) == [effect]


def test_a_key_that_the_scene_does_not_offer_yet_says_so() -> None:
    played = player("b")
    (refused,) = press("S", played, ALIVE)
    assert isinstance(refused, Refused) and "not come to the key 'S' yet" in refused.reason
    played.feed_key("next", 1.0)
    assert press("S", played, ALIVE) == [Send(("SAVE",))]


def test_each_f_is_the_disks_next_trouble_and_the_last_one_is_its_recovery() -> None:
    off = Send(("COWSCOPE", "FAULT", "OFF"))
    view, seen = ALIVE, []
    for _ in range(4):
        effects = press("F", player("F"), view)
        seen.append(effects)
        view = ALIVE
        if isinstance(last := effects[-1], Send) and last != off:
            view = replace(ALIVE, faults=immutables.Map({last.argv[2]: last.argv[-1]}))
    assert seen == [
        [Send(("COWSCOPE", "FAULT", "fsync-delay", "1500"))],
        [off, Send(("COWSCOPE", "FAULT", "full"))],
        [off, Send(("COWSCOPE", "FAULT", "fsync-error"))],
        [off],
    ]
    assert isinstance(press("F", player("b"), ALIVE)[0], Refused)


def test_with_no_engine_nothing_is_sent() -> None:
    assert press("b", player("b"), View()) == [Refused(played(GONE))]
    assert press("S", player("b"), View()) == [Refused(played(GONE))], "whether offered or not"


def test_w_starts_and_stops_the_writes() -> None:
    played = player("w")
    assert press("w", played, ALIVE) == [StartWorkload(WRITES, WRITES.rate)]
    assert press("w", played, ALIVE) == [StopWorkload(WRITES.name)]
    assert press("w", played, ALIVE) == [StartWorkload(WRITES, WRITES.rate)]


def test_w_leaves_the_writes_that_a_step_has_counted_and_waits_for() -> None:
    played = player("w")
    played.hand.start(Workload(name="twelve", rate=4, count=12))
    assert press("w", played, ALIVE) == [StartWorkload(WRITES, 20)]
    assert press("w", played, ALIVE) == [StopWorkload(WRITES.name)]
    assert list(played.hand.workloads) == ["twelve"]
