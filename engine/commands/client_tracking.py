"""CLIENT's words about tracking, which this server does not have: it is off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.commands.table import subcommand
from engine.replies import CommandError, array, bulk, integer, map_, set_

if TYPE_CHECKING:
    from engine.client import Client

_USER = "noscript loading stale"


@subcommand("client", "trackinginfo", 2, _USER, since="6.2.0", summary="That tracking is off.")
def client_trackinginfo(client: Client, argv: list[bytes]) -> bytes:
    """CLIENT TRACKINGINFO."""
    resp = client.resp
    return map_(
        resp,
        [
            (bulk(b"flags"), set_(resp, [bulk(b"off")])),
            (bulk(b"redirect"), integer(-1)),
            (bulk(b"prefixes"), array([])),
        ],
    )


@subcommand(
    "client", "caching", 3, _USER, since="6.0.0", syntax="YES | NO", summary="Needs tracking."
)
def client_caching(client: Client, argv: list[bytes]) -> bytes:
    """CLIENT CACHING: refused, as to every connection without tracking."""
    raise CommandError(
        "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or "
        "OPTOUT mode enabled"
    )
