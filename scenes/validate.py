"""What is wrong with a scene that has the right shape: names that lead nowhere."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import get_args

import msgspec

from engine.events import AnyEvent, Event, type_name
from scenes.cards import unknown_fields
from scenes.conditions import CONDITIONS
from scenes.expect import CHECKS
from scenes.measures import MEASURES
from scenes.scene import Action, Card, Match, Otherwise, Question, Scene, Stage
from scenes.words import PLAIN, Words

PANELS = ("words", "grid", "child", "gauge", "tail", "code")
KEYS = ("b", "w", "f", "h", "t", "S", "K", "P")
EVENT_TYPES: dict[str, type[Event]] = {type_name(kind): kind for kind in get_args(AnyEvent)}


_ON_A_SCREEN = re.compile(
    r"\b(amber|emerald|orange|press|space|backspace|gauge)\b"
    r"|\b(at the (bottom|top)|on the (left|right))\b"
    r"|\b[a-z0] (starts|forks|goes|lets|changes)\b",
    re.IGNORECASE,
)
"""What text without colours, places and keys cannot show."""


class Problem(msgspec.Struct, frozen=True):
    """One thing wrong, in the nth item of a table (`""`: in the scene itself)."""

    text: str
    table: str = ""
    index: int = 0


def problems(scene: Scene, words: Words) -> list[Problem]:
    """Everything wrong with `scene`, in the order of its file."""
    found = [Problem(text) for text in _of_scene(scene, words)]
    for index, card in enumerate(scene.cards):
        found += [
            Problem(f"card '{card.name}': {t}", "cards", index) for t in _of_card(card, words)
        ]
    beat = 0
    for index, stage in enumerate(scene.stages):
        texts = list(_of_stage(stage, scene, words))
        if stage.beat < beat:
            texts.append(f"beat {stage.beat} after beat {beat}: beats only go up")
        beat = stage.beat
        found += [Problem(f"step '{stage.id}': {text}", "stages", index) for text in texts]
    return found


def _of_scene(scene: Scene, words: Words) -> Iterator[str]:
    if not scene.stages:
        yield "a scene needs at least one step ([[stages]])"
    for kind, names in (
        ("step", [stage.id for stage in scene.stages]),
        ("card", [card.name for card in scene.cards]),
    ):
        for name, times in Counter(names).items():
            if times > 1:
                yield f"{times} {kind}s are called '{name}': names must differ"
    keys = (scene.title, scene.thesis, scene.previously, scene.diagram, *scene.takeaways)
    yield from _unknown_words((*keys, *scene.glossary.values()), scene, words)
    yield from _of_otherwise(scene.otherwise, scene, words)


def _of_card(card: Card, words: Words) -> Iterator[str]:
    lines = len(card.code.strip("\n").splitlines())
    keys = (card.subtitle, *card.corrections.values())
    for key in keys:
        if key and key not in words:
            yield f"no words for '{key}'"
    numbers = [rule.line for rule in card.lights]
    numbers += [int(n) for n in (*card.corrections, *card.real_lines) if n.isdigit()]
    for number in numbers:
        if not 1 <= number <= lines:
            yield f"line {number} is meant, but the code has lines 1 to {lines}"
    for text in (*card.corrections, *card.real_lines):
        if not text.isdigit():
            yield f"'{text}' is not a line number"
    if card.real_lines and not card.real:
        yield "real_lines without `real`: which source do they point into?"
    for rule in card.lights:
        yield from _of_match(rule.on)


def _of_match(match: Match) -> Iterator[str]:
    for name in unknown_fields(match, EVENT_TYPES):
        if name == match.event:
            yield f"no event is called '{name}'"
        else:
            yield f"the event '{match.event}' has no field '{name}'"


def _of_stage(stage: Stage, scene: Scene, words: Words) -> Iterator[str]:
    yield from _unknown_words((stage.title, stage.text), scene, words)
    yield from _of_otherwise(stage.otherwise, scene, words)
    if stage.alone and stage.held:
        yield "no child and a held child cannot both be needed"
    for action in stage.do:
        yield from _of_action(action)
    if stage.wait is not None:
        yield from _of_match(stage.wait)
    if stage.card and stage.card not in {card.name for card in scene.cards}:
        yield f"no card is called '{stage.card}'"
    for panel in stage.panels:
        if panel not in PANELS:
            yield f"no panel is called '{panel}': {', '.join(PANELS)}"
    for key in stage.keys:
        if key not in KEYS:
            yield f"'{key}' is no sandbox key: {' '.join(KEYS)}"
    for expectation in stage.expect:
        if expectation.check not in CHECKS:
            yield f"no check is called '{expectation.check}': {', '.join(sorted(CHECKS))}"
    if stage.question is not None:
        yield from _of_question(stage.question, scene, words)


def _of_otherwise(others: Sequence[Otherwise], scene: Scene, words: Words) -> Iterator[str]:
    yield from _unknown_words(tuple(other.text for other in others), scene, words)
    for other in others:
        if other.when not in CONDITIONS:
            yield f"no condition is called '{other.when}': {', '.join(sorted(CONDITIONS))}"


def _of_action(action: Action) -> Iterator[str]:
    fields = msgspec.structs.asdict(action)
    given = [name for name, value in fields.items() if value is not None]
    if len(given) != 1:
        yield f"an action does exactly one thing, this one has {given or 'none'}"


def _of_question(question: Question, scene: Scene, words: Words) -> Iterator[str]:
    keys = [question.text]
    for choice in question.choices:
        keys += [choice.text, choice.why, *([choice.alone] if choice.alone else [])]
    yield from _unknown_words(tuple(keys), scene, words)
    if not 2 <= len(question.choices) <= 4:
        yield f"question '{question.id}' needs two to four choices"
    if question.measure not in MEASURES:
        yield f"no measure is called '{question.measure}': {', '.join(sorted(MEASURES))}"
    if not 0 <= question.scripted < len(question.choices):
        yield f"question '{question.id}': there is no choice {question.scripted} to script"
    for action in question.reveal:
        yield from _of_action(action)
    if question.wait is not None:
        yield from _of_match(question.wait)


def _unknown_words(keys: tuple[str, ...], scene: Scene, words: Words) -> Iterator[str]:
    for key in keys:
        if key not in words:
            yield f"no words for '{key}'"
            continue
        for seen in _ON_A_SCREEN.finditer(words.text(words.plain(key))):
            if key not in (scene.previously, scene.diagram):  # said on a screen only
                yield f"'{seen[0]}' in the words of '{key}' needs a screen: add '{key}{PLAIN}'"
        for name in sorted(words.figures_in(key) | words.figures_in(words.plain(key))):
            if name not in MEASURES and name not in scene.values:
                yield f"the words of '{key}' want the figure '{name}', which nobody measures"
