"""Commands that are out: refused with the reason, in words that clients know."""

from __future__ import annotations

import pytest

from engine.absent import no_command, no_subcommand
from tests.engine.commands.offline import OfflineServer


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        (b"XADD s * a b", "ERR unknown command 'XADD': this engine has no streams"),
        (b"eval x 0", "ERR unknown command 'eval': this engine has no scripts or functions"),
        (b"Module LIST", "ERR unknown command 'Module': this engine has no modules"),
        (b"SYNC", "ERR unknown command 'SYNC': this engine has no replication"),
        (b"CLUSTER INFO", "ERR This instance has cluster support disabled"),
        (b"NOSUCH a", "ERR unknown command 'NOSUCH', with args beginning with: 'a' "),
    ],
)
def test_the_answer_says_what_there_is_not(words: bytes, answer: str) -> None:
    assert str(no_command(words.split())) == answer


def test_acl_subcommands_name_what_there_is_instead() -> None:
    assert "one user, default, whose password is requirepass" in str(no_subcommand("acl", b"load"))
    unknown = str(no_subcommand("config", b"load"))
    assert unknown == "ERR unknown subcommand 'load'. Try CONFIG HELP."


def test_they_spoil_a_transaction_and_are_not_listed() -> None:
    client = OfflineServer().connect()
    client.line("MULTI")
    assert client.line("PFADD a b").startswith(b"-ERR unknown command 'PFADD': ")
    assert client.line("EXEC").startswith(b"-EXECABORT")
    assert b"pfadd" not in client.line("COMMAND LIST").lower()
