"""On a small screen an answer stands below its question and its step's words, all in one view.

Only what was found of a crash, behind the answer, may have to be scrolled to.
"""

from __future__ import annotations

import pytest

from app.crash_words import crash_lines
from tests.app.stepping import moments, stage

FITTING = ("05", "06", "07")
"""The scenes whose words are held to it."""


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_a_question_and_its_answer_need_no_scrolling(
    language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    wrong: list[str] = []
    async with stage((80, 24), language) as shown:
        for scene in FITTING:
            async with shown.scene(scene) as screen:
                asking = {one.id for one in screen.driver.scene.stages if one.question}
                for moment in (one for one in moments(scene) if one.step in asking):
                    await shown.at(screen, moment)
                    words = screen.words
                    crash = crash_lines(screen.driver.view, words.size.width - 1)
                    if words.top or words.hidden_below > len(crash) + bool(crash):
                        wrong.append(f"{scene} {moment}: {words.top} above, {words.hidden_below}")
    assert wrong == []
