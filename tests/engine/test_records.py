from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.records import (
    FIRST_COLLECTION,
    HEADER,
    HEADER_SIZE,
    build_string,
    key_of,
    rdb_length,
    read_length,
)


@pytest.mark.parametrize(
    ("length", "written"),
    [
        (0, b"\x00"),
        (63, b"\x3f"),
        (64, b"\x40\x40"),
        (16383, b"\x7f\xff"),
        (16384, b"\x80\x00\x00\x40\x00"),
        ((1 << 32) - 1, b"\x80\xff\xff\xff\xff"),
        (1 << 32, b"\x81\x00\x00\x00\x01\x00\x00\x00\x00"),
    ],
)
def test_lengths_are_written_as_redis_does(length: int, written: bytes) -> None:
    assert rdb_length(length) == written
    assert read_length(b"?" + written, 1) == (length, 1 + len(written))


@settings(deadline=None, derandomize=True, max_examples=100)
@given(
    key=st.binary(max_size=20000),
    value=st.binary(max_size=20000),
    expire_ms=st.integers(0, (1 << 63) - 1),
)
def test_a_record_tells_its_key_and_its_value(key: bytes, value: bytes, expire_ms: int) -> None:
    record = build_string(key, value, expire_ms)
    length, value_at = HEADER.unpack_from(record)
    assert length == len(record) - HEADER_SIZE
    assert value_at < FIRST_COLLECTION
    assert record[value_at:] == value
    assert key_of(record) == key
    if expire_ms:
        assert record[8:17] == b"\xfc" + expire_ms.to_bytes(8, "little")
