"""Where the kernel hides frame numbers they are modelled, and so is every answer that they give."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_UNPRIVILEGED = ("setpriv", "--bounding-set=-sys_admin") if os.geteuid() == 0 else ()
"""Without this capability root reads 0 for every frame, as everybody else does."""

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or bool(_UNPRIVILEGED and not shutil.which("setpriv")),
    reason="needs Linux, and setpriv where root runs the tests",
)


def test_answers_from_modelled_frames_say_modelled_and_others_measured(tmp_path: Path) -> None:
    done = subprocess.run(
        [*_UNPRIVILEGED, sys.executable, "-P", "-m", "app.cli", "run", "02", "--pace", "20"],
        capture_output=True, text=True, timeout=120,
        env={**os.environ, "XDG_CACHE_HOME": str(tmp_path), "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr + done.stdout[-2000:]
    answers = [
        line.split(":")[0].strip()
        for line in done.stdout.splitlines()
        if line.startswith(("  measured: ", "  modelled: "))
    ]
    assert answers == ["modelled"] * 2 + ["measured"] * 3
