"""The fork on trial, on this kernel and where nothing can be read."""

from __future__ import annotations

from pathlib import Path

from engine.fork_trial import WRITTEN, try_fork
from tests.engine.page_watching import needs_proc


@needs_proc
def test_this_kernel_copies_exactly_what_is_written() -> None:
    trial = try_fork()
    assert (trial.shared, trial.copied, trial.problem) == (0, WRITTEN, "")
    assert trial.smaps_kb > 0
    assert trial.fork_usec > 0


def test_without_proc_the_trial_says_what_is_missing(tmp_path: Path) -> None:
    trial = try_fork(str(tmp_path))
    assert (trial.shared, trial.copied, trial.smaps_kb) == (-1, -1, -1)
    assert "pagemap" in trial.problem
