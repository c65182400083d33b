"""Which line of which Implementation card an event lights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import immutables
import msgspec

from engine.events import Event, RdbSaved, type_name
from scenes.actions import Match
from scenes.scene import Card, Lights
from scenes.view import ChildView, Lit

LightIndex: TypeAlias = dict[str, list[tuple[str, Lights]]]
"""Event type -> (card name, rule), in the order of the cards."""

_compiled: list[tuple[Sequence[Card], LightIndex]] = []


def matches(match: Match, event: Event) -> bool:
    """Whether `event` is one that `match` picks."""
    return type_name(type(event)) == match.event and _fields_match(match, event)


def _fields_match(match: Match, event: Event) -> bool:
    if match.engine not in ("", "*", event.engine):
        return False
    for field in match.nonzero:
        if not getattr(event, field, None):
            return False
    for field, wanted in match.begins.items():
        if not str(getattr(event, field, "")).startswith(wanted):
            return False
    return all(getattr(event, field, None) == wanted for field, wanted in match.where.items())


def light_index(cards: Sequence[Card]) -> LightIndex:
    """The rules of `cards` by event type; kept, so that a fold pays for it once a scene."""
    for known, index in _compiled:
        if known is cards:
            return index
    index = {}
    for card in cards:
        for rule in card.lights:
            index.setdefault(rule.on.event, []).append((card.name, rule))
    _compiled.append((cards, index))
    del _compiled[:-8]
    return index


def light(
    lit: immutables.Map[str, Lit], event: Event, cards: Sequence[Card], child: ChildView | None
) -> immutables.Map[str, Lit]:
    """`lit` after `event`: the last matching rule of each card wins, the others go with it.

    `child` is the last child as it was before the event.
    """
    also: dict[str, tuple[int, ...]] = {}
    for name, rule in light_index(cards).get(type_name(type(event)), ()):
        if rule.after and (name not in lit or lit[name].line != rule.after):
            continue
        if _fields_match(rule.on, event) and (not rule.child or _is_of(rule, event, child)):
            source = "modelled" if rule.modelled else event.source
            others = also.get(name, ())
            lit = lit.set(name, Lit(rule.line, event.at, event.seq, source, others))
            also[name] = (*others, rule.line)
    return lit


def _is_of(rule: Lights, event: Event, child: ChildView | None) -> bool:
    """Whether `event` speaks of `child`, and that is one of the rule's kind.

    A dump's event names no child: SAVE in the foreground ends with the same one.
    """
    if child is None or child.purpose != rule.child or child.saved_path:
        return False
    if isinstance(event, RdbSaved):
        return not child.exit_status and not child.exit_signal
    return getattr(event, "child", child.pid) == child.pid


def unknown_fields(match: Match, types: dict[str, type[Event]]) -> list[str]:
    """What of `match` no event has: its type, or fields of it."""
    kind = types.get(match.event)
    if kind is None:
        return [match.event]
    known = {field.name for field in msgspec.structs.fields(kind)}
    return [field for field in (*match.where, *match.nonzero, *match.begins) if field not in known]
