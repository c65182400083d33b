"""A scene played for real beside its golden run: with another seed and arena, and by liars."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from engine.events import AnyEvent
from scenes.fold import reduce
from scenes.scene import Card
from scenes.view import View
from tests.scenes import sabotage
from tests.scenes.test_headless import Done, together

PACE = 20.0
SEED = 77


def lit_lines(stream: Iterable[AnyEvent], cards: Sequence[Card]) -> dict[str, set[int]]:
    """Card -> the lines of it that were the lit one at some time."""
    view, found = View(), {card.name: set[int]() for card in cards}
    for event in stream:
        view = reduce(view, event, cards)
        for name, lit in view.lights.items():
            found[name].add(lit.line)
    return found


def lines_with_rules(cards: Sequence[Card]) -> dict[str, set[int]]:
    """Card -> the lines that its rules can light."""
    return {card.name: {rule.line for rule in card.lights} for card in cards}


def played(scene: str, folder: Path, *, arena_pages: int, lies: Iterable[str]) -> dict[str, Done]:
    """ "json": the honest run's events; and a run by the lying engine of each name, all at once."""
    calls = {
        "json": f"run('{scene}', json=True, pace={PACE}, seed={SEED}, arena_pages={arena_pages})"
    }
    for lie in lies:
        command = (sys.executable, "-P", str(Path(sabotage.__file__).parent / f"{lie}.py"))
        calls[lie] = f"run('{scene}', pace={PACE}, command={command!r})"
    return together(folder, calls)
