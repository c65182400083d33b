from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import events
from scenes import topics
from scenes.conditions import CONDITIONS
from scenes.errors import SceneError
from scenes.evidence import Evidence
from scenes.expect import CHECKS, judge
from scenes.measures import MEASURES
from scenes.scene import Expectation
from scenes.view import View

TOPIC = """
from scenes.verdict import Verdict

class Forks:
    def __init__(self):
        self.count = 0

    def add(self, event):
        self.count += type(event).__name__ == "Fork"

def forked(evidence, times=1):
    count = evidence.of(Forks).count
    return Verdict.of(count == times, f"expected {times} forks, measured {count}")

GATHERERS = (Forks,)
CHECKS = {"forked": forked}
MEASURES = {"forks": lambda evidence: evidence.of(Forks).count}
CONDITIONS = {"moonlight": lambda view: True}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of topics beside the real ones, with one in it."""
    monkeypatch.setattr(topics, "__path__", [*topics.__path__, str(tmp_path)])
    (tmp_path / "counting.py").write_text(TOPIC)
    topics.names.cache_clear()
    yield tmp_path
    topics.names.cache_clear()
    for name in [name for name in sys.modules if name.startswith("scenes.topics.")]:
        if (tmp_path / f"{name.rpartition('.')[2]}.py").exists():
            del sys.modules[name]


FORK = events.Fork(pid=1, child=2, usec=3, purpose="rdb", page_table_kb=4)


def test_a_topic_is_found_by_lying_in_the_folder(folder: Path) -> None:
    assert {"forked", "figures_agree"} <= set(CHECKS)
    assert CONDITIONS["moonlight"](View())
    assert CHECKS.home("forked") == "counting" and CHECKS.home("figures_agree") == ""


def test_its_gatherers_see_every_event_of_a_scene_that_lists_it(folder: Path) -> None:
    evidence = Evidence(topics=["counting"])
    for _ in range(2):
        evidence.add(FORK)
    assert MEASURES["forks"](evidence) == 2
    assert judge(Expectation("forked", {"times": 2}), evidence).held
    missed = judge(Expectation("forked"), evidence)
    assert not missed.held and missed.detail == "expected 1 forks, measured 2"


def test_a_scene_that_does_not_list_it_gets_no_figure_of_it(folder: Path) -> None:
    verdict = judge(Expectation("forked"), Evidence())
    assert not verdict.held and "topics = ['counting']" in verdict.detail
    assert "forked" not in CHECKS.known_to([])
    assert "forked" in CHECKS.known_to(["counting"])


def test_two_topics_cannot_mean_different_things_by_one_name(folder: Path) -> None:
    (folder / "zz_again.py").write_text("CHECKS = {'forked': None}\n")
    topics.names.cache_clear()
    with pytest.raises(SceneError, match=r"zz_again\.py: CHECKS has 'forked' already"):
        list(CHECKS)


def test_an_unknown_topic_is_one_line() -> None:
    with pytest.raises(SceneError, match="no topic is called 'nowhere'"):
        topics.topic("nowhere")
