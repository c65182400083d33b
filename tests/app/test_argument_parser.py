"""argparse speaks the language of the process, and `--lang` counts wherever it stands."""

from __future__ import annotations

import argparse
import ast
import contextlib
import inspect
import re
from collections.abc import Iterator

import pytest
from rich.cells import cell_len

from app import cli
from app.argument_parser import PHRASES, language_named, without_language
from app.said import said
from scenes import phrases

NOT_FOR_USERS = {
    # mistakes of whoever builds a parser
    ".__call__() not defined",
    "'required' is an invalid argument for positionals",
    "mutually exclusive arguments must be optional",
    "%r is not callable",
    "cannot merge actions - two groups are named %r",
    "invalid option string %(option)r: must start with a character %(prefix_chars)r",
    "dest= is required for options like %r",
    "invalid conflict_resolution value: %r",
    "cannot have multiple subparser arguments",
    "conflicting subparser: %s",
    "conflicting subparser alias: %s",
    "conflicting option string: %s",
    "conflicting option strings: %s",
    "unexpected option string: %s",
    # of kinds that no option here has: files, nargs of several, groups; types say their own words
    "can't open '%(filename)s': %(error)s",
    'argument "-" with mode %r',
    "expected at most one argument",
    "expected at least one argument",
    "expected %s argument",
    "expected %s arguments",
    "one of the arguments %s is required",
    "invalid %(type)s value: %(value)r",
    # said otherwise: Formatter and Parser.error
    "usage: ",
    "%(prog)s: error: %(message)s\n",
}


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    yield
    phrases.use("en")


def msgids() -> set[str]:
    """What this Python's argparse hands to gettext."""
    calls = (
        node
        for node in ast.walk(ast.parse(inspect.getsource(argparse)))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    )
    return {
        argument.value
        for call in calls
        if call.func.id in ("_", "ngettext")  # type: ignore[attr-defined]
        for argument in call.args
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    }


def test_argparse_has_no_words_for_users_but_those_translated() -> None:
    assert msgids() - NOT_FOR_USERS - PHRASES.keys() == set()


def test_the_english_phrases_are_argparses() -> None:
    english = said.words("en").texts
    assert {english[key] for key in PHRASES.values()} == PHRASES.keys()


@pytest.mark.parametrize("key", PHRASES.values())
def test_a_translation_has_argparses_places(key: str) -> None:
    places = [
        sorted(re.findall(r"%(?:\(\w+\))?[rs]", said.words(one).text(key))) for one in ("en", "zh")
    ]
    assert places[0] == places[1]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--lang", "zh", "play"], "zh"),
        (["play", "--lang=zh"], "zh"),
        (["play", "--la", "zh"], "zh"),
        (["--lang", "zh", "play", "--lang", "en"], "en"),
        (["--lang", "fr"], None),
        (["play", "--lang"], None),
        (["play", "--", "--lang", "zh"], None),
        (["play", "--"], None),
        (["zh"], None),
    ],
)
def test_the_language_is_known_before_the_words_are_parsed(
    words: list[str], found: str | None
) -> None:
    assert language_named(words) == found


def test_serve_never_sees_the_language() -> None:
    words = ["--lang", "zh", "serve", "--port", "1", "--lang=en"]
    assert without_language(words) == ["serve", "--port", "1"]


def told(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """What a command line says that does not run."""
    with contextlib.suppress(SystemExit):
        cli.main(words)
    out, err = capsys.readouterr()
    return out + err


@pytest.mark.parametrize("words", [("--lang", "zh", "run", "-h"), ("run", "--lang", "zh", "-h")])
def test_help_is_in_the_language_named(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert said.words("zh").text("commands.run") in told(capsys, *words)


@pytest.mark.parametrize("name", ["LC_ALL", "LC_MESSAGES", "LANG"])
def test_help_is_in_the_locales_language_unless_another_is_named(
    name: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "zh_CN.UTF-8")
    assert "选项" in told(capsys, "--help")
    assert told(capsys, "run", "--seed", "x").startswith("cowscope run：参数 --seed：'x'")
    assert "选项" not in told(capsys, "--lang", "en", "--help")
    assert "选项" not in told(capsys, "serve", "--help", "--lang", "en")


def test_the_rows_of_a_chinese_usage_stand_below_each_other(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    first, second, *_ = told(capsys, "--lang", "zh", "play", "--help").splitlines()
    assert cell_len(first.partition("[")[0]) == second.index("[")


def test_no_row_of_any_help_is_wider_than_the_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for words in HELPS:
        for language in ("en", "zh"):
            text = told(capsys, *words, "--help", "--lang", language)
            assert max(map(cell_len, text.splitlines())) <= 80, words


HELPS = [
    (),
    *((name,) for name in ("play", "run", "serve", "record", "replay", "export", "web", "crash")),
    *((name,) for name in ("scene", "doctor", "bench")),
    *(("scene", name) for name in ("list", "new", "check", "watch")),
]
