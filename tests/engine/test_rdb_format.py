from __future__ import annotations

import pytest

from engine import rdb_format


def test_the_checksum_is_redis_own() -> None:
    assert rdb_format.crc64(b"123456789") == 0xE9C6D914C4B8D9CA
    assert rdb_format.crc64(b"6789", rdb_format.crc64(b"12345")) == 0xE9C6D914C4B8D9CA
    assert rdb_format.pack_checksum(0xE9C6D914C4B8D9CA) == bytes.fromhex("cad9b8c414d9c6e9")


def test_a_header_is_magic_version_and_fields() -> None:
    assert rdb_format.header({}) == b"REDIS0009"
    assert rdb_format.header({"redis-ver": "7.0.15"}) == b"REDIS0009\xfa\x09redis-ver\x067.0.15"


def test_where_a_dump_comes_from() -> None:
    fields = rdb_format.aux_fields(now=1700000000, used_memory=4096, aof_base=True)
    assert fields == {
        "redis-ver": "7.0.15",
        "redis-bits": "64",
        "ctime": "1700000000",
        "used-mem": "4096",
        "aof-base": "1",
    }


@pytest.mark.parametrize(
    ("written", "data"),
    [
        (rdb_format.select_database(15), b"\xfe\x0f"),
        (rdb_format.resize_database(1000, 3), b"\xfb\x43\xe8\x03"),
        (rdb_format.string(b"ab"), b"\x02ab"),
    ],
)
def test_opcodes(written: bytes, data: bytes) -> None:
    assert written == data
