"""What a row needs that is not here."""

from __future__ import annotations

from scenes.lab.real_disk import _may_mount


def test_root_in_a_container_may_not_mount() -> None:
    assert _may_mount("Name:\tx\nCapEff:\t000001ffffffffff\n")
    assert not _may_mount("Name:\tx\nCapEff:\t00000000a80425fb\n")  # docker's default
