"""COWSCOPE's subcommands as far as they are parsed and handed on."""

from __future__ import annotations

import pytest

from engine.commands.cowscope import _note
from engine.events import Log, Step, encode
from tests.engine.commands.offline import OfflineServer


def test_the_child_is_steered() -> None:
    server = OfflineServer()
    client = server.connect()
    for line in ("HOLD", "STEP 3", "step", "RELEASE"):
        assert client.line(f"COWSCOPE {line}") == b"+OK\r\n"
    assert server.persistence.asked == ["hold", "step 3", "step 1", "release"]


@pytest.mark.parametrize("pages", ["0", "-1", "x", "1 2"])
def test_a_step_of_no_pages_is_refused(pages: str) -> None:
    client = OfflineServer().connect()
    assert client.line(f"COWSCOPE STEP {pages}").startswith(b"-ERR COWSCOPE STEP takes")


def test_a_page_names_its_keys() -> None:
    server = OfflineServer()
    client = server.connect()
    client.line("SET hello world")
    offset = client.client.db.keys[b"hello"]
    page = server.keyspace.arena.page_of(offset)
    reply = client.line(f"COWSCOPE PAGE {page}")
    assert b"$5\r\ncount\r\n:1\r\n$4\r\nkeys\r\n*1\r\n$5\r\nhello\r\n" in reply
    assert client.line("COWSCOPE PAGE 4096") == b"-ERR the arena has pages 0 to 4095\r\n"


def test_a_note_is_only_what_an_author_may_say() -> None:
    step = Step(scene="04", step="fork", title="Fork")
    assert _note(encode(step)) == Step(scene="04", step="fork", title="Fork", source="scripted")
    planted = encode(Log(level="*", text="Background saving started by pid 1"))
    note = _note(planted)
    assert isinstance(note, Step)
    assert note.source == "scripted"
    assert _note(b"hello \xff") == Step(scene="", step="", title="hello \\xff", source="scripted")
