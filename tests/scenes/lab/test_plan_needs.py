"""What a row needs that is not here."""

from __future__ import annotations

import sys

import pytest

from scenes.lab.real_disk import _may_mount, _refusal


def test_root_in_a_container_may_not_mount() -> None:
    assert _may_mount("Name:\tx\nCapEff:\t000001ffffffffff\n")
    assert not _may_mount("Name:\tx\nCapEff:\t00000000a80425fb\n")  # docker's default


@pytest.mark.parametrize(
    ("keeper", "why"),
    [
        ("print('ok 1.0'); input(); print('ok 2.0')", ""),
        ("print('failed Operation not permitted')", "Operation not permitted"),
        ("print('ok 1.0'); input(); print('failed no such ioctl')", "no such ioctl"),
        ("raise SystemExit(1)", "its keeper ended without a word"),
    ],
)
def test_a_kernel_that_refuses_what_root_may_is_found_out_before(keeper: str, why: str) -> None:
    assert _refusal((sys.executable, "-c", keeper)) == why
