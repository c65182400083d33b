"""Each check holds on a sound run, and each lie makes one of them miss."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import crcmod
import pytest
from msgspec.structs import replace

from engine import events
from engine.events import AnyEvent
from scenes.evidence import Evidence
from scenes.expect import CHECKS, judge
from scenes.measures import MEASURES
from scenes.scene import Expectation
from scenes.verdict import Verdict
from tests.scenes.streams import tale

_crc = crcmod.mkCrcFun(0x1AD93D23594C935A9, initCrc=0, rev=True, xorOut=0)
SOUND = [
    ("figures_agree", {}),
    ("fork_shared_everything", {}),
    ("child_is_a_process", {}),
    ("copied_are_the_written", {"least": 2}),
    ("witnesses_agree", {}),
    ("hot_page_copied_once", {"key": "user:3"}),
    ("new_is_not_copied", {}),
    ("child_left_cleanly", {}),
    ("dump_is_whole", {}),
    ("dirty_is_since_the_fork", {}),
    ("extra_memory_is_gone", {}),
    ("offsets_only_grow", {}),
    ("fsync_cleans_the_cache", {}),
    ("everysec_in_time", {"seconds": 3}),
]


def dump(keys: int) -> bytes:
    records = b"".join(b"\x00\x01%c\x01x" % (97 + n) for n in range(keys))
    data = b"REDIS0009\xfe\x00" + records + b"\xff"
    return data + struct.pack("<Q", _crc(data))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "dump.rdb").write_bytes(dump(8))
    return tmp_path


def sound() -> list[AnyEvent]:
    """The tale, with a state asked for after the dump."""
    stream = tale()
    first = stream[0]
    assert isinstance(first, events.State)
    return [*stream, replace(first, dirty=4, lastsave=2, at=130.0, aof_appended=430)]


def gathered(stream: list[AnyEvent], folder: Path) -> Evidence:
    evidence = Evidence(populate=8, folder=str(folder), cannot_prove_dirty=lambda: "")
    for event in stream:
        evidence.add(event)
    return evidence


def verdict(check: str, evidence: Evidence, **args: str | int) -> Verdict:
    return judge(Expectation(check, dict(args)), evidence)


@pytest.mark.parametrize(("check", "args"), SOUND)
def test_a_sound_run_holds(check: str, args: dict[str, str | int], folder: Path) -> None:
    said = verdict(check, gathered(sound(), folder), **args)
    assert said.held and not said.skipped, said.detail


@pytest.mark.parametrize("check", sorted(CHECKS))
def test_a_run_in_which_nothing_happened_proves_nothing(check: str, folder: Path) -> None:
    args = {"key": "user:3"} if check == "hot_page_copied_once" else {}
    assert not verdict(check, gathered([], folder), **args).held


def altered(kind: type[AnyEvent], change: Callable[..., AnyEvent]) -> list[AnyEvent]:
    return [change(event) if isinstance(event, kind) else event for event in sound()]


def without(kind: type[AnyEvent]) -> list[AnyEvent]:
    return [event for event in sound() if not isinstance(event, kind)]


def exclusive_all(event: events.Pages) -> events.Pages:
    """What the page tables show of a MAP_SHARED arena: never shared between the two."""
    ranges = event.newly_shared
    copied = 8 if event.child else 0
    return replace(
        event, shared=0, copied=copied, newly_copied=ranges, newly_shared=[], newly_new=[]
    )


def nothing_copied(event: events.Pages) -> events.Pages:
    return replace(event, shared=8, copied=0, new=0, newly_copied=[], newly_new=[], free=8)


def constant(event: events.Pages) -> events.Pages:
    return replace(
        event, shared=6, copied=2, new=1, private=0, free=7, private_dirty_kb=12, new_kb=4
    )


LIES: list[tuple[str, list[AnyEvent], list[str]]] = [
    (
        "the arena is mapped shared",
        altered(events.Pages, exclusive_all),
        ["copied_are_the_written", "fork_shared_everything", "new_is_not_copied"],
    ),
    (
        "copied stays 0",
        altered(events.Pages, nothing_copied),
        ["copied_are_the_written", "witnesses_agree", "hot_page_copied_once"],
    ),
    (
        "the figures of the pages are constant",
        altered(events.Pages, constant),
        ["witnesses_agree", "extra_memory_is_gone"],
    ),
    (
        "smaps is constant",
        altered(events.Pages, lambda e: replace(e, private_dirty_kb=400, smaps_at=e.at)),
        ["witnesses_agree"],
    ),
    (
        "fdatasync does nothing, and the kernel knows",
        altered(events.AofFsync, lambda e: replace(e, dirty_pages_after=3)),
        ["fsync_cleans_the_cache"],
    ),
    (
        "fdatasync does nothing, and is too quick for a disk",
        altered(events.AofFsync, lambda e: replace(e, usec=0, dirty_pages_after=-1)),
        ["fsync_cleans_the_cache"],
    ),
    (
        "the engine does not ask the kernel",
        altered(events.AofFsync, lambda e: replace(e, dirty_pages_after=-1)),
        ["fsync_cleans_the_cache"],
    ),
    ("nothing is synced", without(events.AofFsync), ["everysec_in_time", "fsync_cleans_the_cache"]),
    (
        "the fsync overtakes the write",
        altered(events.AofFsync, lambda e: replace(e, end=e.end + 1)),
        ["figures_agree", "offsets_only_grow"],
    ),
    (
        "no process was forked",
        without(events.Process),
        ["child_is_a_process"],
    ),
    (
        "another process is shown",
        altered(events.Process, lambda e: replace(e, ppid=1)),
        ["child_is_a_process"],
    ),
    (
        "another child is reaped",
        altered(events.ChildExit, lambda e: replace(e, child=99)),
        ["child_left_cleanly", "figures_agree"],
    ),
    (
        "the child failed",
        altered(events.ChildExit, lambda e: replace(e, status=1)),
        ["child_left_cleanly"],
    ),
    (
        "the count of changes is wrong",
        altered(events.State, lambda e: replace(e, dirty=5)),
        ["dirty_is_since_the_fork"],
    ),
    (
        "a page is lost from the count",
        altered(events.Pages, lambda e: replace(e, free=e.free - 1)),
        ["figures_agree"],
    ),
]


@pytest.mark.parametrize(("lie", "stream", "found_by"), LIES, ids=[lie for lie, _, _ in LIES])
def test_every_lie_is_found(
    lie: str, stream: list[AnyEvent], found_by: list[str], folder: Path
) -> None:
    args = dict(SOUND)
    evidence = gathered(stream, folder)
    for check in found_by:
        said = verdict(check, evidence, **args[check])
        assert not said.held, f"{check}: {said.detail}"
        assert said.detail.startswith("expected")


@pytest.mark.parametrize(
    ("data", "says"),
    [(dump(0), "read 0 from"), (dump(7), "read 7 from"), (dump(8)[:-1] + b"\0", "checksum")],
)
def test_an_empty_or_damaged_dump_is_found(folder: Path, data: bytes, says: str) -> None:
    (folder / "dump.rdb").write_bytes(data)
    said = verdict("dump_is_whole", gathered(sound(), folder))
    assert not said.held and says in said.detail


def test_a_dump_that_claims_to_be_empty_is_found(folder: Path) -> None:
    """Even when the child's reports agree with the empty file."""
    (folder / "dump.rdb").write_bytes(dump(0))
    stream = [
        replace(e, keys=0, total_keys=0)
        if isinstance(e, events.SnapshotProgress)
        else replace(e, keys=0)
        if isinstance(e, events.RdbSaved)
        else e
        for e in sound()
    ]
    assert not verdict("dump_is_whole", gathered(stream, folder)).held


def test_where_the_kernel_cannot_tell_the_check_is_skipped(folder: Path) -> None:
    unknown = altered(events.AofFsync, lambda e: replace(e, dirty_pages_after=-1))
    evidence = gathered(unknown, folder)
    evidence.cannot_prove_dirty = lambda: "overlayfs shows none"
    said = verdict("fsync_cleans_the_cache", evidence)
    assert said.skipped and "overlayfs shows none" in said.detail


def under(policy: str, *batches: tuple[AnyEvent, ...]) -> list[AnyEvent]:
    change = events.Config(name="appendfsync", old="everysec", new=policy, at=200.0)
    return [*sound(), change, *(event for batch in batches for event in batch)]


def batch(start: int, at: float) -> tuple[events.AofAppend, events.AofWrite]:
    return (
        events.AofAppend(file="a.aof", start=start, end=start + 10, text="", at=at),
        events.AofWrite(file="a.aof", start=start, end=start + 10, usec=1, at=at),
    )


def sync(end: int, policy: str, thread: str, at: float) -> events.AofFsync:
    return events.AofFsync(
        file="a.aof", start=430, end=end, usec=90, policy=policy, at=at,
        thread="main" if thread == "main" else "bio", dirty_pages_after=0,
    )  # fmt: skip


def test_always_means_before_the_next_batch(folder: Path) -> None:
    good = under(
        "always",
        (*batch(430, 201.0), sync(440, "always", "main", 201.1)),
        (*batch(440, 202.0), sync(450, "always", "main", 202.1)),
    )
    assert verdict("always_before_the_reply", gathered(good, folder), least=2).held
    late = under(
        "always",
        batch(430, 201.0),
        (*batch(440, 202.0), sync(450, "always", "main", 202.1)),
    )
    said = verdict("always_before_the_reply", gathered(late, folder))
    assert not said.held and "1 batch overtaken" in said.detail
    elsewhere = under("always", (*batch(430, 201.0), sync(440, "always", "bio", 201.1)))
    assert not verdict("always_before_the_reply", gathered(elsewhere, folder)).held


def test_no_means_no_fsync_and_a_growing_risk(folder: Path) -> None:
    good = gathered(under("no", batch(430, 201.0), batch(440, 202.0)), folder)
    assert verdict("no_fsync_under_no", good).held
    assert verdict("something_at_risk", good, least=2).held
    assert MEASURES["unsafe"](good) == 2 and MEASURES["at_risk_bytes"](good) == 20
    synced = under("no", (*batch(430, 201.0), sync(440, "no", "bio", 203.0)))
    assert not verdict("no_fsync_under_no", gathered(synced, folder)).held


def test_everysec_that_takes_too_long_is_found(folder: Path) -> None:
    slow = altered(events.AofFsync, lambda e: replace(e, at=e.at + 5))
    assert not verdict("everysec_in_time", gathered(slow, folder)).held


def test_what_came_and_went_between_two_readings_is_not_held_at_the_fork() -> None:
    wrote = events.Command(client="me", argv=["SET", "a", "x"], usec=9, dirty=1, pages=[])
    evidence = Evidence()
    for event in (
        tale()[0],
        replace(wrote, pages=[(9, "new")]),
        replace(wrote, argv=["FLUSHALL"]),
        replace(wrote, pages=[(4, "a")]),
        events.Pages(child=0, shared=0, copied=0, new=0, private=1, free=15, newly_free=[(5, 5)]),
        events.Fork(pid=10, child=7, usec=9, purpose="rdb", page_table_kb=4),
    ):
        evidence.add(event)
    assert evidence.snapshot is not None and sum(evidence.snapshot.held) == 1


def test_measures_of_the_tale(folder: Path) -> None:
    evidence = gathered(sound(), folder)
    figures = {name: measure(evidence) for name, measure in MEASURES.builtin.items()}
    assert figures["copied"] == 2 and figures["new"] == 1 and figures["held"] == 8
    assert figures["copied_kb"] == 8 == figures["extra_kb"] and figures["full_copy_kb"] == 32
    assert figures["dump_keys"] == 8 and figures["dirty_since_fork"] == 4
