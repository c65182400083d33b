"""Scene 07: three policies, a kill and a power cut; what its topic makes of them, and of lies."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import msgspec
import pytest

from engine import events
from engine.events import AnyEvent, decode
from scenes.evidence import Evidence
from scenes.expect import judge
from scenes.fold import reduce
from scenes.gathered.fates import UNSYNCED, Fates
from scenes.loader import load
from scenes.measures import MEASURES
from scenes.scene import Expectation
from scenes.topics.fsync import POSTPONED_SECONDS
from scenes.view import View
from tests.scenes.test_headless import Done, together

PACE = 20.0
LIES = [
    ("skipped_fsync", "acknowledged_is_kept|cut_left_the_synced"),
    ("early_replies", "answers_wait_for_the_disk|measured always"),
]


def test_only_one_write_is_delayed_by_one_slow_fsync() -> None:
    """Else the kill that waits for one may come as the fsync ends, and aof_buf is empty."""
    slow = next(stage for stage in load("07").scene.stages if stage.id == "slow")
    seconds = [int(one.fault[1]) / 1000 for one in slow.do if one.fault]
    assert [POSTPONED_SECONDS + 1 <= one <= 2 * POSTPONED_SECONDS - 0.4 for one in seconds] == [
        True
    ]


# -- the topic, over made events -----------------------------------------------------------------


def crashed(
    kind: str = "kill -9",
    *,
    lost: int = 0,
    keys: int = 140,
    rungs: tuple[int, int, int] = (900, 900, 900),
    survived: int = 900,
) -> Evidence:
    """100 keys and 40 acknowledged writes; then a crash, a start that loads `keys`, a census."""
    evidence = Evidence(populate=100, topics=["fsync"])
    made: list[events.Event] = [
        events.Latency(client="mark-cut", count=40, p50_usec=9, p99_usec=9, max_usec=9),
        events.AofAppend(file="a", start=0, end=rungs[0], text="", at=1.0),
        events.Crash(kind=kind, acked=rungs[0], written=rungs[1], fsynced=rungs[2], at=1.25),
        events.Recovered(
            source_file="a", keys=keys, truncated_bytes=0, survived=survived, lost=0, usec=1
        ),
        events.Census(acknowledged=40, survived=40 - lost, lost=lost),
    ]
    for event in made:
        evidence.add(msgspec.structs.replace(event, engine="always"))
    return evidence


def held(evidence: Evidence, check: str, **args: str | int) -> bool:
    return judge(Expectation(check=check, args=dict(args)), evidence).held


def test_nothing_is_lost_where_every_acknowledged_write_is_found() -> None:
    evidence = crashed()
    assert held(evidence, "acknowledged_is_kept", act="cut")
    assert held(evidence, "kill_took_nothing_written", act="cut")
    assert MEASURES["losers"](evidence, act="cut") == "none"
    assert MEASURES["cut_window_msec"](evidence) == 250


def test_of_very_many_unsynced_appends_the_oldest_still_tells_the_window() -> None:
    evidence = Evidence(populate=100, topics=["fsync"])
    for number in range(3 * UNSYNCED):
        appended = events.AofAppend(file="a", start=0, end=number + 1, text="", at=1.0 + number)
        evidence.add(msgspec.structs.replace(appended, engine="always"))
    crashed_at = 3.0 * UNSYNCED
    fate = evidence.of(Fates).by_engine["always"]
    assert len(fate._unsynced) == UNSYNCED
    fate.add(events.Crash(kind="kill -9", acked=9, written=9, fsynced=0, at=crashed_at))
    assert fate._window_usec == (crashed_at - 1.0) * 1e6


@pytest.mark.parametrize(("lost", "share"), [(0, "none"), (1, "some"), (39, "some"), (40, "all")])
def test_what_is_lost_is_the_census_word(lost: int, share: str) -> None:
    evidence = crashed("power cut", lost=lost)
    assert MEASURES["cut_lost"](evidence) == lost
    assert MEASURES["share_lost"](evidence, act="cut", engine="always") == share
    assert MEASURES["losers"](evidence, act="cut") == ("always" if lost else "none")
    assert held(evidence, "acknowledged_is_kept", act="cut") == (share == "none")


def test_a_kill_that_takes_written_bytes_is_found() -> None:
    assert not held(crashed(survived=899), "kill_took_nothing_written", act="cut")
    assert not held(crashed(lost=1), "kill_took_nothing_written", act="cut")
    assert not held(crashed("power cut"), "kill_took_nothing_written", act="cut")


def test_a_cut_that_takes_synced_bytes_is_found() -> None:
    assert held(crashed("power cut", survived=900), "cut_left_the_synced", act="cut")
    assert not held(crashed("power cut", survived=899), "cut_left_the_synced", act="cut")


def test_a_cut_that_leaves_what_nobody_synced_is_found() -> None:
    assert held(crashed("power cut", lost=40, keys=100), "cut_took_all_unsynced", act="cut")
    assert not held(crashed("power cut", lost=40, keys=101), "cut_took_all_unsynced", act="cut")
    assert not held(crashed("power cut", lost=39, keys=100), "cut_took_all_unsynced", act="cut")


def test_the_buffer_dies_with_its_process_and_nothing_else() -> None:
    rungs = (900, 500, 0)
    lost = crashed(lost=20, rungs=rungs, survived=500)
    assert held(lost, "buffer_died", act="cut")
    assert held(lost, "kill_took_nothing_written", act="cut")
    assert not held(crashed(lost=20, rungs=rungs, survived=499), "buffer_died", act="cut")
    assert not held(crashed(rungs=rungs, survived=900), "buffer_died", act="cut")


def race(**usecs: int) -> Evidence:
    evidence = Evidence(topics=["fsync"])
    for engine, usec in usecs.items():
        done = events.Latency(
            client="race", count=1, p50_usec=1, p99_usec=1, max_usec=1, done=True,
            total=100, total_usec=usec * 100, total_p50_usec=usec, engine=engine,
        )  # fmt: skip
        evidence.add(done)
    return evidence


def test_the_last_one_must_be_last_by_far() -> None:
    assert MEASURES["last_done"](race(always=12_000, everysec=200, no=210)) == "always"
    assert MEASURES["last_done"](race(always=210, everysec=200, no=210)) == "alike"
    assert MEASURES["race_rate"](race(always=10_000)) == 100


def test_an_answer_before_the_disk_is_done_is_found() -> None:
    check = "answers_wait_for_the_disk"
    assert held(race(always=12_000, everysec=200, no=210), check, msec=10)
    assert not held(race(always=9_000, everysec=200, no=210), check, msec=10)
    assert not held(race(always=12_000, everysec=13_000, no=210), check, msec=10)


# -- played --------------------------------------------------------------------------------------

needs_linux = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the engine needs Linux"
)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Done]:
    """Another seed and arena than the golden file's, and lying engines; all at the same time."""
    sabotage = Path(__file__).parents[1] / "sabotage"
    calls = {"sound": f"run('07', json=True, pace={PACE}, seed=77, arena_pages=2048)"}
    for lie, _ in LIES:
        command = (sys.executable, "-P", str(sabotage / f"{lie}.py"))
        calls[lie] = f"run('07', pace={PACE}, command={command!r})"
    return together(tmp_path_factory.mktemp("seven"), calls)


@needs_linux
def test_a_sound_run_passes_and_its_figures_are_its_own(done: dict[str, Done]) -> None:
    run = done["sound"]
    assert (run.code, run.err, run.left) == (0, "", []), run.out[-3000:]
    stream = [decode(line) for line in run.out.splitlines()]
    states = [event for event in stream if isinstance(event, events.State)]
    assert {event.keys for event in states[:3]} == {600}  # twice the pages, twice the keys
    crashes = [event for event in stream if isinstance(event, events.Crash)]
    assert [event.kind for event in crashes] == ["kill -9"] * 3 + ["power cut"] * 3 + [
        "kill -9"
    ] * 3
    right = {e.id: e.right for e in stream if isinstance(e, events.Question) and e.right >= 0}
    assert right == {
        "last": 2, "how-many": 1, "killed": 0, "cut-off": 1, "waits": 0, "killed-slow": 2,
    }  # fmt: skip
    kept = {e.engine: e.keys for e in _back(stream) if e.run == 3}
    assert kept["no"] == 600 < min(kept["everysec"], kept["always"])


def _back(stream: list[AnyEvent]) -> list[events.Recovered]:
    return [event for event in stream if isinstance(event, events.Recovered)]


@needs_linux
def test_every_card_is_lit_and_every_engine_folded(done: dict[str, Done]) -> None:
    cards, view = load("07").scene.cards, View()
    for line in done["sound"].out.splitlines():
        view = reduce(view, decode(line), cards)
    assert set(view.lights) == {card.name for card in cards}
    assert {view.name, *view.others} == {"always", "everysec", "no"}


@needs_linux
@pytest.mark.parametrize(("lie", "found_by"), LIES)
def test_a_lying_engine_is_found_out(done: dict[str, Done], lie: str, found_by: str) -> None:
    run = done[lie]
    assert run.code == 1 and run.left == [], run.out[-2000:]
    assert re.search(found_by, run.err), run.err
