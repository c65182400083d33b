"""LATENCY: the latency monitor, of which this engine has only the empty answers.

What is slow is told by SLOWLOG and by the events; nothing is sampled here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.commands.table import container, subcommand
from engine.replies import CommandError, array, integer, verbatim

if TYPE_CHECKING:
    from engine.client import Client

_FLAGS = "admin noscript loading stale"

container("latency", group="server", since="2.8.13", summary="Asks about spikes of latency.")


@subcommand("latency", "latest", 2, _FLAGS, summary="No samples are kept: an empty list.")
def latency_latest(client: Client, argv: list[bytes]) -> bytes:
    """LATENCY LATEST."""
    return array([])


@subcommand(
    "latency", "history", 3, _FLAGS, syntax="event", summary="No samples are kept: an empty list."
)
def latency_history(client: Client, argv: list[bytes]) -> bytes:
    """LATENCY HISTORY."""
    return array([])


@subcommand(
    "latency",
    "reset",
    -2,
    _FLAGS,
    syntax="[event [event ...]]",
    summary="How many events were forgotten: none.",
)
def latency_reset(client: Client, argv: list[bytes]) -> bytes:
    """LATENCY RESET."""
    return integer(0)


@subcommand("latency", "graph", 3, _FLAGS, syntax="event", summary="No samples are kept: an error.")
def latency_graph(client: Client, argv: list[bytes]) -> bytes:
    """LATENCY GRAPH."""
    event = argv[2].decode("utf-8", "surrogateescape")
    raise CommandError(f"ERR No samples available for event '{event}'")


@subcommand("latency", "doctor", 2, _FLAGS, summary="Says where to look instead.")
def latency_doctor(client: Client, argv: list[bytes]) -> bytes:
    """LATENCY DOCTOR."""
    text = b"No latency samples are kept here. SLOWLOG GET lists what was slow.\n"
    return verbatim(client.resp, text)
