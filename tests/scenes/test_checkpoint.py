"""A view and an evidence come back from bytes as what the fold had made."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from engine import events
from scenes import checkpoint
from scenes.checkpoint import packed_evidence, packed_view, restore, unpacked_view
from scenes.errors import SceneError
from scenes.evidence import Evidence
from scenes.fold import reduce
from scenes.keeping import CannotKeepError
from scenes.loader import load
from scenes.measures import MEASURES
from scenes.recording import read
from scenes.topics import gatherers, names
from scenes.view import View
from tests.app.told import recordings
from tests.scenes.streams import any_stream

TOPICS = [name for name in names() if gatherers([name])]


def of_all(populate: int = 0) -> Evidence:
    return Evidence(populate=populate, topics=TOPICS)


def parts(thing: object) -> Any:
    """All attributes, down to plain values."""
    if hasattr(thing, "__dict__") and type(thing).__module__.startswith("scenes."):
        return {
            name: parts(value)
            for name, value in vars(thing).items()
            if name != "cannot_prove_dirty"
        }
    if isinstance(thing, dict):
        return type(thing), {key: parts(value) for key, value in thing.items()}
    if not isinstance(thing, str | bytes | bytearray | msgspec.Struct) and hasattr(
        thing, "__len__"
    ):
        return type(thing), [parts(value) for value in thing]  # type: ignore[attr-defined]
    return thing


@settings(deadline=None, derandomize=True, max_examples=40)
@given(any_stream)
def test_after_any_stream(stream: list[events.AnyEvent]) -> None:
    view, evidence = View(), of_all()
    for event in stream:
        view = reduce(view, event)
        evidence.add(event)
    assert unpacked_view(packed_view(view)) == view
    assert parts(restore(of_all(), packed_evidence(evidence))) == parts(evidence)


@settings(deadline=None, derandomize=True, max_examples=20)
@given(any_stream)
def test_of_several_engines(stream: list[events.AnyEvent]) -> None:
    view, evidence = View(), of_all()
    for place, event in enumerate(stream):
        event = msgspec.structs.replace(event, engine=f"e{place % 3}")
        view = reduce(view, event)
        evidence.add(event)
    assert unpacked_view(packed_view(view)) == view
    assert parts(restore(of_all(), packed_evidence(evidence))) == parts(evidence)


MOMENTS = 20


@pytest.mark.parametrize("number", recordings())
def test_at_many_moments_of_the_recordings(number: str) -> None:
    scene = load(number).scene
    view, evidence, gone_on = View(), of_all(scene.populate), of_all(scene.populate)
    recorded = read(str(recordings()[number])).events
    every = len(recorded) // MOMENTS + 1
    for place, event in enumerate(recorded):
        view = reduce(view, event, scene.cards)
        evidence.add(event)
        gone_on.add(event)
        if place % every == 0:
            assert unpacked_view(packed_view(view)) == view
            gone_on = restore(of_all(scene.populate), packed_evidence(gone_on))
            assert parts(gone_on) == parts(evidence)
    for name, measure in MEASURES.known_to(scene.topics).items():
        if name not in ("reply", "random_hits"):  # which reply, whose hits
            assert measure(gone_on) == measure(evidence), name


def test_the_same_makes_the_same_bytes_and_another_edition_another_name() -> None:
    scene = load("04").scene
    assert checkpoint.edition(scene) == checkpoint.edition(scene)
    changed = msgspec.structs.replace(scene, populate=scene.populate + 1)
    assert checkpoint.edition(changed) != checkpoint.edition(scene)
    assert checkpoint.edition(msgspec.structs.replace(scene, cards=[])) != checkpoint.edition(scene)


def test_bytes_that_are_none_are_refused() -> None:
    for damaged in (b"", b"x", packed_view(View())[:-3]):
        with pytest.raises(CannotKeepError, match="no view"):
            unpacked_view(damaged)
    with pytest.raises(CannotKeepError, match="no evidence"):
        restore(Evidence(), b"x")
    with pytest.raises(SceneError, match="not those of the scene's topics"):
        restore(Evidence(), packed_evidence(of_all()))


def test_a_gatherer_that_cannot_be_kept_is_refused() -> None:
    evidence = Evidence(topics=TOPICS)
    evidence.gathered[0].oracle = lambda: 42  # type: ignore[attr-defined]
    with pytest.raises(CannotKeepError, match="can't keep a function"):
        packed_evidence(evidence)
