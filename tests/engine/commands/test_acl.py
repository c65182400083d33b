"""ACL of a server with one user."""

from __future__ import annotations

from tests.engine.commands.offline import OfflineServer

SECRET = b"2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"
"""SHA-256 of `secret`."""


def test_the_user_without_and_with_a_password() -> None:
    client = OfflineServer().connect()
    assert b"user default on nopass ~* &* +@all" in client.line("ACL LIST")
    assert client.line("ACL GETUSER default").startswith(b"*12\r\n$5\r\nflags\r\n*2\r\n$2\r\non")
    client.server.config.requirepass = "secret"
    assert b"user default on #%b ~* &* +@all" % SECRET in client.line("ACL LIST")
    assert SECRET in client.line("ACL GETUSER default")
    assert client.line("ACL GETUSER nobody") == b"$-1\r\n"


def test_categories_hold_commands_and_subcommands() -> None:
    client = OfflineServer().connect()
    assert client.line("ACL CAT").startswith(b"*21\r\n$8\r\nkeyspace\r\n")
    assert b"\r\nlpush\r\n" in client.line("ACL CAT list")
    assert b"\r\nconfig|set\r\n" in client.line("ACL CAT ADMIN")
    assert client.line("ACL CAT nope") == b"-ERR Unknown category 'nope'\r\n"


def test_there_are_no_other_users() -> None:
    client = OfflineServer().connect()
    assert client.line("ACL SETUSER bob on").startswith(b"-ERR ACL SETUSER is not supported: ")
