"""Scene 04 is played for real: it passes, with other figures for another seed; and lies fail."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest

from engine import events
from engine.events import AnyEvent, decode
from scenes.errors import SceneError
from scenes.fold import reduce
from scenes.headless import record, run
from scenes.loader import load
from scenes.recording import CHUNK, read
from scenes.view import View

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the engine needs Linux"
)
PACE = 8.0
SCENE = load("04").scene


class Done(NamedTuple):
    """A run in a process of its own, after its end."""

    code: int
    out: str
    err: str
    left: list[Path]
    """Files that it did not remove."""


def together(cache: Path, calls: dict[str, str]) -> dict[str, Done]:
    """Runs of scene 04 side by side, each `call` (of scenes.headless) in its own process."""
    processes = {}
    for name, call in calls.items():
        code = f"import sys; from scenes.headless import record, run; sys.exit({call})"
        (cache / name).mkdir()
        with open(cache / name / "out", "wb") as out, open(cache / name / "err", "wb") as err:
            processes[name] = subprocess.Popen(
                [sys.executable, "-c", code],
                stdout=out,
                stderr=err,
                env={**os.environ, "XDG_CACHE_HOME": str(cache / name)},
            )
    done = {}
    for name, process in processes.items():
        exit_code = process.wait(timeout=600)
        said = [(cache / name / file).read_text() for file in ("out", "err")]
        done[name] = Done(exit_code, said[0], said[1], list((cache / name).rglob("*.rdb")))
    return done


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "cowscope"


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Done]:
    """Three runs that must pass: plain, as JSON, and recorded; each with another seed and arena."""
    folder = tmp_path_factory.mktemp("sound")
    path = str(folder / "recorded.cowscope")
    return together(
        folder,
        {
            "plain": f"run('04', pace={PACE}, verbose=True)",
            "json": f"run('04', json=True, pace={PACE}, seed=1, arena_pages=512)",
            "later": f"run('04', pace={PACE}, start_at='walk')",
            "recorded": f"record('04', {path!r}, date='2026-01-01', pace={PACE}, seed=2,"
            " arena_pages=1500)",
        },
    ) | {"path": Done(0, path, "", [])}


@pytest.fixture(scope="module")
def lying(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Done]:
    """A run with each lying engine."""
    here = Path(__file__).parent / "sabotage"
    calls = {}
    for lie, _ in LIES:
        command = (sys.executable, "-P", str(here / f"{lie}.py"))
        calls[lie] = f"run('04', pace={PACE}, arena_pages=512, command={command!r})"
    return together(tmp_path_factory.mktemp("lying"), calls)


def test_a_run_may_begin_with_a_later_step(sound: dict[str, Done]) -> None:
    titles = [load("04").words.text(stage.title) for stage in SCENE.stages]
    begun = [stage.id for stage in SCENE.stages].index("walk")
    told = [any(row.endswith(f" · {title}") for row in sound["later"].out.splitlines())
            for title in titles]  # fmt: skip
    assert told == [number >= begun for number in range(len(titles))]
    assert " 0 failed" in sound["later"].out and " 0 expectations" not in sound["later"].out


def masked(text: str) -> str:
    """The transcript with times, pids and ports replaced."""
    text = re.sub(r"[\d,]+(\.\d+)? (s|µs|ms|usec)\b", "T", text)
    text = re.sub(r"(pid|child|process|parent|-p) \d+", r"\1 P", text)
    return re.sub(r"^ *T  ", "", text, flags=re.MULTILINE)


@pytest.mark.parametrize("name", ["plain", "later", "json", "recorded"])
def test_a_sound_run_passes_and_leaves_nothing(sound: dict[str, Done], name: str) -> None:
    done = sound[name]
    assert (done.code, done.err, done.left) == (0, "", []), done.out[-2000:]


def test_the_plain_face_tells_the_scene(sound: dict[str, Done]) -> None:
    text = sound["plain"].out
    lines = text.splitlines()
    assert lines[0] == "04 · Persistence — fork, CoW, and the 1-second window"
    headings = [line for line in lines if re.match(r"(opening|beat \d+) · ", line)]
    assert len(headings) == len(SCENE.stages)
    for line in (
        "beat 3 · BGSAVE forks",
        "fork      child pid P, T, for rdb",
        "  held     fork_shared_everything: expected all 700 pages",
        "  answered (scripted): 2) one",
        "  measured: none",
        "saved     ",
        "config    appendfsync: everysec -> always",
        "config    appendfsync: always -> no",
    ):
        assert line in masked(text), line
    held, skipped, failed = map(int, re.findall(r"\d+", lines[-1]))
    expected = sum(len(stage.expect) for stage in SCENE.stages)
    assert (held + skipped, failed) == (expected, 0)


def streams(sound: dict[str, Done]) -> tuple[list[AnyEvent], list[AnyEvent]]:
    recording = read(sound["path"].out)
    assert recording.header.scene == "04" and recording.header.seed == 2
    return [decode(line) for line in sound["json"].out.splitlines()], recording.events


def test_every_stream_folds_into_a_whole_picture(sound: dict[str, Done]) -> None:
    for stream in streams(sound):
        assert isinstance(stream[0], events.EngineReady) and isinstance(stream[1], events.State)
        assert [event.seq for event in stream] == list(range(1, len(stream) + 1))
        view, saved, right = View(), 0, {}
        for event in stream:
            view = reduce(view, event, SCENE.cards)
            assert sum(view.counts) == len(view.pages)
            saved = max(saved, view.child.saved_bytes if view.child else 0)
            if view.question is not None:
                right[view.question.id] = view.question.right
            if isinstance(event, events.Pages):  # the fold agrees with the engine's own totals
                totals = (event.free, event.private, event.shared, event.copied, event.new)
                assert view.counts == totals
        assert set(view.lights) == {card.name for card in SCENE.cards}
        assert saved > 0 and right == {"hot-page": 0, "burst": 2, "kill": 0}
        assert view.child is None and view.crash is not None  # the last beat's kill -9
        assert view.crash.census is not None and view.crash.census.lost == 0


def test_another_seed_and_another_arena_have_other_figures(sound: dict[str, Done]) -> None:
    def figures(stream: list[AnyEvent]) -> list[int]:
        saved = [event.keys for event in stream if isinstance(event, events.RdbSaved)]
        copied = [event.copied for event in stream if isinstance(event, events.Pages)]
        return [saved[-1], max(copied)]

    one, two = map(figures, streams(sound))
    assert all(a != b for a, b in zip(one, two, strict=True))


LIES = [
    ("shared_arena", "fork_shared_everything|copied_are_the_written"),
    ("idle_fdatasync", "fsync_cleans_the_cache"),
    ("slow_idle_fdatasync", "fsync_cleans_the_cache"),
    ("constant_pages", "witnesses_agree|copied_are_the_written"),
    ("empty_dump", "dump_is_whole"),
]


@pytest.mark.parametrize(("lie", "found_by"), LIES, ids=[lie for lie, _ in LIES])
def test_a_lying_engine_is_found_out(lying: dict[str, Done], lie: str, found_by: str) -> None:
    done = lying[lie]
    if done.code == 0 and "skipped  fsync_cleans_the_cache" in done.out:
        pytest.skip("cachestat proves nothing on this file system")
    assert done.code == 1 and done.left == [], done.out[-2000:]
    said = [line for line in done.err.splitlines() if re.search(found_by, line)]
    assert said, done.err
    assert all("expected" in line and re.search("measured|read|got none", line) for line in said)


def test_a_scene_that_is_not_there_is_one_line() -> None:
    with pytest.raises(SceneError, match="there is no scene '99'"):
        run("99")


def test_a_file_that_cannot_be_written_is_found_before_an_engine_starts(tmp_path: Path) -> None:
    """The engine would only leave a mark: then it was started."""
    mark, path = tmp_path / "started", tmp_path / "no" / "r"
    command = (sys.executable, "-c", f"open({str(mark)!r}, 'w'); exit('out of luck')")
    with pytest.raises(SceneError, match=r"cannot record to .*: No such file or directory"):
        record("04", str(path), date="2026-01-01", command=command)
    assert not mark.exists()


def test_every_event_says_where_its_figures_come_from(sound: dict[str, Done]) -> None:
    scripted = (events.Step, events.Answer)
    for stream in streams(sound):
        for event in stream:
            asks = isinstance(event, events.Question) and event.right < 0
            wanted = "scripted" if asks or isinstance(event, scripted) else "measured"
            assert event.source == wanted, event
        questions = [event for event in stream if isinstance(event, events.Question)]
        assert [question.source for question in questions] == ["scripted", "measured"] * 3


def test_whose_command_it_was_is_in_its_event(sound: dict[str, Done]) -> None:
    loads = {a.start.name for stage in SCENE.stages for a in stage.do if a.start is not None}
    for stream in streams(sound):
        named = {event.client for event in stream if isinstance(event, events.Command)}
        assert loads <= named, named


RUNNER = "import sys; from scenes.headless import run; sys.exit(run('04', verbose=True))"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_the_run_and_all_that_it_started(number: int, cache: Path) -> None:
    runner = await asyncio.create_subprocess_exec(
        sys.executable, "-c", RUNNER, stdout=asyncio.subprocess.PIPE
    )
    assert runner.stdout is not None
    while b"write" not in (line := await runner.stdout.readline()):
        assert line, "the run ended before its first write"
    family = psutil.Process(runner.pid).children(recursive=True)
    assert family
    os.kill(runner.pid, number)
    await runner.stdout.read()
    assert await runner.wait() == 128 + number
    assert not [process for process in family if process.is_running()]
    assert not any(cache.iterdir())


async def test_a_closed_pipe_ends_the_run(cache: Path) -> None:
    read_end, write_end = os.pipe()
    runner = await asyncio.create_subprocess_exec(
        sys.executable, "-c", RUNNER, stdout=write_end, stderr=asyncio.subprocess.PIPE
    )
    os.close(write_end)
    os.close(read_end)
    assert runner.stderr is not None
    said = await runner.stderr.read()
    assert await runner.wait() == 1 and b"Traceback" not in said
    assert not any(cache.iterdir())


def test_a_recording_is_json_lines_in_chunks() -> None:
    """The shipped format is what other programs can read, too."""
    shipped = Path(__file__).parents[2] / "assets" / "recordings" / "04.cowscope"
    with open(shipped, "rb") as file:
        assert b'"magic":"cowscope-recording"' in file.readline()
        kind, about, size, _ = struct.unpack(">cIII", file.read(13))
        file.seek(about, os.SEEK_CUR)
        lines = zlib.decompress(file.read(size)).splitlines()
    assert kind == b"E" and len(lines) == CHUNK
    assert json.loads(lines[0])["type"] == "engine.ready"
    assert read(str(shipped)).header.scene == "04"
