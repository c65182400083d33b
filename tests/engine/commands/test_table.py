"""The command table and what COMMAND says of it."""

from __future__ import annotations

import pytest

from engine.commands import syntax
from engine.commands.syntax import Argument
from engine.commands.table import COMMANDS, CommandSpec, find, specs
from engine.replies import CommandError
from tests.engine.commands.offline import OfflineServer

ALL = [each for owner in specs() for each in (owner, *owner.subcommands.values())]


@pytest.mark.parametrize("spec", ALL, ids=lambda spec: spec.name)
def test_every_command_is_described(spec: CommandSpec) -> None:
    assert spec.summary.endswith((".", "error", "list")), spec.name
    assert spec.name == spec.name.lower()
    assert (spec.syntax != "") == (
        abs(spec.arity) > 1 + spec.name.count("|") or spec.arity < 0
    ) or (spec.subcommands or spec.name in ("quit", "help"))


def test_the_list_has_subcommands_too() -> None:
    reply = OfflineServer().connect().line("COMMAND LIST")
    names = reply.split(b"\r\n")[2::2]
    assert {b"get", b"config", b"config|get"} <= set(names)
    assert reply.startswith(b"*%d\r\n" % len(names))


def test_look_up_in_any_case() -> None:
    assert COMMANDS[b"get"] is COMMANDS[b"GET"] is find(b"gEt")
    assert find(b"CONFIG|GET") is COMMANDS[b"config"].subcommands[b"get"]
    assert find(b"nope") is None
    assert find(b"config|nope") is None


def test_keys_in_a_commands_words() -> None:
    assert COMMANDS[b"mset"].keys_in([b"MSET", b"a", b"1", b"b", b"2"]) == [b"a", b"b"]
    assert COMMANDS[b"rename"].keys_in([b"RENAME", b"a", b"b"]) == [b"a", b"b"]
    assert COMMANDS[b"del"].keys_in([b"DEL", b"a", b"b"]) == [b"a", b"b"]
    assert COMMANDS[b"ping"].keys_in([b"PING"]) == []
    assert COMMANDS[b"memory"].keys_in([b"MEMORY", b"USAGE", b"k"]) == [b"k"]


def test_a_subcommand_is_admitted_or_refused() -> None:
    config = COMMANDS[b"config"]
    assert config.admit([b"CONFIG", b"get", b"x"]).name == "config|get"
    with pytest.raises(CommandError, match=r"'config\|get' command"):
        config.admit([b"CONFIG", b"GET"])
    with pytest.raises(CommandError, match="unknown subcommand 'x'"):
        config.admit([b"CONFIG", b"x"])


def test_every_container_has_help() -> None:
    client = OfflineServer().connect()
    for spec in specs():
        if spec.subcommands:
            reply = client.line(f"{spec.name} HELP")
            assert reply.startswith(b"*"), spec.name
            assert reply.endswith(b"+HELP\r\n+    Print this help.\r\n")


def test_syntax_is_taken_apart() -> None:
    key, option, get = syntax.parse("key [NX | EX seconds] [GET]")
    assert key == Argument("key", "key")
    assert (option.type, option.optional) == ("oneof", True)
    assert option.arguments == [
        Argument("nx", "pure-token", token="NX"),
        Argument("seconds", "integer", token="EX"),
    ]
    assert get == Argument("get", "pure-token", token="GET", optional=True)


def test_repeated_arguments_are_said_once() -> None:
    (pair,) = syntax.parse("key value [key value ...]")
    assert (pair.type, pair.multiple, pair.optional) == ("block", True, False)
    assert [argument.name for argument in pair.arguments] == ["key", "value"]
    assert syntax.parse("key [key ...]") == [Argument("key", "key", multiple=True)]
    assert syntax.parse("[channel [channel ...]]")[0].optional


@pytest.mark.parametrize("spec", ALL, ids=lambda spec: spec.name)
def test_every_syntax_can_be_taken_apart(spec: CommandSpec) -> None:
    def check(arguments: list[Argument]) -> None:
        for argument in arguments:
            assert argument.type != "..."
            assert "..." not in argument.name
            check(argument.arguments)

    check(syntax.parse(spec.syntax))
