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
from engine.values.collection import Collection
from engine.values.hashes import Hash
from engine.values.lists import List
from engine.values.sets import Set
from engine.values.sorted_sets import SortedSet

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
    collection = database.collections.get(key)
    if collection is None:
        record = database.record(database.keys[key])
        _, value_at = HEADER.unpack_from(record)
        state = _mixed(_mixed(state, _STRING), record[value_at:])
    else:
        state = _collection_into(_mixed(state, collection.KIND.to_bytes(4, "big")), collection)
    if key in database.expires:
        state = _xored(state, b"!!expire!!")
    return state


def _collection_into(state: bytes, collection: Collection) -> bytes:
    """A list's elements count in their order, all others in any."""
    if isinstance(collection, List):
        for element in collection:
            state = _mixed(state, element)
    elif isinstance(collection, Set):
        for member in collection.names():
            state = _xored(state, member)
    elif isinstance(collection, SortedSet):
        for member, score in collection.items():
            state = _xored(state, _mixed(_mixed(_ZERO, member), b"%.17g" % score))
    elif isinstance(collection, Hash):
        for field, value in collection.items():
            state = _xored(state, _mixed(_mixed(_ZERO, field), value))
    return state


def _xored(state: bytes, data: bytes) -> bytes:
    hashed = sha1(data, usedforsecurity=False).digest()
    return (int.from_bytes(state, "big") ^ int.from_bytes(hashed, "big")).to_bytes(20, "big")


def _mixed(state: bytes, data: bytes) -> bytes:
    return sha1(_xored(state, data), usedforsecurity=False).digest()
