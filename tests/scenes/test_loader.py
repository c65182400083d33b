from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from scenes.errors import SceneError
from scenes.loader import LESSONS, check, find, known, load
from scenes.scene import Scene


def test_a_scene_is_found_by_number_slug_and_path() -> None:
    folder = LESSONS / "04"
    assert find("04") == find("4") == find("persistence") == folder
    assert find(str(folder)) == find(str(folder / "scene.toml")) == folder
    assert "04" in [scene.number for scene in known()]


def test_a_folder_that_is_called_like_a_scene_does_not_hide_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(LESSONS / "05", tmp_path / "04")
    monkeypatch.chdir(tmp_path)
    assert find("04") == LESSONS / "04"
    assert find("./04/scene.toml") == Path("04")


def test_an_unknown_scene_lists_the_known_ones() -> None:
    with pytest.raises(SceneError, match=r"no scene '77': .*04 \(persistence\)") as caught:
        load("77")
    assert "\n" not in str(caught.value)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(LESSONS / "04", tmp_path / "copy")
    return tmp_path / "copy"


def broken(folder: Path, before: str, after: str, file: str = "scene.toml") -> str:
    path = folder / file
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))
    with pytest.raises(SceneError) as caught:
        load(str(folder))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def line_of(folder: Path, text: str) -> int:
    """The line of the [[table]] that `text` belongs to."""
    before = (folder / "scene.toml").read_text().partition(text)[0].splitlines()
    return max(n for n, line in enumerate(before, 1) if line.startswith("[[s") and "]]" in line)


def test_a_wrong_type_is_named_with_its_line(copy: Path) -> None:
    lines = (copy / "scene.toml").read_text().splitlines()
    wanted = lines.index("beat = 4") + 1
    message = broken(copy, "beat = 4", 'beat = "four"')
    assert f"scene.toml:{wanted}: Expected `int`, got `str`" in message


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ('event = "fork" }\nexpect', 'event = "spoon" }\nexpect', "no event is called 'spoon'"),
        ('{ policy = "everysec" }', '{ colour = "red" }', "has no field 'colour'"),
        ('"fork_shared_everything"', '"fork_is_fine"', "no check is called 'fork_is_fine'"),
        ('measure = "copied_since_answer"', 'measure = "m"', "no measure is called 'm'"),
        ('card = "Server.bgsave"', 'card = "Server.x"', "no card is called 'Server.x'"),
        ('text = "fork.text"', 'text = "fork.txt"', "no words for 'fork.txt'"),
        ('keys = ["b", "h"]', 'keys = ["b", "x"]', "'x' is no sandbox key"),
        ("beat = 6", "beat = 1", "beat 1 after beat 5"),
        ('id = "gauge"', 'id = "fork"', "2 steps are called 'fork'"),
        ("{ hold = false }", '{ hold = false, stop = "x" }', "exactly one thing"),
        ("{ hold = false }", "{ hold = false, cut = 9 }", "`cut` cuts the AOF behind a crash"),
        ("{ hold = false }", '{ crash = "kill", keep = "x" }', "or the refusal of a start"),
        ("scripted = 1", "scripted = 9", "no choice 9 to script"),
        ('when = "child_lives"', 'when = "it_rains"', "no condition is called 'it_rains'"),
        ('text = "gone.engine" }', 'text = "gone.x" }', "no words for 'gone.x'"),
        ("held = true", "held = true\nalone = true", "no child, a held one, a lesson's"),
        ("line = 9,", "line = 10,", "line 10 is meant, but the code has lines 1 to 9"),
        ('needs = ["walk"]', 'needs = ["no"]', "needs 'no', which is no earlier step"),
    ],
)
def test_names_that_lead_nowhere_are_found(copy: Path, before: str, after: str, says: str) -> None:
    message = broken(copy, before, after)
    assert says in message and "scene.toml" in message


def test_a_figure_that_nobody_measures_is_found(copy: Path) -> None:
    message = broken(copy, "{fork_usec}", "{fork_hours}", file="en.toml")
    assert "want the figure 'fork_hours'" in message


@pytest.mark.parametrize("word", ["Press space", "It turns emerald", "b forks another"])
def test_words_that_need_a_screen_want_plain_ones_beside_them(copy: Path, word: str) -> None:
    message = broken(copy, "BGSAVE splits the process in two", word, file="en.toml")
    assert "needs a screen: add 'first_fork.text_plain'" in message


def test_damaged_toml_is_named_with_its_line(copy: Path) -> None:
    assert "scene.toml:3: cannot be read" in broken(copy, 'number = "04"', "number = ")


@pytest.mark.parametrize("scene", known(), ids=lambda scene: scene.slug)
def test_nothing_is_wrong_with_a_scene_that_ships(scene: Scene) -> None:
    check(load(scene.number))
