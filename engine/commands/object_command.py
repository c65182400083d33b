"""OBJECT: how a value is kept.

This engine keeps every string as its bytes in the arena, and every collection in chunks there. The
encodings that OBJECT names are those that Redis would choose: clients and tests look at them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.commands.lookup import is_there
from engine.commands.numbers import parse_integer
from engine.commands.table import container, subcommand
from engine.replies import CommandError, bulk, integer
from engine.values import encodings

if TYPE_CHECKING:
    from engine.client import Client
    from engine.database import Database

_KEY = (2, 2, 1)
_LONGEST_EMBEDDED = 44
_SHARED = 10000
_SHARED_REFERENCES = (1 << 31) - 1
_NO_LFU = (
    "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that "
    "when switching between policies at runtime LRU and LFU data will take some time to adjust."
)

container("object", group="generic", since="2.2.3", summary="Asks how a value is kept.")


def encoding_at(database: Database, key: bytes) -> str:
    """The encoding that Redis would have for a key's value, empty if there is no such key."""
    collection = database.collections.get(key) if database.find(key) is not None else None
    if collection is not None:
        return encodings.encoding_of(collection)
    value = database.get(key)
    return "" if value is None else database.odd_encodings.get(key) or encoding_of(value)


def keep_encoding(database: Database, key: bytes, encoding: str) -> None:
    """Note that Redis has a string, just changed, in an encoding that SET would not choose."""
    is_short = database.length(key) <= _LONGEST_EMBEDDED  # a longer one is raw in any case
    database.note_encoding(key, encoding if is_short else "")


def encoding_of(value: bytes) -> str:
    """The encoding that Redis gives a string of these bytes when it is SET."""
    if parse_integer(value) is not None:
        return "int"
    return "embstr" if len(value) <= _LONGEST_EMBEDDED else "raw"


@subcommand("object", "encoding", 3, "readonly", keys=_KEY, syntax="key", summary="Its encoding.")
def object_encoding(client: Client, argv: list[bytes]) -> bytes:
    """OBJECT ENCODING."""
    is_there(client, argv[2], quiet=True)
    encoding = encoding_at(client.db, argv[2])
    return bulk(encoding.encode()) if encoding else client.null


@subcommand("object", "refcount", 3, "readonly", keys=_KEY, syntax="key", summary="Its references.")
def object_refcount(client: Client, argv: list[bytes]) -> bytes:
    """OBJECT REFCOUNT: Redis shares the small integers."""
    database, key = client.db, argv[2]
    if not is_there(client, key, quiet=True):
        return client.null
    is_integer = encoding_at(database, key) == "int"
    is_shared = is_integer and 0 <= int(database.get(key) or b"") < _SHARED
    return integer(_SHARED_REFERENCES if is_shared else 1)


@subcommand(
    "object",
    "idletime",
    3,
    "readonly",
    keys=_KEY,
    syntax="key",
    summary="Seconds since it was used; 0 here, for no access times are kept.",
)
def object_idletime(client: Client, argv: list[bytes]) -> bytes:
    """OBJECT IDLETIME."""
    return integer(0) if is_there(client, argv[2], quiet=True) else client.null


@subcommand(
    "object",
    "freq",
    3,
    "readonly",
    since="4.0.0",
    keys=_KEY,
    syntax="key",
    summary="How often it is used; not counted here.",
)
def object_freq(client: Client, argv: list[bytes]) -> bytes:
    """OBJECT FREQ."""
    if not is_there(client, argv[2], quiet=True):
        return client.null
    raise CommandError(_NO_LFU)
