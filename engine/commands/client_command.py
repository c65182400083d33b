"""CLIENT: who is connected, under what name, and how to be rid of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.client_line import described, kind_of
from engine.commands.connection import is_name, set_name
from engine.commands.numbers import integer_of
from engine.commands.table import container, subcommand
from engine.replies import (
    OK,
    SYNTAX,
    CommandError,
    bulk,
    integer,
    shown,
    verbatim,
)

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
    name = shown(option)
    if option not in (b"lib-name", b"lib-ver"):
        raise CommandError(f"ERR Unrecognized option '{name}'")
    if not is_name(value):
        raise CommandError(f"ERR {name} cannot contain spaces, newlines or special characters.")
    if option == b"lib-name":
        client.lib_name = value.decode("ascii")
    else:
        client.lib_version = value.decode("ascii")
    return OK


@subcommand("client", "info", 2, _USER, since="6.2.0", summary="This connection's line of LIST.")
def client_info(client: Client, argv: list[bytes]) -> bytes:
    """CLIENT INFO."""
    client.last_command = "client|info"
    return verbatim(client.resp, described(client) + b"\n")


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
    client.last_command = "client|list"
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
    return verbatim(client.resp, b"".join(described(other) + b"\n" for other in chosen))


def type_of(word: bytes) -> str:
    """A kind of connection by its name; raises CommandError."""
    kind = word.decode("utf-8", "surrogateescape").lower()
    if kind not in _TYPES:
        raise CommandError(f"ERR Unknown client type '{shown(word)}'")
    return "replica" if kind == "slave" else kind


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
