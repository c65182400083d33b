from __future__ import annotations

import re
from pathlib import Path

import pytest

from scenes.phrases import use
from scenes.proofreading import Finding, read_over
from tests.scenes.authored import changed


def line_of(folder: Path, text: str, file: str = "scene.toml") -> str:
    """`file:line` of the first line with `text`."""
    before = (folder / file).read_text().partition(text)[0]
    return f"{folder / file}:{before.count(chr(10)) + 1}"


def wrong(folder: Path) -> list[Finding]:
    return [finding for finding in read_over(str(folder)) if finding.wrong]


def wrong_in_chinese(folder: Path) -> list[Finding]:
    try:
        use("zh")
        return wrong(folder)
    finally:
        use("en")


def test_nothing_is_wrong_with_the_skeleton(folder: Path) -> None:
    found = read_over(str(folder))
    assert [str(finding) for finding in found] == [
        f"{folder}/zh.toml:1: unfinished: no zh.toml: everything is said in English"
    ]


@pytest.mark.parametrize(
    ("before", "after", "says", "at"),
    [
        ('event = "fork" }', 'event = "forkk" }', "no event is called 'forkk'", '"forkk"'),
        ('event = "fork" }', 'event = "crash" }', "neither crashes nor restarts", '"crash"'),
        ('event = "fork" }', 'event = "aof.fsync" }', "nobody writes", '"aof.fsync"'),
        ('event = "fork" }', 'event = "reply" }', "no command keeps its reply", '"reply"'),
        ('event = "fork" }', 'event = "fork" }\ntimeout = 0', "a wait needs a limit", "timeout"),
        ("count = 20, ", "", "'again' has no `count`: it is never done", 'client = "again"'),
        ('client = "again"', 'client = "agian"', "no client 'agian' was started", '"agian"'),
        ('"{hot}", "once"]', '"{hot}", "once"], hold = true', "exactly one thing", "hold = true }"),
        ('order = "one"', 'commands = [["SET", "{kye}"]]', "wants '{kye}'", "{kye}"),
        (
            "value = 1 }",
            "value = 1, most = 3 }",
            "either a value, or least and most",
            'id = "first"',
        ),
        ("minutes = 2", 'minutes = 2\ntopics = ["no"]', "no topic is called 'no'", 'topics = ["no'),
        ("copy_if_shared(page)", "copy(" + "x" * 80 + ")", "42 fit the panel", "x" * 80),
        ("{ hold = false }", '{ send = ["PING"] }', "the child is held, and nothing lets", "saved"),
        ('title = "write(page)"', f'title = "{"w" * 50}"', "the title has 50 cells, 42", "wwwww"),
        ('fork = "glossary.fork"', f'{"f" * 80} = "glossary.fork"', "80 cells: too wide", "ffff"),
        ('panels = ["gauge", "code"]', 'panels = ["gaug"]', "no panel is called 'gaug'", '"gaug"'),
        *(
            ("scripted = 0", f"scripted = 0\ncovers = [{{ {cover} }}]", says, "covers")
            for cover, says in {
                'card = "wrte", lines = [1]': "no card is called 'wrte'",
                'card = "write", lines = [9]': "line 9 is meant, but the code has lines 1 to 3",
                'card = "write", remarks = [2]': "'write' has no remark on line 2 to cover",
                'card = "write"': "of 'write' nothing is named to cover",
                'panel = "grid", parts = ["x"]': "of panel 'grid' nothing can be covered",
                'panel = "files", parts = ["x"]': "'files' has no part 'x' to cover: diff, sent",
                "lines = [1]": "either a card or a panel",
            }.items()
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_line(
    folder: Path, before: str, after: str, says: str, at: str
) -> None:
    changed(folder, (before, after))
    found = [finding for finding in wrong(folder) if says in finding.text]
    assert found, [str(finding) for finding in read_over(str(folder))]
    assert re.fullmatch(r".*/scene\.toml:\d+", found[0].place)
    text = (folder / "scene.toml").read_text().splitlines()[int(found[0].place.split(":")[-1]) - 1]
    assert at in text
    chinese = wrong_in_chinese(folder)
    assert [one.place for one in chinese] == [one.place for one in wrong(folder)]
    assert not {one.text for one in chinese} & {one.text for one in found}


def test_what_comes_after_an_endless_step_is_never_reached(folder: Path) -> None:
    changed(folder, ('event = "fork" }', 'event = "recovered" }'))
    assert "; the 3 steps after it are never reached" in wrong(folder)[0].text


def test_what_is_missing_is_unfinished_and_not_wrong(folder: Path) -> None:
    for line in ("takeaways = ", "open_questions = ", "further = "):
        scene = (folder / "scene.toml").read_text().splitlines(keepends=True)
        kept = [one for one in scene if not one.startswith(line)]
        (folder / "scene.toml").write_text("".join(kept))
    changed(folder, ("{ line = 3, on", "{ line = 2, on"))
    found = [finding.text for finding in read_over(str(folder))]
    assert not wrong(folder)
    for text in ("no takeaways", "no open_questions", "no further", "no event lights line 3"):
        assert any(text in said for said in found), text
    assert "nothing says 'takeaway.copies'" in found


def test_a_translation_is_held_against_the_english_words(folder: Path) -> None:
    (folder / "zh.toml").write_text(
        'title = "名"\nthesis = "一句话"\nstrange = "x"\n[fork]\ntext = "{fork_usec} 和 {copied}"\n'
        '[copy]\ntitle = "' + "宽" * 40 + '"\n'
    )
    found = {finding.text: finding for finding in read_over(str(folder))}
    missing = found["'fork.title' is missing in zh.toml"]
    assert not missing.wrong and missing.place == line_of(folder, 'title = "A fork"', "en.toml")
    strange = found["'strange' is not in en.toml"]
    assert strange.wrong and strange.place == line_of(folder, "strange", "zh.toml")
    assert found["'fork.text' has other figures than en.toml"].wrong
    assert found["'copy.title' has 80 cells, 68 fit 80 columns"].wrong


def test_figures_that_nobody_measures_are_found_in_the_catalogue(folder: Path) -> None:
    changed(folder, ("{fork_usec}", "{fork_hours}"), file="en.toml")
    (found,) = wrong(folder)
    assert found.place == line_of(folder, "fork_hours", "en.toml")


@pytest.mark.parametrize("file", ["scene.toml", "en.toml", "zh.toml"])
def test_damaged_toml_is_one_finding(folder: Path, file: str) -> None:
    (folder / file).write_text('a = "b"\nc = \n')
    (found,) = read_over(str(folder))
    assert found.wrong and found.place == f"{folder / file}:2"


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("minutes = 2", 'minutes = "two"', "Expected `int`"),
        ("minutes = 2", "minutes = 2\nhours = 2", "unknown field `hours`"),
        ("{ hold = true }", "{ hold = true, pace = 1 }", "unknown field `pace`"),
        ("rate = 40", 'rate = "fast"', "Expected `float`"),
        ('order = "one"', 'order = "none"', "Invalid enum value"),
        ("value = 0 }", "value = 0, vlaue = 0 }", "unknown field `vlaue`"),
        ("beat = 3", 'beat = "x"', "Expected `int`"),
        ('slug = "NAME"', "", "missing required field `slug`"),
    ],
)
def test_a_wrong_shape_is_named_with_its_very_line(
    folder: Path, before: str, after: str, says: str
) -> None:
    changed(folder, (before, after))
    (found,) = read_over(str(folder))
    assert says in found.text
    text = after.split("\n")[-1]
    assert found.place == (line_of(folder, text) if text else f"{folder / 'scene.toml'}:1")


def test_words_that_are_none_are_named_with_their_line(folder: Path) -> None:
    changed(folder, ('title = "The dump"', "title = 3"), file="en.toml")
    (found,) = read_over(str(folder))
    assert found.place == line_of(folder, "title = 3", "en.toml")


@pytest.mark.parametrize("file", ["scene.toml", "en.toml"])
def test_a_file_of_another_encoding_is_named_with_its_line(folder: Path, file: str) -> None:
    text = (folder / file).read_text()
    (folder / file).write_bytes(text.encode() + "\n# caf\u00e9\n".encode("latin-1"))
    (found,) = read_over(str(folder))
    assert found.place == f"{folder / file}:{text.count(chr(10)) + 2}"
    assert "not UTF-8" in found.text


def test_files_of_other_systems_are_read(folder: Path) -> None:
    for file in ("scene.toml", "en.toml"):
        text = (folder / file).read_text().replace("\n", "\r\n")
        (folder / file).write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert not wrong(folder)


@pytest.mark.parametrize(
    ("after", "says"),
    [
        ("{Fork_usec} us", "'fork.text' has '{Fork_usec}', which is no figure"),
        ("{fork_usec us", "'fork.text' has '{fork_usec', which is no figure"),
        ("", "'fork.text' says nothing"),
        ("x" * 90, "fits no row of 80 columns"),
    ],
)
def test_words_that_would_be_shown_badly(folder: Path, after: str, says: str) -> None:
    words = (folder / "en.toml").read_text()
    (folder / "en.toml").write_text(re.sub(r'text = "fork.2.*"', f'text = "{after}"', words))
    (found,) = wrong(folder)
    assert says in found.text and found.place == line_of(folder, f'text = "{after}"', "en.toml")


def test_a_long_thesis_is_said_to_be_cut(folder: Path) -> None:
    long = "long " * 12 + "end. Short."
    changed(folder, ("One sentence that the scene proves.", long), file="en.toml")
    found = [one for one in read_over(str(folder)) if "first sentence of 'thesis'" in one.text]
    assert [one.place for one in found] == [line_of(folder, "thesis", "en.toml")]
    assert not found[0].wrong
