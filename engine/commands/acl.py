"""ACL, as far as a server with one user has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.commands.table import container, subcommand
from engine.replies import bulk, bulks

if TYPE_CHECKING:
    from engine.client import Client

container("acl", group="server", since="6.0.0", summary="Asks about the users.")


@subcommand("acl", "whoami", 2, "noscript loading stale", summary="The user's name.")
def acl_whoami(client: Client, argv: list[bytes]) -> bytes:
    """ACL WHOAMI."""
    return bulk(b"default")


@subcommand("acl", "users", 2, "admin noscript loading stale", summary="All users.")
def acl_users(client: Client, argv: list[bytes]) -> bytes:
    """ACL USERS."""
    return bulks([b"default"])


@subcommand(
    "acl", "list", 2, "admin noscript loading stale", summary="All users and what they may do."
)
def acl_list(client: Client, argv: list[bytes]) -> bytes:
    """ACL LIST: of a password only that there is one."""
    password = b"#(redacted)" if client.server.config.requirepass else b"nopass"
    return bulks([b"user default on %b ~* &* +@all" % password])
