"""What happens, in words: the beat's caption, its question, and the answer once it is known."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import ClassVar

from textual.binding import BindingType

from app.crash_words import crash_lines
from app.driver import Driver
from app.glyphs import Glyphs
from app.keys import TABLE, acting, acts
from app.lines import EMPTY, Line, flow, fold, line, paragraph
from app.lines_panel import ARROWS, LinesPanel
from app.said import said
from scenes.conditions import text_of, why_of
from scenes.scene import Question, Scene, Stage
from scenes.view import QuestionView, View

Text = Callable[[str], str]
WHOSE = {"": "your", "script": "script", "earlier": "earlier"}
"""Of an answer, by whom it was made: its phrase."""


class WordsPanel(LinesPanel, can_focus=True):
    """Draws the stage's words."""

    BINDINGS: ClassVar[list[BindingType]] = ARROWS
    _turned = ("", 0)
    """The step whose answer is known and was turned to, and the rows that there were then."""

    def show(self, driver: Driver) -> None:
        """Draw the stage that the driver is at."""
        if not self.size.width:
            return
        stage = driver.stage()
        self.title(said("words.title"))
        for tight in (False, True):
            lines, answer_end = words_and_answer(
                driver.scene,
                stage,
                driver.view,
                driver.text,
                self.glyphs,
                self.size.width,
                acting=acting(driver),
                goes_on=acts(driver, "space") and not driver.is_past,
                recorded=driver.is_replay and not _answered_here(driver, stage),
                tight=tight,
            )
            if len(lines) <= self.size.height:
                break
        self.put(lines)
        self._turn_to_answer(stage.id if answer_end else "", answer_end)
        more = said("words.more") if self.hidden_below else said("words.back") if self.top else ""
        self.subtitle(more)

    def _turn_to_answer(self, step: str, end: int) -> None:
        """When an answer has come, or other room for it, move the window so that it ends there."""
        turned = step, self.size.height
        if turned != self._turned and self.size.height:
            self._turned = turned
            if step:
                self.scroll_lines(max(end - self.size.height, 0) - self.top)


def words_and_answer(
    scene: Scene,
    stage: Stage,
    view: View,
    text: Text,
    glyphs: Glyphs,
    cells: int,
    *,
    acting: Collection[str] = (),
    goes_on: bool = True,
    recorded: bool = False,
    tight: bool = False,
) -> tuple[list[Line], int]:
    """The caption, then the question or, at the end, what to take away; and how many lines it is
    to the answer's last, 0 where the answer is not known.

    `acting`: the sandbox keys that do something now; `goes_on`: the space key begins beat 1;
    `recorded`: the answer on show is the recording's, and not the learner's; `tight`: rows are
    few, so no blank ones between caption, question and crash.
    """
    gap = [] if tight else [EMPTY]
    cells = max(cells - 1, 10)
    caption = paragraph(text(text_of(scene, stage, view) if view.engine.pid else stage.text), cells)
    caption += new_keys(stage, acting, cells)
    crash = [] if view.others else crash_lines(view, cells, tight=tight)  # several: a panel has it
    answered: list[Line] = []
    if crash and _is_answered(stage, view):  # the answer is the news, and the crash was its way
        crash, answered = [], [*gap, *crash]
    elif crash and view.engine.alive and not any(act.crash for act in stage.do):
        # It came back: what was lost is the news, unless the step is about the crash itself.
        caption, crash = crash, caption
    lines = [
        *paragraph(text(stage.title), cells, "bold"),
        *caption,
        *([*gap, *crash] if crash else []),
    ]
    asks = stage.question is not None and (not stage.unless or _is_asked(stage, view))
    if stage.question is not None and asks and (view.engine.alive or _is_answered(stage, view)):
        asked = question_lines(stage.question, view.question, text, glyphs, cells, recorded)
        lines += [*gap, *asked]
    answer_end = len(lines) if _is_answered(stage, view) else 0
    is_open = asks and not _is_answered(stage, view)  # what to take away would answer it
    lines += answered
    if stage.beat == 0:
        begins = line((said("keys.on_space"), "key"), f" {said('words.begins')}")
        lines += [EMPTY, *fold(begins, cells)] if goes_on else []
        lines += [EMPTY, line((said("words.previously"), "bold"))]
        lines += paragraph(text(scene.previously), cells, "dim")
    elif stage is scene.stages[-1] and not (is_open and view.engine.alive):
        lines += closing_lines(scene, text, cells)
    return lines, answer_end


def closing_lines(scene: Scene, text: Text, cells: int) -> list[Line]:
    """What stands at a scene's end: takeaways, questions with answers, where to read on."""
    lines: list[Line] = []
    if scene.takeaways:
        lines += [EMPTY, line((said("words.takeaways"), "bold"))]
        for key in scene.takeaways:
            lines += _item(text(key), "text", cells)
    if scene.open_questions:
        lines += [EMPTY, line((said("words.open_questions"), "bold"))]
        for one in scene.open_questions:
            lines += _item(text(one.ask), "text", cells)
            lines += [((("  "), "text"), *own) for own in paragraph(text(one.answer), cells - 2)]
    if scene.further:
        lines += [EMPTY, line((said("words.further"), "bold"))]
        for further in scene.further:
            what = f": {text(further.text)}" if further.text else ""
            lines += _item(further.where + what, "dim", cells)
    return lines


def _item(text: str, role: str, cells: int) -> list[Line]:
    folded = paragraph(text, cells - 2, role)
    return [line(("- " if n == 0 else "  ", "dim"), *own) for n, own in enumerate(folded)]


def new_keys(stage: Stage, acting: Collection[str], cells: int) -> list[Line]:
    """The sandbox keys that this step brings, as far as they do something now."""
    items = [
        line((f" {key.shown} ", "key"), f" {key.short}")
        for key in TABLE
        if key.shown in stage.keys and key.shown in acting
    ]
    return flow([line((said("words.to_try"), "dim")), *items], cells) if items else []


def _is_asked(stage: Stage, view: View) -> bool:
    """Whether the step's question was put: a step that can't be shown here asks nothing."""
    asked, question = view.question, stage.question
    return asked is not None and question is not None and asked.id == question.id


def _is_answered(stage: Stage, view: View) -> bool:
    """Whether this run has measured the answer to the step's question."""
    return _is_asked(stage, view) and view.question is not None and view.question.right >= 0


def _answered_here(driver: Driver, stage: Stage) -> bool:
    answered: Collection[str] = getattr(driver, "answered", ())
    return stage.question is not None and stage.question.id in answered


def question_lines(
    question: Question,
    asked: QuestionView | None,
    text: Text,
    glyphs: Glyphs,
    cells: int,
    recorded: bool = False,
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
            by = state.by if state else ""
            whose = "recorded" if recorded else WHOSE[by]
            note = f"  {said(f'words.{whose}_answer' + ('_right' if right == index else ''))}"
        shown = line((lead, "bold"), (f"{index + 1}) ", "key"), (" ", role),
                     (text(choice.text), role), (note, "dim"))  # fmt: skip
        lines += fold(shown, cells, 6)
    if state and right >= 0:
        why = why_of(question.choices[right], state)
        source = "words.modelled" if state.source == "modelled" else "words.measured"
        lines += paragraph(said(source, why=text(why)), cells, "text")
    elif chosen >= 0:
        lines += paragraph(said("words.let_happen"), cells, "dim")
    else:
        count = len(question.choices)
        lines += paragraph(said("words.predict", count=count), cells, "dim")
    return lines
