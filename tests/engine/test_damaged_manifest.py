"""Every truncation and every flip of a manifest: the same files are loaded, or an error tells why.

What is loaded is what counts: a flip may change a sequence number, or the case of a word, without
changing that. No flip may lead to fewer files, and none to one being deleted as history.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engine.aof_folder import AofFolder
from engine.aof_format import encode
from engine.aof_loader import Loader
from engine.errors import EngineError
from engine.manifest import Manifest, ManifestFile, format_manifest
from tests.engine.damage import cuts, flips
from tests.engine.fake_disk import FakeDisk

ROOT = "data/appendonlydir"
PATH = f"{ROOT}/appendonly.aof.manifest"
P = "appendonly.aof"
BASE, BASE_2 = ManifestFile(f"{P}.1.base.aof", 1, "b"), ManifestFile(f"{P}.2.base.aof", 2, "b")
ONE, TWO, THREE = (ManifestFile(f"{P}.{n}.incr.aof", n, "i") for n in (1, 2, 3))
OLD = (ManifestFile(f"{P}.1.base.aof", 1, "h"), ManifestFile(f"{P}.1.incr.aof", 1, "h"))

MANIFESTS = {
    "at rest": Manifest(BASE, (), (ONE,)),
    "after failed rewrites": Manifest(BASE, (), (ONE, TWO, THREE)),
    "a rewrite just ended": Manifest(BASE_2, OLD, (TWO,)),
    "rewritten while the AOF is off": Manifest(BASE_2, OLD, ()),
    "migrated": Manifest(ManifestFile(P, 1, "b"), (), (ONE,)),
    "migrated and rewritten": Manifest(BASE_2, (ManifestFile(P, 1, "h"), OLD[1]), (TWO,)),
}
manifests = pytest.mark.parametrize("manifest", MANIFESTS.values(), ids=MANIFESTS.keys())
UNDECIDABLE = {
    "a rewrite just ended": 2,
    "rewritten while the AOF is off": 1,
    "migrated and rewritten": 2,
}
"""How many flips turn one good manifest into another: an old increment to load again (`h` to `i`),
or the only one into history, as after a rewrite while the AOF is off (`i` to `h`)."""


def loaded(text: bytes, manifest: Manifest) -> tuple[list[bytes], set[str]]:
    """What is loaded in order, and what would be deleted; raises what reading and loading raise."""
    disk = FakeDisk("data", ROOT)
    disk.put(PATH, text)
    for file in (*manifest.files, *manifest.history):
        disk.put(f"{ROOT}/{file.name}", encode([b"SET", file.name.encode(), b"v"]))
    before = {path: disk.content(path) for path in disk.names}
    keys: list[bytes] = []
    folder = AofFolder(disk, "data", lambda level, text: None)
    try:
        found = folder.read()
        Loader(
            disk,
            folder,
            lambda level, text: None,
            lambda commands: keys.extend(argv[1] for argv in commands),
            is_command=lambda name: name == b"SET",
            load_rdb=lambda path: 0,
        ).load(found)
    finally:
        assert {path: disk.content(path) for path in disk.names} == before
    return keys, {f.name for f in found.history if disk.exists(f"{ROOT}/{f.name}")}


def outcome(text: bytes, manifest: Manifest) -> tuple[list[bytes], set[str]] | None:
    """The same; None where it was refused in one clear line that names a file."""
    try:
        return loaded(text, manifest)
    except EngineError as error:
        assert ROOT in str(error) and "\n" not in str(error) and "b'" not in str(error)
        return None


@manifests
def test_every_flip(manifest: Manifest, request: pytest.FixtureRequest) -> None:
    whole = format_manifest(manifest)
    keys, history = loaded(whole, manifest)
    assert keys == [file.name.encode() for file in manifest.files]
    told, strange = 0, []
    for at, text in flips(whole):
        found = outcome(text, manifest)
        if found is None:
            told += 1
        elif found[0] != keys or not found[1] <= history:
            strange.append((at, text, found))
    assert told > len(whole)
    name = request.node.callspec.id
    assert len(strange) == UNDECIDABLE.get(name, 0), strange


@manifests
def test_every_truncation(manifest: Manifest) -> None:
    whole = format_manifest(manifest)
    lines = whole.splitlines(keepends=True)
    borders = {len(b"".join(lines[:number])) for number in range(1, len(lines))}
    for text in cuts(whole):
        found = outcome(text, manifest)
        if len(text) in borders:  # whole lines: no damage is to be seen, and all of them are loaded
            assert (
                found is None
                or found[0] == [f.name.encode() for f in manifest.files][: len(found[0])]
            )
        else:
            assert found is None, text


@pytest.mark.parametrize(
    ("edit", "told"),
    [
        (lambda text: text.replace(b"type i", b"type h"), "its type is i"),
        (lambda text: text.replace(b"type b", b"type h"), "its type is b"),
        (lambda text: text[: text.index(b"\n") + 1].replace(b"type b", b"type i"), "its type is b"),
        (
            lambda text: text + text[text.index(b"\n") + 1 :].replace(b"seq 1", b"seq 2"),
            "listed twice",
        ),
        (lambda text: text.replace(b"\n", b" ", 1), "stands in the line twice"),
    ],
)
def test_what_is_wrong_and_what_to_do_is_said(edit: Callable[[bytes], bytes], told: str) -> None:
    manifest = MANIFESTS["at rest"]
    with pytest.raises(EngineError, match=told) as refused:
        loaded(edit(format_manifest(manifest)), manifest)
    assert str(refused.value).startswith(f"Can't use the AOF manifest {PATH}: ")
