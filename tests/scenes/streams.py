"""Streams of events for tests: hypothesis strategies, and a small made-up run."""

from __future__ import annotations

from typing import Any, get_args, get_origin

import msgspec
from hypothesis import strategies as st

from engine import events
from scenes.event_values import closed

PAGES = 48
"""Arena of the generated streams; generated ranges may lie outside it."""

_page = st.integers(-2, PAGES + 2)
_range = st.tuples(_page, _page)
_small = st.integers(0, 5_000)
_text = st.sampled_from(["", "user:1", "user:2", "everysec", "always", "SET", "held", "a.aof"])

_role = st.sampled_from(get_args(events.FileRole))
_files = st.lists(st.builds(events.AofFile, name=_text, role=_role, bytes=_small), max_size=3)

_fields: dict[str, st.SearchStrategy[Any]] = {
    "seq": st.just(0),
    "engine": st.just("main"),
    "run": st.integers(1, 2),
    "at": st.floats(0, 1e6),
    "arena_pages": st.sampled_from([PAGES, PAGES, PAGES, 0, 16]),
    "page_size": st.just(4096),
    "child": st.sampled_from([0, 11, 11, 12]),
    "purpose": st.sampled_from(["rdb", "rdb", "aof", "lesson"]),
    "file": st.sampled_from(["a.aof", "b.aof"]),
    "ends": st.lists(st.integers(0, 1000), max_size=5),
    "dirty_pages_after": st.integers(-1, 3),
    "config": st.dictionaries(_text, _text, max_size=2),
    "faults": st.dictionaries(_text, _text, max_size=2),
    "pages": st.lists(st.tuples(_page, _text), max_size=6),
    "page_keys": st.lists(
        st.tuples(st.integers(0, PAGES), st.lists(_text, max_size=3), _small), max_size=4
    ),
    "argv": st.lists(_text, max_size=4),
    "choices": st.lists(_text, max_size=4),
    "right": st.integers(-1, 3),
    "files": _files,
    "aof_files": _files,
    "lost_names": st.lists(st.tuples(_text, _text), max_size=3),
    "in_flight_names": st.lists(st.tuples(_text, _text), max_size=3),
    "survivors": st.lists(st.tuples(_text, _text), max_size=3),
    "log": st.lists(st.tuples(st.floats(0, 1e6), _text, _text), max_size=3),
    "recovery": st.none(),
    "groups": st.lists(st.tuples(_text, _small, _small), max_size=3),
    "handlers": st.lists(_text, max_size=3),
    "parent_frames": st.lists(_small, max_size=6),
    "child_frames": st.lists(_small, max_size=6),
}


def _field(kind: type[events.Event], field: msgspec.structs.FieldInfo) -> st.SearchStrategy[Any]:
    if kind is events.Pages and field.name == "pages":
        return _small
    if field.name in _fields:
        return _fields[field.name]
    return _of_type(field.type)


def _of_type(kind: Any) -> st.SearchStrategy[Any]:
    """Values that a field of this type may have; pairs of numbers are ranges of pages."""
    if kind in (int, float, bool, str):
        return {int: _small, float: st.floats(0, 1e6), bool: st.booleans(), str: _text}[kind]
    if get_origin(kind) is list and get_args(kind)[0] == tuple[int, int]:
        return st.lists(_range, max_size=5)
    if get_origin(kind) is list:
        return st.lists(_of_type(get_args(kind)[0]), max_size=3)
    if get_origin(kind) is tuple:
        return st.tuples(*map(_of_type, get_args(kind)))
    if get_origin(kind) is dict:
        return st.dictionaries(*map(_of_type, get_args(kind)), max_size=2)
    if (values := closed(kind)) is not None:
        return st.sampled_from(values)
    return st.builds(kind, **{f.name: _of_type(f.type) for f in msgspec.structs.fields(kind)})


def _strategy(kind: type[events.Event]) -> st.SearchStrategy[events.Event]:
    fields = {f.name: _field(kind, f) for f in msgspec.structs.fields(kind)}
    return st.builds(kind, **fields)


any_event = st.one_of([_strategy(kind) for kind in get_args(events.AnyEvent)])
any_stream = st.lists(any_event, max_size=30)


def tale() -> list[events.AnyEvent]:
    """An engine starts, forks, copies page 3 (twice written) and page 5, saves, and syncs."""
    at = iter(range(100, 200))
    log: list[events.AnyEvent] = [
        events.State(
            pid=10, port=7000, version="7.0.15", kernel="6.18", page_size=4096, arena_pages=16,
            high_water_page=8, thp=False, config={"appendfsync": "everysec"},
            held_pages=[(0, 7)], page_keys=[(n, [f"user:{n}"], 1) for n in range(8)],
            keys=8, dirty=1, lastsave=1, aof_enabled=True, aof_file="a.aof",
            aof_appended=400, aof_written=400, aof_fsynced=400,
        ),
        events.AofAppend(file="a.aof", start=400, end=430, text="SET user:1 x"),
        events.Command(client="me", argv=["SET", "user:1", "x"], usec=9, dirty=1,
                       pages=[(1, "user:1")]),
        events.AofWrite(file="a.aof", start=400, end=430, usec=20),
        events.AofFsync(file="a.aof", start=400, end=430, usec=150, policy="everysec",
                        thread="bio", dirty_pages_after=0),
        events.Hold(state="armed", child=0),
        events.Fork(pid=10, child=11, usec=900, purpose="rdb", page_table_kb=40),
        events.Hold(state="held", child=11),
        events.Process(pid=11, ppid=10, name="cowscope-rdb", state="sleeping",
                       rss_kb=9000, pss_kb=4000, uss_kb=800),
        events.Pages(child=11, shared=8, copied=0, new=0, free=8, newly_shared=[(0, 7)]),
        events.Command(client="me", argv=["SET", "user:3", "x"], usec=9, dirty=1,
                       pages=[(3, "user:3")]),
        events.Pages(child=11, shared=7, copied=1, new=0, free=8, newly_copied=[(3, 3)],
                     private_dirty_kb=4, smaps_at=110.5),
        events.Command(client="me", argv=["SET", "user:3", "y"], usec=9, dirty=1,
                       pages=[(3, "user:3")]),
        events.Command(client="me", argv=["SET", "user:5", "y"], usec=9, dirty=2, merged=2,
                       pages=[(5, "user:5"), (8, "new:1")]),
        events.Pages(child=11, shared=6, copied=2, new=1, free=7, newly_copied=[(5, 5)],
                     newly_new=[(8, 8)], private_dirty_kb=12, new_kb=4, smaps_at=113.5),
        events.Hold(state="released", child=11),
        events.SnapshotProgress(child=11, keys=8, total_keys=8, bytes=300, page_ranges=[(0, 7)]),
        events.Pages(child=11, shared=6, copied=2, new=1, free=7, private_dirty_kb=12, new_kb=4,
                     smaps_at=116.5, last=True),
        events.ChildExit(child=11, status=0, signal=0, usec=90_000, cow_kb=900),
        events.RdbSaved(path="dump.rdb", bytes=300, keys=8, usec=90_000),
        events.Pages(child=0, shared=0, copied=0, new=0, private=9, free=7,
                     newly_private=[(0, 8)]),
    ]  # fmt: skip
    return [
        msgspec.structs.replace(event, seq=seq, at=float(next(at)))
        for seq, event in enumerate(log, 1)
    ]
