"""COMMAND: the command table as clients ask for it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from engine.commands import syntax
from engine.commands.syntax import Argument
from engine.commands.table import COMMANDS, CommandSpec, container, find, specs, subcommand
from engine.glob import matcher
from engine.replies import (
    SYNTAX,
    CommandError,
    array,
    bulk,
    bulks,
    integer,
    map_,
    set_,
    simple,
)

if TYPE_CHECKING:
    from engine.client import Client

_FLAGS = "loading stale"


def _all(client: Client, argv: list[bytes]) -> bytes:
    return array([_info(client.resp, spec) for spec in specs()])


container(
    "command",
    group="connection",
    since="2.8.13",
    flags=_FLAGS,
    alone=_all,
    summary="Asks about the commands.",
)


@subcommand("command", "count", 2, _FLAGS, summary="How many commands there are.")
def command_count(client: Client, argv: list[bytes]) -> bytes:
    """COMMAND COUNT."""
    return integer(len(specs()))


@subcommand(
    "command",
    "info",
    -2,
    _FLAGS,
    syntax="[command-name [command-name ...]]",
    summary="Arity, flags and key positions of commands.",
)
def command_info(client: Client, argv: list[bytes]) -> bytes:
    """COMMAND INFO: null for a name that there is not."""
    if len(argv) == 2:
        return _all(client, argv)
    found = map(find, argv[2:])
    return array([_info(client.resp, s) if s else client.null for s in found])


@subcommand(
    "command",
    "docs",
    -2,
    _FLAGS,
    since="7.0.0",
    syntax="[command-name [command-name ...]]",
    summary="What commands do, in words.",
)
def command_docs(client: Client, argv: list[bytes]) -> bytes:
    """COMMAND DOCS: names that there are not are left out."""
    chosen = specs() if len(argv) == 2 else [s for s in map(find, argv[2:]) if s]
    return map_(client.resp, ((_name(s), _docs(client.resp, s)) for s in chosen))


@subcommand(
    "command",
    "list",
    -2,
    _FLAGS,
    since="7.0.0",
    syntax="[FILTERBY <MODULE module-name | ACLCAT category | PATTERN pattern>]",
    summary="The names of commands.",
)
def command_list(client: Client, argv: list[bytes]) -> bytes:
    """COMMAND LIST."""
    if len(argv) == 2:
        return set_(client.resp, [_name(spec) for spec in _with_subcommands()])
    if len(argv) != 5 or argv[2].upper() != b"FILTERBY":
        raise CommandError(SYNTAX)
    kind, word = argv[3].upper(), argv[4]
    if kind == b"MODULE":
        chosen: Iterable[CommandSpec] = ()
    elif kind == b"ACLCAT":
        category = word.decode("utf-8", "surrogateescape").lower()
        chosen = (spec for spec in _with_subcommands() if category in spec.categories)
    elif kind == b"PATTERN":
        fits = matcher(word, ignore_case=True)
        chosen = (spec for spec in _with_subcommands() if fits(spec.name.encode()))
    else:
        raise CommandError(SYNTAX)
    return array([_name(spec) for spec in chosen])


def _with_subcommands() -> Iterable[CommandSpec]:
    for spec in specs():
        yield spec
        yield from spec.subcommands.values()


@subcommand(
    "command",
    "getkeys",
    -4,
    _FLAGS,
    syntax="command [arg ...]",
    summary="The keys that a command's words name.",
)
def command_getkeys(client: Client, argv: list[bytes]) -> bytes:
    """COMMAND GETKEYS."""
    words = argv[2:]
    container_spec = COMMANDS.get(words[0].lower())
    if container_spec is None:
        raise CommandError("ERR Invalid command specified")
    spec = container_spec.resolve(words)
    if not spec.keys[0] and spec.find_keys is None:
        raise CommandError("ERR The command has no key arguments")
    if not spec.accepts(len(words)):
        raise CommandError("ERR Invalid number of arguments specified for command")
    keys = spec.keys_in(words)
    if not keys:
        raise CommandError("ERR Invalid arguments specified for command")
    return bulks(keys)


def _name(spec: CommandSpec) -> bytes:
    return bulk(spec.name.encode())


def _info(resp: int, spec: CommandSpec) -> bytes:
    return array(
        [
            _name(spec),
            integer(spec.arity),
            set_(resp, [simple(flag.encode()) for flag in sorted(spec.flags)]),
            *(integer(position) for position in spec.keys),
            set_(resp, [simple(f"@{name}".encode()) for name in spec.categories]),
            array([]),
            set_(resp, _key_specs(resp, spec)),
            array([_info(resp, sub) for sub in spec.subcommands.values()]),
        ]
    )


def _key_specs(resp: int, spec: CommandSpec) -> list[bytes]:
    """Where the keys are, in the form of Redis 7: begin at a position, go on in steps."""
    first, last, step = spec.keys
    if not first:
        return []
    flags = (b"RW", b"access", b"update") if spec.writes else (b"RO", b"access")
    behind = last - first if last > 0 else last
    begin = map_(resp, [(bulk(b"index"), integer(first))])
    find_keys = [(b"lastkey", behind), (b"keystep", step), (b"limit", 0)]
    return [
        map_(
            resp,
            [
                (bulk(b"flags"), set_(resp, [simple(flag) for flag in flags])),
                (
                    bulk(b"begin_search"),
                    map_(resp, [(bulk(b"type"), bulk(b"index")), (bulk(b"spec"), begin)]),
                ),
                (
                    bulk(b"find_keys"),
                    map_(
                        resp,
                        [
                            (bulk(b"type"), bulk(b"range")),
                            (
                                bulk(b"spec"),
                                map_(resp, [(bulk(k), integer(v)) for k, v in find_keys]),
                            ),
                        ],
                    ),
                ),
            ],
        )
    ]


def _docs(resp: int, spec: CommandSpec) -> bytes:
    pairs = [
        (bulk(b"summary"), bulk(spec.summary.encode())),
        (bulk(b"since"), bulk(spec.since.encode())),
        (bulk(b"group"), bulk(spec.group.encode())),
    ]
    arguments = syntax.parse(spec.syntax)
    if arguments:
        pairs.append((bulk(b"arguments"), array([_argument(resp, a) for a in arguments])))
    if spec.subcommands:
        subs = spec.subcommands.values()
        pairs.append(
            (bulk(b"subcommands"), map_(resp, ((_name(sub), _docs(resp, sub)) for sub in subs)))
        )
    return map_(resp, pairs)


def _argument(resp: int, argument: Argument) -> bytes:
    texts = [("name", argument.name), ("type", argument.type), ("token", argument.token)]
    if argument.type not in ("oneof", "block", "pure-token"):
        texts.append(("display_text", argument.name))
    pairs = [(bulk(key.encode()), bulk(text.encode())) for key, text in texts if text]
    flags = [
        flag
        for flag, is_set in ((b"optional", argument.optional), (b"multiple", argument.multiple))
        if is_set
    ]
    if flags:
        pairs.append((bulk(b"flags"), set_(resp, [simple(flag) for flag in flags])))
    if argument.arguments:
        inner = array([_argument(resp, part) for part in argument.arguments])
        pairs.append((bulk(b"arguments"), inner))
    return map_(resp, pairs)
