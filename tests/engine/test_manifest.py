from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.manifest import Manifest, ManifestError, ManifestFile, format_manifest, parse_manifest

PLAIN = b"file a.1.base.rdb seq 1 type b\nfile a.1.incr.aof seq 1 type i\n"


def test_first_start() -> None:
    manifest = Manifest().with_base("a").with_increment("a")
    assert format_manifest(manifest) == PLAIN
    assert parse_manifest(PLAIN) == manifest
    assert [file.name for file in manifest.files] == ["a.1.base.rdb", "a.1.incr.aof"]


def test_a_new_base_makes_the_old_one_history() -> None:
    manifest = parse_manifest(PLAIN).with_base("a", rdb=False).with_increment("a")
    assert format_manifest(manifest) == (
        b"file a.2.base.aof seq 2 type b\n"
        b"file a.1.base.rdb seq 1 type h\n"
        b"file a.1.incr.aof seq 1 type i\n"
        b"file a.2.incr.aof seq 2 type i\n"
    )
    assert [file.name for file in manifest.files] == [
        "a.2.base.aof",
        "a.1.incr.aof",
        "a.2.incr.aof",
    ]


def test_comments_case_blanks_and_extra_pairs_are_taken() -> None:
    data = b"# mine\n  FILE 'a b'\tSeq 07 type incr colour red  \r\n"
    assert parse_manifest(data) == Manifest(increments=(ManifestFile("a b", 7, "i"),))


def test_names_with_blanks_are_quoted() -> None:
    manifest = Manifest(base=ManifestFile('my "file"\n\udcff', 3, "b"))
    assert format_manifest(manifest) == b'file "my \\"file\\"\\n\\xff" seq 3 type b\n'
    assert parse_manifest(format_manifest(manifest)) == manifest


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "Found an empty AOF manifest"),
        (b"\n", "Invalid AOF manifest file format"),
        (b"file a seq 1\n", "Invalid AOF manifest file format"),
        (b"file a seq 1 type b extra\n", "Invalid AOF manifest file format"),
        (b"file a seq 0 type b\n", "Invalid AOF manifest file format"),
        (b"file a seq x type b\n", "Invalid AOF manifest file format"),
        (b'file "" seq 1 type b\n', "Invalid AOF manifest file format"),
        (b'file "a seq 1 type b\n', "Invalid AOF manifest file format"),
        (b"file a seq 1 type x\n", "Unknown AOF file type"),
        (b"file a/b seq 1 type i\n", "File can't be a path, just a filename"),
        (b"file a seq 1 type b\nfile b seq 2 type b\n", "Found duplicate base file information"),
        (b"file a seq 2 type i\nfile b seq 2 type i\n", "Found a non-monotonic sequence number"),
        (b"file a seq -1 type i\n", "Found a non-monotonic sequence number"),
        (b"file a seq 1 type b", "The AOF manifest file contains too long line"),
        (b"file a seq 1 type b\0\n", "The AOF manifest file contains too long line"),
        (b"file %s seq 1 type b\n" % (b"a" * 1024), "The AOF manifest file contains too long line"),
    ],
)
def test_what_is_refused(data: bytes, what: str) -> None:
    with pytest.raises(ManifestError) as caught:
        parse_manifest(data)
    assert caught.value.what == caught.value.log_lines[-1] == what
    assert caught.value.log_lines[0] == "*** FATAL AOF MANIFEST FILE ERROR ***"
    assert "\n" not in str(caught.value)


def test_the_error_names_the_line() -> None:
    with pytest.raises(ManifestError) as caught:
        parse_manifest(b"# one\nfile a seq 1 type z\n")
    assert caught.value.log_lines[1:3] == [
        "Reading the manifest file, at line 2",
        ">>> 'file a seq 1 type z'",
    ]
    assert "line 2" in str(caught.value)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"file a seq 1 type b", 'last line does not end in a line feed, line 1 ("file a seq'),
        (b"file a seq 1 type b\0\n", r'NUL byte in a line, line 1 ("file a seq 1 type b\x00\n")'),
        (b"file %s seq 1 type b\n" % (b"a" * 1024), "line of more than 1024 bytes, line 1"),
    ],
)
def test_what_redis_calls_too_long_is_told_apart(data: bytes, why: str) -> None:
    with pytest.raises(ManifestError) as caught:
        parse_manifest(data)
    assert why in str(caught.value)


names = st.text(
    st.characters(blacklist_characters="/\0", blacklist_categories=("Cs",)), min_size=1, max_size=20
)
numbers = st.integers(1, (1 << 63) - 1)


@st.composite
def manifests(draw: st.DrawFn) -> Manifest:
    base = draw(st.none() | st.builds(ManifestFile, names, numbers, st.just("b")))
    history = draw(st.lists(st.builds(ManifestFile, names, numbers, st.just("h")), max_size=3))
    seqs = sorted(draw(st.sets(numbers, max_size=3, min_size=0 if base or history else 1)))
    increments = tuple(ManifestFile(draw(names), seq, "i") for seq in seqs)
    return Manifest(base, tuple(history), increments)


@settings(deadline=None, derandomize=True, max_examples=100)
@given(manifests())
def test_round_trip(manifest: Manifest) -> None:
    assert parse_manifest(format_manifest(manifest)) == manifest


@settings(deadline=None, derandomize=True, max_examples=100)
@given(
    st.binary(max_size=200)
    | st.lists(
        st.sampled_from(
            [b"file", b"seq", b"type", b"a", b"1", b"-9", b"b", b"i", b'"', b"\n", b" "]
        )
    ).map(b" ".join)
)
@example(b"file a seq 9999999999999999999999 type b\n")
@example(b"#" * 3000)
def test_any_bytes_are_a_manifest_or_a_manifest_error(data: bytes) -> None:
    try:
        manifest = parse_manifest(data)
    except ManifestError:
        return
    if manifest != Manifest():
        assert parse_manifest(format_manifest(manifest)) == manifest
