"""The engine's word, tried: a seeded sample of crashes, and engines and disks that break it."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from app.crash_command import report
from engine import power_cut
from scenes.lab import laboratory, real_disk, sample, servers
from scenes.lab.laboratory import Laboratory
from scenes.lab.plan import Row
from scenes.lab.rows import Line
from scenes.lab.servers import cowscope
from scenes.lab.trial import Trial

SABOTAGE = Path(__file__).parent.parent / "scenes" / "lab" / "sabotage"
NO_REAL_CUT = real_disk.why_not()
AT_THE_END = [8, 16, 24]
"""Seeds with which a crash in a rewrite or save waits until that is reported done. Three, as a
sync(2) by anybody on the machine may do what the engine has left undone."""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


TRIES = 8
APART = 80
"""Between the seeds of one try and the next: a multiple of what separates those of AT_THE_END."""


def tried(*rows: Row) -> list[Line]:
    return asyncio.run(Laboratory(list(rows), at_once=4).run())


def row(crash: str, during: str, policy: str, seeds: list[int], engine: str = "") -> Row:
    command = (sys.executable, "-P", str(SABOTAGE / f"{engine}.py")) if engine else ()
    trials = [Trial(policy, crash, during, seed, 3000.0) for seed in seeds]  # type: ignore[arg-type]
    return Row(cowscope(command), crash, during, policy, tuple(trials))  # type: ignore[arg-type]


def test_no_promise_is_broken() -> None:
    """50 times kill -9, 50 modelled power cuts and 25 real ones; `make crash-long` takes more."""
    lines = tried(*sample.rows(cowscope(), sample.PART))
    assert [why for line in lines for why in line.broken] == []
    done = [line for line in lines if not line.why_not]
    assert all(line.at_risk for line in done)
    runs = dict.fromkeys(("kill", "modelled", "real"), 0)
    for line in done:
        runs[line.crash] += line.runs
    assert runs == {"kill": 50, "modelled": 50, "real": 0 if NO_REAL_CUT else 25}
    if NO_REAL_CUT:
        pytest.skip(f"without its 25 real power cuts: {NO_REAL_CUT}")


@pytest.mark.parametrize(
    ("engine", "crash", "during", "policy", "seeds", "words"),
    [
        ("early_reply", "kill", "load", "always", [1, 2], "no acknowledged write is lost"),
        ("early_reply", "kill", "load", "no", [1, 2], "no reply before write(2)"),
        ("skipped_fsync", "modelled", "load", "always", [1, 2], "no acknowledged write is lost"),
        ("skipped_fsync", "real", "load", "always", [1, 2], "no acknowledged write is lost"),
        ("rename_first", "modelled", "snapshot", "none", AT_THE_END, "did not come back"),
        ("rename_first", "real", "snapshot", "none", AT_THE_END, "did not come back"),
        ("lost_diff", "kill", "pipes", "always", AT_THE_END, "no acknowledged write is lost"),
    ],
)
def test_an_engine_that_breaks_its_word_is_found_out(
    engine: str, crash: str, during: str, policy: str, seeds: list[int], words: str
) -> None:
    if crash == "real" and NO_REAL_CUT:
        pytest.skip(NO_REAL_CUT)
    said = ""
    for again in range(TRIES):  # a kill may miss the moment between a reply and its write
        moved = [seed + again * APART for seed in seeds]
        (line,) = tried(row(crash, during, policy, moved, engine))
        said = "\n".join(line.broken)
        if words in said:
            return
    raise AssertionError(f"{TRIES * len(seeds)} crashes found nothing out: {said!r}")


def test_a_disk_that_keeps_everything_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(power_cut, "cut", lambda *_: None)
    (line,) = tried(row("modelled", "load", "no", [1]))
    assert "this was no power cut" in "\n".join(line.broken)


def test_a_disk_that_keeps_nothing_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def nothing(directory: str, *_: object) -> None:
        shutil.rmtree(directory)
        os.mkdir(directory)

    monkeypatch.setattr(power_cut, "cut", nothing)
    always, everysec = tried(
        row("modelled", "load", "always", [1]), row("modelled", "load", "everysec", [3])
    )
    assert "no acknowledged write is lost" in "\n".join(always.broken)
    assert everysec.broken


def test_a_slow_a_full_and_a_torn_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        laboratory.real_disk, "why_not", lambda: "needs root"
    )  # the engine's faults
    slow, full, ends, torn = tried(
        row("kill", "slow-disk", "everysec", [1]),
        row("kill", "disk-full", "everysec", [1]),
        row("kill", "disk-full", "always", [1]),
        row("kill", "torn-tail", "no", [1, 2, 3]),
    )
    assert slow.broken + full.broken + ends.broken + torn.broken == []
    assert slow.delayed > 0
    assert slow.acknowledged_and_lost > 0  # to kill -9: what waits for the fsync is not written
    assert slow.window_ms <= 2500
    assert full.refused > 0
    assert full.acknowledged_and_lost == ends.acknowledged_and_lost == 0
    assert torn.at_risk == 3


@pytest.mark.skipif(NO_REAL_CUT != "" or not shutil.which("redis-server"), reason="needs both")
def test_redis_server_keeps_the_same_promises() -> None:
    server = servers.redis()
    kinds = [("kill", "load", "no"), ("real", "load", "always"), ("real", "snapshot", "none")]
    kinds += [("kill", "torn-tail", "everysec")]  # a full disk it may not survive: see mend
    rows = [
        msgspec.structs.replace(row(*kind, seeds=[1, 2]), server=server)  # type: ignore[arg-type]
        for kind in kinds
    ]
    lines = tried(*rows)
    assert [why for line in lines for why in line.broken] == []
    assert {line.server for line in lines} == {server.name}
    assert all(line.fsynced is None and line.at_risk for line in lines)


# the command


def test_a_broken_promise_is_exit_code_1(capsys: pytest.CaptureFixture[str]) -> None:
    seeds = list(range(1, 7))
    assert report([row("kill", "load", "no", seeds, "early_reply")], json=False) == 1
    said = capsys.readouterr().out
    assert "BROKEN  kill -9, no, cowscope: run with seed " in said and ": no reply" in said


def cowscope_crash(*options: str, cache: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "app.cli", "crash", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "XDG_CACHE_HOME": str(cache)},
    )


def processes(cache: Path) -> list[str]:
    """Everything that was started with this cache in its environment."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if f"={cache}\0".encode() in (path / "environ").read_bytes():
                found.append(f"{path.name} {(path / 'cmdline').read_bytes()!r}")
        except OSError:
            continue
    return found


def loops() -> str:
    return "".join(path.read_text() for path in Path("/sys/block").glob("loop*/loop/backing_file"))


def test_json_and_the_exit_code(tmp_path: Path) -> None:
    options = ["--policy", "no", "--how", "kill", "--times", "2", "--rate", "3000", "--json"]
    running = cowscope_crash(*options, cache=tmp_path)
    out, err = running.communicate(timeout=60)
    assert (running.returncode, err) == (0, "")
    *runs, total = [json.loads(line) for line in out.splitlines()]
    assert [run["type"] for run in runs] == ["run", "run"]
    assert {run["source"] for run in runs} == {"measured"}
    assert total["type"] == "row"
    assert total["acknowledged"] == sum(run["acknowledged"] for run in runs) > 0
    assert total["acknowledged_and_lost"] == 0 == len(total["broken"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_whatever_ends_it(tmp_path: Path, number: int) -> None:
    options = ["--how", "power", "--times", "20", "--policy", "everysec"]
    if shutil.which("redis-server"):
        options += ["--server", "redis"]
    running = cowscope_crash(*options, cache=tmp_path)
    deadline = time.monotonic() + 60
    wanted = 3 if NO_REAL_CUT else 6  # the tool; a chain's ledger, server and perhaps its disk
    while len(processes(tmp_path)) < wanted or not (NO_REAL_CUT or str(tmp_path) in loops()):
        assert time.monotonic() < deadline, "the lab does not get to work"
        time.sleep(0.05)
    running.send_signal(number)
    running.communicate(timeout=60)
    while (processes(tmp_path) or str(tmp_path) in loops()) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert processes(tmp_path) == []
    assert str(tmp_path) not in loops()
    assert str(tmp_path) not in Path("/proc/mounts").read_text()
    if number == signal.SIGTERM:
        assert running.returncode == 128 + number
        assert not list((tmp_path / "cowscope").glob("session-*"))
