from __future__ import annotations

import pytest

from scenes.actions import Action, Workload
from scenes.effects import Crash, Effect, RestartEngine, Send, StartWorkload, StopWorkload
from scenes.scene import Choice, Scene, Stage
from scenes.stagehand import Stagehand

SCENE = Scene("1", "s", "t", "t", "t", "t", 1, [], [], values={"hot": "user:42"})
TRICKLE = Workload(name="trickle", rate=20)
BURST = Workload(name="burst", rate=20, count=9)


@pytest.mark.parametrize(
    ("action", "effect"),
    [
        (Action(send=["SET", "{hot}", "x"]), Send(("SET", "user:42", "x"))),
        (
            Action(send=["GET", "a"], keep="a", engine="no"),
            Send(("GET", "a"), engine="no", keep="a"),
        ),
        (Action(send=["BGSAVE"], refused="ERR"), Send(("BGSAVE",), refused="ERR")),
        (Action(hold=False), Send(("COWSCOPE", "RELEASE"))),
        (Action(step=3), Send(("COWSCOPE", "STEP", "3"))),
        (Action(config={"a": "1", "b": "2"}), Send(("CONFIG", "SET", "a", "1", "b", "2"))),
        (Action(fault=["fsync", "slow"]), Send(("COWSCOPE", "FAULT", "fsync", "slow"))),
        (Action(fork=[]), Send(("COWSCOPE", "FORK"))),
        (Action(walk=["x"]), Send(("COWSCOPE", "WALK", "x"))),
        (Action(clock="30"), Send(("COWSCOPE", "CLOCK", "30"))),
        (Action(crash="power"), Crash("power")),
        (Action(restart={"appendonly": "yes"}), RestartEngine({"appendonly": "yes"})),
        (Action(start=TRICKLE), StartWorkload(TRICKLE, 20.0)),
        (Action(stop="trickle"), StopWorkload("trickle")),
    ],
)
def test_an_action_is_one_effect(action: Action, effect: Effect) -> None:
    assert Stagehand(SCENE).perform([action]) == [effect]


def test_an_action_does_exactly_one_thing() -> None:
    with pytest.raises(ValueError, match="exactly one thing"):
        Stagehand(SCENE).perform([Action(hold=True, stop="x")])


def test_a_branch_keeps_what_lasts() -> None:
    do = [
        Action(send=["CONFIG", "SET", "appendfsync", "no"]),
        Action(send=["BGSAVE"]),
        Action(hold=True),
        Action(start=BURST),
        Action(start=TRICKLE),
        Action(clock="30"),
        Action(fork=[]),
        Action(fork=["DENY"]),
    ]
    hand = Stagehand(SCENE)
    assert hand.what_lasts([Stage("a", 1, "t", "t", do=do)]) == [
        Send(("CONFIG", "SET", "appendfsync", "no")),
        StartWorkload(TRICKLE, 20.0),
        Send(("COWSCOPE", "CLOCK", "30")),
        Send(("COWSCOPE", "FORK", "DENY")),
    ]


def test_a_crash_and_a_start_say_what_is_cut_and_what_is_to_be_refused() -> None:
    do = [
        Action(crash="kill", cut=9, refused="Unexpected end", keep="start"),
        Action(restart={"aof-load-truncated": "yes"}),
    ]
    assert Stagehand(SCENE).perform(do) == [
        Crash("kill", cut=9, refused="Unexpected end", keep="start"),
        RestartEngine({"aof-load-truncated": "yes"}),
    ]


@pytest.mark.parametrize(
    ("choice", "measured", "says"),
    [
        (Choice("t", "w", 3), 3, True),
        (Choice("t", "w", 3), 4, False),
        (Choice("t", "w", "always"), "always", True),
        (Choice("t", "w", least=5), 5, True),
        (Choice("t", "w", least=5, most=7), 8, False),
        (Choice("t", "w", most=7), 0, True),
        (Choice("t", "w", most=7), None, False),
        (Choice("t", "w"), 0, False),
    ],
)
def test_a_choice_claims_a_value_or_a_range(
    choice: Choice, measured: int | str | None, says: bool
) -> None:
    assert choice.says(measured) is says
