"""What happens, in words: the beat's caption, its question, and the answer once it is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.binding import BindingType

from app.crash_words import crash_lines
from app.driver import Driver, beats
from app.glyphs import Glyphs
from app.lines import EMPTY, Line, fold, line, paragraph
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
            words_lines(driver.scene, stage, driver.view, driver.text, self.glyphs, self.size.width)
        )
        self.subtitle("PgDn: more" if self.hidden_below else "PgUp: back" if self.top else "")


def words_lines(
    scene: Scene, stage: Stage, view: View, text: Text, glyphs: Glyphs, cells: int
) -> list[Line]:
    """The caption, then the question or, at the end, what to take away."""
    cells = max(cells - 1, 10)
    lines = [
        line((text(stage.title), "bold")),
        *paragraph(text(text_of(scene, stage, view) if view.engine.pid else stage.text), cells),
    ]
    lines += crash_lines(view, cells)
    if stage.question is not None:
        lines += [EMPTY, *question_lines(stage.question, view.question, text, glyphs, cells)]
    if stage.beat == 0:
        begins = line(("space", "key"), " begins with beat 1; d: the story so far")
        lines += [EMPTY, *fold(begins, cells)]
        lines += [EMPTY, line(("Previously", "bold"))]
        lines += paragraph(text(scene.previously), cells, "dim")
    elif stage is scene.stages[-1] and stage.beat == beats(scene) and scene.takeaways:
        lines += [EMPTY, line(("To take away", "bold"))]
        for key in scene.takeaways:
            folded = paragraph(text(key), cells - 2)
            lines += [line(("- " if n == 0 else "  ", "dim"), *own) for n, own in enumerate(folded)]
    return lines


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
        lines += paragraph("space: let it happen, and count", cells, "dim")
    else:
        count = len(question.choices)
        lines += paragraph(f"1 to {count}: predict; then this run is measured", cells, "dim")
    return lines
