"""CLIENT: who is connected, under what name, and how to be rid of them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from engine.commands.connection import is_name, set_name
from engine.commands.numbers import integer_of
from engine.commands.table import COMMANDS, container, subcommand
from engine.replies import OK, SYNTAX, CommandError, bulk, integer, verbatim

if TYPE_CHECKING:
    from engine.client import Client

_USER = "noscript loading stale"
_ADMIN = "admin noscript loading stale"
_TYPES = ("normal", "master", "replica", "slave", "pubsub")

container("client", group="connection", since="2.4.0", summary="Asks about connections.")


@subcommand("client", "id", 2, _USER, since="5.0.0", summary="This connection's number.")
def client_id(client: Client, argv: list[bytes]) -> bytes:
    """CLIENT ID."""
    return integer(client.id)


@subcommand("client", "getname", 2, _USER, since="2.6.9", summary="This connection's name.")
def client_getname(client: Client, argv: list[bytes]) -> bytes:
    """CLIENT GETNAME."""
    return bulk(client.name.encode()) if client.name else client.null


@subcommand(
    "client",
    "setname",
    3,
    _USER,
    since="2.6.9",
    syntax="connection-name",
    summary="Names this connection.",
)
def client_setname(client: Client, argv: list[bytes]) -> bytes:
    """CLIENT SETNAME."""
    set_name(client, argv[2])
    return OK


@subcommand(
    "client",
    "setinfo",
    4,
    _USER,
    since="7.2.0",
    syntax="LIB-NAME libname | LIB-VER libver",
    summary="Says which client library this is.",
)
def client_setinfo(client: Client, argv: list[bytes]) -> bytes:
    """CLIENT SETINFO: of Redis 7.2, for libraries send it to every server."""
    option, value = argv[2].lower(), argv[3]
    shown = option.decode("utf-8", "surrogateescape")
    if option not in (b"lib-name", b"lib-ver"):
        raise CommandError(f"ERR Unrecognized option '{shown}'")
    if not is_name(value):
        raise CommandError(f"ERR {shown} cannot contain spaces, newlines or special characters.")
    if option == b"lib-name":
        client.lib_name = value.decode("ascii")
    else:
        client.lib_version = value.decode("ascii")
    return OK


@subcommand("client", "info", 2, _USER, since="6.2.0", summary="This connection's line of LIST.")
def client_info(client: Client, argv: list[bytes]) -> bytes:
    """CLIENT INFO."""
    return verbatim(client.resp, _line(client) + b"\n")


@subcommand(
    "client",
    "list",
    -2,
    _ADMIN,
    syntax="[TYPE <NORMAL | MASTER | REPLICA | PUBSUB>] [ID client-id [client-id ...]]",
    summary="One line a connection.",
)
def client_list(client: Client, argv: list[bytes]) -> bytes:
    """CLIENT LIST."""
    chosen = list(client.server.clients.values())
    if len(argv) > 2:
        option = argv[2].upper()
        if option == b"TYPE" and len(argv) == 4:
            kind = type_of(argv[3])
            chosen = [other for other in chosen if kind_of(other) == kind]
        elif option == b"ID" and len(argv) > 3:
            ids = [integer_of(word, "ERR Invalid client ID") for word in argv[3:]]
            found = map(client.server.clients.get, ids)
            chosen = [other for other in found if other is not None]
        else:
            raise CommandError(SYNTAX)
    return verbatim(client.resp, b"".join(_line(other) + b"\n" for other in chosen))


def kind_of(client: Client) -> str:
    """What CLIENT LIST and KILL call such a connection."""
    return "pubsub" if client.channels or client.patterns else "normal"


def type_of(word: bytes) -> str:
    """A kind of connection by its name; raises CommandError."""
    kind = word.decode("utf-8", "surrogateescape").lower()
    if kind not in _TYPES:
        raise CommandError(f"ERR Unknown client type '{word.decode('utf-8', 'surrogateescape')}'")
    return "replica" if kind == "slave" else kind


def _flags(client: Client) -> str:
    flags = ""
    if client.monitoring:
        flags += "O"
    if client.channels or client.patterns:
        flags += "P"
    if client.transaction is not None:
        flags += "x"
    if client.closing:
        flags += "c"
    if client.postponed or client.wait is not None:
        flags += "b"
    if client.no_evict:
        flags += "e"
    if client.no_touch:
        flags += "T"
    return flags or "N"


def _line(client: Client) -> bytes:
    """One connection as `name=value` pairs, in Redis' order."""
    now = time.monotonic()
    last = client.last_command
    name = last if isinstance(last, str) else last.decode("utf-8", "backslashreplace")
    spec = COMMANDS.get(name.lower().encode())
    multi = len(client.transaction.commands) if client.transaction is not None else -1
    unsent = client.unsent()
    connection = client.transport.get_extra_info("socket") if client.transport else None
    fields = {
        "id": client.id,
        "addr": client.address,
        "laddr": client.local_address,
        "fd": connection.fileno() if connection is not None else -1,
        "name": client.name,
        "age": int(now - client.created_at),
        "idle": max(0, int(now - client.active_at)),
        "flags": _flags(client),
        "db": client.db.index,
        "sub": len(client.channels),
        "psub": len(client.patterns),
        "ssub": 0,
        "multi": multi,
        "qbuf": 0,
        "qbuf-free": 0,
        "argv-mem": 0,
        "multi-mem": 0,
        "rbs": 0,
        "rbp": 0,
        "obl": sum(map(len, client.replies)),
        "oll": int(unsent > 0),
        "omem": unsent,
        "tot-mem": unsent,
        "events": "r",
        "cmd": spec.name if spec is not None else "NULL",
        "user": "default",
        "redir": -1,
        "resp": client.resp,
        "lib-name": client.lib_name,
        "lib-ver": client.lib_version,
    }
    return " ".join(f"{key}={value}" for key, value in fields.items()).encode()


def _on_off(word: bytes) -> bool:
    if word.lower() not in (b"on", b"off"):
        raise CommandError(SYNTAX)
    return word.lower() == b"on"


@subcommand(
    "client",
    "no-evict",
    3,
    _ADMIN,
    since="7.0.0",
    syntax="ON | OFF",
    summary="Spares this connection when memory runs short.",
)
def client_no_evict(client: Client, argv: list[bytes]) -> bytes:
    """CLIENT NO-EVICT: noted and shown; no connection is ever evicted here."""
    client.no_evict = _on_off(argv[2])
    return OK


@subcommand(
    "client",
    "no-touch",
    3,
    _USER,
    since="7.2.0",
    syntax="ON | OFF",
    summary="Lets this connection's commands leave access times alone.",
)
def client_no_touch(client: Client, argv: list[bytes]) -> bytes:
    """CLIENT NO-TOUCH: noted and shown; access times are not kept here."""
    client.no_touch = _on_off(argv[2])
    return OK


@subcommand(
    "client",
    "unblock",
    -3,
    _ADMIN,
    since="5.0.0",
    syntax="client-id [TIMEOUT | ERROR]",
    summary="Wakes a blocked connection.",
)
def client_unblock(client: Client, argv: list[bytes]) -> bytes:
    """CLIENT UNBLOCK: as if its time were over, or with an error."""
    if len(argv) > 4 or (len(argv) == 4 and argv[3].upper() not in (b"TIMEOUT", b"ERROR")):
        raise CommandError("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
    other = client.server.clients.get(integer_of(argv[2]))
    with_error = len(argv) == 4 and argv[3].upper() == b"ERROR"
    return integer(
        other is not None and client.server.blocking.unblock(other, with_error=with_error)
    )


@subcommand("client", "getredir", 2, _USER, since="6.0.0", summary="Always -1: no tracking.")
def client_getredir(client: Client, argv: list[bytes]) -> bytes:
    """CLIENT GETREDIR."""
    return integer(-1)


@subcommand(
    "client",
    "tracking",
    -3,
    _USER,
    since="6.0.0",
    syntax="ON | OFF",
    summary="Client-side caching, which this server does not have.",
)
def client_tracking(client: Client, argv: list[bytes]) -> bytes:
    """CLIENT TRACKING: refused, but for switching off what is off."""
    if not _on_off(argv[2]):
        return OK
    raise CommandError("ERR CLIENT TRACKING is not supported: this server keeps no track of reads")
