"""Inline commands and redis.conf lines: one line of text, split into arguments as a shell would.

The grammar is Redis 7.0's own (`sdssplitargs` in src/sds.c): blanks separate arguments; a quoted
piece ends its argument, so its closing quote must be followed by a blank or the end of the line.
Double quotes know \\n \\r \\t \\b \\a and \\xHH, and take any other escaped byte as itself; single
quotes know only \\'. One difference: to C a NUL byte ends the line, here it is a byte like others.
"""

from __future__ import annotations

import re

_ARGUMENT = re.compile(
    rb"""(?P<plain> [^ \t\r\n"']*+ )
         (?: " (?P<double> (?: [^"\\] | \\. )*+ ) " (?= \s | \Z )
           | ' (?P<single> (?: \\' | [^'] )*+ ) ' (?= \s | \Z )
           | (?= [ \t\r\n] | \Z ) )""",
    re.VERBOSE | re.DOTALL,
).match
_BLANKS = re.compile(rb"\s*+").match
_ESCAPE = re.compile(rb"\\(?:x([0-9a-fA-F]{2})|(.))", re.DOTALL)
_CONTROL = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"a": b"\a"}


def split_arguments(line: bytes) -> list[bytes] | None:
    """The arguments of a line without its line feed; None when its quotes do not balance."""
    arguments: list[bytes] = []
    at = _end_of_blanks(line, 0)
    while at < len(line):
        argument = _ARGUMENT(line, at)
        if argument is None:
            return None
        plain, double, single = argument.group("plain", "double", "single")
        if double is not None:
            plain += _ESCAPE.sub(_unescape, double)
        elif single is not None:
            plain += single.replace(rb"\'", b"'")
        arguments.append(plain)
        at = _end_of_blanks(line, argument.end())
    return arguments


def quote(argument: bytes) -> bytes:
    """The argument in double quotes, so that `split_arguments` gives it back (`sdscatrepr`)."""
    return b'"' + b"".join(_QUOTED[byte] for byte in argument) + b'"'


def shown(data: bytes, limit: int = 40) -> str:
    """Bytes of a file as one line of text can show them: quoted, escaped, not too long."""
    return quote(data[:limit]).decode() + ("..." if len(data) > limit else "")


def _end_of_blanks(line: bytes, at: int) -> int:
    blanks = _BLANKS(line, at)
    assert blanks is not None
    return blanks.end()


def _unescape(escape: re.Match[bytes]) -> bytes:
    digits, byte = escape.groups()
    return bytes.fromhex(digits.decode()) if digits else _CONTROL.get(byte, byte)


_QUOTED = [bytes([byte]) if 32 <= byte < 127 else b"\\x%02x" % byte for byte in range(256)]
for _letter, _byte in (_CONTROL | {b'"': b'"', b"\\": b"\\"}).items():
    _QUOTED[_byte[0]] = b"\\" + _letter
