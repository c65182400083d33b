"""DEBUG DIGEST: one figure for a whole data set, the same as Redis computes for the same data.

The digest is a 20-byte state. `_mixed` depends on the order of what goes in, xor does not: keys of
a database come in any order, its words in one. Only that a key expires counts, not when.
Source: debug.c, computeDatasetDigest() and xorObjectDigest() (Redis 7.0.15).
"""

from __future__ import annotations

from hashlib import sha1

from engine.database import Database
from engine.keyspace import Keyspace
from engine.records import HEADER

_ZERO = bytes(20)
_STRING = (0).to_bytes(4, "big")


def digest(keyspace: Keyspace) -> bytes:
    """The 20 bytes of all data's digest; zeros for no data."""
    final = _ZERO
    for database in keyspace.databases:
        if not database.keys:
            continue
        final = _mixed(final, database.index.to_bytes(4, "big"))
        for key in database.keys:
            final = _xored(final, _value_into(_mixed(_ZERO, key), database, key))
    return final


def digest_value(database: Database, key: bytes) -> bytes:
    """The digest of one key's value (DEBUG DIGEST-VALUE); zeros if there is no such key."""
    if database.find(key) is None:
        return _ZERO
    return _value_into(_ZERO, database, key)


def _value_into(state: bytes, database: Database, key: bytes) -> bytes:
    record = database.record(database.keys[key])
    _, value_at = HEADER.unpack_from(record)
    state = _mixed(_mixed(state, _STRING), record[value_at:])
    if key in database.expires:
        state = _xored(state, b"!!expire!!")
    return state


def _xored(state: bytes, data: bytes) -> bytes:
    hashed = sha1(data, usedforsecurity=False).digest()
    return (int.from_bytes(state, "big") ^ int.from_bytes(hashed, "big")).to_bytes(20, "big")


def _mixed(state: bytes, data: bytes) -> bytes:
    return sha1(_xored(state, data), usedforsecurity=False).digest()
