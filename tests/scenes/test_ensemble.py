"""Three real engines side by side: one workload, one power cut, three fates."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from engine import events
from engine.events import AnyEvent
from scenes.fold import reduce
from scenes.headless import Run
from scenes.loader import load
from scenes.view import View

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="the engine needs Linux"
)

SCENE = """
number = "90"
slug = "side-by-side"
title = "t"
thesis = "t"
previously = "t"
diagram = "t"
minutes = 1
arena_pages = 128
populate = 10
engine = { appendonly = "yes", save = "" }
cards = []

[[engines]]
name = "always"
directives = { appendfsync = "always" }
[[engines]]
name = "no"
directives = { appendfsync = "no" }
[[engines]]
name = "off"
directives = { appendonly = "no" }

[[stages]]
id = "write"
beat = 1
title = "t"
text = "t"
dwell = 0.0
do = [{ start = { name = "w", rate = 400, count = 40 }, engine = "*" }]
wait = { event = "latency", where = { done = true }, engine = "*" }
expect = [{ check = "something_at_risk", engine = "no", args = { least = 40 } }]

[[stages]]
id = "cut"
beat = 2
title = "t"
text = "cut"
dwell = 0.0
do = [{ crash = "power", engine = "*" }]
wait = { event = "recovered", engine = "*" }

[stages.question]
id = "who"
text = "t"
measure = "keys"
engine = "no"
reveal = [{ send = ["GET", "user:1"], engine = "off", keep = "lost" }]
wait = { event = "reply" }
settle = 0.0
choices = [{ text = "t", why = "t", value = 10 }, { text = "t", why = "t", most = 9 }]
"""
WORDS = 't = "t"\ncut = "{keys} and {no_keys} and {off_keys}, {no_unsafe}"\n'


@pytest.fixture
def lesson(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "scene"
    folder.mkdir()
    (folder / "scene.toml").write_text(SCENE)
    (folder / "en.toml").write_text(WORDS)
    return str(folder)


async def test_one_power_cut_and_each_engine_keeps_what_its_policy_promised(
    lesson: str, tmp_path: Path
) -> None:
    stream: list[AnyEvent] = []
    run = Run(load(lesson), pace=100, on_event=stream.append)
    await run.play()
    assert run.failures == []
    assert [event.seq for event in stream] == list(range(1, len(stream) + 1))
    crashes = {e.engine: e for e in stream if isinstance(e, events.Crash)}
    back = {e.engine: e for e in stream if isinstance(e, events.Recovered)}
    assert set(crashes) == set(back) == {"always", "no", "off"}
    assert all(e.kind == "power cut" and e.source == "modelled" for e in crashes.values())
    assert crashes["always"].fsynced == crashes["always"].acked
    assert back["always"].lost == 0 and back["always"].survived > 0
    assert back["no"].lost == crashes["no"].written - crashes["no"].fsynced > 0
    evidence = run.live.player.evidence
    assert run.live.text("cut").startswith("10 and ")
    assert set(evidence.engines()) == {"always", "no", "off"}
    assert evidence.engine("no").state != evidence.engine("always").state
    steps = [e for e in stream if isinstance(e, events.Step)]
    assert {e.engine for e in steps} == {"always"}
    assert not list((tmp_path / "cache" / "cowscope").iterdir())

    view = View()
    for event in stream:
        view = reduce(view, event)
    assert view.name == "always" and set(view.others) == {"no", "off"}
    assert view.step == "cut" and view.others["no"].tail.policy == "no"
    assert view.others["off"].tail.enabled is False
    assert all(one.crash is not None for one in (view, *view.others.values()))
