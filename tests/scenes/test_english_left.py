"""No English is left in what the scenes say under `--lang zh`, but what must stay as it is."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

import pytest

import scenes
from scenes import foreign
from scenes.expect import CHECKS
from scenes.sayings import detail, remark, trouble
from scenes.words import FIGURE
from tests.scenes import sabotage
from tests.scenes.lessons.test_in_chinese import SAYS_ZH
from tests.scenes.test_headless import together

ROOT = Path(scenes.__file__).parent
SENTENCE = re.compile(r"[A-Za-z']{2,} [a-z']{2,} [a-z']{2,}")
"""Three words in a row are no name and no command any more."""
SAYERS = {
    "SceneError",
    "Refused",
    "Failed",
    "NotStartedError",
    "Problem",
    "Verdict",
    "DumpError",
    "Log",
}
"""What is made with words that a learner or an author may read."""
ALLOWED = {
    "checkpoint.py": "never shown: what cannot be kept is gathered anew",
    "keeping.py": "never shown: what cannot be kept is gathered anew",
}
STAY = re.compile(r"Unexpected end of file|cowscope play sandbox")
"""Redis' own words, and a command."""
UNMATCHED = {"authoring proofreading.dark_lines": "{plural} is the plural's s"}


def made_here(path: Path) -> list[str]:
    """Words that a module hands to a learner without asking a catalogue."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or _name(node.func) not in SAYERS:
            continue
        for part in (*node.args, *(word.value for word in node.keywords)):
            found += [f"{path.name}:{node.lineno}: {text}" for text in _said_in(part)]
    return found


def _name(called: ast.expr) -> str:
    if isinstance(called, ast.Attribute):  # Verdict.of, events.Log
        owner = called.value
        of_class = isinstance(owner, ast.Name) and owner.id in SAYERS
        return owner.id if of_class and isinstance(owner, ast.Name) else called.attr
    return called.id if isinstance(called, ast.Name) else ""


def _said_in(part: ast.expr) -> list[str]:
    return [
        node.value
        for node in ast.walk(part)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and SENTENCE.search(STAY.sub("", node.value))
    ]


@pytest.mark.parametrize(
    "path", sorted((*ROOT.glob("*.py"), *ROOT.glob("topics/*.py"), *ROOT.glob("lab/*.py"))), ids=str
)
def test_what_is_said_comes_from_a_catalogue(path: Path) -> None:
    if path.name not in ALLOWED:
        assert made_here(path) == []


def test_words_that_are_made_in_place_are_found(tmp_path: Path) -> None:
    module = tmp_path / "one.py"
    module.write_text('x = 1\nraise SceneError(f"the engine {x} is gone now")\n')
    assert made_here(module) == ["one.py:2:  is gone now"]


@pytest.mark.parametrize(
    "book", [detail, trouble, remark, foreign.book], ids=lambda book: book.folder.name
)
def test_each_phrase_has_its_chinese_with_the_same_figures(book: type(detail)) -> None:
    english, chinese = book.words("en").texts, book.words("zh").texts
    assert english.keys() - chinese.keys() == set()
    for key, text in english.items():
        if f"{book.folder.name} {key}" not in UNMATCHED:
            assert set(FIGURE.findall(text)) == set(FIGURE.findall(chinese[key])), key
        assert not SENTENCE.search(STAY.sub("", chinese[key])), key


def test_each_check_says_in_chinese_what_it_holds_a_run_against() -> None:
    chinese = detail.words("zh")
    assert [check for check in CHECKS if f"meaning.{check}" not in chinese] == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the engine needs Linux")
def test_a_sound_run_and_a_lying_one_leave_no_english(tmp_path: Path) -> None:
    lying = (sys.executable, "-P", str(Path(sabotage.__file__).parent / "skipped_fsync.py"))
    options = "language='zh', verbose=True, pace=20"
    calls = {
        "sound": f"({SAYS_ZH}, run('04', {options}))[1]",
        "lie": f"({SAYS_ZH}, run('04', {options}, command={lying!r}))[1]",
    }
    done = together(tmp_path, calls)
    assert (done["sound"].code, done["lie"].code) == (0, 1), done["sound"].err
    assert "不成立" in done["lie"].out and "预期「" in done["lie"].err
    for run in done.values():
        lines = [*run.out.splitlines(), *run.err.splitlines()]
        assert [line for line in lines if SENTENCE.search(line)] == []
