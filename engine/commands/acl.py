"""ACL, as far as a server with one user has it."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from engine.commands.table import container, specs, subcommand
from engine.replies import (
    CommandError,
    array,
    bulk,
    bulks,
    map_,
    set_,
    shown,
)

if TYPE_CHECKING:
    from engine.client import Client

_CATEGORIES = (
    b"keyspace read write set sortedset list hash string bitmap hyperloglog geo stream pubsub "
    b"admin fast slow blocking dangerous connection transaction scripting"
).split()
_BAD_CAT = "ERR unknown subcommand or wrong number of arguments for 'CAT'. Try ACL HELP."

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
    """ACL LIST: of a password its SHA-256, as Redis shows it."""
    passwords = [b"#" + digest for digest in _digests(client)] or [b"nopass"]
    return bulks([b"user default on %b ~* &* +@all" % b" ".join(passwords)])


@subcommand(
    "acl",
    "getuser",
    3,
    "admin noscript loading stale",
    syntax="username",
    summary="What a user may do.",
)
def acl_getuser(client: Client, argv: list[bytes]) -> bytes:
    """ACL GETUSER: null for a user that there is not."""
    resp = client.resp
    if argv[2] != b"default":
        return client.null
    digests = _digests(client)
    flags = [b"on"] if digests else [b"on", b"nopass"]
    return map_(
        resp,
        [
            (bulk(b"flags"), set_(resp, [bulk(flag) for flag in flags])),
            (bulk(b"passwords"), bulks(digests)),
            (bulk(b"commands"), bulk(b"+@all")),
            (bulk(b"keys"), bulk(b"~*")),
            (bulk(b"channels"), bulk(b"&*")),
            (bulk(b"selectors"), array([])),
        ],
    )


@subcommand(
    "acl",
    "cat",
    -2,
    "noscript loading stale",
    syntax="[category]",
    summary="The categories of commands, or the commands of one.",
)
def acl_cat(client: Client, argv: list[bytes]) -> bytes:
    """ACL CAT."""
    if len(argv) > 3:
        raise CommandError(_BAD_CAT)
    if len(argv) == 2:
        return bulks(_CATEGORIES)
    category = argv[2].lower()
    if category not in _CATEGORIES:
        raise CommandError(f"ERR Unknown category '{shown(argv[2])}'")
    every = (each for spec in specs() for each in (spec, *spec.subcommands.values()))
    name = category.decode()
    return bulks([spec.name.encode() for spec in every if name in spec.categories])


def _digests(client: Client) -> list[bytes]:
    password = client.server.config.requirepass.encode("utf-8", "surrogateescape")
    return [sha256(password).hexdigest().encode()] if password else []
