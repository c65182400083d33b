"""What a scene asks of engine, clients and checks: values that these would refuse, and where.

A path is that of scenes.toml_lines, so that an author is shown the very line. What a directive or
a fault may be is asked of the engine's own code.
"""

from __future__ import annotations

import inspect
import math
import re
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from engine.config import Configuration
from engine.config_values import ConfigValues
from engine.errors import ConfigError
from engine.events import Event
from engine.faults import FaultError, Faults
from engine.replies import CommandError
from engine.scaled_clock import ScaledClock
from scenes.actions import Action, Workload
from scenes.event_values import fits, never
from scenes.expect import CHECKS
from scenes.foreign import spoken
from scenes.measures import MEASURES
from scenes.room import LEAST_ARENA_PAGES, pages_needed, writers
from scenes.sayings import remark
from scenes.scene import Question, Scene, actions_of
from scenes.words import FIGURE

Found: typing.TypeAlias = Iterator[tuple[str, str]]
"""(path, what is wrong there)."""
POPULATION = "population"
"""What stands in every command for the keys that a run began with (scenes/stagehand.py)."""
FASTEST_RATE = 1e6
_SCALE = re.compile(r"x?([0-9]+)", re.IGNORECASE)


def refused(scene: Scene, events: Mapping[str, type[Event]]) -> Found:
    """Every value that cannot be had, in the order of the file; `events` are known by name."""
    if scene.arena_pages < LEAST_ARENA_PAGES:
        yield (
            "arena_pages",
            remark("asked_values.arena_too_small", least_pages=str(LEAST_ARENA_PAGES)),
        )
    for name in ("minutes", "populate", "value_bytes", "seed"):
        if getattr(scene, name) < 0:
            yield (
                name,
                remark("asked_values.below_zero", field=str(name), value=str(getattr(scene, name))),
            )
    if scene.populate > 0 and scene.value_bytes >= 0 and scene.arena_pages >= LEAST_ARENA_PAGES:
        yield from _room(scene)
    if not 0 < scene.clock_scale < math.inf:
        yield (
            "clock_scale",
            remark("asked_values.bad_clock_scale", clock_scale=f"{scene.clock_scale:g}"),
        )
    for path, needed in writers(scene) if scene.value_bytes >= 0 else ():
        if needed > scene.arena_pages >= LEAST_ARENA_PAGES:
            told = {"needed": needed, "pages": scene.arena_pages}
            yield path, remark("asked_values.writer_too_large", **told)
    yield from _words_of(scene.populate_with, {"key", "value"}, "populate_with")
    yield from _directives(scene.engine, "engine")
    for number, setup in enumerate(scene.engines):
        yield from _directives(setup.directives, f"engines[{number}].directives")
    for number, card in enumerate(scene.cards):
        for place, rule in enumerate(card.lights):
            yield from never(rule.on, events, scene, f"cards[{number}].lights[{place}].on")
    started = {a.start.name for s in scene.stages for a in actions_of(s) if a.start is not None}
    for number, stage in enumerate(scene.stages):
        path = f"stages[{number}]"
        for name in ("dwell", "settle"):
            yield from _seconds(getattr(stage, name), f"{path}.{name}")
        yield from _actions(stage.do, scene, events, started, f"{path}.do")
        if stage.wait is not None:
            yield from never(stage.wait, events, scene, f"{path}.wait")
        for place, one in enumerate(stage.expect):
            inner = f"{path}.expect[{place}]"
            yield from _arguments(CHECKS.get(one.check), one.check, one.args, inner)
        if stage.question is not None:
            yield from _question(stage.question, scene, events, started, f"{path}.question")


def _room(scene: Scene) -> Found:
    """A population that its engine could not take in."""
    engines = [{**scene.engine, **setup.directives} for setup in scene.engines] or [scene.engine]
    needed = [pages for one in engines if (pages := pages_needed(scene, one)) is not None]
    if needed and max(needed) > scene.arena_pages:
        told = {"populate": scene.populate, "needed": max(needed), "pages": scene.arena_pages}
        yield "populate", remark("asked_values.population_too_large", **told)


def _question(
    question: Question,
    scene: Scene,
    events: Mapping[str, type[Event]],
    started: set[str],
    path: str,
) -> Found:
    yield from _seconds(question.settle, f"{path}.settle")
    yield from _arguments(MEASURES.get(question.measure), question.measure, question.args, path)
    yield from _actions(question.reveal, scene, events, started, f"{path}.reveal")
    if question.wait is not None:
        yield from never(question.wait, events, scene, f"{path}.wait")
    claims: list[tuple[Any, ...]] = []
    for number, choice in enumerate(question.choices):
        inner = f"{path}.choices[{number}]"
        yield from _actions(choice.reveal, scene, events, started, f"{inner}.reveal")
        claim = (choice.value, choice.least, choice.most)
        if claim in claims and claim != (None, None, None):
            yield inner, remark("asked_values.never_right")
        if choice.least is not None and choice.most is not None and choice.least > choice.most:
            yield (
                inner,
                remark("asked_values.empty_range", least=str(choice.least), most=str(choice.most)),
            )
        claims.append(claim)


def _actions(
    actions: Sequence[Action],
    scene: Scene,
    events: Mapping[str, type[Event]],
    started: set[str],
    path: str,
) -> Found:
    for number, action in enumerate(actions):
        inner = f"{path}[{number}]"
        yield from _action(action, scene, inner)
        if action.until is not None:
            yield from never(action.until, events, scene, f"{inner}.until")
        if action.stop is not None and action.stop not in started and not scene.sliders:
            yield f"{inner}.stop", remark("asked_values.no_client", client=action.stop)


def _action(action: Action, scene: Scene, path: str) -> Found:
    if action.send is not None:
        if not action.send or not action.send[0]:
            yield f"{path}.send", remark("asked_values.nameless_command")
        elif not action.refused and (why := _not_a_command(action.send)):
            yield f"{path}.send", why
        yield from _words_of(action.send, {*scene.values, POPULATION}, f"{path}.send")
    if action.start is not None:
        yield from _workload(action.start, f"{path}.start")
        for number, command in enumerate(action.start.commands):
            if why := _not_a_command(command):
                yield f"{path}.start.commands[{number}]", why
    if action.step is not None and action.step < 1:
        yield f"{path}.step", remark("asked_values.bad_step", step=str(action.step))
    if action.cut < 0:
        yield f"{path}.cut", remark("asked_values.bad_cut", cut=str(action.cut))
    if action.config is not None:
        yield from _settings(action.config, scene, f"{path}.config")
    if action.restart is not None and not action.refused:
        scaled = {n for n, v in action.restart.items() if n == "arena-pages" and v[:1] == "x"}
        kept = {n: v for n, v in action.restart.items() if n not in scaled}
        yield from _directives(kept, f"{path}.restart")
    if action.fault is not None:
        yield from _fault(action.fault, f"{path}.fault")
    if action.fork not in (None, [], ["DENY"], ["ALLOW"]):
        yield f"{path}.fork", remark("asked_values.bad_fork")
    if action.walk and (len(action.walk) > 2 or not all(word.isdecimal() for word in action.walk)):
        yield f"{path}.walk", remark("asked_values.bad_walk")
    if action.clock is not None:
        scale = _SCALE.fullmatch(action.clock)
        if scale is None or not 1 <= int(scale[1]) <= ScaledClock.FASTEST:
            most = ScaledClock.FASTEST
            yield (
                f"{path}.clock",
                remark("asked_values.bad_clock", clock=str(action.clock), fastest=str(most)),
            )


def _not_a_command(words: Sequence[str]) -> str:
    """What Redis would answer to such a name, or to so many words; empty for a command."""
    import engine.commands  # noqa: F401  # it registers them; other checks need not wait
    from engine.commands.table import find

    argv = [word.encode() for word in words]
    if argv and FIGURE.search(words[0]):
        return ""
    spec = find(argv[0]) if argv else None
    try:
        if spec is None:
            return remark("asked_values.no_command", command=words[0] if words else "")
        spec.admit(argv)
    except CommandError as error:
        return spoken(str(error).removeprefix("ERR "))
    return ""


def _workload(load: Workload, path: str) -> Found:
    if math.isnan(load.rate) or load.rate > FASTEST_RATE:
        most = f"{FASTEST_RATE:,.0f}"
        yield f"{path}.rate", remark("asked_values.too_fast", rate=f"{load.rate:g}", fastest=most)
    for name in ("keys", "first_key", "value_bytes", "count", "at_once"):
        if getattr(load, name) < 0:
            yield (
                f"{path}.{name}",
                remark("asked_values.below_zero", field=str(name), value=str(getattr(load, name))),
            )


def _words_of(command: Sequence[str], known: set[str], path: str) -> Found:
    for number, word in enumerate(command):
        for name in FIGURE.findall(word):
            if name not in known:
                listed = " ".join(f"{{{one}}}" for one in sorted(known)) or remark(
                    "asked_values.none_known"
                )
                yield (
                    f"{path}[{number}]",
                    remark("asked_values.stands_for_nothing", word=str(name), known=str(listed)),
                )


def _directives(directives: Mapping[str, str], path: str) -> Found:
    for name, value in directives.items():
        try:
            ConfigValues.from_arguments([f"--{name}", value])
        except ConfigError as error:
            yield f"{path}.{name}", spoken(str(error).removeprefix("command line: "))


def _settings(pairs: Mapping[str, str], scene: Scene, path: str) -> Found:
    for name, value in pairs.items():
        if FIGURE.search(value):
            yield from _words_of([value], {*scene.values, POPULATION}, path)
            continue
        try:
            Configuration().set([(name, value)])
        except CommandError as error:
            yield f"{path}.{name}", spoken(str(error).removeprefix("ERR "))


def _fault(words: Sequence[str], path: str) -> Found:
    if [word.lower() for word in words] == ["off"]:
        return
    try:
        if not 1 <= len(words) <= 2:
            raise FaultError(remark("asked_values.bad_fault"))
        Faults().set(*words)
    except FaultError as error:
        yield path, spoken(str(error))


def _seconds(value: float, path: str) -> Found:
    if not 0 <= value < math.inf:
        yield (
            path,
            remark("asked_values.bad_seconds", field=path.rpartition(".")[2], value=f"{value:g}"),
        )


def _arguments(
    function: Callable[..., Any] | None, name: str, given: Mapping[str, Any], path: str
) -> Found:
    """Whether a check or a measure can be called with these `args`."""
    if function is None:
        return
    # A check of the last snapshot is wrapped in one that hands it that.
    handed = (None, None) if hasattr(function, "__wrapped__") else (None,)
    try:
        inspect.signature(function).bind(*handed, **given)
    except TypeError as error:
        yield (
            f"{path}.args" if given else path,
            remark("asked_values.cannot_be_asked_so", name=str(name), error=str(error)),
        )
        return
    types = typing.get_type_hints(function)
    for word, value in given.items():
        if word in types and not fits(value, types[word]):
            yield (
                f"{path}.args.{word}",
                remark(
                    "asked_values.argument_never_so", name=name, argument=word, value=f"{value!r}"
                ),
            )
