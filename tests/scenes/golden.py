"""Transcripts to compare: times and pids masked, paragraphs folded anew, and nothing else.

python -m tests.scenes.golden 04      # writes tests/scenes/golden/04.txt anew
"""

from __future__ import annotations

import io
import re
import sys
from difflib import unified_diff
from pathlib import Path

from scenes.folding import fold
from scenes.headless import run
from scenes.transcript import WIDTH

FOLDER = Path(__file__).parent / "golden"
PACE = 20.0
_TIME = re.compile(r"[\d,]+(\.\d+)? (s|µs|ms|usec)\b")
_MOMENT = re.compile(r"(?<![0-9a-f])1\d{9}(\d{3})?(?![0-9a-f])")
"""Seconds or milliseconds since 1970."""
_PID = re.compile(r"\b(pid|child|process|parent|parent is|returned) [1-9]\d*", re.IGNORECASE)


def masked(text: str) -> str:
    """`text` with times and pids replaced; a masked figure may be longer, so texts fold anew."""
    found = []
    for line in _unfolded(text.splitlines()):
        said = _PID.sub(r"\1 P", _TIME.sub(r"T \2", _MOMENT.sub("T", line)))
        said = re.sub(r"^ *T s  ", "  ", said)
        if said.startswith("  | "):
            found += [f"  | {row}" for row in fold(said[4:], WIDTH - 4)]
        else:
            found.append(said)
    return "\n".join(found) + "\n"


def _unfolded(lines: list[str]) -> list[str]:
    """Lines with each paragraph in one."""
    whole: list[str] = []
    for line in lines:
        if line.startswith("  | ") and whole and whole[-1].startswith("  | "):
            whole[-1] += " " + line[4:]
        else:
            whole.append(line)
    return whole


def as_far_as_measured(text: str, golden: str) -> str:
    """`text` with what this machine cannot know as in `golden`: another could.

    Checks are skipped then, and an answer is modelled that root would have measured.
    """
    held = {line.split()[1]: line for line in golden.splitlines() if line.startswith("  held ")}
    answers = set(golden.splitlines())
    lines = []
    for line in text.splitlines():
        words = line.split()
        skipped = line.startswith("  skipped ") and words[1] in held
        measured = line.replace("  modelled: ", "  measured: ", 1)
        line = measured if measured in answers else line
        lines.append(held[words[1]] if skipped else line)
    return re.sub(r"(\d+) expectations? held, \d+ skipped", "N held", "\n".join(lines) + "\n")


def told(scene: str, seed: int | None = None) -> tuple[int, str, str]:
    """Exit code, masked transcript and errors of a run."""
    out, err = io.StringIO(), io.StringIO()
    code = run(scene, pace=PACE, seed=seed, out=out, err=err)
    return code, masked(out.getvalue()), err.getvalue()


def main(names: list[str], twice: bool) -> int:
    """Write golden files, or print what two runs tell differently; 1 if anything is wrong."""
    bad = 0
    for name in names:
        code, text, err = told(name)
        bad |= code
        sys.stderr.write(err)
        if twice:
            again = told(name)[1]
            lines = list(unified_diff(text.splitlines(), again.splitlines(), lineterm="", n=1))
            bad |= bool(lines)
            print("\n".join([name, *lines]))
        elif not code:
            FOLDER.mkdir(exist_ok=True)
            (FOLDER / f"{name}.txt").write_text(text, encoding="utf-8")
    return bad


if __name__ == "__main__":
    words = sys.argv[1:]
    sys.exit(main([word for word in words if word != "--twice"], "--twice" in words))
