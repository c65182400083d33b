from __future__ import annotations

from app.coming import coming, room_of
from app.driver import panels_at
from app.layout import TABS, arranged
from app.lines import texts
from scenes.loader import load


def test_a_beat_names_the_panels_that_later_ones_bring() -> None:
    scene = load("04").scene
    stage = next(one for one in scene.stages if one.beat == 1)
    missing = [name for name in TABS if name not in panels_at(scene, stage)]
    told = "\n".join(texts(coming(scene, stage, missing)))
    assert "beat 3      the parent's pages, the child's pages" in told
    assert "beat 4      what the snapshot costs" in told
    assert "the AOF" not in told


def test_nothing_is_announced_once_all_have_entered() -> None:
    scene = load("04").scene
    stage = scene.stages[-1]
    assert (
        coming(scene, stage, [name for name in TABS if name not in panels_at(scene, stage)]) == []
    )


def test_the_room_is_that_of_the_missing_panels() -> None:
    places = arranged(160, 48, code=False, tab="grid")
    room = room_of(places, ["grid", "child", "gauge", "code"])
    assert room is not None
    assert room.height == places["grid"].height + places["gauge"].height
    assert not room.overlaps(places["tail"]) and not room.overlaps(places["words"])
    assert room_of(places, ["code"]) is None
