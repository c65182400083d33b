"""What commands print in Chinese has no English word but names: of commands, files, calls."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator

import pytest
from msgspec.structs import replace
from rich.cells import cell_len

import engine.doctor
from app import bug, cli, crash_report
from app.doctor_report import lines as doctor_lines
from app.files_panel import files_lines
from app.glyphs import DRAWN
from app.lines import plain
from app.menu import Choice, menu_lines
from app.said import said
from app.sliders_panel import slider_lines
from engine.doctor import SEEN, Finding
from scenes import phrases
from scenes.lab.plan import Row
from scenes.lab.rows import line
from scenes.lab.servers import Server, cowscope
from scenes.loader import SANDBOX
from scenes.rewrite_view import MULTIPART, RewriteView, StageView
from scenes.view import View
from tests.app.test_argument_parser import HELPS
from tests.app.test_crash_report import lines as crash_lines
from tests.app.test_files_panel import PIPES
from tests.scenes.lab.made import facts

STAYS = """
play run serve record replay export web crash scene doctor bench list new check watch cowscope
file target name kill power mid-snapshot mid-rewrite disk-full torn-tail slow-disk cast always
everysec no yes all en zh locale dark light host port dir appendonly appendfsync redis Redis
redis-server redis-cli redis-check-aof redis-check-rdb conf html directive Linux Python Ctrl
asciinema save bind fork fsync smaps pagemap cachestat uvloop hiredis root ext arena arena-thp
asyncio kB KiB MiB ms
"""
NAMES = frozenset(STAYS.split())
"""Names that stay as they are in any language."""
WORD = re.compile(r"[A-Za-z]+(?:-[A-Za-z]+)*")


@pytest.fixture(autouse=True)
def _chinese(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    monkeypatch.setenv("COLUMNS", "80")
    phrases.use("zh")
    yield
    phrases.use("en")


def english(text: str) -> list[str]:
    """The English words in what is printed: options, braces, capitals and numbers aside."""
    text = re.sub(
        r"(?<!\w)--?[a-z][\w-]*(?:=\S+)?|\{[^}]*\}|`[^`]*`|'[^']*'|\S*/\S*|\d\S*|\w+_\w+", " ", text
    )
    return [word for word in WORD.findall(text) if not (word in NAMES or word.isupper())]


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with contextlib.suppress(SystemExit):
        cli.main(words)
    out, err = capsys.readouterr()
    return out + err


def test_an_english_word_is_found() -> None:
    assert english("选项 --seed SEED 工作负载的 seed") == ["seed"]
    assert english("  --lang {en,zh}  language of all that is read") != []
    assert english("cowscope play：参数 --seed：'x' 不是整数") == []


@pytest.mark.parametrize("words", HELPS, ids=lambda words: " ".join(words) or "menu")
def test_help(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, *words, "--help")
    assert "：" in text and english(text) == []


@pytest.mark.parametrize(
    "words",
    [
        ("nonsense",),
        ("run", "--seed", "x"),
        ("run", "--pace", "x"),
        ("web", "--port", "99999"),
        ("web", "--public-url", "x"),
        ("export", "04", "x", "--size", "9"),
        ("export", "04", "x.odd"),
        ("play", "--a"),
        ("play", "--theme", "pink"),
        ("record",),
        ("replay", "--autoplay=3"),
        ("play", "1", "2"),
        ("play", "--seed"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_read(words: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, *words)
    given = {word.strip("'") for word in words}
    assert "：" in text and set(english(text)) <= given | {"x", "odd"}


def test_doctor_on_this_machine(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, "doctor")
    assert "：" in text
    tools = {"madvise", "never", "defer", "ext", "overlay", "tmpfs", "rdb", "xfs", "btrfs"}
    rows = [row for row in text.splitlines() if "6." not in row]  # the kernel's own name
    assert set(english("\n".join(rows))) <= tools


def test_doctor_of_whatever_can_be_found() -> None:
    figures = dict.fromkeys(re.findall(r"\{(\w+)\}", " ".join(SEEN.values())), "7")
    names = [
        *("/proc", "fork", "pagemap", "smaps", "huge pages", "page size", "memory", "disk"),
        *("cachestat", "root", "uvloop", "hiredis", "redis tools"),
    ]
    for case in SEEN:
        found = [
            Finding(name, False, "en", "en", "en", case, {**figures, "kib": "16"}) for name in names
        ]
        assert english("\n".join(doctor_lines(found))) == []


def test_the_list_of_scenes(capsys: pytest.CaptureFixture[str]) -> None:
    rows = printed(capsys, "scene", "list").splitlines()
    assert len(rows) >= 10
    for row in rows:
        number, slug, rest = row.split(maxsplit=2)
        assert re.match(r"\d+ 分钟  \S", rest), number
        assert set(english(rest)) <= {"Multi-part"}, slug  # what Redis calls it


def test_the_crash_table() -> None:
    redis = Server("redis", "redis 7.0.15", ("redis-server",))
    rows = [replace(one, why_not="") for one in crash_lines()]
    rows += [
        line(Row(redis, "kill", during, "always"), [facts()], [])
        for during in ("idle", "loading", "snapshot", "rewrite", "pipes", "torn-tail", "disk-full")
    ]
    rows.append(line(Row(cowscope(), "modelled", "slow-disk", "no"), [facts("no", "modelled")], []))
    rows = [replace(row, broken=[], delayed=3, refused=3) for row in rows]
    text = crash_report.table(rows)
    assert english(text) == []
    assert all(cell_len(row) <= 80 for row in text.partition("\n\n计数")[2].splitlines())
    head, under, rule = text.splitlines()[:3]
    assert cell_len(head) == cell_len(under) == cell_len(rule)


def test_a_broken_promise() -> None:
    (row, *_) = crash_lines()
    text = crash_report.table([replace(row, broken=["7"])])
    assert text.splitlines()[-1].startswith("违背承诺") and english(text) == []


def test_the_menu() -> None:
    entries = [
        Choice(
            "04", "04", "持久化", "论点", said("menu.minutes", minutes=9), recorded=True, resume="x"
        ),
        Choice("05", "05", "日志", "论点", said("menu.only_recording", why=""), live=False),
        Choice(SANDBOX, "00", "沙盒", "论点", said("menu.as_long")),
    ]
    for at in range(3):
        shown = "\n".join(map(plain, menu_lines(entries, at, 78, 40)))
        assert set(english(shown)) <= {"Enter", "r", "v"}


def test_the_panels_of_sliders_and_files() -> None:
    assert english("\n".join(map(plain, slider_lines({}, 0, DRAWN, 76)))) == []
    stages = tuple(StageView(name, 1.0, 0) for name in MULTIPART)
    for view in (PIPES, View(rewrite=RewriteView(stages=stages))):
        shown = "\n".join(map(plain, files_lines(view, 76, 30)))
        assert set(english(shown)) <= {"appendonly", "temp-rewriteaof", "aof", "buf"}


def test_a_bug_in_one_line() -> None:
    try:
        raise ValueError("7")
    except ValueError as error:
        told = bug.line(said("bug.program"), error)
    assert set(english(told)) <= {"ValueError", "test", "in", "print", "py", "chinese"}


def test_the_engines_words_are_not_what_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The report does not fall back on them for anything that the doctor finds."""
    for finding in engine.doctor.examine("."):
        if not finding.ok:
            continue
        assert finding.means not in "\n".join(doctor_lines([finding]))
