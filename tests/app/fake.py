"""A driver over synthetic events: what the screen shows without an engine or a clock."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from app.driver import REFUSE_PAST, Status, offered_at, stage_at
from app.said import said as phrase
from engine import events
from scenes.history import History, Mark
from scenes.loader import load
from scenes.prediction import Prediction
from scenes.scene import Stage
from scenes.view import View

PAGES, HELD = 1024, 700
FIRST = 4


def start(pages: int = PAGES, held: int = HELD) -> list[events.AnyEvent]:
    """A ready engine with `held` keys, one a page."""
    keys = [(FIRST + n, [f"user:{n}"], 1) for n in range(min(held, pages - FIRST))]
    ready = events.EngineReady(
        at=100.0, pid=4711, port=40123, version="7.4.0", kernel="6.18.0", page_size=4096,
        arena_pages=pages, thp=False,
    )  # fmt: skip
    state = events.State(
        at=100.1, pid=4711, port=40123, version="7.4.0", kernel="6.18.0", page_size=4096,
        arena_pages=pages, high_water_page=FIRST + held, thp=False,
        config={"appendfsync": "everysec", "appendonly": "yes"},
        held_pages=[(FIRST, FIRST + len(keys) - 1)], page_keys=keys, keys=held, dirty=0, lastsave=0,
        aof_enabled=True, aof_file="appendonly.aof.1.incr.aof", aof_appended=48_310,
        aof_written=48_310, aof_fsynced=48_310,
        log=[(100.0, "*", "Ready to accept connections tcp")],
    )  # fmt: skip
    return [ready, state]


def writes(
    count: int, at: float, offset: int, seed: int = 4, file: str = "appendonly.aof.1.incr.aof"
) -> list[events.AnyEvent]:
    """`count` SETs of random keys, each appended and written."""
    chance = random.Random(seed)
    found: list[events.AnyEvent] = []
    for n in range(count):
        user = chance.randrange(HELD)
        key, value = f"user:{user}", f"v{chance.randrange(10**8):08d}"
        when = at + n * 0.05
        text = f"*3\\r\\n$3\\r\\nSET\\r\\n${len(key)}\\r\\n{key}\\r\\n$9\\r\\n{value}\\r\\n"
        end = offset + 33 + len(key)
        found += [
            events.Command(at=when, client="trickle", argv=["SET", key, value], usec=9, dirty=1,
                           pages=[(FIRST + user, key)]),
            events.AofAppend(at=when, file=file, start=offset, end=end, text=text),
            events.AofWrite(at=when, file=file, start=offset, end=end, usec=11),
        ]  # fmt: skip
        offset = end
    return found


def fork(at: float = 110.0, held: int = HELD) -> list[events.AnyEvent]:
    """A held child over `held` shared pages."""
    return [
        events.Hold(at=at, state="armed", child=0),
        events.Fork(at=at, pid=4711, child=4723, usec=1_912, purpose="rdb", page_table_kb=212),
        events.Pages(
            at=at + 0.01,
            child=4723,
            shared=held,
            copied=0,
            new=0,
            free=PAGES - held,
            newly_shared=[(FIRST, FIRST + held - 1)],
        ),
        events.Hold(at=at + 0.02, state="held", child=4723),
    ]


def copies(count: int, at: float = 111.0, seed: int = 4) -> list[events.AnyEvent]:
    """Writes that copy `count` pages, one after the other, with readings of the gauge."""
    chance = random.Random(seed)
    users = chance.sample(range(HELD), count)
    found: list[events.AnyEvent] = []
    for n, user in enumerate(users, start=1):
        when = at + n * 0.1
        page = FIRST + user
        found += [
            events.Command(at=when, client="first", argv=["SET", f"user:{user}", "x"], usec=8,
                           dirty=1, pages=[(page, f"user:{user}")]),
            events.Pages(at=when + 0.02, child=4723, shared=HELD - n, copied=n, new=0,
                         free=PAGES - HELD, newly_copied=[(page, page)],
                         private_dirty_kb=4 * n, child_private_dirty_kb=4 * n + 88,
                         interpreter_kb=3_412, child_interpreter_kb=6_120, smaps_at=when + 0.02,
                         page_table_kb=212),
        ]  # fmt: skip
    return found


def story() -> list[events.AnyEvent]:
    """From the start to a held child with 24 copied pages, two writes still amber."""
    found = start()
    found.append(events.Step(at=100.2, scene="04", step="tail", title="First rung"))
    found += writes(12, 101.0, 48_310)
    written = max(e.end for e in found if isinstance(e, events.AofWrite))
    file = "appendonly.aof.1.incr.aof"
    found.append(
        events.AofFsync(at=102.0, file=file, start=48_310, end=written, usec=312,
                        policy="everysec", thread="bio", dirty_pages_after=0)
    )  # fmt: skip
    found.append(events.Step(at=109.0, scene="04", step="fork", title="BGSAVE forks"))
    found += fork()
    found.append(events.Step(at=110.9, scene="04", step="copies", title="The first write copies"))
    found += copies(24)
    found += writes(9, 113.5, written, seed=5)
    return [
        event if isinstance(event, events.State) else _numbered(event, n)
        for n, event in enumerate(found, start=1)
    ]


def _numbered(event: Any, number: int) -> Any:
    import msgspec

    return msgspec.structs.replace(event, seq=number)


class FakeDriver:
    """Plays nothing: shows a history, remembers what it was asked."""

    is_replay = False
    is_over = autoplay = False
    timelines, timeline = 1, 0

    def __init__(self, stream: Sequence[events.AnyEvent] = (), status: Status = "live") -> None:
        lesson = load("04")
        self.scene, self.words = lesson.scene, lesson.words
        self.history = History(self.scene.cards)
        for event in stream or story():
            self.history.append(event)
        self._cursor: int | None = None
        self._status: Status = status
        self.refusal = ""
        self.notice = ""
        self.pace_factor = 1.0
        self.asked: list[tuple[Any, ...]] = []
        self.figures: Mapping[str, int | str | None] = {
            "copied": 24, "copied_kb": 96, "fork_usec": 1912, "held": 700, "unsafe": 9,
            "hot": "user:42", "child_pid": "4723",
        }  # fmt: skip

    @property
    def cursor(self) -> int:
        return len(self.history) - 1 if self._cursor is None else self._cursor

    @property
    def length(self) -> int:
        return len(self.history)

    @property
    def marks(self) -> Sequence[Mark]:
        return self.history.marks

    @property
    def is_past(self) -> bool:
        return self._cursor is not None

    @property
    def view(self) -> View:
        return self.history.view_at(self.cursor)

    @property
    def now_view(self) -> View:
        return self.history.now

    @property
    def status(self) -> Status:
        return "past" if self.is_past else self._status

    @property
    def offered(self) -> frozenset[str]:
        return offered_at(self.scene, self.stage())

    def stage(self) -> Stage:
        return stage_at(self.scene, self.view.step)

    def text(self, key: str) -> str:
        return self.words.text(key, self.figures)

    def clock(self) -> float | None:
        return None

    async def start(self) -> None:
        self.asked.append(("start",))

    async def stop(self) -> None:
        self.asked.append(("stop",))

    def tick(self) -> None:
        pass

    def _do(self, *asked: Any) -> None:
        self.refusal = ""
        if self.is_past and asked[0] in ("key", "next", "answer"):
            self.refusal = phrase(REFUSE_PAST)
        else:
            self.asked.append(asked)

    def next(self) -> None:
        self._do("next")

    def back(self) -> None:
        self._do("back")

    def scrub(self, by: int) -> None:
        self.seek(self.cursor + by)

    def mark(self, by: int) -> None:
        find = self.history.next_mark if by > 0 else self.history.previous_mark
        found = find(self.cursor)
        if found is not None:
            self.seek(found.index)

    def seek(self, index: int) -> None:
        last = len(self.history) - 1
        self._cursor = max(index, 0) if index < last else None

    def to_now(self) -> None:
        self._cursor = None

    def jump(self, step: str) -> None:
        self._do("jump", step)

    def stay(self) -> None:
        self._do("stay")

    def answer(self, choice: int) -> None:
        self._do("answer", choice)

    def key(self, name: str) -> None:
        self._do("key", name)

    def crash(self, name: str, prediction: Prediction, choice: int) -> None:
        self._do("crash", name, choice)

    def pause(self) -> None:
        self._do("pause")

    def toggle_autoplay(self) -> None:
        self.autoplay = not self.autoplay
        self._do("toggle_autoplay")

    def pace(self, by: int) -> None:
        self._do("pace", by)

    def restart(self) -> None:
        self._do("restart")

    def branch(self) -> None:
        self._do("branch")

    def other_timeline(self) -> None:
        self._do("other_timeline")

    async def execute(self, line: str) -> Any:
        self.asked.append(("execute", line))
        return "OK"

    def commands(self) -> Sequence[str]:
        return ("BGSAVE", "DEL", "GET", "GETRANGE", "SET", "INFO")
