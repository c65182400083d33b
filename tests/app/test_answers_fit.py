"""On a small screen a step's words, its question, the answer and what a crash left are one view.

Only the opening, which goes on with what came before, and the end with its takeaways are scrolled.
"""

from __future__ import annotations

import pytest

from tests.app.stepping import SCENES, moments, stage


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_no_beat_needs_scrolling_for_its_words(
    language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    wrong: list[str] = []
    async with stage((80, 24), language) as shown:
        for scene in SCENES:
            async with shown.scene(scene) as screen:
                stages = screen.driver.scene.stages
                beats = {one.id for one in stages[:-1] if one.beat}
                for moment in (one for one in moments(scene) if one.step in beats):
                    await shown.at(screen, moment)
                    words = screen.words
                    if words.top or words.hidden_below:
                        wrong.append(f"{scene} {moment}: {words.top} above, {words.hidden_below}")
    assert wrong == []
