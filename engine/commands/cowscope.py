"""COWSCOPE: what this engine can do that Redis can't: be held, be asked, be looked into."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from engine.commands.numbers import parse_integer
from engine.commands.table import container, subcommand
from engine.events import Answer, Event, Question, Step, decode
from engine.faults import FaultError
from engine.replies import OK, CommandError, array, bulk, bulks, integer, map_, verbatim

if TYPE_CHECKING:
    from engine.client import Client

_FLAGS = "admin noscript loading stale"
_KEYS_SHOWN = 16

container("cowscope", group="server", since="7.0.15", summary="Holds the snapshot child and asks.")


@subcommand(
    "cowscope",
    "hold",
    2,
    _FLAGS,
    summary="Stops the snapshot child before its next record, or the next child before its first.",
)
def hold(client: Client, argv: list[bytes]) -> bytes:
    """COWSCOPE HOLD."""
    client.server.persistence.hold()
    return OK


@subcommand(
    "cowscope",
    "step",
    -2,
    _FLAGS,
    syntax="[pages]",
    summary="Lets a held child write so many pages of the arena.",
)
def step(client: Client, argv: list[bytes]) -> bytes:
    """COWSCOPE STEP."""
    pages = parse_integer(argv[2]) if len(argv) == 3 else 1
    if len(argv) > 3 or pages is None or pages < 1:
        raise CommandError("ERR COWSCOPE STEP takes a number of pages, 1 or more")
    client.server.persistence.step(pages)
    return OK


@subcommand("cowscope", "release", 2, _FLAGS, summary="Lets a held child go on.")
def release(client: Client, argv: list[bytes]) -> bytes:
    """COWSCOPE RELEASE."""
    client.server.persistence.release()
    return OK


@subcommand("cowscope", "state", 2, _FLAGS, summary="The whole state as JSON, for who comes late.")
def state(client: Client, argv: list[bytes]) -> bytes:
    """COWSCOPE STATE."""
    return verbatim(client.resp, client.server.persistence.state())


@subcommand(
    "cowscope",
    "note",
    3,
    _FLAGS,
    syntax="text",
    summary="Tells all who watch: a step, question or answer as JSON, or a line of text.",
)
def note(client: Client, argv: list[bytes]) -> bytes:
    """COWSCOPE NOTE: with nobody watching it is not kept."""
    observer = client.server.observer
    if observer is not None:
        observer.publisher.publish(_note(argv[2]))
        observer.wants_flush()
    return OK


def _note(text: bytes) -> Event:
    """Only what a scene's author may say comes through as an event of its own."""
    try:
        event = decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError):
        event = None
    if isinstance(event, (Step, Question, Answer)):
        return msgspec.structs.replace(event, source="scripted", at=0.0)
    title = text.decode("utf-8", "backslashreplace")
    return Step(scene="", step="", title=title, source="scripted")


@subcommand(
    "cowscope",
    "fault",
    -2,
    _FLAGS,
    syntax="[kind [value | OFF] | OFF]",
    summary="Makes the disk slow, failing or full, or well again; lists the faults that it has.",
)
def fault(client: Client, argv: list[bytes]) -> bytes:
    """COWSCOPE FAULT: [kind, value, calls struck] of each fault that is set then."""
    persistence = client.server.persistence
    words = [word.decode("utf-8", "replace") for word in argv[2:]]
    if len(words) > 2:
        raise CommandError("ERR COWSCOPE FAULT takes a kind and a value, or OFF")
    try:
        if len(words) == 1 and words[0].lower() == "off":
            persistence.faults.clear()
        elif words:
            persistence.faults.set(*words)
    except FaultError as error:
        raise CommandError(f"ERR {error}") from error
    persistence.tell_faults()
    return array(
        [
            array([bulk(one.kind.encode()), bulk(one.value.encode()), integer(one.struck)])
            for one in persistence.faults.present()
        ]
    )


@subcommand(
    "cowscope",
    "page",
    3,
    _FLAGS,
    syntax="number",
    summary="What lies on a page of the arena.",
)
def page(client: Client, argv: list[bytes]) -> bytes:
    """COWSCOPE PAGE."""
    keyspace = client.server.keyspace
    arena = keyspace.arena
    number = parse_integer(argv[2])
    if number is None or not 0 <= number < arena.pages:
        raise CommandError(f"ERR the arena has pages 0 to {arena.pages - 1}")
    keys, count = keyspace.keys_on_page(number, _KEYS_SHOWN)
    return map_(
        client.resp,
        [
            (bulk(b"page"), integer(number)),
            (bulk(b"db"), integer(arena.page_db[number])),
            (bulk(b"touched"), integer(arena.touched[number])),
            (bulk(b"count"), integer(count)),
            (bulk(b"keys"), bulks(keys)),
        ],
    )
