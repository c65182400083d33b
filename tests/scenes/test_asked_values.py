"""A value that engine, client or check would refuse is found before the scene is played."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scenes.errors import SceneError
from scenes.loader import load
from scenes.proofreading import read_over

HOLD = "{ hold = true }"
SEND = '{ send = ["BGSAVE"] }'


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ('save = ""', 'saves = "no"', "Bad directive"),
        ('appendonly = "no"', 'appendonly = "maybe"', "must be 'yes' or 'no'"),
        (SEND, '{ config = { appendfsink = "no" } }', "Unknown option"),
        (SEND, '{ config = { appendfsync = "never" } }', "must be one of"),
        (SEND, '{ config = { databases = "7" } }', "immutable"),
        (SEND, '{ restart = { appendfsync = "never" } }', "must be one of"),
        (SEND, "{ send = [] }", "a command has a name"),
        (SEND, '{ send = ["BGSAFE"] }', "no command is called 'BGSAFE'"),
        (SEND, '{ send = ["SET", "x"] }', "wrong number of arguments for 'set'"),
        (SEND, '{ send = ["CONFIG", "PUT"] }', "unknown subcommand 'PUT'"),
        ('order = "one"', 'commands = [["INCRR", "{key}"]]', "no command is called 'INCRR'"),
        (
            SEND,
            '{ send = ["SET", "{cold}", "x"] }',
            "'{cold}' stands for nothing: {hot} {population}",
        ),
        (SEND, '{ fault = ["fsync-dely", "9"] }', "fault is one of fsync-delay"),
        (SEND, '{ fault = ["fsync-delay"] }', "takes a number from 1 to 60000"),
        (SEND, "{ fault = [] }", "a fault is a kind"),
        (SEND, '{ clock = "fast" }', "a scale from 1 to 1000"),
        (SEND, '{ fork = ["NO"] }', "DENY or ALLOW"),
        (SEND, '{ walk = ["all"] }', "keys a turn"),
        (SEND, '{ crash = "kill", cut = -1 }', "a number of bytes"),
        (SEND, '{ stop = "nobody" }', "no client is called 'nobody'"),
        (HOLD, "{ step = 0 }", "a number of pages, 1 or more"),
        ("rate = 40", "rate = nan", "commands a second"),
        ("count = 20", "count = -20", "count = -20"),
        ("first_key = 42", "first_key = -1", "first_key = -1"),
        ("arena_pages = 256", "arena_pages = 64", "at least 128 pages"),
        ("populate = 100", "populate = 257", "257 keys take 257 pages, and the arena has 256"),
        ("populate = 100", "populate = -1", "populate = -1"),
        ("minutes = 2", "clock_scale = 0\nminutes = 2", "above 0"),
        ("minutes = 2", 'populate_with = ["SET", "{kye}"]\nminutes = 2', "'{kye}' stands for"),
        ("held = true", "held = true\ndwell = -1", "seconds, from 0 on"),
        ("held = true", "held = true\nsettle = inf", "seconds, from 0 on"),
        ("args = { least = 1 }", "args = { leest = 1 }", "unexpected keyword argument 'leest'"),
        ("args = { least = 1 }", 'args = { least = "one" }', "cannot take least = 'one'"),
        ('args = { key = "user:42" }', "args = {}", "missing a required argument: 'key'"),
        ("scripted = 0", "args = { x = 1 }\nscripted = 0", "unexpected keyword argument"),
        ("done = true", 'done = "yes"', "'latency' never has done = 'yes'"),
        ("value = 0 },", "value = 1 },", "claims what another choice before it claims"),
        ("least = 2 }", "least = 2, most = 1 }", "nothing is 2 at least and 1 at most"),
    ],
)
def test_it_is_named_with_its_line(folder: Path, before: str, after: str, says: str) -> None:
    path = folder / "scene.toml"
    text = path.read_text()
    assert before in text
    changed = text.replace(before, after, 1)
    path.write_text(changed)
    found = [one for one in read_over(str(folder)) if one.wrong and says in one.text]
    assert found, [str(one) for one in read_over(str(folder))]
    first = changed.partition(after)[0].count("\n") + 1
    near = range(first, first + after.count("\n") + 2)
    assert int(found[0].place.rpartition(":")[2]) in near, found[0].place
    with pytest.raises(SceneError, match=r"scene\.toml:\d+: .*" + re.escape(says)):
        load(str(folder))


def test_a_refused_start_may_have_a_wrong_directive(folder: Path) -> None:
    path = folder / "scene.toml"
    wanted = '{ restart = { appendfsync = "never" }, refused = "must be one of" }'
    path.write_text(path.read_text().replace(SEND, wanted, 1))
    assert not [one for one in read_over(str(folder)) if "must be one of" in one.text]
