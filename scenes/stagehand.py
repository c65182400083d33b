"""The stagehand: turns actions into effects, and minds writers, pace, pause and autoplay."""

from __future__ import annotations

from collections.abc import Sequence

from scenes.actions import Action, Workload
from scenes.effects import Crash, Effect, RestartEngine, Send, StartWorkload, StopWorkload
from scenes.scene import Scene, Stage
from scenes.words import fill

PACES = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)


class Stagehand:
    """What runs beside the steps."""

    def __init__(self, scene: Scene, *, autoplay: bool = False) -> None:
        self.scene = scene
        self.autoplay = autoplay
        """Steps go on and questions are answered by themselves."""
        self.population = scene.populate
        """Keys that this run began with: `{population}` in a command."""
        self.pace = 1.0
        self.paused = False
        self.workloads: dict[str, Workload] = {}
        """Running, by name, at their own rate (pace 1)."""
        self._engines: dict[str, str] = {}
        """Workload -> the engine that it writes to."""
        self._ended: dict[str, set[str]] = {}
        """Workload for all engines -> those on which it has reached its count."""

    def forget(self) -> None:
        """The scene begins anew: nothing runs, nothing is paused; pace and autoplay stay."""
        self.paused = False
        self.workloads.clear()
        self._engines.clear()
        self._ended.clear()

    def perform(self, actions: Sequence[Action]) -> list[Effect]:
        """The effects of a step's actions."""
        return [self._effect(action) for action in actions]

    def _effect(self, action: Action) -> Effect:
        match action.kind():
            case "start":
                assert action.start is not None
                return self.start(action.start, action.engine)
            case "stop":
                assert action.stop is not None
                return self.stop(action.stop)
            case "crash":
                assert action.crash is not None
                return Crash(action.crash, action.engine, action.cut, action.refused, action.keep)
            case "restart":
                directives = dict(action.restart or {})
                return RestartEngine(directives, action.engine, action.refused, action.keep)
            case _:
                words = {"population": str(self.population), **self.scene.values}
                argv = tuple(fill(word, words) for word in _command(action))
                return Send(argv, action.engine, action.keep, action.refused)

    def start(self, workload: Workload, engine: str = "") -> Effect:
        """Have a workload run at the pace of the moment."""
        if workload.name not in self.workloads:
            self._ended.pop(workload.name, None)
        self.workloads[workload.name] = workload
        self._engines[workload.name] = engine
        return StartWorkload(workload, workload.rate * self.pace, engine)

    def stop(self, name: str) -> Effect:
        """Stop a workload for good."""
        self.workloads.pop(name, None)
        return StopWorkload(name)

    def what_lasts(self, stages: Sequence[Stage]) -> list[Effect]:
        """Of steps that a branch does not play again: settings, and the writers without an end."""
        effects: list[Effect] = []
        for action in (action for stage in stages for action in stage.do):
            endless = action.start is not None and not action.start.count
            if action.stop is not None or endless or _lasts(action):
                effects.append(self._effect(action))
        return effects

    def stop_all(self) -> list[Effect]:
        """Stop the writers; they are remembered."""
        return [StopWorkload(name) for name in self.workloads]

    def start_all(self) -> list[Effect]:
        """Have the writers run at the pace of the moment; none while paused."""
        if self.paused:
            return []
        running = list(self.workloads.values())
        return [self.start(workload, self._engines.get(workload.name, "")) for workload in running]

    def finished(self, name: str, engine: str = "") -> None:
        """A workload has reached its count; one that writes to all engines, on one of them."""
        if self._engines.get(name) == "*":
            self._ended.setdefault(name, set()).add(engine)
            if len(self._ended[name]) < len(self.scene.engines):
                return
        self.workloads.pop(name, None)

    def change_pace(self, faster: bool) -> bool:
        """The next faster or slower pace; False at the end of the scale."""
        steps = PACES if faster else PACES[::-1]
        further = [pace for pace in steps if (pace > self.pace if faster else pace < self.pace)]
        if further:
            self.pace = further[0]
        return bool(further)


def _command(action: Action) -> Sequence[str]:
    """The RESP command of an action that is one."""
    match action.kind():
        case "send":
            return action.send or ()
        case "hold":
            return ("COWSCOPE", "HOLD" if action.hold else "RELEASE")
        case "step":
            return ("COWSCOPE", "STEP", str(action.step))
        case "config":
            pairs = (word for pair in (action.config or {}).items() for word in pair)
            return ("CONFIG", "SET", *pairs)
        case "clock":
            return ("COWSCOPE", "CLOCK", action.clock or "1")
        case "fault":
            return ("COWSCOPE", "FAULT", *(action.fault or ()))
        case "fork":
            return ("COWSCOPE", "FORK", *(action.fork or ()))
        case _:
            return ("COWSCOPE", "WALK", *(action.walk or ()))


def _lasts(action: Action) -> bool:
    """Whether what follows in the scene relies on it."""
    if action.send is not None:
        return [word.upper() for word in action.send[:2]] == ["CONFIG", "SET"]
    if action.fork:
        return action.fork[0].upper() in ("DENY", "ALLOW")
    return action.kind() in ("config", "fault", "clock", "restart")
