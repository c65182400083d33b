"""Scene 10 is played for real: its bill is this run's, choices are run and crashed, lies fail."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import pytest

from engine import events
from engine.events import AnyEvent, Question, Reply, decode
from scenes.evidence import Evidence
from scenes.fold import reduce
from scenes.loader import find, load
from scenes.topics.trials import Trials
from scenes.view import View
from tests.scenes.test_headless import Done, together

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the engine needs Linux"
)
PACE = 20.0
WORKLOADS = ("cache", "orders", "sessions")
CHOSEN = {"second": (1, 1, 1), "third": (2, 2, 3)}
"""What a learner chooses in the capstone; its own script is played by the golden test."""
AFTER = {
    "always-snapshots": (1, 2, 1),
    "always-everysec": (1, 0, 1),
    "snapshots-everysec": (2, 0, 1),
}
"""What is chosen for the cache, and then for the orders: what the first leaves is in no count."""
UNSYNCED = (1, 1, 2)
"""Of the sessions the policy no. It is played at the author's pace, as its loss is of seconds."""
LYING = Path(__file__).parents[1] / "sabotage" / "skipped_fsync.py"
SPLIT = "# The capstone"


def capstone(folder: Path, chosen: tuple[int, ...], first: str = "levels", before: str = "") -> str:
    """The scene from a step of its last part on, in which other settings are chosen."""
    shutil.copytree(find("10"), folder)
    file = folder / "scene.toml"
    head, _, steps = file.read_text(encoding="utf-8").partition("# The opening")
    above, begins, after = steps.partition(f'[[stages]]\nid = "{first}"')
    assert above and after
    if before:
        after, ends, _ = after.partition(f'[[stages]]\nid = "{before}"')
        assert ends
    text = head + begins + after
    for workload, choice in zip(WORKLOADS, chosen, strict=True):
        pattern = rf'(workload = "{workload}" }}\nwait(?:.*\n)*?scripted = )\d'
        text = re.sub(pattern, rf"\g<1>{choice}", text, count=1)
    file.write_text(text, encoding="utf-8")
    return str(folder)


def bill(folder: Path) -> str:
    """The scene without its capstone."""
    shutil.copytree(find("10"), folder)
    file = folder / "scene.toml"
    file.write_text(file.read_text(encoding="utf-8").partition(SPLIT)[0], encoding="utf-8")
    return str(folder)


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Done]:
    """Its two halves, each also with another seed and arena; other choices, and a lying engine."""
    folder = tmp_path_factory.mktemp("scene-10")
    other = ", seed=77, arena_pages=2048"
    path = bill(folder / "bill")
    calls = {
        "plain": f"run({path!r}, pace={PACE}, json=True)",
        "other": f"run({path!r}, pace={PACE}, json=True{other})",
    }
    for name, chosen in CHOSEN.items():
        path = capstone(folder / f"{name}-scene", chosen)
        also = other if name == "third" else ""
        calls[name] = f"run({path!r}, pace={PACE}, json=True{also})"
    for name, chosen in AFTER.items():
        path = capstone(folder / f"{name}-scene", chosen, before="sessions")
        calls[name] = f"run({path!r}, pace={PACE}, json=True)"
    path = capstone(folder / "unsynced-scene", UNSYNCED, first="sessions")
    calls["unsynced"] = f"run({path!r}, pace=1.0, json=True)"
    path = capstone(folder / "lie-scene", CHOSEN["second"], first="orders")
    command = (sys.executable, "-P", str(LYING))
    calls["lie"] = f"run({path!r}, pace={PACE}, command={command!r})"
    return together(folder, calls)


def stream(run: Done) -> list[AnyEvent]:
    return [decode(line) for line in run.out.splitlines()]


def right(run: Done) -> dict[str, int]:
    """Question -> the choice that this run measured."""
    asked = [event for event in stream(run) if isinstance(event, Question)]
    return {event.id: event.right for event in asked if event.right >= 0}


def gathered(run: Done) -> Evidence:
    evidence = Evidence(topics=["bill", "trials"])
    for event in stream(run):
        evidence.add(event)
    return evidence


@pytest.mark.parametrize("name", ["plain", "other", "unsynced", *AFTER, *CHOSEN])
def test_a_sound_run_passes_and_leaves_nothing(done: dict[str, Done], name: str) -> None:
    run = done[name]
    assert (run.code, run.err, run.left) == (0, "", [])


def test_the_right_answers_change_with_the_run(done: dict[str, Done]) -> None:
    """As many writes to twice the pages: half of them are copied, and 10 GB fit."""
    plain, other = right(done["plain"]), right(done["other"])
    assert (plain["extra"], plain["big"]) == (2, 1)
    assert (other["extra"], other["big"]) == (1, 0)
    for answers in (plain, other):
        assert (answers["tables"], answers["refcounts"], answers["four-or-two"]) == (1, 1, 1)


def test_what_10_gb_need_is_said_to_be_modelled(done: dict[str, Done]) -> None:
    asked = [e for e in stream(done["plain"]) if isinstance(e, Question) and e.right >= 0]
    modelled = {event.id for event in asked if event.source == "modelled"}
    assert modelled == {"big"} and {e.source for e in asked} == {"measured", "modelled"}


def test_fork_pays_for_pages_and_reading_objects_is_writing(done: dict[str, Done]) -> None:
    said = [event for event in stream(done["plain"]) if isinstance(event, events.LessonPages)]
    slices, objects = said
    assert slices.copied_ranges == [] and objects.objects == 32768
    grown = [one.outside_after_kb - one.outside_before_kb for one in said]
    assert grown[1] > 2 * grown[0]
    forks = [event for event in stream(done["plain"]) if isinstance(event, events.Fork)]
    assert max(fork.page_table_kb for fork in forks) - min(f.page_table_kb for f in forks) > 200


def test_every_card_is_lit_by_what_happened(done: dict[str, Done]) -> None:
    cards = load("10").scene.cards
    lit: set[str] = set()
    for name in ("plain", "second"):
        view = View()
        for event in stream(done[name]):
            view = reduce(view, event, cards)
        lit |= set(view.lights)
    assert lit == {card.name for card in cards}


@pytest.mark.parametrize("name", CHOSEN)
def test_what_was_chosen_was_run_first_and_crashed(done: dict[str, Done], name: str) -> None:
    chosen = CHOSEN[name]
    evidence = gathered(done[name])
    names = {
        stage.id: [str(choice.value) for choice in stage.question.choices]
        for stage in load("10").scene.stages
        if stage.question is not None
    }
    for workload, choice in zip(WORKLOADS, chosen, strict=True):
        tried = evidence.of(Trials).of(workload)
        assert tried[0].settings == names[workload][choice]
        fitting = [trial.settings for trial in tried if not trial.missed(evidence.page_size)]
        assert fitting == [tried[-1].settings]  # the others are tried until one fits
        assert names[workload][right(done[name])[workload]] == fitting[0]
        wanted = "kill -9" if workload == "cache" else "power cut"
        assert {trial.crash for trial in tried} == {wanted}


def test_the_verdicts_follow_from_what_was_lost(done: dict[str, Done]) -> None:
    found = {
        (trial.workload, trial.settings): trial
        for name in CHOSEN
        for trial in gathered(done[name]).of(Trials).done
    }
    assert found["orders", "always"].lost == 0 < found["orders", "everysec"].lost
    assert found["orders", "snapshots"].lost == found["orders", "snapshots"].acked
    assert found["cache", "none"].copied == 0 < found["cache", "snapshots"].copied
    assert found["cache", "always"].p99_usec > 1_500_000
    assert found["sessions", "snapshots"].survived == 0
    log, rewritten = found["sessions", "log"], found["sessions", "rewritten"]
    assert log.load_usec > 2 * rewritten.load_usec
    assert max(log.lost_msec, rewritten.lost_msec) <= 2000


@pytest.mark.parametrize("name", AFTER)
def test_what_was_tried_before_comes_back_in_no_trial(done: dict[str, Done], name: str) -> None:
    """A log with a tally lies there, and a power cut takes what was not synced: all but always."""
    tried = gathered(done[name]).of(Trials).of("orders")
    assert tried[-1].settings == "always" and tried[-1].survived == tried[-1].acked
    assert len(tried) > 1 and all(0 <= one.survived < one.acked for one in tried[:-1])


def test_the_sessions_level_tells_the_policies_apart(done: dict[str, Done]) -> None:
    """no loses what came since the rewrite, everysec about a second of it, a long log is slow."""
    evidence = gathered(done["unsynced"])
    tried = evidence.of(Trials).of("sessions")
    assert {trial.settings: trial.missed(evidence.page_size) for trial in tried} == {
        "unsynced": ["lost_msec"],
        "log": ["load_msec"],
        "rewritten": [],
    }
    assert tried[0].lost == 500 > tried[-1].lost


def test_after_its_crash_an_engine_has_the_settings_that_were_chosen(done: dict[str, Done]) -> None:
    ready = [event for event in stream(done["unsynced"]) if isinstance(event, events.State)]
    policies = [event.aof_policy for event in ready if event.aof_enabled]
    assert policies and set(policies) == {"no", "everysec"}


def test_replies_tell_how_many_survived(done: dict[str, Done]) -> None:
    replies = [event for event in stream(done["second"]) if isinstance(event, Reply)]
    assert {event.name for event in replies} == {"survived"}


def test_a_skipped_fsync_is_found_out(done: dict[str, Done]) -> None:
    run = done["lie"]
    assert run.code == 1 and run.left == []
    assert "question 'orders': this run measured None (fits)" in run.err
