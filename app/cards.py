"""The Implementation cards: pseudo-code or the engine's real source, with the running line lit."""

from __future__ import annotations

import re
from typing import ClassVar

from textual.binding import BindingType

from app.covered import covered_words
from app.driver import Driver, card_at
from app.glyphs import Glyphs
from app.lines import EMPTY, Line, Span, fold, line, paragraph, width
from app.lines_panel import ARROWS, LinesPanel
from app.said import said
from app.words_panel import Text
from scenes import covers
from scenes.covers import CardCover
from scenes.errors import SceneError
from scenes.scene import Card
from scenes.source import RealSource, real_source
from scenes.sources import named
from scenes.view import Lit, View

GLOW = 0.8
"""Seconds for which a line that just ran glows."""

NOTHING_COVERED = CardCover()

_TOKENS = re.compile(
    r"(?P<comment>#.*)"
    r"|(?P<string>[rbf]*(?:\"[^\"]*\"|'[^']*'))"
    r"|(?P<keyword>\b(?:def|class|return|if|elif|else|while|for|in|not|and|or|is|None|True|False"
    r"|with|as|try|except|finally|raise|import|from|await|async|yield|match|case|pass|self)\b)"
)


class CardPanel(LinesPanel, can_focus=True):
    """Draws one card."""

    BINDINGS: ClassVar[list[BindingType]] = ARROWS
    COUNTS_BELOW = True

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.real = False
        self.chosen: str | None = None
        """The card that the learner picked; None: the stage's."""
        self._followed = (0, 0)
        """The lit line that the window was moved to last, and the window's height then."""
        self._sources: dict[str, RealSource | None] = {}

    def show(self, driver: Driver, glowing: bool) -> None:
        """Draw the card of the driver's stage, or the one picked."""
        card = self.card(driver)
        if card is None:
            self.title(said("card.title"))
            self.put([line((said("card.none"), "dim"))])
            return
        view = driver.view
        lit = view.lights.get(card.name)
        cover = covers.of_card(driver.scene, driver.stage(), view, card.name)
        real = self._source(card) if self.real and not cover.keeps_source else None
        bare = card.title.partition("#")[0].rstrip()
        name = said("card.title")
        short = f"{said('card.code')} · {bare}"
        self.title(f"{name} · {card.title}", f"{name} · {bare}", short)
        self.subtitle(*card_subtitles(card, lit, self.real, real, kept_back=cover.keeps_source))
        lines = card_lines(
            card, lit, view, driver.text, self.glyphs, self.size.width, real, glowing, cover
        )
        at = next((n for n, of in enumerate(lines, 1) if of and of[-1][1] in ("lit", "glow")), 0)
        self._follow(at, len(lines))
        self.put(lines)

    def _follow(self, at: int, count: int) -> None:
        """Keep line `at` of `count` (1-based, 0: none) in the window when it moved, or that did."""
        height = self.size.height
        if (at, height) == self._followed or height < 3:
            return
        self._followed = (at, height)
        if at and not self.top < at <= self.top + height:
            self.top = max(0, min(at - height // 2, count - height))
            self.refresh()

    def _source(self, card: Card) -> RealSource | None:
        """The real source behind a card, read once; None where there is none to read."""
        if card.name not in self._sources:
            try:
                self._sources[card.name] = real_source(card)
            except SceneError as error:  # e.g. a replay where the engine cannot be imported
                self.log.warning(str(error))
                self._sources[card.name] = None
        return self._sources[card.name]

    def card(self, driver: Driver) -> Card | None:
        """The card on show."""
        wanted = self.chosen or card_at(driver.scene, driver.stage())
        return next((card for card in driver.scene.cards if card.name == wanted), None)

    def turn(self, driver: Driver) -> None:
        """Pick the card after the one on show."""
        names = [card.name for card in driver.scene.cards]
        card = self.card(driver)
        place = names.index(card.name) + 1 if card else 0
        self.chosen = names[place % len(names)] if names else None
        self.top = 0


def card_subtitles(
    card: Card,
    lit: Lit | None,
    real_wanted: bool,
    real: RealSource | None,
    *,
    kept_back: bool = False,
) -> tuple[str, ...]:
    """What is shown, what `c` would show, and where the light comes from; ever shorter.

    `kept_back`: the real source would answer a question that is open yet.
    """
    light = f" · {said('card.lit', source=named(lit.source))}" if lit else ""
    if kept_back and card.real:
        bare = said("card.pseudo")
        later = f"{bare} · {said('card.real_later')}"
        return (f"{later}{light}", later, bare) if real_wanted else (f"{bare}{light}", bare)
    if real_wanted and real is None:
        return f"{said('card.unreal')}{light}", said("card.unreal_short")
    if real is not None:
        where = f"{real.module}:{real.name}"
        return (
            said("card.real", where=where) + light,
            said("card.real_short", where=where),
            said("card.real_short", where=real.name),
            said("card.real_shortest"),
        )
    pseudo = said("card.pseudo_real" if card.real else "card.pseudo")
    return f"{pseudo}{light}", pseudo


def shining(lit: Lit | None, real: RealSource | None) -> set[int]:
    """The lines that are lit, from 1, in the text on show."""
    numbers = (lit.line, *lit.also) if lit is not None else ()
    if real is None:
        return set(numbers)
    return {real.line_of[at] - real.first_line + 1 for at in numbers if at in real.line_of}


def card_lines(
    card: Card,
    lit: Lit | None,
    view: View,
    text: Text,
    glyphs: Glyphs,
    cells: int,
    real: RealSource | None = None,
    glowing: bool = False,
    cover: CardCover = NOTHING_COVERED,
) -> list[Line]:
    """The numbered lines, then the remarks on what the well-known version has wrong."""
    rows = real.lines if real is not None else covered_code(card, cover)
    first = real.first_line if real is not None else 1
    bright = shining(lit, real)
    digits = len(str(first + len(rows)))
    lines: list[Line] = []

    def hang(code: str) -> int:
        return digits + 3 + len(code) - len(code.lstrip()) + 4

    for number, code in enumerate(rows, start=1):
        here = number in bright
        remark = real is None and str(number) in card.corrections
        remark &= number not in cover.remarks
        mark = glyphs.lit if here else (glyphs.remark if remark else " ")
        head: Span = (f"{mark} {number + first - 1:>{digits}} ", "bold" if here else "faint")
        if here:
            own = fold(line(head, (f"{code} ", "glow" if glowing else "lit")), cells, hang(code))
            lines += [(*of, (" " * (cells - width(of)), of[-1][1])) for of in own]
        else:
            covered = real is None and number in cover.lines
            spans = [(code, "dim")] if covered else highlighted(code)
            lines += fold(line(head, *spans), cells, hang(code))
    if real is None:
        if card.subtitle:
            lines = [*paragraph(text(card.subtitle), cells, "dim"), *lines]
        for number_text, key in sorted(card.corrections.items(), key=lambda item: int(item[0])):
            if int(number_text) in cover.remarks:
                continue
            lines.append(EMPTY)
            remark_text = f"{glyphs.remark} {said('card.line', number=number_text)} {text(key)}"
            lines += paragraph(remark_text, cells, "dim")
    return lines


def covered_code(card: Card, cover: CardCover) -> list[str]:
    """The lines of a card's code; what a question asks is not told before its answer."""
    rows = card.code.strip("\n").splitlines()
    for number, beat in cover.lines.items():
        code = rows[number - 1]
        rows[number - 1] = code[: len(code) - len(code.lstrip())] + covered_words(beat)
    return rows


def highlighted(code: str) -> list[Span]:
    """A line of Python with keywords, strings and comments told apart."""
    spans: list[Span] = []
    at = 0
    for found in _TOKENS.finditer(code):
        if found.start() > at:
            spans.append((code[at : found.start()], "text"))
        spans.append((found.group(), found.lastgroup or "text"))
        at = found.end()
    if at < len(code):
        spans.append((code[at:], "text"))
    return spans
