"""Replies as RESP2 and RESP3 bytes, and the errors of Redis 7.0 by their exact texts.

A handler returns one of these byte strings or raises `CommandError`. Functions that take `resp` (2
or 3) answer what the two versions say differently; the others are the same in both.
Source: the RESP3 specification, and Redis 7.0.15 itself, whose answers the tests quote.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

OK = b"+OK\r\n"
PONG = b"+PONG\r\n"
QUEUED = b"+QUEUED\r\n"
EMPTY_BULK = b"$0\r\n\r\n"
EMPTY_ARRAY = b"*0\r\n"
NULL_BULK = b"$-1\r\n"
"""RESP2's null where a string was asked for."""
NULL_ARRAY = b"*-1\r\n"
"""RESP2's null where an array was asked for: an EXEC that WATCH stopped, a blocking pop in vain."""
NULL = b"_\r\n"
"""RESP3's only null."""

_INTEGERS = tuple(b":%d\r\n" % number for number in range(1024))
_BULK_HEADS = tuple(b"$%d\r\n" % length for length in range(1024))


def simple(text: bytes) -> bytes:
    """A status reply; the text may not hold a line's end."""
    return b"+" + text + b"\r\n"


def error(text: str) -> bytes:
    """An error reply; its first word is the code (`ERR`, `WRONGTYPE`), line ends become blanks."""
    line = text.replace("\r", " ").replace("\n", " ")
    return b"-" + line.encode("utf-8", "surrogateescape") + b"\r\n"


def integer(number: int) -> bytes:
    """A signed 64-bit number."""
    return _INTEGERS[number] if 0 <= number < 1024 else b":%d\r\n" % number


def bulk(data: bytes | None) -> bytes:
    """A string of any bytes; None is RESP2's null, for `null(resp)` knows the version."""
    if data is None:
        return NULL_BULK
    length = len(data)
    head = _BULK_HEADS[length] if length < 1024 else b"$%d\r\n" % length
    return b"".join((head, data, b"\r\n"))


def array(items: Sequence[bytes]) -> bytes:
    """An array of replies that are encoded already."""
    return b"*%d\r\n" % len(items) + b"".join(items)


def bulks(items: Sequence[bytes]) -> bytes:
    """An array of strings; fast where all have one length, as a list's elements often do."""
    lengths = set(map(len, items))
    if len(lengths) == 1:
        head = b"$%d\r\n" % lengths.pop()
        return b"*%d\r\n%b%b\r\n" % (len(items), head, (b"\r\n" + head).join(items))
    return array([b"$%d\r\n%b\r\n" % (len(data), data) for data in items])


def null(resp: int) -> bytes:
    """No string."""
    return NULL if resp == 3 else NULL_BULK


def null_array(resp: int) -> bytes:
    """No array."""
    return NULL if resp == 3 else NULL_ARRAY


def map_(resp: int, pairs: Iterable[tuple[bytes, bytes]]) -> bytes:
    """A map of encoded keys and values; in RESP2 one flat array."""
    flat = [item for pair in pairs for item in pair]
    return b"%%%d\r\n" % (len(flat) // 2) + b"".join(flat) if resp == 3 else array(flat)


def set_(resp: int, items: Sequence[bytes]) -> bytes:
    """A set of encoded members; in RESP2 an array."""
    return b"~%d\r\n" % len(items) + b"".join(items) if resp == 3 else array(items)


def push(resp: int, items: Sequence[bytes]) -> bytes:
    """An out-of-band message (pub/sub); in RESP2 an array."""
    return b">%d\r\n" % len(items) + b"".join(items) if resp == 3 else array(items)


def boolean(resp: int, truth: bool) -> bytes:
    """True or false; in RESP2 1 or 0."""
    if resp == 3:
        return b"#t\r\n" if truth else b"#f\r\n"
    return _INTEGERS[truth]


def format_double(number: float) -> bytes:
    """17 significant digits, so that reading gives the same double (`%.17g`; inf, -inf, nan)."""
    if math.isinf(number):
        return b"inf" if number > 0 else b"-inf"
    return b"%.17g" % number


def double(resp: int, number: float) -> bytes:
    """A floating point number; in RESP2 its text as a string."""
    text = format_double(number)
    return b"," + text + b"\r\n" if resp == 3 else bulk(text)


def verbatim(resp: int, text: bytes) -> bytes:
    """Text to be shown as it is (INFO, CLIENT LIST); in RESP2 a string."""
    return b"=%d\r\ntxt:%b\r\n" % (len(text) + 4, text) if resp == 3 else bulk(text)


class CommandError(Exception):
    """A command that answers an error; its str is the whole line without the leading `-`.

    Bytes of a request that are no UTF-8 stand in it as surrogates and come out unchanged.
    """

    @property
    def reply(self) -> bytes:
        """The error as it goes to the client."""
        return error(str(self))


SYNTAX = "ERR syntax error"
WRONG_TYPE = "WRONGTYPE Operation against a key holding the wrong kind of value"
REWRITE_RUNS = "ERR Background append only file rewriting already in progress"
NOT_AN_INTEGER = "ERR value is not an integer or out of range"
NOT_POSITIVE = "ERR value is out of range, must be positive"
NOT_A_FLOAT = "ERR value is not a valid float"
NOT_FINITE = "ERR increment would produce NaN or Infinity"
OVERFLOW = "ERR increment or decrement would overflow"
DECREMENT_OVERFLOW = "ERR decrement would overflow"
OFFSET_OUT_OF_RANGE = "ERR offset is out of range"
INDEX_OUT_OF_RANGE = "ERR index out of range"
STRING_TOO_LONG = "ERR string exceeds maximum allowed size (proto-max-bulk-len)"
NO_SUCH_KEY = "ERR no such key"
BUSY_KEY = "BUSYKEY Target key name already exists."
DB_OUT_OF_RANGE = "ERR DB index is out of range"
INVALID_CURSOR = "ERR invalid cursor"
NO_AUTH = "NOAUTH Authentication required."
WRONG_PASS = "WRONGPASS invalid username-password pair or user is disabled."
NO_PASSWORD_SET = (
    "ERR AUTH <password> called without any password configured for the default user. "
    "Are you sure your configuration is correct?"
)
NO_PROTO = "NOPROTO unsupported protocol version"
PROTOCOL_NOT_AN_INTEGER = "ERR Protocol version is not an integer or out of range"
EXEC_ABORT = "EXECABORT Transaction discarded because of previous errors."
EXEC_WITHOUT_MULTI = "ERR EXEC without MULTI"
DISCARD_WITHOUT_MULTI = "ERR DISCARD without MULTI"
NESTED_MULTI = "ERR MULTI calls can not be nested"
WATCH_IN_MULTI = "ERR WATCH inside MULTI is not allowed"
NOT_IN_TRANSACTION = "ERR Command not allowed inside a transaction"
LOADING = "LOADING Redis is loading the dataset in memory"
OUT_OF_MEMORY = "OOM command not allowed when used memory > 'maxmemory'."
MAX_CLIENTS = "ERR max number of clients reached"
NO_CLUSTER = "ERR This instance has cluster support disabled"
NO_CONFIG_FILE = "ERR The server is running without a config file"

_SHOWN = 128
"""Redis cuts a client's own words in an error message after this many bytes."""


def shown(word: bytes, most: int = 1 << 29) -> str:
    """What an error message shows of a client's word: Redis' printf stops at a zero byte."""
    return word[:most].partition(b"\0")[0].decode("utf-8", "surrogateescape")


def unknown_command(argv: Sequence[bytes]) -> CommandError:
    """The command is in no table; shows 128 bytes of its name and as many of its arguments."""
    arguments = b""
    for word in argv[1:]:
        if len(arguments) >= _SHOWN:
            break
        arguments += b"'%b' " % word[: _SHOWN - len(arguments)].partition(b"\0")[0]
    name = shown(argv[0], _SHOWN)
    return CommandError(
        f"ERR unknown command '{name}', with args beginning with: {shown(arguments)}"
    )


def unknown_subcommand(command: str, subcommand: bytes) -> CommandError:
    """`CONFIG FOO`; `command` is the container's name."""
    name = shown(subcommand, _SHOWN)
    return CommandError(f"ERR unknown subcommand '{name}'. Try {command.upper()} HELP.")


def wrong_arity(command: str) -> CommandError:
    """Too few or too many arguments; a subcommand is named `config|get`."""
    return CommandError(f"ERR wrong number of arguments for '{command.lower()}' command")


def invalid_expire(command: str) -> CommandError:
    """A time to live that is not positive, or too large to be a time."""
    return CommandError(f"ERR invalid expire time in '{command.lower()}' command")


def exec_abort(why: CommandError) -> CommandError:
    """EXEC itself could not be taken; its transaction is gone."""
    return CommandError(
        f"EXECABORT Transaction discarded because of: {str(why).removeprefix('ERR ')}"
    )


def no_permission(command: str) -> CommandError:
    """The user may not run this command."""
    return CommandError(f"NOPERM this user has no permissions to run the '{command}' command")


def not_while_subscribed(command: str) -> CommandError:
    """A RESP2 connection with subscriptions may only manage them."""
    return CommandError(
        f"ERR Can't execute '{command.lower()}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / "
        "QUIT / RESET are allowed in this context"
    )
