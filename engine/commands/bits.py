"""Single bits of a string, which are numbered from the highest of its first byte.

Source: bitops.c (Redis 7.0.15).
"""

from __future__ import annotations

from functools import reduce
from operator import and_, or_, xor
from typing import TYPE_CHECKING

from engine.commands.changes import changed
from engine.commands.lookup import is_there
from engine.commands.numbers import integer_of, parse_integer
from engine.commands.table import command
from engine.replies import SYNTAX, CommandError, integer

if TYPE_CHECKING:
    from engine.client import Client

_KEY = (1, 1, 1)
_BAD_OFFSET = "ERR bit offset is not an integer or out of range"
_BAD_BIT = "ERR bit is not an integer or out of range"
_OPERATORS = {b"AND": and_, b"OR": or_, b"XOR": xor}


@command(
    "setbit",
    4,
    "write denyoom",
    group="bitmap",
    since="2.2.0",
    keys=_KEY,
    syntax="key offset value",
    summary="Sets or clears one bit of a string, which grows with zeros if it must.",
    categories="bitmap",
)
def setbit(client: Client, argv: list[bytes]) -> bytes:
    """SETBIT: no change if the bit is so already."""
    offset = _offset_of(client, argv[2])
    if argv[3] not in (b"0", b"1"):
        raise CommandError(_BAD_BIT)
    database, key, place = client.db, argv[1], offset >> 3
    mask = 0x80 >> (offset & 7)
    is_new = place >= database.length(key)
    old = 0 if is_new else database.get_range(key, place, 1)[0]
    new = old | mask if argv[3] == b"1" else old & ~mask
    if is_new or new != old:
        database.set_range(key, place, bytes([new]))
        changed(client, key, 1, "$", "setbit")
    return integer(old & mask != 0)


@command(
    "getbit",
    3,
    "readonly fast",
    group="bitmap",
    since="2.2.0",
    keys=_KEY,
    syntax="key offset",
    summary="Answers one bit of a string, 0 behind its end.",
    categories="bitmap",
)
def getbit(client: Client, argv: list[bytes]) -> bytes:
    """GETBIT."""
    offset = _offset_of(client, argv[2])
    if not is_there(client, argv[1]) or offset >> 3 >= client.db.length(argv[1]):
        return integer(0)
    byte = client.db.get_range(argv[1], offset >> 3, 1)[0]
    return integer(byte & 0x80 >> (offset & 7) != 0)


def _offset_of(client: Client, word: bytes) -> int:
    offset = parse_integer(word)
    if offset is None or not 0 <= offset >> 3 < client.server.config.proto_max_bulk_len:
        raise CommandError(_BAD_OFFSET)
    return offset


@command(
    "bitcount",
    -2,
    "readonly",
    group="bitmap",
    since="2.6.0",
    keys=_KEY,
    syntax="key [start end [BYTE | BIT]]",
    summary="Counts the bits that are set.",
    categories="bitmap",
)
def bitcount(client: Client, argv: list[bytes]) -> bytes:
    """BITCOUNT: the words are looked at only if there is such a key."""
    if not is_there(client, argv[1]):
        return integer(0)
    length = client.db.length(argv[1])
    if len(argv) == 2:
        first, last = 0, length * 8 - 1
    elif len(argv) in (4, 5):
        start, end = integer_of(argv[2]), integer_of(argv[3])
        if start < 0 and end < 0 and start > end:
            return integer(0)
        first, last = _span(start, end, length, in_bits=_in_bits(argv[4:]))
    else:
        raise CommandError(SYNTAX)
    bits = _masked(client, argv[1], first, last, outside=0)
    return integer(int.from_bytes(bits, "big").bit_count())


@command(
    "bitpos",
    -3,
    "readonly",
    group="bitmap",
    since="2.8.7",
    keys=_KEY,
    syntax="key bit [start [end [BYTE | BIT]]]",
    summary="Finds the first bit that is set, or clear.",
    categories="bitmap",
)
def bitpos(client: Client, argv: list[bytes]) -> bytes:
    """BITPOS: without an end a string is followed by zeros for ever."""
    bit = integer_of(argv[2])
    if bit not in (0, 1):
        raise CommandError("ERR The bit argument must be 1 or 0.")
    key = argv[1]
    if not is_there(client, key):
        return integer(-bit)
    length = client.db.length(key)
    if len(argv) > 6:
        raise CommandError(SYNTAX)
    start = integer_of(argv[3]) if len(argv) > 3 else 0
    in_bits = _in_bits(argv[5:])
    end = integer_of(argv[4]) if len(argv) > 4 else length - 1
    first, last = _span(start, end, length, in_bits=in_bits)
    if first > last:
        return integer(-1)
    outside = 0 if bit else 0xFF
    bits = _masked(client, key, first, last, outside=outside)
    rest = bits.lstrip(bytes([outside]))
    if not rest:
        return integer(-1 if bit or len(argv) > 4 else length * 8)
    leading = 8 - (rest[0] ^ outside).bit_length()
    return integer((first // 8 + len(bits) - len(rest)) * 8 + leading)


def _in_bits(words: list[bytes]) -> bool:
    if words and words[0].upper() not in (b"BYTE", b"BIT"):
        raise CommandError(SYNTAX)
    return bool(words) and words[0].upper() == b"BIT"


def _span(start: int, end: int, length: int, *, in_bits: bool) -> tuple[int, int]:
    """The first and last bit that are meant; negative positions count from the string's end."""
    total = length * 8 if in_bits else length
    start = max(0, total + start if start < 0 else start)
    end = min(max(0, total + end if end < 0 else end), total - 1)
    return (start, end) if in_bits else (start * 8, end * 8 + 7)


def _masked(client: Client, key: bytes, first: int, last: int, *, outside: int) -> bytes:
    """The bytes that hold the bits from first to last, the bits around these as in `outside`."""
    if first > last:
        return b""
    part = bytearray(client.db.get_range(key, first // 8, last // 8 - first // 8 + 1))
    head, tail = 0xFF >> (first & 7), 0xFF << (7 - (last & 7)) & 0xFF
    part[0] = part[0] & head | outside & ~head
    part[-1] = part[-1] & tail | outside & ~tail
    return bytes(part)


@command(
    "bitop",
    -4,
    "write denyoom",
    group="bitmap",
    since="2.6.0",
    keys=(2, -1, 1),
    syntax="<AND | OR | XOR | NOT> destkey key [key ...]",
    summary="Stores what AND, OR, XOR or NOT make of strings; the shorter end with zeros.",
    categories="bitmap",
)
def bitop(client: Client, argv: list[bytes]) -> bytes:
    """BITOP: nothing is stored where all sources are empty."""
    name, target = argv[1].upper(), argv[2]
    if name != b"NOT" and name not in _OPERATORS:
        raise CommandError(SYNTAX)
    if name == b"NOT" and len(argv) != 4:
        raise CommandError("ERR BITOP NOT must be called with a single source key.")
    database = client.db
    sources = [(is_there(client, key) and database.get(key)) or b"" for key in argv[3:]]
    size = max(map(len, sources))
    if not size:
        if database.delete(target):
            changed(client, target, 1, "g", "del")
        return integer(0)
    numbers = [int.from_bytes(source.ljust(size, b"\0"), "big") for source in sources]
    every = (1 << size * 8) - 1
    result = numbers[0] ^ every if name == b"NOT" else reduce(_OPERATORS[name], numbers)
    database.set(target, result.to_bytes(size, "big"))
    changed(client, target, 1, "$", "set")
    return integer(size)
