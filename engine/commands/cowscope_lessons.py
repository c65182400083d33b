"""COWSCOPE FORK, CHILD, FRAMES, WALK, CLOCK: what the lessons do to an engine.

    COWSCOPE FORK                 fork a lesson's child: what both sides say of it
    COWSCOPE FORK DENY            from now on the kernel refuses every fork of this engine, really
    COWSCOPE FORK ALLOW           no longer
    COWSCOPE CHILD GET key        the key as the parent and as the child sees it now
    COWSCOPE CHILD SET key value  the child writes it, in its own copy of the data
    COWSCOPE CHILD READ first [last]      the child reads these pages of the arena
    COWSCOPE CHILD WRITE count [first]    the child writes on so many pages that have data
    COWSCOPE CHILD OBJECTS        the child looks at all keys' names, as Python objects
    COWSCOPE CHILD EXIT [status]          the child leaves; the cron reaps it
    COWSCOPE FRAMES first [last]  the frames behind these pages, in both
    COWSCOPE WALK [keys a turn [turns a second]]  the naive snapshot, without fork: walk.rdb
    COWSCOPE CLOCK xN             the save points' seconds pass N times faster

Every answer is told to those who watch, too, as an event of the same fields.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from engine.commands.numbers import parse_integer
from engine.commands.table import subcommand
from engine.events import Event
from engine.replies import OK, CommandError, array, bulk, integer, map_, simple, unknown_subcommand
from engine.scaled_clock import ScaledClock
from engine.walk import KEYS_A_TURN, TURNS_A_SECOND

if TYPE_CHECKING:
    from engine.client import Client
    from engine.lessons import Lessons

_FLAGS = "admin noscript loading stale"
_MOST_FRAMES = 4096


@subcommand(
    "cowscope",
    "fork",
    -2,
    _FLAGS,
    syntax="[DENY | ALLOW]",
    summary="Forks a child for a lesson, or has the kernel refuse every fork until ALLOW.",
)
def fork(client: Client, argv: list[bytes]) -> bytes:
    """COWSCOPE FORK [DENY | ALLOW]."""
    lessons = client.server.persistence.lessons
    words = [word.upper() for word in argv[2:]]
    if not words:
        return _sides(client, *lessons.fork())
    if words == [b"DENY"]:
        return simple(lessons.deny().encode())
    if words == [b"ALLOW"]:
        lessons.allow()
        return OK
    raise CommandError("ERR COWSCOPE FORK takes DENY, ALLOW or nothing")


@subcommand(
    "cowscope",
    "child",
    -3,
    _FLAGS,
    syntax="GET key | SET key value | READ first [last] | WRITE count [first]"
    " | OBJECTS | EXIT [status]",
    summary="Has the lesson's child look at its copy of the data, or read, write or leave.",
)
def child(client: Client, argv: list[bytes]) -> bytes:
    """COWSCOPE CHILD ..."""
    what, words = argv[2].upper(), argv[3:]
    lessons = client.server.persistence.lessons
    if what == b"GET" and len(words) == 1:
        return _sides(client, *lessons.get(client.db.index, words[0]))
    if what == b"SET" and len(words) == 2:
        return _sides(client, *lessons.set(client.db.index, *words))
    if what in (b"READ", b"WRITE") and len(words) in (1, 2):
        return _pages(client, lessons, what, words)
    if what == b"OBJECTS" and not words:
        return _fields(client, lessons.objects(client.db.index))
    if what == b"EXIT" and len(words) < 2:
        status = _number(words[0], 0, 255, "an exit status") if words else 0
        lessons.exit(status)
        return OK
    raise unknown_subcommand("COWSCOPE CHILD", argv[2])


def _pages(client: Client, lessons: Lessons, what: bytes, words: list[bytes]) -> bytes:
    pages = client.server.keyspace.arena.pages
    if what == b"READ":
        first = _number(words[0], 0, pages - 1, "a page")
        last = _number(words[1], first, 1 << 40, "a last page") if words[1:] else first
        return _fields(client, lessons.read(first, min(last, pages - 1)))
    count = _number(words[0], 1, pages, "a number of pages")
    first = _number(words[1], 0, pages - 1, "a first page") if words[1:] else 0
    return _fields(client, lessons.write(count, first))


@subcommand(
    "cowscope",
    "frames",
    -3,
    _FLAGS,
    syntax="first [last]",
    summary="The frames behind pages of the arena, in the parent and in the lesson's child.",
)
def frames(client: Client, argv: list[bytes]) -> bytes:
    """COWSCOPE FRAMES first [last]."""
    if len(argv) > 4:
        raise CommandError("ERR COWSCOPE FRAMES takes a page, or a first and a last one")
    most = client.server.keyspace.arena.pages - 1
    first = _number(argv[2], 0, most, "a page")
    most = min(most, first + _MOST_FRAMES - 1)
    last = _number(argv[3], first, most, "a last page") if argv[3:] else first
    return _fields(client, client.server.persistence.lessons.frames(first, last))


@subcommand(
    "cowscope",
    "walk",
    -2,
    _FLAGS,
    syntax="[keys-a-turn [turns-a-second]]",
    summary="The naive snapshot: writes the keys to walk.rdb between commands, without a fork.",
)
def walk(client: Client, argv: list[bytes]) -> bytes:
    """COWSCOPE WALK."""
    if len(argv) > 4:
        raise CommandError("ERR COWSCOPE WALK takes keys a turn, and turns a second")
    keys = _number(argv[2], 1, 1 << 30, "keys a turn") if argv[2:] else KEYS_A_TURN
    turns = _number(argv[3], 1, 10_000, "turns a second") if argv[3:] else TURNS_A_SECOND
    client.server.persistence.walks.start(keys, turns)
    return simple(b"Walk begun")


@subcommand(
    "cowscope",
    "clock",
    3,
    _FLAGS,
    syntax="xN",
    summary="Runs the save points' clock N times faster; x1 is real time.",
)
def clock(client: Client, argv: list[bytes]) -> bytes:
    """COWSCOPE CLOCK xN."""
    scale = _number(argv[2].lower().removeprefix(b"x"), 1, ScaledClock.FASTEST, "a scale, as x30,")
    client.server.persistence.saves.scale_clock(scale)
    return OK


def _number(word: bytes, least: int, most: int, what: str) -> int:
    number = parse_integer(word)
    if number is None or not least <= number <= most:
        raise CommandError(f"ERR {what} is a number from {least} to {most}")
    return number


_COMMON = frozenset(Event.__struct_fields__) - {"source"}


def _fields(client: Client, event: Event) -> bytes:
    """An event's own fields, under their names."""
    names = [name for name in event.__struct_fields__ if name not in _COMMON]
    pairs = [(bulk(name.encode()), _reply(getattr(event, name))) for name in names]
    return map_(client.resp, pairs)


def _sides(client: Client, parent: Event, its: Event) -> bytes:
    sides = [(bulk(b"parent"), _fields(client, parent)), (bulk(b"child"), _fields(client, its))]
    return map_(client.resp, sides)


def _reply(value: Any) -> bytes:
    plain = msgspec.to_builtins(value)
    if isinstance(plain, str):
        return bulk(plain.encode())
    if isinstance(plain, int):
        return integer(int(plain))
    return array([_reply(item) for item in plain])
