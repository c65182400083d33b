"""A line typed at the prompt: its arguments, and which commands a prompt cannot send.

A prompt has one question and one answer. Commands that take a connection over have not: some turn
it into a stream of messages, some wait for other clients, some change the protocol.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.inline import split_arguments
from scenes.errors import SceneError
from scenes.sayings import trouble

_STREAMS = {"SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "MONITOR", "SYNC", "PSYNC"}
_WAITS = {
    *("BLPOP", "BRPOP", "BLMPOP", "BLMOVE", "BRPOPLPUSH", "BZPOPMIN", "BZPOPMAX", "BZMPOP"),
    *("WAIT", "WAITAOF"),
}
_READS_STREAM = {"XREAD", "XREADGROUP"}


def arguments(text: str) -> list[bytes]:
    r"""The arguments of a line as redis-cli reads them: "\x00\n" in double quotes are bytes.

    Raises SceneError when its quotes do not balance.
    """
    found = split_arguments(text.encode())
    if found is None:
        raise SceneError(trouble("typed.open_quotes", line=text))
    return found


def refusal(argv: Sequence[bytes], port: int) -> str:
    """Why the prompt does not send a command, and what does; empty for all that it sends."""
    words = [word.decode("utf-8", "replace").upper() for word in argv]
    name, second = words[0], words[1] if len(words) > 1 else ""
    if name in _STREAMS:
        why = trouble("typed.becomes_a_stream")
    elif name in _WAITS or (name in _READS_STREAM and "BLOCK" in words):
        why = trouble("typed.waits")
    elif name in ("HELLO", "RESET") or (name, second) == ("CLIENT", "REPLY"):
        why = trouble("typed.changes_the_answers")
    elif name == "QUIT":
        return trouble("typed.quits")
    else:
        return ""
    shown = f"{name} {second}" if name == "CLIENT" else name
    return trouble("typed.elsewhere", command=str(shown), why=str(why), port=str(port))
