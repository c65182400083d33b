"""What is kept of a run does not grow with it: hours of it are read back as soon as minutes."""

from __future__ import annotations

import pytest

from bench.recording_bench import repeated
from scenes.checkpoint import packed_evidence
from scenes.evidence import Evidence
from scenes.loader import load
from scenes.recording import read
from tests.app.told import recordings

RUNS = 10
MOST = 24_000
"""Bytes, packed; a scene of three engines keeps three evidences."""


@pytest.mark.parametrize("number", recordings())
def test_of_twice_as_many_runs_no_more_is_kept(number: str) -> None:
    scene = load(number).scene
    once = list(read(str(recordings()[number])).events)
    evidence, sizes = Evidence(populate=scene.populate, topics=scene.topics), []
    for place, event in enumerate(repeated(once, RUNS * (len(once) + 1)), 1):
        evidence.add(event)
        if place % (len(once) + 1) == 0:
            sizes.append(len(packed_evidence(evidence)))
    assert sizes[-1] < 1.1 * sizes[RUNS // 2 - 1]  # a few bytes a trial that a learner has made
    assert max(sizes) < MOST, sizes
