"""Which line of which Implementation card an event lights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

import immutables
import msgspec

from engine.events import Event, RdbSaved, type_name
from scenes.actions import Match
from scenes.scene import Card, Lights
from scenes.view import ChildView, Lit


class _Rule(NamedTuple):
    """A card's rule as a fold wants it, tens of thousands of times a second."""

    card: str
    rule: Lights
    line: int
    after: int
    any_event: bool
    """Of that type, whatever its fields say."""


LightIndex: TypeAlias = dict[str, list[_Rule]]
"""Event type -> rules, in the order of the cards."""

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
    for field, text in match.begins.items():
        if not str(getattr(event, field, "")).startswith(text):
            return False
    for field, wanted in match.where.items():  # noqa: SIM110 (a third of the time)
        if getattr(event, field, None) != wanted:
            return False
    return True


def light_index(cards: Sequence[Card]) -> LightIndex:
    """The rules of `cards` by event type; kept, so that a fold pays for it once a scene."""
    for known, index in _compiled:
        if known is cards:
            return index
    index = {}
    for card in cards:
        for rule in card.lights:
            any_event = rule.on == Match(rule.on.event)
            prepared = _Rule(card.name, rule, rule.line, rule.after, any_event)
            index.setdefault(rule.on.event, []).append(prepared)
    _compiled.append((cards, index))
    del _compiled[:-8]
    return index


def light(
    lit: immutables.Map[str, Lit], event: Event, cards: Sequence[Card], child: ChildView | None
) -> immutables.Map[str, Lit]:
    """`lit` after `event`: the last matching rule of each card wins, the others go with it.

    `child` is the last child as it was before the event.
    """
    won: dict[str, Lit] = {}
    for card, rule, line, after, any_event in light_index(cards).get(type_name(type(event)), ()):
        before = won.get(card)
        if after and _line(before or lit.get(card)) != after:
            continue
        matched = any_event or _fields_match(rule.on, event)
        if matched and (not rule.child or _is_of(rule, event, child)):
            source = "modelled" if rule.modelled else event.source
            also = (*before.also, before.line) if before else ()
            won[card] = Lit(line, event.at, event.seq, source, also)
    for card, last in won.items():
        lit = lit.set(card, last)
    return lit


def _line(lit: Lit | None) -> int:
    return lit.line if lit is not None else 0


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
