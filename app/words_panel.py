"""What happens, in words: the beat's caption, its question, and the answer once it is known."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import ClassVar

from textual.binding import BindingType

from app.crash_words import crash_lines
from app.driver import Driver, beats
from app.glyphs import Glyphs
from app.keys import TABLE, acting, acts
from app.lines import EMPTY, Line, flow, fold, line, paragraph
from app.lines_panel import ARROWS, LinesPanel
from scenes.conditions import text_of, why_of
from scenes.scene import Question, Scene, Stage
from scenes.view import QuestionView, View

Text = Callable[[str], str]


class WordsPanel(LinesPanel, can_focus=True):
    """Draws the stage's words."""

    BINDINGS: ClassVar[list[BindingType]] = ARROWS

    def show(self, driver: Driver) -> None:
        """Draw the stage that the driver is at."""
        if not self.size.width:
            return
        stage = driver.stage()
        self.title("What happens")
        self.put(
            words_lines(
                driver.scene,
                stage,
                driver.view,
                driver.text,
                self.glyphs,
                self.size.width,
                acting=acting(driver),
                goes_on=acts(driver, "space") and not driver.is_past,
            )
        )
        self.subtitle("PgDn: more" if self.hidden_below else "PgUp: back" if self.top else "")


def words_lines(
    scene: Scene,
    stage: Stage,
    view: View,
    text: Text,
    glyphs: Glyphs,
    cells: int,
    *,
    acting: Collection[str] = (),
    goes_on: bool = True,
) -> list[Line]:
    """The caption, then the question or, at the end, what to take away.

    `acting`: the sandbox keys that do something now; `goes_on`: the space key begins beat 1.
    """
    cells = max(cells - 1, 10)
    caption = paragraph(text(text_of(scene, stage, view) if view.engine.pid else stage.text), cells)
    caption += new_keys(stage, acting, cells)
    crash = crash_lines(view, cells)
    if crash and view.engine.alive:  # it came back: what was lost is the news
        caption, crash = crash, caption
    lines = [line((text(stage.title), "bold")), *caption, *([EMPTY, *crash] if crash else [])]
    if stage.question is not None and (view.engine.alive or _is_answered(stage, view)):
        lines += [EMPTY, *question_lines(stage.question, view.question, text, glyphs, cells)]
    if stage.beat == 0:
        begins = line(("space", "key"), " begins with beat 1; d: the story so far")
        lines += [EMPTY, *fold(begins, cells)] if goes_on else []
        lines += [EMPTY, line(("Previously", "bold"))]
        lines += paragraph(text(scene.previously), cells, "dim")
    elif stage is scene.stages[-1] and stage.beat == beats(scene) and scene.takeaways:
        lines += [EMPTY, line(("To take away", "bold"))]
        for key in scene.takeaways:
            folded = paragraph(text(key), cells - 2)
            lines += [line(("- " if n == 0 else "  ", "dim"), *own) for n, own in enumerate(folded)]
    return lines


def new_keys(stage: Stage, acting: Collection[str], cells: int) -> list[Line]:
    """The sandbox keys that this step brings, as far as they do something now."""
    items = [
        line((f" {key.shown} ", "key"), f" {key.short}")
        for key in TABLE
        if key.shown in stage.keys and key.shown in acting
    ]
    return flow([line(("To try:", "dim")), *items], cells) if items else []


def _is_answered(stage: Stage, view: View) -> bool:
    """Whether this run has measured the answer to the step's question."""
    asked, question = view.question, stage.question
    return (
        asked is not None and question is not None and asked.id == question.id and asked.right >= 0
    )


def question_lines(
    question: Question, asked: QuestionView | None, text: Text, glyphs: Glyphs, cells: int
) -> list[Line]:
    """The question, its choices, and once answered and measured which one is right and why."""
    state = asked if asked is not None and asked.id == question.id else None
    chosen = state.chosen if state else -1
    right = state.right if state and chosen >= 0 else -1
    lines = paragraph("? " + text(question.text), cells, "bold")
    for index, choice in enumerate(question.choices):
        lead = f"{glyphs.lit} " if index == right else "  "
        if index == right:
            role = "bold"
        elif index == chosen:
            role = "text"
        else:
            role = "text" if right < 0 else "faint"
        note = ""
        if index == chosen:
            note = "  (your answer)" if right < 0 else "  (your answer: right)"
            if right not in (-1, index):
                note = "  (your answer)"
        shown = line((lead, "bold"), (f"{index + 1}) ", "key"), (" ", role),
                     (text(choice.text), role), (note, "dim"))  # fmt: skip
        lines += fold(shown, cells, 6)
    if state and right >= 0:
        why = why_of(question.choices[right], state)
        lines += paragraph("Measured: " + text(why), cells, "text")
    elif chosen >= 0:
        lines += paragraph("It happens now, and is counted.", cells, "dim")
    else:
        count = len(question.choices)
        lines += paragraph(f"1 to {count}: predict; then this run is measured", cells, "dim")
    return lines
