"""Replies as redis-cli prints them on a terminal (redis-cli.c, cliFormatReplyTTY, Redis 7)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

RAW = frozenset(
    ("INFO", "LOLWUT", "CLIENT LIST", "CLIENT INFO", "MEMORY DOCTOR", "MEMORY MALLOC-STATS",
     "LATENCY DOCTOR", "LATENCY GRAPH", "CLUSTER INFO", "CLUSTER NODES")
)  # fmt: skip
"""Commands whose bulk reply is printed as it is."""


def formatted(reply: Any, command: str = "") -> list[str]:
    """The lines for a reply: bytes, str (a status), int, float, bool, None, lists, maps, sets,
    exceptions (errors). `command` is the line that was sent: some print their text raw."""
    words = command.upper().split()
    raw = bool(words) and (words[0] in RAW or " ".join(words[:2]) in RAW)
    if raw and isinstance(reply, bytes | str):
        text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
        return text.rstrip("\r\n").splitlines()
    return _lines(reply)


def _lines(reply: Any) -> list[str]:
    match reply:
        case None:
            return ["(nil)"]
        case BaseException():
            return [f"(error) {reply}"]
        case bool():
            return ["(true)" if reply else "(false)"]
        case int():
            return [f"(integer) {reply}"]
        case float():
            return [f"(double) {reply:.17g}"]
        case bytes():
            return [quoted(reply)]
        case str():
            return reply.splitlines() or [""]
        case Mapping():
            return _pairs(reply)
        case set() | frozenset():
            return _items(sorted(reply, key=repr), "~", "(empty set)")
        case Sequence():
            return _items(reply, ")", "(empty array)")
    return [str(reply)]


def _items(items: Iterable[Any], sign: str, empty: str) -> list[str]:
    found = list(items)
    if not found:
        return [empty]
    digits = len(str(len(found)))
    lines: list[str] = []
    for number, item in enumerate(found, start=1):
        lead = f"{number:>{digits}}{sign} "
        inner = _lines(item)
        lines.append(lead + inner[0])
        lines += [" " * len(lead) + more for more in inner[1:]]
    return lines


def _pairs(pairs: Mapping[Any, Any]) -> list[str]:
    if not pairs:
        return ["(empty hash)"]
    digits = len(str(len(pairs)))
    lines: list[str] = []
    for number, (key, value) in enumerate(pairs.items(), start=1):
        lead = f"{number:>{digits}}# {' '.join(_lines(key))} => "
        inner = _lines(value)
        if isinstance(value, Mapping | list | tuple | set) and value:
            lines.append(lead.rstrip())
            lines += [" " * (digits + 2) + more for more in inner]
        else:
            lines.append(lead + inner[0])
    return lines


_NAMED = {
    ord("\\"): "\\\\",
    ord('"'): '\\"',
    ord("\n"): "\\n",
    ord("\r"): "\\r",
    ord("\t"): "\\t",
    7: "\\a",
    8: "\\b",
}


def quoted(data: bytes) -> str:
    """Bytes between quotes, everything that is not printable ASCII escaped."""
    return '"' + "".join(map(_shown, data)) + '"'


def _shown(byte: int) -> str:
    named = _NAMED.get(byte)
    if named is not None:
        return named
    return chr(byte) if 32 <= byte < 127 else f"\\x{byte:02x}"
