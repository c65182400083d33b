"""The connection itself: greet, authenticate, choose a database, leave."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from engine.commands.numbers import int_of, parse_integer
from engine.commands.table import command
from engine.commands.transactions import leave_transaction, unwatch_all
from engine.rdb_format import REDIS_VERSION
from engine.replies import (
    DB_OUT_OF_RANGE,
    NO_PASSWORD_SET,
    NO_PROTO,
    OK,
    PONG,
    PROTOCOL_NOT_AN_INTEGER,
    SYNTAX,
    WRONG_PASS,
    CommandError,
    array,
    bulk,
    integer,
    map_,
    shown,
    simple,
    wrong_arity,
)

if TYPE_CHECKING:
    from engine.client import Client

_GREETING_FLAGS = "noscript loading stale fast no_auth allow_busy"
_AUTH_FIRST = (
    "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO AUTH "
    "<user> <pass> option can be used to authenticate the client and select the RESP protocol "
    "version at the same time"
)
_BAD_NAME = "ERR Client names cannot contain spaces, newlines or special characters."


@command(
    "ping",
    -1,
    "fast",
    group="connection",
    since="1.0.0",
    syntax="[message]",
    summary="Answers PONG, or the message.",
)
def ping(client: Client, argv: list[bytes]) -> bytes:
    """PING: a RESP2 client with subscriptions gets an array, as it only reads those."""
    if len(argv) > 2:
        raise wrong_arity("ping")
    if client.resp == 2 and (client.channels or client.patterns):
        return array([bulk(b"pong"), bulk(argv[1] if len(argv) > 1 else b"")])
    return PONG if len(argv) == 1 else bulk(argv[1])


@command(
    "echo",
    2,
    "loading stale fast",
    group="connection",
    since="1.0.0",
    syntax="message",
    summary="Answers the message.",
)
def echo(client: Client, argv: list[bytes]) -> bytes:
    """ECHO."""
    return bulk(argv[1])


@command(
    "select",
    2,
    "loading stale fast",
    group="connection",
    since="1.0.0",
    syntax="index",
    summary="Chooses one of the databases.",
)
def select(client: Client, argv: list[bytes]) -> bytes:
    """SELECT."""
    index = int_of(argv[1])
    if not 0 <= index < client.server.config.databases:
        raise CommandError(DB_OUT_OF_RANGE)
    client.select(index)
    return OK


@command(
    "quit",
    -1,
    _GREETING_FLAGS,
    group="connection",
    since="1.0.0",
    summary="Answers OK and closes the connection.",
)
def quit_(client: Client, argv: list[bytes]) -> bytes:
    """QUIT."""
    client.close_after_reply()
    return OK


@command(
    "reset",
    1,
    _GREETING_FLAGS,
    group="connection",
    since="6.2.0",
    summary="Puts the connection back to how it began.",
)
def reset(client: Client, argv: list[bytes]) -> bytes:
    """RESET."""
    server = client.server
    leave_transaction(client)
    unwatch_all(client)
    server.pubsub.forget(client)
    server.update_watching()
    client.monitoring = False
    server.monitors.discard(client)
    server.update_guard()
    client.select(0)
    client.name = ""
    client.unanswered = max(0, client.unanswered)  # a SKIP still holds
    client.set_resp(2)
    client.authenticated = not server.config.requirepass
    client.framer.authenticated = client.authenticated
    client.update_guard()
    return simple(b"RESET")


@command(
    "auth",
    -2,
    _GREETING_FLAGS,
    group="connection",
    since="1.0.0",
    syntax="[username] password",
    summary="Shows the password.",
)
def auth(client: Client, argv: list[bytes]) -> bytes:
    """AUTH: there is one user, `default`."""
    if len(argv) > 3:
        raise CommandError(SYNTAX)
    if len(argv) == 2 and not client.server.config.requirepass:
        raise CommandError(NO_PASSWORD_SET)
    _authenticate(client, argv[1] if len(argv) == 3 else b"default", argv[-1])
    return OK


def _authenticate(client: Client, user: bytes, password: bytes) -> None:
    required = client.server.config.requirepass.encode("utf-8", "surrogateescape")
    is_right = not required or hmac.compare_digest(required, password)
    if user != b"default" or not is_right:
        raise CommandError(WRONG_PASS)
    client.set_authenticated()


@command(
    "hello",
    -1,
    _GREETING_FLAGS,
    group="connection",
    since="6.0.0",
    syntax="[protover [AUTH username password] [SETNAME clientname]]",
    summary="Greets: chooses RESP2 or RESP3 and answers who the server is.",
)
def hello(client: Client, argv: list[bytes]) -> bytes:
    """HELLO: nothing is chosen unless all of it is right."""
    version = client.resp
    if len(argv) > 1:
        number = parse_integer(argv[1])
        if number is None:
            raise CommandError(PROTOCOL_NOT_AN_INTEGER)
        if number not in (2, 3):
            raise CommandError(NO_PROTO)
        version = number
    credentials, name = _hello_options(argv[2:])
    if credentials is not None:
        _authenticate(client, *credentials)
    if not client.authenticated:
        raise CommandError(_AUTH_FIRST)
    if name is not None:
        set_name(client, name)
    client.set_resp(version)
    client.update_guard()
    return map_(
        version,
        [
            (bulk(b"server"), bulk(b"redis")),
            (bulk(b"version"), bulk(REDIS_VERSION.encode())),
            (bulk(b"proto"), integer(version)),
            (bulk(b"id"), integer(client.id)),
            (bulk(b"mode"), bulk(b"standalone")),
            (bulk(b"role"), bulk(b"master")),
            (bulk(b"modules"), array([])),
        ],
    )


def _hello_options(words: list[bytes]) -> tuple[tuple[bytes, bytes] | None, bytes | None]:
    credentials: tuple[bytes, bytes] | None = None
    name: bytes | None = None
    position = 0
    while position < len(words):
        option = words[position].upper()
        left = len(words) - position - 1
        if option == b"AUTH" and left >= 2:
            credentials = words[position + 1], words[position + 2]
            position += 3
        elif option == b"SETNAME" and left:
            name = words[position + 1]
            if not is_name(name):
                raise CommandError(_BAD_NAME)
            position += 2
        else:
            raise CommandError(f"ERR Syntax error in HELLO option '{shown(words[position])}'")
    return credentials, name


def is_local(client: Client) -> bool:
    """Whether a connection comes from this machine."""
    host = client.address.rsplit(":", 1)[0]
    return host.startswith(("127.", "/")) or host in ("[::1]", "")


def is_name(name: bytes) -> bool:
    """Whether a client may call itself so: no blanks, no control characters."""
    return all(b"!"[0] <= byte <= b"~"[0] for byte in name)


def set_name(client: Client, name: bytes) -> None:
    """Give a client a name; raises CommandError."""
    if not is_name(name):
        raise CommandError(_BAD_NAME)
    client.name = name.decode("ascii")
