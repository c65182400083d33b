"""The sandbox keys: what b, w, f, h, s, t, F, S, K and P do, wherever a scene has offered them."""

from __future__ import annotations

from scenes.actions import Workload
from scenes.effects import Crash, Effect, Refused, Send, StartWorkload, StopWorkload
from scenes.player import Player
from scenes.refusals import GONE, played
from scenes.sayings import trouble
from scenes.view import View

POLICIES = ("always", "everysec", "no")
STEP_PAGES = 16
FAULTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("fsync-delay", ("1500",)),
    ("full", ()),
    ("fsync-error", ()),
)
"""What F sets, one after the other; then the disk is well again."""
WRITES = Workload(name="sandbox", rate=20)


def press(key: str, player: Player, view: View) -> list[Effect]:
    """The effects of a sandbox key, or a refusal that says why nothing happens."""
    if not view.engine.alive:
        return [Refused(played(GONE))]
    if player.catching_up:
        return [Refused(played("refuse.catching_up"))]
    if ("h" if key == "s" else key) not in player.offered:
        return [Refused(played("refuse.not_offered", key=key))]
    match key:
        case "b":
            return [Send(("BGSAVE",))]
        case "w":
            return _toggle_writes(player)
        case "f":
            place = POLICIES.index(view.tail.policy) if view.tail.policy in POLICIES else 0
            following = POLICIES[(place + 1) % len(POLICIES)]
            return [Send(("CONFIG", "SET", "appendfsync", following))]
        case "h":
            return [Send(("COWSCOPE", "HOLD" if view.hold == "released" else "RELEASE"))]
        case "s":
            if view.hold != "held":
                return [Refused(played("refuse.not_held"))]
            return [Send(("COWSCOPE", "STEP", str(STEP_PAGES)))]
        case "t":
            return [Send(("CONFIG", "SET", "arena-thp", "no" if view.engine.thp else "yes"))]
        case "S":
            return [Send(("SAVE",))]
        case "K":
            return [Crash("kill", _all_of(player))]
        case "P":
            return [Crash("power", _all_of(player))]
        case "F":
            return _next_fault(view)
        case _:
            return [Refused(played("refuse.unbound", key=key))]


def _all_of(player: Player) -> str:
    """One crash for all engines, where a scene runs several side by side."""
    return "*" if player.scene.engines else ""


def _next_fault(view: View) -> list[Effect]:
    """The disk's next trouble: a well disk, a slow one, a full one, one whose fsyncs fail."""
    kinds = [kind for kind, _ in FAULTS]
    place = next((n for n, kind in enumerate(kinds) if kind in view.faults), -1)
    off = Send(("COWSCOPE", "FAULT", "OFF"))
    if place + 1 == len(FAULTS):
        return [off]
    kind, value = FAULTS[place + 1]
    setting = Send(("COWSCOPE", "FAULT", kind, *value))
    return [off, setting] if view.faults else [setting]


def _toggle_writes(player: Player) -> list[Effect]:
    """Stop what writes without an end; if nothing does, start a trickle.

    Writes that a step has counted are left to come to their end: it waits for them.
    """
    hand = player.hand
    endless = [name for name, load in hand.workloads.items() if not load.count]
    for name in endless:
        del hand.workloads[name]
    load = player.sliders.workload() if player.sliders else WRITES
    return [StopWorkload(name) for name in endless] or [hand.start(load)]


def slide(name: str, by: int, player: Player, view: View) -> list[Effect]:
    """The effects of a slider that is moved, or a refusal."""
    if not view.engine.alive:
        return [Refused(played(GONE))]
    if player.catching_up:
        return [Refused(played("refuse.catching_up"))]
    if player.sliders is None:
        return [Refused(trouble("sandbox.no_sliders"))]
    effects = player.sliders.move(name, by, view, player.pace)
    for effect in effects:  # pace, pause and sleep apply to the client that is to run now
        if isinstance(effect, StartWorkload):
            player.hand.start(effect.workload)
        elif isinstance(effect, StopWorkload):
            player.hand.stop(effect.name)
    return effects
