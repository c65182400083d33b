"""A scene as data: TOML for structure, one catalogue a language for words.

A scene lives in a folder: `scene.toml` (this module's structs) and `en.toml` (its words, by key).
"""

from __future__ import annotations

from typing import Literal

import msgspec


class Match(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Picks events: by type, then by fields that must be equal (`where = {policy = "always"}`)."""

    event: str
    where: dict[str, str | int | bool] = {}
    nonzero: list[str] = []
    """Fields that must not be 0, empty or missing."""


class Lights(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which events light which line of a card."""

    line: int
    on: Match
    modelled: bool = False
    """The line is inferred, not reported by a system call or a command."""
    child: str = ""
    """Only of the last child, when it was forked for this purpose, before its dump is reported."""


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


class Workload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A client that writes by itself."""

    name: str
    rate: float
    """Commands a second at pace 1."""
    keys: int = 0
    """How many different keys; 0: the population's."""
    first_key: int = 0
    prefix: str = "user:"
    value_bytes: int = 0
    """0: as long as the values of the population."""
    order: Literal["random", "sequential", "one"] = "random"
    count: int = 0
    """Stop after so many; 0: until stopped."""


class Action(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing a step does; exactly one field is set."""

    send: list[str] | None = None
    """A RESP command; `{words}` are filled from the scene's `values`."""
    start: Workload | None = None
    stop: str | None = None
    hold: bool | None = None
    """True: COWSCOPE HOLD; False: COWSCOPE RELEASE."""
    step: int | None = None
    """COWSCOPE STEP n."""


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question's choice; words are catalogue keys."""

    text: str
    why: str
    value: int | None = None
    """The figure this choice claims, compared with the question's measured one."""
    alone: str = ""
    """Said instead of `why` where no child lived while the figure was taken."""


class Question(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Predict, then reveal: the right choice is the one whose value this run measured."""

    id: str
    text: str
    measure: str
    """Name in scenes.measures: a figure computed from this run's events."""
    choices: list[Choice]
    reveal: list[Action] = []
    """Done after the answer: what is measured is what this brings about."""
    wait: Match | None = None
    """An event after the reveal without which there is nothing to measure yet."""
    settle: float = 1.0
    """Seconds after that before the measure is taken: evidence arrives after the fact."""
    key: str = ""
    """A measure of copies counts only those of the page under this key."""
    scripted: int = 0
    """The choice (0-based) that autoplay and headless runs make."""


class Expectation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A check in scenes.expect, by name, that a headless run must pass."""

    check: str
    args: dict[str, str | int | float | bool] = {}


class Otherwise(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Words in place of a step's own, which would not be true any more."""

    when: str
    """Name in scenes.conditions."""
    text: str
    """Catalogue key."""


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
    """Begin only over a held child; where none lives, one is forked for it first."""
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
    otherwise: list[Otherwise] = []
    """What every step says instead of its own words when something ended that it speaks of."""
    engine: dict[str, str] = {}
    """Directives the scene's engine starts with."""
    arena_pages: int = 1024
    populate: int = 0
    """Keys written before the first step."""
    value_bytes: int = 0
    """Size of the population's values; 0: so that each lies on a page of its own."""
    prefix: str = "user:"
    seed: int = 4
    clock_scale: float = 1.0
    values: dict[str, str] = {}
    """Words for `{...}` in commands and texts."""
    glossary: dict[str, str] = {}
