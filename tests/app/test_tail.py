"""The tail's last row, where no fsync has been seen yet."""

import re
from unittest import mock

import pytest
from msgspec.structs import replace
from rich.cells import cell_len

from app.figures import exact, rounded
from app.glyphs import DRAWN
from app.lines import plain
from app.tail import Tail, last_fsync, rungs_line
from scenes.view import TailView
from tests.app.fake import FakeDriver

NONE_SEEN = TailView(enabled=True, file="a.aof", appended=32_113, written=32_113, fsynced=32_113)


def test_what_was_on_disk_before_is_not_denied() -> None:
    said = plain(last_fsync(NONE_SEEN, 1.0, 100))
    assert said == "no fdatasync since this view began: what is on disk is older"
    empty = replace(NONE_SEEN, appended=0, written=0, fsynced=0)
    assert plain(last_fsync(empty, 1.0, 100)) == "no fdatasync has completed yet"


def test_a_log_that_is_off_is_named_off() -> None:
    driver = FakeDriver()
    view = replace(driver.view, tail=replace(driver.view.tail, enabled=False))
    panel = Tail()
    panel.title = mock.Mock()  # type: ignore[method-assign]
    panel.subtitle = mock.Mock()  # type: ignore[method-assign]
    with mock.patch.object(Tail, "glyphs", DRAWN):
        panel.show(view)
    panel.title.assert_called_with("AOF tail · off")


@pytest.mark.parametrize("cells", [76, 78, 90, 118])
@pytest.mark.parametrize("size", [0, 74_407, 3_126_994, 14_381_145, 4_356_000_000])
def test_no_figure_is_cut_however_long_the_log(cells: int, size: int) -> None:
    tail = replace(NONE_SEEN, fsynced=size, written=size + 30_000, appended=size + 34_000,
                   unsafe=2_345)  # fmt: skip
    said = plain(rungs_line(tail, cells))
    assert cell_len(said) <= cells
    assert re.fullmatch(r"B aof_buf .*B +C page cache .*B +D on disk .*B .*2,345 c.*", said), said
    assert any(f"on disk{shown}" in re.sub(" +", " ", said).replace("disk ", "disk")
               for shown in (exact(size), rounded(size)))  # fmt: skip
