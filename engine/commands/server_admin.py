"""The server as a whole: what it is, what it does, when it ends."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from engine import info as info_sections
from engine.commands.numbers import integer_of
from engine.commands.table import command
from engine.replies import OK, SYNTAX, CommandError, array, bulk, integer, verbatim

if TYPE_CHECKING:
    from engine.client import Client

_COW = r"""
         ^__^     one page was shared,
         (oo)\_______   then somebody wrote
         (__)\       )\/\
             ||----w |    and there were two
             ||     ||
"""


@command(
    "info",
    -1,
    "loading stale",
    group="server",
    since="1.0.0",
    syntax="[section [section ...]]",
    categories="dangerous",
    summary="Answers figures about the server.",
)
def info(client: Client, argv: list[bytes]) -> bytes:
    """INFO."""
    wanted = [word.decode("utf-8", "replace") for word in argv[1:]]
    return verbatim(client.resp, info_sections.info(client.server, wanted))


@command(
    "time",
    1,
    "loading stale fast",
    group="server",
    since="2.6.0",
    summary="Answers the Unix time: seconds, and microseconds within the second.",
)
def time_(client: Client, argv: list[bytes]) -> bytes:
    """TIME."""
    seconds, microseconds = divmod(time.time_ns() // 1000, 1_000_000)
    return array([bulk(b"%d" % seconds), bulk(b"%d" % microseconds)])


@command(
    "role",
    1,
    "noscript loading stale fast",
    group="server",
    since="2.8.12",
    categories="admin dangerous",
    summary="Answers that this is a master without replicas.",
)
def role(client: Client, argv: list[bytes]) -> bytes:
    """ROLE."""
    return array([bulk(b"master"), integer(0), array([])])


@command(
    "wait",
    3,
    "noscript",
    group="connection",
    since="3.0.0",
    syntax="numreplicas timeout",
    summary="Answers how many replicas have the writes: none, for there are none.",
)
def wait(client: Client, argv: list[bytes]) -> bytes:
    """WAIT: with no replica that could answer, there is nothing to wait for."""
    integer_of(argv[1])
    if integer_of(argv[2], "ERR timeout is not an integer or out of range") < 0:
        raise CommandError("ERR timeout is negative")
    return integer(0)


@command(
    "lolwut",
    -1,
    "readonly fast",
    group="server",
    since="5.0.0",
    syntax="[VERSION version]",
    summary="Draws a cow.",
)
def lolwut(client: Client, argv: list[bytes]) -> bytes:
    """LOLWUT."""
    text = f"{_COW}\nCowscope {client.server.version}\n"
    return verbatim(client.resp, text.encode())


@command(
    "monitor",
    1,
    "admin noscript loading stale",
    group="server",
    since="1.0.0",
    summary="Shows every command that the server executes from now on.",
)
def monitor(client: Client, argv: list[bytes]) -> bytes:
    """MONITOR."""
    if client.transaction is not None:
        raise CommandError("ERR MONITOR isn't allowed for DENY BLOCKING client")
    client.monitoring = True
    client.server.monitors.add(client)
    client.server.update_guard()
    return OK


@command(
    "shutdown",
    -1,
    "admin noscript loading stale no_multi allow_busy",
    group="server",
    since="1.0.0",
    syntax="[NOSAVE | SAVE] [NOW] [FORCE] [ABORT]",
    summary="Saves where save points exist, and ends the server.",
)
def shutdown(client: Client, argv: list[bytes]) -> bytes:
    """SHUTDOWN: no reply when it works; the connection just ends."""
    options = [word.upper() for word in argv[1:]]
    known = {b"SAVE", b"NOSAVE", b"NOW", b"FORCE", b"ABORT"}
    both = b"SAVE" in options and b"NOSAVE" in options
    if not known.issuperset(options) or both or (b"ABORT" in options and len(options) > 1):
        raise CommandError(SYNTAX)
    if b"ABORT" in options:
        raise CommandError("ERR No shutdown in progress.")
    save = True if b"SAVE" in options else False if b"NOSAVE" in options else None
    left = client.server.shutdown(save, now=b"NOW" in options, force=b"FORCE" in options)
    if not left:
        raise CommandError("ERR Errors trying to SHUTDOWN. Check logs.")
    client.close_after_reply()
    return b""
