"""A scene as data: TOML for structure, one catalogue a language for words.

A scene lives in a folder: `scene.toml` (this module's structs, and those of scenes.actions) and
`en.toml`, `zh.toml` ... (its words, by key). README.md beside this module is the author's guide.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from scenes.actions import Action, Match


class Lights(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which events light which line of a card."""

    line: int
    on: Match
    modelled: bool = False
    """The line is inferred, not reported by a system call or a command."""
    child: str = ""
    """Only of the last child, when it was forked for this purpose, before its dump is reported."""
    after: int = 0
    """Only while this line is the one lit: for events that look alike and mean two things."""


class Card(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An Implementation card: numbered pseudo-code, and the real source behind it."""

    name: str
    title: str
    code: str
    subtitle: str = ""
    """Catalogue key."""
    corrections: dict[str, str] = {}
    """Line number -> catalogue key of the remark: where the well-known pseudo-code was wrong."""
    lights: list[Lights] = []
    real: str = ""
    """`module:qualified.name` of the engine's source that just ran; empty: no source behind it."""
    real_lines: dict[str, str] = {}
    """Pseudo-code line -> a text that occurs in exactly one line of the real source."""


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question's choice; words are catalogue keys."""

    text: str
    why: str
    value: int | str | None = None
    """What this choice claims that the question's measure is."""
    least: int | None = None
    most: int | None = None
    """In place of `value`: it claims that the measure lies between these, both included."""
    alone: str = ""
    """Said instead of `why` where no child lived while the figure was taken."""
    reveal: list[Action] = []
    """What it takes to try this choice. The chosen one's is done first; as long as no choice says
    what was measured, the others are tried, too, one after the other."""

    def says(self, measured: int | str | None) -> bool:
        """Whether what was measured is what this choice claims."""
        if self.value is not None:
            return measured == self.value
        if not isinstance(measured, int) or (self.least is None and self.most is None):
            return False
        above = self.least is None or measured >= self.least
        return above and (self.most is None or measured <= self.most)


class Cover(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What would give an answer away: lines of a card, or parts of a panel."""

    card: str = ""
    lines: list[int] = []
    """Of the card's code; the remarks on them are covered, too."""
    remarks: list[int] = []
    """Lines of which only the remark is covered."""
    panel: str = ""
    parts: list[str] = []
    """Of the panel: names in scenes.covers."""


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Predict, then reveal: the right choice is the first that says what this run measured."""

    id: str
    text: str
    measure: str
    """In scenes.measures or a topic, by name: what is computed from this run's events."""
    choices: list[Choice]
    reveal: list[Action] = []
    """Done after the answer: what is measured is what this brings about."""
    wait: Match | None = None
    """An event after the reveal without which there is nothing to measure yet."""
    settle: float = 1.0
    """Seconds after that before the measure is taken: evidence arrives after the fact."""
    args: dict[str, str | int | float | bool] = {}
    """Given to the measure."""
    engine: str = ""
    """The measure is that of this engine, in a scene that runs several."""
    key: str = ""
    """A measure of copies counts only those of the page under this key."""
    modelled: bool = False
    """The measure is reckoned by a model, and so the answer is said to be."""
    scripted: int = 0
    """The choice (0-based) that autoplay and headless runs make."""
    covers: list[Cover] = []
    """Covered on the screen from the scene's beginning until this question is answered."""


def actions_of(stage: Stage) -> list[Action]:
    """All that a step may do: its own actions, its question's, and those of the choices."""
    actions = list(stage.do)
    if stage.question is not None:
        actions += stage.question.reveal
        actions += [action for choice in stage.question.choices for action in choice.reveal]
    return actions


class Expectation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A check in scenes.expect, by name, that a headless run must pass."""

    check: str
    args: dict[str, str | int | float | bool] = {}
    engine: str = ""
    """Of which engine, in a scene that runs several; "": the first, "*": each of them."""
    needs: list[str] = []
    """Earlier steps without which there is nothing to judge: after a branch, which does not play
    them again, it is told as skipped where it would be missed."""


class Otherwise(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words in place of a step's own, which would not be true any more."""

    when: str
    """Name in scenes.conditions."""
    text: str
    """Catalogue key."""


class OpenQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a curious reader asks at the end, and the answer; catalogue keys."""

    ask: str
    answer: str


class Further(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where to read on."""

    where: str
    """A man page, a source file, a book's chapter or an address, the same in every language."""
    text: str = ""
    """Catalogue key: what is found there."""


class EngineSetup(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One of several engines that run side by side."""

    name: str
    directives: dict[str, str] = {}
    """On top of the scene's `engine`."""


class Stage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A step: what it does, what it waits for, what it says."""

    id: str
    beat: int
    """0: before the first key (the opening plays by itself)."""
    title: str
    text: str
    """Catalogue keys. The text may hold `{figures}` of scenes.measures."""
    alone: bool = False
    """Begin only when no child lives; one that an earlier step held is let go for it."""
    held: bool = False
    """Begin only over a held child; where none lives, one is forked for it first. With several
    engines each of them has one."""
    held_for: Literal["rdb", "aof"] = "rdb"
    """What the held child does: a dump, or the rewrite of the AOF."""
    lesson: bool = False
    """Begin only over a lesson's child; where none lives, one is forked for it first."""
    unless: str = ""
    """A measure, by name. Where it has something to say, this machine can't show the step: nothing
    is done, asked or judged, and what it says is the reason. `otherwise` has the words for it."""
    otherwise: list[Otherwise] = []
    """The first that applies is said instead of `text`; then those of the scene."""
    do: list[Action] = []
    wait: Match | None = None
    timeout: float = 10.0
    """Seconds; a wait that runs out fails the scene's run with one clear line."""
    dwell: float = 4.0
    """Seconds before autoplay (or the opening) goes on, divided by pace."""
    panels: list[str] = []
    """Panels that are on the screen from here on: words, grid, child, gauge, tail, code.
    A small screen, which has room for one of them, turns to the first that is named here."""
    card: str = ""
    """The card to show."""
    keys: list[str] = []
    """Sandbox keys that the scene offers from here on, e.g. "b", "w", "f", "h"."""
    question: Question | None = None
    expect: list[Expectation] = []
    settle: float = 3.0
    """Seconds that the evidence for `expect` may take to arrive; then a miss counts."""


class Scene(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A lesson."""

    number: str
    slug: str
    title: str
    thesis: str
    previously: str
    diagram: str
    """Catalogue keys; the diagram in words is also the text alternative."""
    minutes: int
    cards: list[Card]
    stages: list[Stage]
    takeaways: list[str] = []
    open_questions: list[OpenQuestion] = []
    further: list[Further] = []
    topics: list[str] = []
    """Modules of scenes.topics whose checks, measures and conditions the scene uses."""
    otherwise: list[Otherwise] = []
    """What every step says instead of its own words when something ended that it speaks of."""
    engine: dict[str, str] = {}
    """Directives the scene's engine starts with; all of them, where there are several."""
    engines: list[EngineSetup] = []
    """Several engines side by side; the first is the one that is meant where none is named."""
    arena_pages: int = 1024
    populate: int = 0
    """Keys written before the first step."""
    value_bytes: int = 0
    """Size of the population's values; 0: so that each lies on a page of its own."""
    populate_with: tuple[str, ...] = ("SET", "{key}", "{value}")
    """The command that writes one of them, e.g. an account's balance: ["SET", "{key}", "100"]."""
    prefix: str = "user:"
    add_up: bool = False
    """Have each finished dump (and naive walk, and rewritten log) read and added up: the event
    `contents`."""
    sliders: bool = False
    """A sandbox: it has sliders, and no next step."""
    seed: int = 4
    clock_scale: float = 1.0
    values: dict[str, str] = {}
    """Words for `{...}` in commands and texts."""
    glossary: dict[str, str] = {}


_SAVES = {"BGSAVE", "BGREWRITEAOF"}


def forks_for_lessons(scene: Scene) -> bool:
    """Whether all its children are lessons', forked by steps: no key does, and none writes."""
    if not any(stage.lesson for stage in scene.stages):
        return False
    saves = bool(scene.engine.get("save") or scene.engines)
    for stage in scene.stages:
        saves |= "b" in stage.keys or stage.held
        for action in actions_of(stage):
            saves |= (action.send or [""])[0] in _SAVES or action.restart is not None
    return not saves
