"""No words for people stand in the code: all are in the catalogue, said in the chosen language.

What reads like prose, or is handed to something that speaks, must come from `said`. The few that
may stay are listed, each with its reason.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.export.page import _PAGE
from app.theme import ROLES

APP = Path(__file__).parents[2] / "app"
PROSE = re.compile(r"[A-Za-z][a-z']+,? [A-Za-z]*[a-z']+")
"""Two words beside each other."""
WORD = re.compile(r"(?<![\w.-])[A-Za-z]*[a-z]{3,}(?![\w-])")
"""One word, as what speaks would show it."""
SPEAKERS = {
    *("print", "notify", "input", "line", "fold", "paragraph", "wrap", "Span", "Text", "Static"),
    *("SceneError", "EngineError", "ArgumentTypeError", "HTTPForbidden", "HTTPNotFound"),
    *("HTTPServiceUnavailable", "Label", "Button", "Content", "title", "subtitle", "border_title"),
}
"""Functions whose arguments a person reads."""
SPEAKING = {"help", "description", "epilog", "text", "label", "placeholder", "tooltip", "message"}
"""Keyword arguments that a person reads."""
UNREAD = {
    *("CSS", "DEFAULT_CSS", "_HEADERS", "FONTS", "_FAMILY"),
    "PHRASES",  # argparse's msgids, each with its phrase
    "_PAGE",  # looked at below
}
"""Names whose strings a program reads."""

ALLOWED = {
    "redis_cli_format.py": "redis-cli's own words, which stay as it prints them",
    "pictures.py": "makes the pictures of the README from a checkout; speaks to its maintainer",
    "crash_long.py": "run by `make crash-long`; says nothing itself",
}
"""Modules in which words may stand, and why."""
ALLOWED_WORDS = {
    "cowscope": "the program's name",
    "redis-cli -p": "a command to type",
    "redis-cli": "a command's name",
    "fsync": "the call's name",
    "fork": "the call's name",
    "appendfsync": "a directive's name",
    "appendonly": "a directive's name",
    "aof_buf": "a variable's name in Redis",
    "cowscope run": "a command to type",
    "cowscope replay": "a command to type",
    "cowscope scene check": "a command to type",
    "cowscope scene watch": "a command to type",
    "cowscope --help": "a command to type",
    "pagemap": "a file's name",
    "smaps": "a file's name",
    "AnonHugePages": "a field's name in smaps",
    "never written": "a state's name, said by page_words.state_name",
    "has data": "a state's name, said by page_words.state_name",
    "Enter": "what stands on a key",
    "PgUp PgDn": "what stands on keys",
    "Quit": "of a binding that no footer shows",
}


def docstrings(tree: ast.AST) -> set[int]:
    """Strings that are statements: documentation of modules, classes, functions and fields."""
    return {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }


def read_by_a_program(tree: ast.AST) -> set[int]:
    """Strings in style sheets, keys of the catalogue, and what names a role of the theme."""
    found: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(one, ast.Name) and one.id in UNREAD for one in targets):
                found |= {id(part) for part in ast.walk(node)}
        if isinstance(node, ast.Call) and name_of(node.func) in ("said", "getattr", "setattr"):
            found |= {id(part) for part in node.args[:1]}
            found |= {id(part) for part in ast.walk(node.args[0])} if node.args else set()
        if isinstance(node, ast.Compare | ast.Subscript):
            parts = (
                [node.left, *node.comparators] if isinstance(node, ast.Compare) else [node.slice]
            )
            found |= {id(part) for one in parts for part in ast.walk(one)}
    return found


def name_of(function: ast.expr) -> str:
    match function:
        case ast.Name():
            return function.id
        case ast.Attribute():
            return function.attr
        case _:
            return ""


def strings(node: ast.AST) -> Iterator[ast.Constant]:
    for part in ast.walk(node):
        if isinstance(part, ast.Constant) and isinstance(part.value, str):
            yield part


def shown_by(call: ast.Call) -> Iterator[ast.Constant]:
    """What a call shows: of a span `(text, role)` only the text."""
    speaks = name_of(call.func) in SPEAKERS
    arguments = [one for one in call.args if speaks]
    arguments += [one.value for one in call.keywords if one.arg in SPEAKING]
    for argument in arguments:
        if isinstance(argument, ast.Call):
            continue
        roles = {
            id(part)
            for pair in ast.walk(argument)
            if isinstance(pair, ast.Tuple) and len(pair.elts) == 2
            for part in ast.walk(pair.elts[1])
        }
        inner = {
            id(part)
            for other in ast.walk(argument)
            if isinstance(other, ast.Call) and other is not argument
            for part in ast.walk(other)
        }
        yield from (one for one in strings(argument) if id(one) not in roles | inner)


def leftovers(source: str) -> list[tuple[int, str]]:
    """(line, text) of the words for people in a module that do not come from the catalogue."""
    tree = ast.parse(source)
    silent = docstrings(tree) | read_by_a_program(tree)
    found: dict[tuple[int, str], None] = {}
    for one in strings(tree):
        if id(one) not in silent and PROSE.search(without_names(one.value)):
            found[one.lineno, one.value] = None
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        for one in shown_by(call):
            if id(one) not in silent and WORD.search(without_names(one.value)):
                found[one.lineno, one.value] = None
    return sorted(found)


def without_names(text: str) -> str:
    """A text without what may stay, whole words only."""
    if text in ROLES:
        return ""
    text = re.sub(r"<[^>]*>?", "", text)
    for name in sorted(ALLOWED_WORDS, key=len, reverse=True):
        text = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", "", text)
    return text


def modules() -> list[Path]:
    return [path for path in sorted(APP.rglob("*.py")) if path.name not in ALLOWED]


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(APP)))
def test_all_words_come_from_the_catalogue(path: Path) -> None:
    assert leftovers(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        'raise SceneError(f"no recording of {name} here")',
        'print(f"{n} of {all} crashes")',
        'app.notify("gone")',
        'parser.add_argument("--x", help="seed")',
        'NOTE = "the engine starts"',
        'line((f"{n} pages", "dim"))',
        'lines.append(line("held"))',
    ],
)
def test_words_in_the_code_are_found(source: str) -> None:
    assert leftovers(source)


@pytest.mark.parametrize(
    "source",
    [
        'def f():\n    """It is a docstring."""',
        'CSS = "a style sheet here"',
        'line((said("a.b"), "copied text"), " ")',
        'if state == "never written": pass',
        'print(f"{folder}: cowscope scene check {folder}")',
    ],
)
def test_what_nobody_reads_is_let_pass(source: str) -> None:
    assert leftovers(source) == []


PAGES = [_PAGE, *(path.read_text("utf-8") for path in (APP / "web" / "page").glob("*.html"))]


@pytest.mark.parametrize("page", PAGES)
def test_pages_have_no_words_of_their_own(page: str) -> None:
    """What stands between the tags is a place for a phrase; only the title is the name's."""
    text = re.sub(r"<(style|script)\b.*?</\1>|<[^>]*>", " ", page, flags=re.DOTALL)
    text = re.sub(r"@[A-Z_]+@|\{\w+\}", " ", text)
    assert text.split() in ([], ["Cowscope"])


def test_nothing_is_allowed_that_is_not_there() -> None:
    names = {path.name for path in APP.rglob("*.py")}
    assert ALLOWED.keys() <= names
    code = "\n".join(path.read_text("utf-8") for path in modules())
    assert [name for name in ALLOWED_WORDS if name not in code] == []
