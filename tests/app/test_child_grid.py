"""The child's words."""

import pytest
from msgspec.structs import replace

from app.child_grid import ChildGrid, child_words
from app.lines import plain
from scenes.loader import load
from scenes.scene import forks_for_lessons
from tests.app.fake import FakeDriver


@pytest.mark.parametrize(
    ("size", "shown"), [(16_095, "15.7 KiB"), (0, "0.0 KiB"), (10**7, "9,765.6 KiB")]
)
def test_a_dumps_size_is_rounded_not_cut(size: int, shown: str) -> None:
    child = FakeDriver().view.child
    assert child is not None
    living = replace(child, bytes=size)
    saved = replace(child, alive=False, saved_path="dump.rdb", saved_bytes=size)
    for one in (living, saved):
        assert plain(child_words(one, True, frozenset(), 60)[1]).endswith(f", {shown}")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_empty_pane_names_what_brings_a_child_here(
    language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scenes.phrases._language", language)
    pane = ChildGrid()
    for number in ("01", "02"):
        pane.lesson = forks_for_lessons(load(number).scene)
        assert "BGSAVE" not in pane.empty() and "fork" in pane.empty()
    pane.acting = frozenset("b")
    for number in ("04", "10"):
        pane.lesson = forks_for_lessons(load(number).scene)
        assert "BGSAVE (b)" in pane.empty()
