"""A lie planted in the engine makes `cowscope run 04` exit 1; without one it exits 0.

Each lie is a `sitecustomize` module on the path of the engine's process alone: the engine's own
code is untouched and knows no switch for it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the live engine needs Linux"
)

_ONLY_IN_THE_ENGINE = """
import sys
if "engine" in sys.orig_argv:
{lie}
"""

LIES = {
    "an arena mapped MAP_SHARED": """
        import mmap
        class Shared(mmap.mmap):
            def __new__(cls, fd, length, flags=mmap.MAP_SHARED, **more):
                return super().__new__(
                    cls, fd, length, flags=flags & ~mmap.MAP_PRIVATE | mmap.MAP_SHARED, **more)
        mmap.mmap = Shared
    """,
    "an fdatasync that does nothing": """
        import os
        os.fdatasync = lambda fd: None
    """,
    "a pages event with constant figures": """
        import engine.observer as observer
        first = []
        honest = observer.pages_event
        def constant(reading):
            first.append(honest(reading))
            return first[0]
        observer.pages_event = constant
    """,
    "a child that writes an empty dump": """
        import engine.snapshot as snapshot
        snapshot.write_keyspace = lambda dump, keyspace, pace: None
    """,
}
"""What is planted, by the words of the promise it breaks."""


@dataclass(frozen=True)
class Outcome:
    """How a run ended."""

    code: int
    said: str


def _start(folder: Path, lie: str = "", *options: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    if lie:
        planted = textwrap.indent(textwrap.dedent(lie), "    ")
        folder.joinpath("sitecustomize.py").write_text(_ONLY_IN_THE_ENGINE.format(lie=planted))
        environment["PYTHONPATH"] = str(folder)
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "app.cli", "run", "04", "--pace", "3", *options],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment,
    )


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """All runs, made side by side: they mostly wait."""
    runs = {name: _start(tmp_path_factory.mktemp("lie"), lie) for name, lie in LIES.items()}
    runs["honest"] = _start(tmp_path_factory.mktemp("honest"))
    runs["another seed and arena"] = _start(
        tmp_path_factory.mktemp("other"), "", "--seed", "7", "--arena-pages", "2048"
    )
    ended = {}
    for name, process in runs.items():
        said, _ = process.communicate(timeout=240)
        ended[name] = Outcome(process.returncode, said)
    return ended


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_makes_the_run_fail(outcomes: dict[str, Outcome], lie: str) -> None:
    assert outcomes[lie].code == 1, outcomes[lie].said[-3000:]
    assert "failed" in outcomes[lie].said
    assert "Traceback" not in outcomes[lie].said


@pytest.mark.parametrize("honest", ["honest", "another seed and arena"])
def test_an_honest_run_passes(outcomes: dict[str, Outcome], honest: str) -> None:
    assert outcomes[honest].code == 0, outcomes[honest].said[-3000:]


def test_another_seed_and_arena_give_other_figures(outcomes: dict[str, Outcome]) -> None:
    def held(outcome: Outcome) -> list[str]:
        return [line for line in outcome.said.splitlines() if line.strip().startswith("held")]

    assert held(outcomes["honest"]) != held(outcomes["another seed and arena"])
