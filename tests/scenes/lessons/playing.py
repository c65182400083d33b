"""A scene played for real beside its golden run: with another seed and arena, and by liars."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from tests.scenes import sabotage
from tests.scenes.test_headless import Done, together

PACE = 20.0
SEED = 77


def played(scene: str, folder: Path, *, arena_pages: int, lies: Iterable[str]) -> dict[str, Done]:
    """ "json": the honest run's events; and a run by the lying engine of each name, all at once."""
    calls = {
        "json": f"run('{scene}', json=True, pace={PACE}, seed={SEED}, arena_pages={arena_pages})"
    }
    for lie in lies:
        command = (sys.executable, "-P", str(Path(sabotage.__file__).parent / f"{lie}.py"))
        calls[lie] = f"run('{scene}', pace={PACE}, command={command!r})"
    return together(folder, calls)
