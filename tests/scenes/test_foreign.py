"""What other code says in English is said in Chinese: of directives, of types, of TOML."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

import engine
from app import cli
from engine.directive_table import TABLE
from engine.faults import FaultError, Faults
from scenes import phrases
from scenes.foreign import spoken
from scenes.scene import Scene
from tests.scenes.test_english_left import SENTENCE

ENGINE = Path(engine.__file__).parent
OUTSIDE = {
    "persistence.py": "said at run time, in the log, of a folder in use",
    "open_files.py": "said in the log",
}
"""Modules whose ConfigErrors are no configuration file's."""
MODULES = [
    path
    for path in sorted(ENGINE.rglob("*.py"))
    if path.name not in OUTSIDE and "ConfigError(" in path.read_text("utf-8")
]


@pytest.fixture(autouse=True)
def _chinese() -> Iterator[None]:
    phrases.use("zh")
    yield
    phrases.use("en")


def reasons(path: Path) -> list[str]:
    """The texts of a module's ConfigErrors, with 7 where a figure stands."""
    found = []
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        called = getattr(node, "func", None)
        if not isinstance(called, ast.Name) or called.id not in ("ConfigError", "ConfigLineError"):
            continue
        for argument in node.args:  # type: ignore[attr-defined]
            text = _text(argument)
            if SENTENCE.search(text):
                found.append(text)
    return found


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr):
        parts = (one.value if isinstance(one, ast.Constant) else "7" for one in node.values)
        return "".join(map(str, parts))
    return str(node.value) if isinstance(node, ast.Constant) else ""


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_each_reason_of_the_engine_has_its_chinese(path: Path) -> None:
    for text in reasons(path):
        text = text.replace("just a 7", "just a filename").replace("be a 7", "be a memory")
        assert not SENTENCE.search(spoken(text)), text


def test_reasons_are_found() -> None:
    assert sum(len(reasons(path)) for path in MODULES) > 15


@pytest.mark.parametrize("fixed", sorted({one.fixed for one in TABLE if one.fixed}))
def test_each_fixed_value_has_its_reason_in_chinese(fixed: str) -> None:
    told = spoken(f"only no is possible: {fixed}")
    assert told.startswith("只能是 no：") and not SENTENCE.search(told)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("nope.conf",), "无法打开配置文件 'nope.conf'：No such file or directory"),
        (("twice.conf",), "twice.conf，第 2 行：'appendonly maybe'：值必须是 'yes' 或 'no'"),
        (("quotes.conf",), "open.conf，第 1 行：'save \"6'：引号不成对"),
        (("--prot", "1"), "命令行：'--prot 1'：没有这个指令，或参数个数不对"),
        (
            ("--dir", "/nope"),
            "No such file or directory。请先建立它（mkdir -p /nope），或换一个目录",
        ),
        (("--tls-port", "3"), "只能是 0：不支持 TLS"),
        (("--maxclients", "0"), "值必须在 1 到 4294967295 之间"),
        (("--oom-score-adj-values", "1", "2", "9999"), "的值必须在 -2000 到 2000 之间"),
    ],
    ids=lambda case: " ".join(case) if isinstance(case, tuple) else "",
)
def test_serve_says_what_is_wrong_with_its_configuration_in_chinese(
    words: tuple[str, ...],
    says: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "twice.conf").write_text("port 0\nappendonly maybe\n")
    (tmp_path / "quotes.conf").write_text("include open.conf\n")
    (tmp_path / "open.conf").write_text('save "6\n')
    assert cli.main(["--lang", "zh", "serve", *words]) == 1
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and says in err
    left = err.replace("No such file or directory", "")  # the system's own words
    assert not SENTENCE.search(re.sub(r"'[^']*'", "", left))


def test_in_english_its_words_are_redis_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["--lang", "en", "serve", "--appendonly", "maybe"]) == 1
    said = "command line: '--appendonly maybe': argument must be 'yes' or 'no'\n"
    assert capsys.readouterr().err == said


@pytest.mark.parametrize(
    "text",
    [
        *('a = "', "a = [1", "a = {b = 1", "a = ", "a", "[a", "[[a]", "a = 1\na = 2", "= 1"),
        *(
            "[a]\n[a]",
            "a = 1\n[a.b]",
            "a = {b = 1}\n[a.c]",
            "a = 1 b",
            'a = "\\q"',
            'a = "\\uzzzz"',
        ),
        *("a = 2020-13-01", "a = {b = 1, b = 2}", "[[a]]\n[a]", "a.b = 1\n[a]", 'a = "\x01"'),
        *('a = "\\ud800"', "a = 1\n\x01", "a = nope"),
    ],
)
def test_what_is_no_toml_is_told_in_chinese(text: str) -> None:
    with pytest.raises(tomllib.TOMLDecodeError) as refused:
        tomllib.loads(text)
    said = re.sub(r" \(at line \d+, column \d+\)$", "", str(refused.value))
    assert spoken(said) != said and not SENTENCE.search(spoken(said)), said


@pytest.mark.parametrize(
    "tables",
    [{}, {"number": 4}, {"number": "04", "x": 1}, {"stages": 3}, {"stages": [{"held_for": "x"}]}],
)
def test_what_is_no_scene_is_told_in_chinese(tables: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError) as refused:
        msgspec.convert(tables, Scene)
    said = str(refused.value)
    assert spoken(said) != said and not SENTENCE.search(spoken(said)), said


def test_faults_are_told_in_chinese() -> None:
    for words in (("nope",), ("fsync-delay", "x"), ("fsync-error", "x"), ("full", "x")):
        with pytest.raises(FaultError) as refused:
            Faults().set(*words)
        assert not SENTENCE.search(spoken(str(refused.value))), words


def test_what_nobody_knows_stays() -> None:
    assert spoken("It is as it is.") == "It is as it is."
