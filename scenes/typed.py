"""What a prompt with one question and one answer cannot send: commands that take a connection over.

Some turn it into a stream of messages, some wait for other clients, some change the protocol.
"""

from __future__ import annotations

from collections.abc import Sequence

_STREAMS = {"SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "MONITOR", "SYNC", "PSYNC"}
_WAITS = {
    *("BLPOP", "BRPOP", "BLMPOP", "BLMOVE", "BRPOPLPUSH", "BZPOPMIN", "BZPOPMAX", "BZMPOP"),
    *("WAIT", "WAITAOF"),
}
_READS_STREAM = {"XREAD", "XREADGROUP"}


def refusal(argv: Sequence[str], port: int) -> str:
    """Why the prompt does not send a command, and what does; empty for all that it sends."""
    name, second = argv[0].upper(), argv[1].upper() if len(argv) > 1 else ""
    if name in _STREAMS:
        why = "would turn this prompt into a stream"
    elif name in _WAITS or (name in _READS_STREAM and "BLOCK" in map(str.upper, argv)):
        why = "would make this prompt wait"
    elif name in ("HELLO", "RESET") or (name, second) == ("CLIENT", "REPLY"):
        why = "would change how this prompt is answered"
    elif name == "QUIT":
        return "QUIT would only close this prompt's connection: Esc closes the prompt"
    else:
        return ""
    shown = f"{name} {second}" if name == "CLIENT" else name
    return f"{shown} {why}: type it in another terminal, redis-cli -p {port}"
