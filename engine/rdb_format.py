"""The RDB format: opcodes, types, lengths and the checksum.

    "REDIS" + version as 4 digits
    0xFA name value         AUX, any number; unknown ones are skipped
    0xFE database           SELECTDB; 0xFB keys expiring: RESIZEDB, a hint
    [0xFC ms | 0xFD s] [0xF8 idle | 0xF9 freq] type key value      one record
    0xFF                    EOF, then the CRC-64 of everything before as 8 bytes, little endian

A string is a length and bytes, or one of four special encodings. Version 9 is written: every
Redis from 5.0 on loads it. Versions up to 10 (Redis 7.0) are read.
Source: rdb.h, rdb.c, crc64.c (Redis 7.0.15).
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import cast

import crcmod

from engine.records import rdb_length

WRITTEN_VERSION = 9
NEWEST_READ_VERSION = 10
MAGIC = b"REDIS"
HEADER_SIZE = len(MAGIC) + 4
REDIS_VERSION = "7.0.15"
"""The Redis whose files and replies this engine speaks."""

FUNCTION2 = 0xF5
FUNCTION_PRE_GA = 0xF6
MODULE_AUX = 0xF7
IDLE = 0xF8
FREQ = 0xF9
AUX = 0xFA
RESIZEDB = 0xFB
EXPIRETIME_MS = 0xFC
EXPIRETIME = 0xFD
SELECTDB = 0xFE
EOF = 0xFF

TYPE_STRING = 0
TYPE_NAMES = {
    0: "string",
    1: "list",
    2: "set",
    3: "zset with ASCII scores",
    4: "hash",
    5: "zset",
    6: "module value of version 1",
    7: "module value",
    9: "hash as zipmap",
    10: "list as ziplist",
    11: "set as intset",
    12: "zset as ziplist",
    13: "hash as ziplist",
    14: "list as quicklist of ziplists",
    15: "stream",
    16: "hash as listpack",
    17: "zset as listpack",
    18: "list as quicklist of listpacks",
    19: "stream of version 2",
    20: "set as listpack",
    21: "stream of version 3",
}

ENCODED_INT8 = 0xC0
ENCODED_INT16 = 0xC1
ENCODED_INT32 = 0xC2
ENCODED_LZF = 0xC3

NO_CHECKSUM = bytes(8)
"""In the checksum's place: the file was written with `rdbchecksum no`."""

crc64 = cast(
    Callable[..., int],
    crcmod.mkCrcFun(0x1AD93D23594C935A9, initCrc=0, rev=True, xorOut=0),
)
"""CRC-64 "Jones" of a buffer, going on from a second argument.

`crc64(b"123456789") == 0xE9C6D914C4B8D9CA`.
"""

_CHECKSUM = struct.Struct("<Q")


def pack_checksum(crc: int) -> bytes:
    """The eight bytes that end a dump."""
    return _CHECKSUM.pack(crc)


def string(data: bytes) -> bytes:
    """A string as it is written: its length, its bytes."""
    return rdb_length(len(data)) + data


def header(aux: dict[str, str]) -> bytes:
    """A dump's first bytes: magic, version, AUX fields."""
    fields = (
        bytes((AUX,)) + string(name.encode()) + string(value.encode())
        for name, value in aux.items()
    )
    return b"%b%04d%b" % (MAGIC, WRITTEN_VERSION, b"".join(fields))


def aux_fields(*, now: int, used_memory: int, aof_base: bool) -> dict[str, str]:
    """What a dump says of its origin; `now` in Unix seconds, `used_memory` in bytes."""
    return {
        "redis-ver": REDIS_VERSION,
        "redis-bits": str(struct.calcsize("P") * 8),
        "ctime": str(now),
        "used-mem": str(used_memory),
        "aof-base": str(int(aof_base)),
    }


def select_database(index: int) -> bytes:
    """The records from here on belong to database `index`."""
    return bytes((SELECTDB,)) + rdb_length(index)


def resize_database(keys: int, expiring: int) -> bytes:
    """How many keys the selected database will get, and how many of them expire."""
    return bytes((RESIZEDB,)) + rdb_length(keys) + rdb_length(expiring)
