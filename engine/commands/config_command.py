"""CONFIG: read and change directives while the server runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.commands.connection import is_local
from engine.commands.table import container, specs, subcommand
from engine.replies import OK, SYNTAX, CommandError, bulk, map_

if TYPE_CHECKING:
    from engine.client import Client

_FLAGS = "admin noscript loading stale"

container("config", group="server", since="2.0.0", summary="Reads and changes the configuration.")


def _text(word: bytes) -> str:
    return word.decode("utf-8", "surrogateescape")


def _bulk(text: str) -> bytes:
    return bulk(text.encode("utf-8", "surrogateescape"))


@subcommand(
    "config",
    "get",
    -3,
    _FLAGS,
    syntax="parameter [parameter ...]",
    summary="Directives and their values; names may be glob patterns.",
)
def config_get(client: Client, argv: list[bytes]) -> bytes:
    """CONFIG GET."""
    found = client.server.config.get(*map(_text, argv[2:]))
    return map_(client.resp, ((_bulk(name), _bulk(value)) for name, value in found.items()))


@subcommand(
    "config",
    "set",
    -4,
    _FLAGS,
    syntax="parameter value [parameter value ...]",
    summary="Changes directives: all of them, or none if one is refused.",
)
def config_set(client: Client, argv: list[bytes]) -> bytes:
    """CONFIG SET."""
    if len(argv) % 2:
        raise CommandError(SYNTAX)
    words = [_text(word) for word in argv[2:]]
    pairs = list(zip(words[::2], words[1::2], strict=True))
    server = client.server
    server.config.set(pairs, local=is_local(client), loading=server.loading)
    return OK


@subcommand("config", "resetstat", 2, _FLAGS, summary="Sets the counters of INFO back to zero.")
def config_resetstat(client: Client, argv: list[bytes]) -> bytes:
    """CONFIG RESETSTAT."""
    client.server.stats.reset()
    for spec in specs():
        for counted in (spec, *spec.subcommands.values()):
            counted.calls = counted.nanoseconds = counted.failed_calls = 0
    return OK


@subcommand(
    "config",
    "rewrite",
    2,
    _FLAGS,
    since="2.8.0",
    summary="Writes what was changed into the configuration file.",
)
def config_rewrite(client: Client, argv: list[bytes]) -> bytes:
    """CONFIG REWRITE."""
    client.server.config.rewrite()
    client.server.log("#", "CONFIG REWRITE executed with success.")
    return OK
