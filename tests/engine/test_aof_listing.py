"""The AOF's files by what the manifest on the disk says of them."""

from __future__ import annotations

from pathlib import Path

from engine.aof_folder import AofFolder
from engine.aof_listing import listed
from engine.disk import Disk
from engine.manifest import Manifest, ManifestFile
from engine.single_file import SingleFile


def silent(level: str, text: str) -> None:
    """No log."""


def test_roles_are_the_manifests(tmp_path: Path) -> None:
    folder = AofFolder(Disk(), str(tmp_path), silent)
    folder.make()
    manifest = Manifest(
        ManifestFile("a.2.base.rdb", 2, "b"),
        (ManifestFile("a.1.base.rdb", 1, "h"),),
        (ManifestFile("a.3.incr.aof", 3, "i"),),
    )
    folder.persist(manifest)
    for name in ("a.2.base.rdb", "a.1.base.rdb", "a.3.incr.aof", "a.3.base.rdb"):
        Path(folder.root, name).write_bytes(b"12345")
    (tmp_path / "temp-rewriteaof-7.aof").write_bytes(b"1")
    (tmp_path / "dump.rdb").write_bytes(b"1")
    found = listed(folder)
    assert [(file.name, file.role) for file in found] == [
        ("appendonly.aof.manifest", "manifest"),
        ("a.2.base.rdb", "base"),
        ("a.1.base.rdb", "history"),
        ("a.3.incr.aof", "increment"),
        ("temp-rewriteaof-7.aof", "temporary"),
        ("a.3.base.rdb", "unlisted"),
    ]
    assert {file.bytes for file in found[1:4]} == {5}


def test_one_file_is_the_log(tmp_path: Path) -> None:
    (tmp_path / "appendonly.aof").write_bytes(b"123")
    found = listed(SingleFile(Disk(), str(tmp_path), silent))
    assert [(file.name, file.role, file.bytes) for file in found] == [("appendonly.aof", "log", 3)]


def test_no_folder_no_files(tmp_path: Path) -> None:
    assert listed(AofFolder(Disk(), str(tmp_path), silent)) == []
