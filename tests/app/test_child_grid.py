"""The child's words."""

import pytest
from msgspec.structs import replace

from app.child_grid import child_words
from app.lines import plain
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
        assert plain(child_words(one, True, frozenset())[1]).endswith(f", {shown}")
