"""Commands of Redis that this engine does not have: each is refused with the reason.

The answer begins as Redis' to any unknown command, for that is what clients look for. A server that
is no cluster has an answer of its own to the commands of one, and so it is given here.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.replies import NO_CLUSTER, CommandError, unknown_command, unknown_subcommand

_STREAMS = (
    "xack xadd xautoclaim xclaim xdel xgroup xinfo xlen xpending xrange xread xreadgroup "
    "xrevrange xsetid xtrim"
)
_SCRIPTS = "eval eval_ro evalsha evalsha_ro fcall fcall_ro function script"
_REPLICATION = "failover psync replconf replicaof slaveof sync"
_SHARDS = "spublish ssubscribe sunsubscribe"
_PLACES = (
    "geoadd geodist geohash geopos georadius georadius_ro georadiusbymember "
    "georadiusbymember_ro geosearch geosearchstore"
)
_COUNTERS = "pfadd pfcount pfdebug pfmerge pfselftest"
_USERS = frozenset(b"deluser dryrun genpass load log save setuser".split())
_CLUSTER = frozenset({b"asking", b"cluster", b"readonly", b"readwrite"})
_REASONS = {
    name.encode(): reason
    for names, reason in (
        (_STREAMS, "streams"),
        (_SCRIPTS, "scripts or functions"),
        (_REPLICATION, "replication"),
        (_SHARDS, "sharded channels"),
        (_PLACES, "geographic indexes"),
        (_COUNTERS, "HyperLogLogs"),
        ("module", "modules"),
        ("bitfield bitfield_ro", "bit fields"),
        ("lcs", "longest common subsequences"),
        ("migrate restore-asking", "moves between servers"),
    )
    for name in names.split()
}


def no_command(argv: Sequence[bytes]) -> CommandError:
    """The answer to words whose first names no command of this engine."""
    name = argv[0].lower()
    if name in _CLUSTER:
        return CommandError(NO_CLUSTER)
    reason = _REASONS.get(name)
    if reason is None:
        return unknown_command(argv)
    shown = argv[0].decode("ascii")
    return CommandError(f"ERR unknown command '{shown}': this engine has no {reason}")


def no_subcommand(container: str, word: bytes) -> CommandError:
    """The same for a container's second word: ACL's are out, for there is one user."""
    if container != "acl" or word.lower() not in _USERS:
        return unknown_subcommand(container, word)
    return CommandError(
        f"ERR ACL {word.upper().decode('ascii')} is not supported: this engine has one user, "
        "default, whose password is requirepass"
    )
