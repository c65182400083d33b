"""The tail's last row, where no fsync has been seen yet."""

from unittest import mock

from msgspec.structs import replace

from app.glyphs import DRAWN
from app.lines import plain
from app.tail import Tail, last_fsync
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
