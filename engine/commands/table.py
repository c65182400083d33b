"""The command table: what every command is called, takes, touches and may be refused for.

The table drives look-up, arity checks, MULTI, COMMAND and its subcommands, completion in a prompt
and the documentation. Names, arities, flags and key positions are Redis 7.0.15's.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import perf_counter_ns
from typing import TYPE_CHECKING, TypeAlias

from engine.absent import no_subcommand
from engine.replies import CommandError, array, simple, wrong_arity

if TYPE_CHECKING:
    from engine.client import Client

Handler: TypeAlias = "Callable[[Client, list[bytes]], bytes]"
KeyFinder: TypeAlias = "Callable[[Sequence[bytes]], list[bytes]]"

_GROUP_CATEGORY = {
    "generic": "keyspace",
    "string": "string",
    "list": "list",
    "hash": "hash",
    "set": "set",
    "sorted-set": "sortedset",
    "connection": "connection",
    "transactions": "transaction",
}
_FLAG_CATEGORIES = (
    ("write", "write"),
    ("readonly", "read"),
    ("admin", "admin"),
    ("admin", "dangerous"),
    ("pubsub", "pubsub"),
)


@dataclass(slots=True, eq=False)
class CommandSpec:
    """One command, or one subcommand (its name is then `config|get`)."""

    name: str
    arity: int
    """Words, the name included; negative: at least so many."""
    flags: frozenset[str]
    """Redis' names: write, readonly, denyoom, admin, pubsub, noscript, loading, stale, fast ..."""
    keys: tuple[int, int, int]
    """Position of the first and last key (negative: from the end) and the step; zeros: none."""
    handler: Handler
    group: str
    summary: str
    since: str
    syntax: str
    """The words behind the name, as in `key value [NX | XX] [EX seconds]`."""
    categories: tuple[str, ...]
    find_keys: KeyFinder | None = None
    """Finds the keys where positions do not tell them (`numkeys key [key ...]`)."""
    subcommands: dict[bytes, CommandSpec] = field(default_factory=dict)
    least: int = 0
    most: int = 0
    """Words, the name included, as the arity says."""
    writes: bool = False
    is_admin: bool = False
    calls: int = 0
    nanoseconds: int = 0
    failed_calls: int = 0

    def accepts(self, words: int) -> bool:
        """Whether so many words, the name included, are allowed."""
        return self.least <= words <= self.most

    def full_name(self, argv: Sequence[bytes]) -> str:
        """`config|get` for CONFIG GET, else the command's own name."""
        return self.resolve(argv).name

    def resolve(self, argv: Sequence[bytes]) -> CommandSpec:
        """The subcommand that these words name, or the command itself."""
        if self.subcommands and len(argv) > 1:
            return self.subcommands.get(argv[1].lower(), self)
        return self

    def admit(self, argv: Sequence[bytes]) -> CommandSpec:
        """Like `resolve`; raises CommandError for a wrong arity or an unknown subcommand."""
        if not self.accepts(len(argv)):
            raise wrong_arity(self.name)
        if not self.subcommands or len(argv) < 2:
            return self
        sub = self.subcommands.get(argv[1].lower())
        if sub is None:
            raise no_subcommand(self.name, argv[1])
        if not sub.accepts(len(argv)):
            raise wrong_arity(sub.name)
        return sub

    def key_positions(self, words: int) -> range:
        """Where the keys are among so many words."""
        first, last, step = self.keys
        if not first:
            return range(0)
        return range(first, (last if last >= 0 else words + last) + 1, step)

    def keys_in(self, argv: Sequence[bytes]) -> list[bytes]:
        """The keys that a command names, in order."""
        words = len(argv)
        spec = self.resolve(argv)
        if spec.find_keys is not None:
            return spec.find_keys(argv)
        return [argv[at] for at in spec.key_positions(words) if at < words]


def counted_keys(*before: int, count_at: int) -> KeyFinder:
    """Finds the keys at positions `before`, and those that follow their number at `count_at`."""

    def find_keys(argv: Sequence[bytes]) -> list[bytes]:
        number = argv[count_at] if count_at < len(argv) else b""
        count = int(number) if number.isdigit() else 0
        counted = argv[count_at + 1 : count_at + 1 + count]
        if not 0 < count == len(counted):
            return []
        return [*(argv[at] for at in before), *counted]

    return find_keys


COMMANDS: dict[bytes, CommandSpec] = {}
"""By name, in lower and in upper case."""


def specs() -> list[CommandSpec]:
    """All commands, in the order of their names."""
    return sorted({spec.name: spec for spec in COMMANDS.values()}.values(), key=lambda s: s.name)


def find(name: bytes) -> CommandSpec | None:
    """A command or, as `config|get`, a subcommand; in any case of letters."""
    container, _, sub = name.lower().partition(b"|")
    spec = COMMANDS.get(container)
    return spec.subcommands.get(sub) if spec is not None and sub else spec


def command(
    name: str,
    arity: int,
    flags: str = "",
    *,
    group: str,
    summary: str,
    since: str,
    syntax: str = "",
    keys: tuple[int, int, int] = (0, 0, 0),
    categories: str = "",
    find_keys: KeyFinder | None = None,
) -> Callable[[Handler], Handler]:
    """Register the function below as a command's handler; `flags` and `categories` are words.

    Categories that flags and group give need no word; `-keyspace` takes one of them away.
    """

    def register(handler: Handler) -> Handler:
        spec = _spec(name, arity, flags, keys, handler, group, summary, since, syntax, categories)
        spec.find_keys = find_keys
        COMMANDS[name.encode()] = COMMANDS[name.upper().encode()] = spec
        return handler

    return register


def container(
    name: str,
    *,
    group: str,
    summary: str,
    since: str,
    flags: str = "",
    alone: Handler | None = None,
) -> None:
    """Register a command of subcommands, which `subcommand` adds; `alone` runs without one."""

    def run(client: Client, argv: list[bytes]) -> bytes:
        if alone is not None and len(argv) == 1:
            return alone(client, argv)
        return _run_subcommand(spec.admit(argv), client, argv)

    arity = -2 if alone is None else -1
    spec = _spec(
        name, arity, flags, (0, 0, 0), run, group, summary, since, "", "", named=alone is not None
    )
    COMMANDS[name.encode()] = COMMANDS[name.upper().encode()] = spec
    _add_help(spec)


def _add_help(owner: CommandSpec) -> None:
    @subcommand(owner.name, "help", 2, "loading stale", summary="Print this help.")
    def help_(client: Client, argv: list[bytes]) -> bytes:
        head = f"{owner.name.upper()} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:"
        lines = [head]
        for name, spec in sorted(owner.subcommands.items(), key=lambda item: item[0] == b"help"):
            lines.append(f"{name.decode().upper()} {spec.syntax}".rstrip())
            lines.append(f"    {spec.summary}")
        return array([simple(line.encode()) for line in lines])


def subcommand(
    parent: str,
    name: str,
    arity: int,
    flags: str = "",
    *,
    summary: str,
    since: str = "",
    syntax: str = "",
    keys: tuple[int, int, int] = (0, 0, 0),
    categories: str = "",
) -> Callable[[Handler], Handler]:
    """Register the function below as `parent name`; the arity counts both words."""
    owner = COMMANDS[parent.encode()]

    def register(handler: Handler) -> Handler:
        owner.subcommands[name.encode()] = _spec(
            f"{parent}|{name}",
            arity,
            flags,
            keys,
            handler,
            owner.group,
            summary,
            since or owner.since,
            syntax,
            categories,
        )
        return handler

    return register


def _spec(
    name: str,
    arity: int,
    flags: str,
    keys: tuple[int, int, int],
    handler: Handler,
    group: str,
    summary: str,
    since: str,
    syntax: str,
    categories: str,
    *,
    named: bool = True,
) -> CommandSpec:
    words = frozenset(flags.split())
    classes = [category for flag, category in _FLAG_CATEGORIES if flag in words]
    classes.append("fast" if "fast" in words else "slow")
    if named and group in _GROUP_CATEGORY:
        classes.append(_GROUP_CATEGORY[group])
    for category in categories.split():
        if category.startswith("-"):
            classes.remove(category[1:])
        else:
            classes.append(category)
    return CommandSpec(
        name=name,
        arity=arity,
        flags=words,
        keys=keys,
        handler=handler,
        group=group,
        summary=summary,
        since=since,
        syntax=syntax,
        categories=tuple(dict.fromkeys(classes)),
        least=abs(arity),
        most=arity if arity > 0 else sys.maxsize,
        writes="write" in words,
        is_admin="admin" in words,
    )


def _run_subcommand(spec: CommandSpec, client: Client, argv: list[bytes]) -> bytes:
    started = perf_counter_ns()
    try:
        return spec.handler(client, argv)
    except CommandError:
        spec.failed_calls += 1
        raise
    finally:
        spec.calls += 1
        spec.nanoseconds += perf_counter_ns() - started
