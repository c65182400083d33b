"""The question before a crash: only a prediction lets it happen."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from app.lines import EMPTY, Line, fold, line, paragraph
from app.lines_panel import LinesPanel
from app.said import said
from scenes.prediction import Prediction


class PredictScreen(ModalScreen[int | None]):
    """Asks what the crash will take; the choice, or None where the learner leaves it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(n + 1), f"choose({n})", show=False) for n in range(4)),
        Binding("escape,n,q", "dismiss(None)", show=False),
    ]

    def __init__(self, prediction: Prediction) -> None:
        super().__init__()
        self.prediction = prediction
        self.panel = LinesPanel(id="predict")

    def compose(self) -> ComposeResult:
        yield self.panel

    def on_mount(self) -> None:
        """Ask, once the size is known."""
        self.panel.title(said(f"predict.{self.prediction.how}"))
        self.panel.subtitle(said("predict.keys"))
        self.call_after_refresh(self._fill)

    def _fill(self) -> None:
        lines = predict_lines(self.prediction, self.panel.size.width)
        around = self.panel.outer_size.height - self.panel.size.height
        self.panel.styles.height = len(lines) + around  # up to the screen's
        self.panel.put(lines)

    def action_choose(self, choice: int) -> None:
        """A number; one that is no choice does nothing."""
        if choice < len(self.prediction.guesses):
            self.dismiss(choice)


def predict_lines(prediction: Prediction, cells: int) -> list[Line]:
    """What will happen, the question, its choices."""
    lines = [*paragraph(said(f"predict.{prediction.how}_does"), cells, "dim"), EMPTY]
    lines += [*paragraph(f"? {prediction.text}", cells, "bold"), EMPTY]
    for number, text in enumerate(prediction.choices, 1):
        lines += fold(line("  ", (f"{number})", "key"), f" {text}"), cells, 5)
    return [*lines, EMPTY, *paragraph(said("predict.figures"), cells, "dim")]
