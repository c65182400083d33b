from __future__ import annotations

import gc
import os
import warnings

from scenes.nameless import NamelessFile


def test_it_can_be_opened_again_and_goes_with_its_holder() -> None:
    file = NamelessFile()
    for _ in range(2):
        with file.opened() as opened:
            opened.write(b"kept")
    with file.opened() as opened:
        assert opened.read() == b"kept"
    fd = file.fd
    del file
    gc.collect()
    assert not os.path.exists(f"/proc/self/fd/{fd}")


def test_a_cycle_of_holders_is_collected_without_a_warning() -> None:
    holder: dict[str, object] = {"file": NamelessFile()}
    holder["self"] = holder
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        del holder
        gc.collect()
