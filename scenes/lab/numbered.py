"""A numbered write: the command that carries the number, and the numbers found in an AOF.

Even numbers are SET under a name of their own; odd ones are pushed onto their connection's list, so
that a write that came twice shows, and one that is missing in the middle.
"""

from __future__ import annotations

import re

VALUE_BYTES = 40

_RECORD = re.compile(
    rb"\*3\r\n\$3\r\nSET\r\n\$\d+\r\nw:(\d+)\r\n\$40\r\n[0-9.]{40}\r\n"
    rb"|\*3\r\n\$5\r\nRPUSH\r\n\$\d+\r\nlog:\d+\r\n\$\d+\r\n(\d+)\r\n"
)


def argv(number: int, connection: int) -> list[bytes]:
    """The command of write `number` over `connection`."""
    if number % 2:
        return [b"RPUSH", list_name(connection), b"%d" % number]
    return [b"SET", name(number), value(number)]


def encoded(number: int, connection: int) -> bytes:
    """The command as it goes over the wire, and into an AOF."""
    words = argv(number, connection)
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(w), w) for w in words)


def name(number: int) -> bytes:
    """Of the key that an even number is SET under."""
    return b"w:%d" % number


def value(number: int) -> bytes:
    """What an even number is SET to: itself, filled up."""
    return (b"%d" % number).ljust(VALUE_BYTES, b".")


def list_name(connection: int) -> bytes:
    """Of the list that a connection's odd numbers are pushed onto."""
    return b"log:%d" % connection


def found_in(data: bytes) -> set[int]:
    """The numbers whose whole record stands in these bytes of an AOF; a torn one does not count."""
    return {int(one or other) for one, other in _RECORD.findall(data)}


def last_record_in(data: bytes) -> tuple[int, int]:
    """(start, number) of the record that ends these bytes; (-1, -1) where none does."""
    last = None
    for last in _RECORD.finditer(data):  # noqa: B007 -- the last one is wanted
        pass
    if last is None or last.end() != len(data):
        return -1, -1
    return last.start(), int(last[1] or last[2])
