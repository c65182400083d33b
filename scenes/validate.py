"""What is wrong with a scene that has the right shape: names that lead nowhere."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, get_args

import msgspec

from engine.events import AnyEvent, Event, type_name
from scenes.actions import KINDS, Action, Match, Workload
from scenes.cards import unknown_fields
from scenes.conditions import CONDITIONS
from scenes.covers import PARTS
from scenes.errors import SceneError
from scenes.expect import CHECKS
from scenes.measures import MEASURES, REPLY
from scenes.places import in_scene, of_path
from scenes.sayings import remark
from scenes.scene import Card, Cover, Otherwise, Question, Scene, Stage, actions_of
from scenes.toml import text_of
from scenes.topics import Registry, topic
from scenes.topics import names as topic_names
from scenes.words import PLAIN, Words
from scenes.workloads import wanted

WORKLOAD_WORDS = frozenset({"key", "value", "n", "other", "amount"})
PANELS = (
    *("engines", "sliders"),
    *("words", "grid", "child", "gauge", "tail", "code"),
    *("processes", "frames", "curve", "latency", "files"),
)
KEYS = ("b", "w", "f", "h", "t", "F", "S", "K", "P")
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
    path: str = ""
    """Where it stands, as scenes.toml_lines writes it; empty: somewhere in that item."""

    def place(self, file: Path) -> str:
        """`file:line` of it."""
        if self.path:
            return of_path(file, text_of(file), self.path)
        return in_scene(file, self.table, self.index, self.text)


def problems(scene: Scene, words: Words, *, to_play: bool = True) -> list[Problem]:
    """Everything wrong with `scene`, in the order of its file; `to_play` it, or only to show it."""
    found = [Problem(text) for text in _of_scene(scene, words)]
    found += _names_twice(scene)
    for index, card in enumerate(scene.cards):
        found += [
            Problem(remark("validate.of_card", card=card.name, problem=t), "cards", index)
            for t in _of_card(card, words)
        ]
    beat = 0
    for index, stage in enumerate(scene.stages):
        texts = list(_of_stage(stage, scene, words))
        if stage.beat < beat:
            texts.append(
                remark("validate.beats_go_down", beat=str(stage.beat), beat_before=str(beat))
            )
        beat = stage.beat
        found += [
            Problem(remark("validate.of_step", step=stage.id, problem=text), "stages", index)
            for text in texts
        ]
    # Else these would say much of it again, in other words. The engine's own code is asked, which a
    # replay, or a system without fork, does without.
    if to_play and not found and hasattr(os, "fork"):
        from scenes.asked_values import refused

        found = [Problem(text, path=path) for path, text in refused(scene, EVENT_TYPES)]
    return found


def _of_scene(scene: Scene, words: Words) -> Iterator[str]:
    if not scene.stages:
        yield remark("validate.no_steps")
    for name in scene.topics:
        try:
            topic(name)
        except SceneError as err:
            yield str(err)
    keys = [scene.title, scene.thesis, scene.previously, scene.diagram, *scene.takeaways]
    for one in scene.open_questions:
        keys += [one.ask, one.answer]
    keys += [further.text for further in scene.further if further.text]
    yield from _unknown_words((*keys, *scene.glossary.values()), scene, words)
    yield from _of_otherwise(scene.otherwise, scene, words)


def _names_twice(scene: Scene) -> Iterator[Problem]:
    """Names that should differ, each where it stands for the second time."""
    asking = [(n, stage.question) for n, stage in enumerate(scene.stages) if stage.question]
    for kind, names in (
        ("step", [(f"stages[{n}].id", stage.id) for n, stage in enumerate(scene.stages)]),
        ("card", [(f"cards[{n}].name", card.name) for n, card in enumerate(scene.cards)]),
        ("question", [(f"stages[{n}].question.id", asked.id) for n, asked in asking]),
        ("engine", [(f"engines[{n}].name", one.name) for n, one in enumerate(scene.engines)]),
    ):
        for name, times in Counter(name for _, name in names).items():
            if times > 1:
                _, second, *_ = (path for path, one in names if one == name)
                text = remark("validate.same_name", times=str(times), kind=kind, name=name)
                yield Problem(text, path=second)


def _of_card(card: Card, words: Words) -> Iterator[str]:
    lines = len(card.code.strip("\n").splitlines())
    keys = (card.subtitle, *card.corrections.values())
    for key in keys:
        if key and key not in words:
            yield remark("validate.card_without_words", key=key)
    numbers = [rule.line for rule in card.lights]
    numbers += [rule.after for rule in card.lights if rule.after]
    numbers += [int(n) for n in (*card.corrections, *card.real_lines) if n.isdigit()]
    for number in numbers:
        if not 1 <= number <= lines:
            yield remark("validate.no_such_line", line=str(number), lines=str(lines))
    for text in (*card.corrections, *card.real_lines):
        if not text.isdigit():
            yield remark("validate.not_a_line_number", text=text)
    if card.real_lines and not card.real:
        yield remark("validate.real_lines_without_real")
    for rule in card.lights:
        yield from _of_match(rule.on)


def _of_match(match: Match) -> Iterator[str]:
    for name in unknown_fields(match, EVENT_TYPES):
        if name == match.event:
            yield remark("validate.no_event", event=name)
        else:
            yield remark("validate.no_field", event=match.event, field=name)


def _of_stage(stage: Stage, scene: Scene, words: Words) -> Iterator[str]:
    yield from _unknown_words((stage.title, stage.text), scene, words)
    yield from _of_otherwise(stage.otherwise, scene, words)
    if stage.alone + stage.held + stage.lesson > 1:
        yield remark("validate.more_than_one_child")
    if stage.unless:
        yield from _unknown_name("measure", stage.unless, MEASURES, scene)
    for action in stage.do:
        yield from _of_action(action, scene)
    if stage.wait is not None:
        yield from _of_match(stage.wait)
        yield from _unknown_engine(stage.wait.engine, scene)
    if stage.card and stage.card not in {card.name for card in scene.cards}:
        yield remark("validate.no_card", card=stage.card)
    for panel in stage.panels:
        if panel not in PANELS:
            yield remark("validate.no_panel", panel=panel, panels=", ".join(PANELS))
    for key in stage.keys:
        if key not in KEYS:
            yield remark("validate.no_key", key=key, keys=" ".join(KEYS))
    for expectation in stage.expect:
        yield from _unknown_name("check", expectation.check, CHECKS, scene)
        yield from _unknown_engine(expectation.engine, scene)
        for step in expectation.needs:
            if step not in _before(stage, scene):
                yield remark("validate.needs_no_earlier_step", check=expectation.check, step=step)
    if stage.question is not None:
        yield from _of_question(stage.question, scene, words)


def _before(stage: Stage, scene: Scene) -> list[str]:
    names = [one.id for one in scene.stages]
    return names[: names.index(stage.id)]


def _of_otherwise(others: Sequence[Otherwise], scene: Scene, words: Words) -> Iterator[str]:
    yield from _unknown_words(tuple(other.text for other in others), scene, words)
    for other in others:
        yield from _unknown_name("condition", other.when, CONDITIONS, scene)


def _unknown_name(kind: str, name: str, registry: Registry[Any], scene: Scene) -> Iterator[str]:
    known = registry.known_to([one for one in scene.topics if one in topic_names()])
    if name in known:
        return
    home = registry.home(name)
    if home:
        yield remark("validate.of_an_unlisted_topic", kind=kind, name=name, topic=home)
    else:
        yield remark(
            "validate.unknown_name",
            kind=kind,
            name=name,
            known=", ".join(sorted(known)),
        )


def _of_action(action: Action, scene: Scene) -> Iterator[str]:
    given = action.given()
    if len(given) != 1:
        yield (
            remark(
                "validate.not_one_thing",
                kinds=", ".join(KINDS),
                given=str(given or remark("word.none")),
            )
        )
    yield from _unknown_engine(action.engine, scene)
    starts = action.crash is not None or action.restart is not None
    if action.keep and action.send is None and not (starts and action.refused):
        yield remark("validate.nothing_to_keep")
    if action.cut and action.crash != "kill":
        yield remark("validate.nothing_to_cut")
    if action.start is not None:
        yield from _of_workload(action.start)
    if action.until is not None:
        yield from _of_match(action.until)
        yield from _unknown_engine(action.until.engine, scene)


def _unknown_engine(name: str, scene: Scene) -> Iterator[str]:
    names = [setup.name for setup in scene.engines]
    if name and name != "*" and name not in names:
        yield remark(
            "validate.no_engine",
            name=name,
            engines=", ".join(names) or remark("word.runs_one"),
        )


def _of_workload(workload: Workload) -> Iterator[str]:
    if not workload.commands or not all(workload.commands):
        yield remark("validate.empty_command", workload=workload.name)
    for name in sorted(wanted(workload.commands) - WORKLOAD_WORDS):
        known = " ".join(sorted(f"{{{one}}}" for one in WORKLOAD_WORDS))
        yield remark("validate.unknown_word", workload=workload.name, word=name, known=known)
    if workload.rate <= 0:
        yield remark("validate.no_rate", workload=workload.name)


def _of_question(question: Question, scene: Scene, words: Words) -> Iterator[str]:
    keys = [question.text]
    for choice in question.choices:
        keys += [choice.text, choice.why, *([choice.alone] if choice.alone else [])]
    yield from _unknown_words(tuple(keys), scene, words)
    if not 2 <= len(question.choices) <= 4:
        yield remark("validate.number_of_choices", question=question.id)
    yield from _unknown_name("measure", question.measure, MEASURES, scene)
    for number, choice in enumerate(question.choices, 1):
        given = (choice.value is not None) + (choice.least is not None or choice.most is not None)
        if given != 1:
            yield remark(
                "validate.choice_claims_not_one", choice=str(number), question=str(question.id)
            )
    if not 0 <= question.scripted < len(question.choices):
        yield remark(
            "validate.no_choice_to_script",
            question=str(question.id),
            scripted=str(question.scripted),
        )
    for action in (*question.reveal, *(a for choice in question.choices for a in choice.reveal)):
        yield from _of_action(action, scene)
    for cover in question.covers:
        yield from (remark("validate.of_covers", problem=t) for t in _of_cover(cover, scene))
    yield from _unknown_engine(question.engine, scene)
    if question.wait is not None:
        yield from _of_match(question.wait)
        yield from _unknown_engine(question.wait.engine, scene)


def _of_cover(cover: Cover, scene: Scene) -> Iterator[str]:
    if bool(cover.card) == bool(cover.panel):
        yield remark("validate.covers_not_one_thing")
        return
    if cover.card:
        card = next((one for one in scene.cards if one.name == cover.card), None)
        if card is None:
            yield remark("validate.no_card", card=cover.card)
            return
        lines = len(card.code.strip("\n").splitlines())
        for number in (n for n in cover.lines if not 1 <= n <= lines):
            yield remark("validate.no_such_line", line=str(number), lines=str(lines))
        for number in (n for n in cover.remarks if str(n) not in card.corrections):
            yield remark("validate.no_remark_to_cover", card=card.name, line=str(number))
    if cover.panel:
        known = PARTS.get(cover.panel, ())
        if not known:
            panels = ", ".join(PARTS)
            yield remark("validate.nothing_to_cover", panel=cover.panel, panels=panels)
        for part in (one for one in cover.parts if known and one not in known):
            parts = ", ".join(known)
            yield remark("validate.no_part", panel=cover.panel, part=part, parts=parts)
    if not (cover.lines or cover.remarks if cover.card else cover.parts):
        yield remark("validate.covers_nothing", name=cover.card or cover.panel)


def _unknown_words(keys: tuple[str, ...], scene: Scene, words: Words) -> Iterator[str]:
    measures = MEASURES.known_to([one for one in scene.topics if one in topic_names()])
    known = {*measures, *scene.values, *(REPLY + name for name in _kept(scene))}
    known |= {f"{setup.name}_{name}" for setup in scene.engines for name in measures}
    for key in keys:
        if key not in words:
            yield remark("validate.no_words", key=key)
            continue
        for seen in _ON_A_SCREEN.finditer(words.text(words.plain(key))):
            if key not in (scene.previously, scene.diagram):  # said on a screen only
                yield remark("validate.needs_a_screen", seen=seen[0], key=key, plain=PLAIN)
        for name in sorted(words.figures_in(key) | words.figures_in(words.plain(key))):
            if name not in known:
                yield remark("validate.no_figure", key=key, figure=name)


def _kept(scene: Scene) -> set[str]:
    """The names of the replies that steps keep."""
    actions = [action for stage in scene.stages for action in actions_of(stage)]
    return {action.keep for action in actions if action.keep}
