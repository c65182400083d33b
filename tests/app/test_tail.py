"""The tail's last row, where no fsync has been seen yet."""

from msgspec.structs import replace

from app.lines import plain
from app.tail import last_fsync
from scenes.view import TailView

NONE_SEEN = TailView(enabled=True, file="a.aof", appended=32_113, written=32_113, fsynced=32_113)


def test_what_was_on_disk_before_is_not_denied() -> None:
    said = plain(last_fsync(NONE_SEEN, 1.0, 100))
    assert said == "no fdatasync since this view began: what is on disk is older"
    empty = replace(NONE_SEEN, appended=0, written=0, fsynced=0)
    assert plain(last_fsync(empty, 1.0, 100)) == "no fdatasync has completed yet"
