"""Who begins with a later step is told of it what a whole run tells: the same answers, figures."""

from __future__ import annotations

import sys

import pytest

from scenes.loader import load
from tests.scenes.golden import FOLDER, PACE, as_far_as_measured, masked
from tests.scenes.test_headless import Done, together

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the engine needs Linux"
)
BEGUN = {"08": "full", "06": "since"}
"""Scene -> a step that says nothing true without what the steps before it have brought about."""


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Done]:
    calls = {
        number: f"run({number!r}, pace={PACE}, start_at={step!r})" for number, step in BEGUN.items()
    }
    return together(tmp_path_factory.mktemp("begun"), calls)


def from_step(text: str, number: str) -> str:
    """What is told from the step on."""
    lesson = load(number)
    title = next(one.title for one in lesson.scene.stages if one.id == BEGUN[number])
    before, heading, after = text.partition(f" · {lesson.words.text(title)}\n")
    assert before
    return heading + after


@pytest.mark.parametrize("number", BEGUN)
def test_from_the_step_on_all_is_as_in_a_whole_run(done: dict[str, Done], number: str) -> None:
    golden = (FOLDER / f"{number}.txt").read_text(encoding="utf-8")
    run = done[number]
    assert (run.code, run.err, run.left) == (0, "", [])
    told, wanted = (from_step(text, number) for text in (masked(run.out), golden))
    assert as_far_as_measured(told, golden) == as_far_as_measured(wanted, golden)


@pytest.mark.parametrize("number", BEGUN)
def test_of_the_steps_before_there_is_one_line(done: dict[str, Done], number: str) -> None:
    out, stages = done[number].out, load(number).scene.stages
    step = BEGUN[number]
    place = next(n for n, one in enumerate(stages) if one.id == step)
    line = f"catching up: {place} steps are played quickly first, and not told, to begin with"
    assert out.count(f"{line} '{step}'") == 1
    assert out.count("\nbeat ") + out.count("\nopening ") == len(stages) - place
