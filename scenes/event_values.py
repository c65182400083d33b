"""What the fields of events may be: values that no event of its kind ever has, where one is asked.

A step that waits for such a value waits for ever, and a line that it is to light stays dark. Closed
are the fields whose type says so (a `Literal` of engine.events), those that the scene itself names
(its engines, steps and questions), the directives, and a few texts of known forms.
"""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any, Literal, get_args, get_origin

import msgspec

from engine.config import Configuration
from engine.directive_table import DIRECTIVES
from engine.events import Event
from engine.replies import CommandError
from scenes.actions import Match
from scenes.foreign import spoken
from scenes.sayings import remark
from scenes.scene import Scene

Found: typing.TypeAlias = Iterator[tuple[str, str]]
"""(path, what is wrong there)."""
_FORMS = {
    ("crash", "kind"): (
        re.compile(
            r"kill -9(, scripted cut of \d+ bytes)?|power cut|SIGTERM"
            r"|killed by signal \d+|exit code -?\d+"
        ),
        ("kill -9", "kill -9, scripted cut of N bytes", "power cut", "SIGTERM",
         "killed by signal N", "exit code N"),
    ),
    ("fault", "value"): (re.compile(r"off|on|\d+"), ("off", "on", "N")),
}  # fmt: skip
"""Texts of a few forms, and these forms for people: N is a number."""


def never(match: Match, events: Mapping[str, type[Event]], scene: Scene, path: str) -> Found:
    """What of a match's `where` and `begins` no event of its kind ever has, at its path."""
    kind = events.get(match.event)
    if kind is None:
        return
    fields = {field.name: field.type for field in msgspec.structs.fields(kind)}
    for name, value in match.where.items():
        if name not in fields:
            continue
        allowed = _allowed(match.event, name, fields[name], scene)
        if not fits(value, fields[name]) or (allowed is not None and value not in allowed):
            yield f"{path}.where.{name}", _never_so(match.event, name, value, allowed)
            continue
        form, told = _FORMS.get((match.event, name), (None, ()))
        if form is not None and not form.fullmatch(str(value)):
            yield f"{path}.where.{name}", _never_so(match.event, name, value, told)
    for name, start in match.begins.items():
        allowed = _allowed(match.event, name, fields[name], scene) if name in fields else None
        if allowed is not None and not any(str(one).startswith(start) for one in allowed):
            yield f"{path}.begins.{name}", _never_so(match.event, name, f"{start} ...", allowed)
    if match.event == "config":
        yield from _setting(match, path)


def _never_so(event: str, field: str, value: object, allowed: tuple[object, ...] | None) -> str:
    figures = {"event": event, "field": field, "value": f"{value!r}"}
    if allowed is None:
        return remark("event_values.never_so", **figures)
    listed = ", ".join(map(str, allowed)) or remark("word.none")
    return remark("event_values.never_among", allowed=listed, **figures)


def _allowed(event: str, field: str, kind: Any, scene: Scene) -> tuple[object, ...] | None:
    """All that a field may be; None where there is no end to it."""
    asked = tuple(stage.question.id for stage in scene.stages if stage.question is not None)
    match event, field:
        case _, "engine":
            return tuple(setup.name for setup in scene.engines) or ("main",)
        case "step", "step":
            return tuple(stage.id for stage in scene.stages)
        case "step", "scene":
            return (scene.number,)
        case (("question" | "answer"), "id"):
            return asked
        case _:
            return closed(kind)


def closed(kind: Any) -> tuple[object, ...] | None:
    """The values of a `Literal`, or of several joined by `|`; None for any other type."""
    if get_origin(kind) is Literal:
        return get_args(kind)
    if get_origin(kind) not in (typing.Union, types.UnionType):
        return None
    parts = [closed(part) for part in get_args(kind)]
    if None in parts:
        return None
    return tuple(dict.fromkeys(value for part in parts if part is not None for value in part))


def _setting(match: Match, path: str) -> Found:
    """A directive that is never told of, or values as which it is not told."""
    if "name" not in match.where:
        return
    name = str(match.where["name"])
    directive = DIRECTIVES.get(name)
    if directive is None or directive.immutable:
        yield f"{path}.where.name", remark("event_values.never_set", directive=name)
        return
    for field in (field for field in ("old", "new") if field in match.where):
        value, settings = str(match.where[field]), Configuration()
        try:
            if not directive.secret:  # those are told as "(redacted)"
                settings.set([(name, value)])
            told = "(redacted)" if directive.secret else settings.get(name)[name]
        except CommandError as error:
            yield f"{path}.where.{field}", spoken(str(error).removeprefix("ERR "))
            continue
        if told != value:
            yield f"{path}.where.{field}", _never_so(match.event, field, value, (told,))


def fits(value: object, kind: Any) -> bool:
    """Whether a value is one of this type."""
    try:
        msgspec.convert(value, kind)
    except (msgspec.ValidationError, TypeError):
        return False
    return True
