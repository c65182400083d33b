from __future__ import annotations

import errno
from collections.abc import Callable

import pytest

from engine.aof_folder import AofFolder
from engine.disk import APPEND, write_all
from engine.errors import EngineError
from engine.manifest import Manifest, ManifestFile, format_manifest
from tests.engine.fake_disk import FakeDisk

ROOT = "data/appendonlydir"


def folder(disk: FakeDisk, *, rdb: bool = True) -> tuple[AofFolder, list[str]]:
    lines: list[str] = []
    base: Callable[[], bytes] | None = (lambda: b"REDIS-empty") if rdb else None
    return AofFolder(disk, "data", lambda _, text: lines.append(text), empty_base=base), lines


def start(disk: FakeDisk) -> Manifest:
    place, _ = folder(disk)
    return place.complete(place.migrate(place.read()))


def test_first_start() -> None:
    disk = FakeDisk("data")
    place, lines = folder(disk)
    assert place.read() == Manifest()
    manifest = place.complete(place.migrate(Manifest()))
    assert [file.name for file in manifest.files] == [
        "appendonly.aof.1.base.rdb",
        "appendonly.aof.1.incr.aof",
    ]
    assert lines == [
        "Creating AOF base file appendonly.aof.1.base.rdb on server start",
        "Creating AOF incr file appendonly.aof.1.incr.aof on server start",
    ]
    disk.crash()
    assert disk.content(f"{ROOT}/appendonly.aof.1.base.rdb") == b"REDIS-empty"
    assert disk.content(f"{ROOT}/appendonly.aof.1.incr.aof") == b""
    assert place.read() == manifest


def test_a_second_start_changes_nothing() -> None:
    disk = FakeDisk("data")
    manifest = start(disk)
    disk.calls.clear()
    place, lines = folder(disk)
    assert place.complete(place.migrate(place.read())) == manifest
    assert lines == ["Opening AOF incr file appendonly.aof.1.incr.aof on server start"]
    assert {call for call, _ in disk.calls} == {"open"}


def test_without_preamble_the_empty_base_is_an_empty_file() -> None:
    disk = FakeDisk("data")
    place, _ = folder(disk, rdb=False)
    assert place.complete(Manifest()).base == ManifestFile("appendonly.aof.1.base.aof", 1, "b")
    assert disk.content(f"{ROOT}/appendonly.aof.1.base.aof") == b""


def test_the_single_file_of_redis_6_becomes_the_base() -> None:
    disk = FakeDisk("data")
    disk.put("data/appendonly.aof", b"old commands")
    manifest = start(disk)
    assert [file.name for file in manifest.files] == ["appendonly.aof", "appendonly.aof.1.incr.aof"]
    disk.crash()
    assert not disk.exists("data/appendonly.aof")
    assert disk.content(f"{ROOT}/appendonly.aof") == b"old commands"


@pytest.mark.parametrize("calls", range(24))
@pytest.mark.parametrize("old", [None, b"old commands"])
def test_a_crash_at_any_call_of_the_first_start(calls: int, old: bytes | None) -> None:
    for seed in (None, 1, 2, 3, 4):
        disk = FakeDisk("data")
        if old is not None:
            disk.put("data/appendonly.aof", old)
        left = [calls]

        def power(left: list[int] = left) -> int:
            left[0] -= 1
            return errno.EIO if left[0] < 0 else 0

        names = ("open", "write", "fdatasync", "rename", "fsync_directory", "mkdir")
        disk.fail = dict.fromkeys(names, power)
        try:
            start(disk)
        except EngineError as err:
            assert "Input/output error" in str(err)
        disk.fail = {}
        disk.crash(seed)
        base = start(disk).base
        assert base is not None
        assert disk.content(f"{ROOT}/{base.name}") == (b"REDIS-empty" if old is None else old)


def test_files_that_no_manifest_lists_are_not_touched() -> None:
    disk = FakeDisk("data", ROOT)
    disk.put(f"{ROOT}/appendonly.aof.1.base.rdb", b"REDIS-precious")
    disk.put(f"{ROOT}/appendonly.aof.1.incr.aof", b"precious")
    place, lines = folder(disk)
    manifest = place.complete(place.read())
    assert [file.seq for file in manifest.files] == [2, 2]
    assert disk.content(f"{ROOT}/appendonly.aof.1.base.rdb") == b"REDIS-precious"
    assert disk.content(f"{ROOT}/appendonly.aof.1.incr.aof") == b"precious"
    assert "is not in the manifest" in lines[0]


def test_a_bad_manifest_ends_the_start() -> None:
    disk = FakeDisk("data", ROOT)
    disk.put(f"{ROOT}/appendonly.aof.manifest", b"nonsense\n")
    place, lines = folder(disk)
    with pytest.raises(EngineError, match=r"appendonly.aof.manifest: Invalid .*Restore it from"):
        place.read()
    assert lines[0] == "*** FATAL AOF MANIFEST FILE ERROR ***"


def test_an_unreadable_manifest_gets_one_clear_line() -> None:
    disk = FakeDisk("data", ROOT)
    disk.put(f"{ROOT}/appendonly.aof.manifest", b"")
    disk.fail["open"] = lambda: errno.EACCES
    with pytest.raises(EngineError, match=r"can't open the AOF manifest file .*Permission denied"):
        folder(disk)[0].read()


@pytest.mark.parametrize("call", ["mkdir", "open", "write", "rename"])
def test_an_unwritable_folder_gets_one_clear_line(call: str) -> None:
    disk = FakeDisk("data")
    disk.fail[call] = lambda: errno.EROFS
    with pytest.raises(EngineError, match="Read-only file system"):
        folder(disk)[0].complete(Manifest())


def test_persist_replaces_the_manifest_in_one_step() -> None:
    disk = FakeDisk("data")
    manifest = start(disk)
    place, _ = folder(disk)
    longer = manifest.with_increment("appendonly.aof")
    write_all(disk, disk.open(place.path(longer.increments[-1]), APPEND), b"")
    disk.fail["rename"] = lambda: errno.EIO
    with pytest.raises(EngineError, match="stays as it was"):
        place.persist(longer)
    assert place.read() == manifest
    disk.fail = {}
    place.persist(longer)
    disk.crash()
    assert disk.content(place.manifest_path) == format_manifest(longer)
