"""The table of all directives: Redis 7.0.15's with its defaults and bounds, and Cowscope's own.

Those that the engine does not act on (replication, encodings, defragmentation ...) are known all
the same: they are read, kept, shown and written back, so that a redis.conf loads. Where acting on
them is what a user would count on, another value than the default is refused or warned of.
Ours differ from Redis in two defaults: `bind` is the loopback address, and `enable-debug-command`
is `local`, since DEBUG is a tool of the lessons. Our own names begin with `cowscope-` or `arena-`,
and there is `aof-rewrite-mode`.
"""

from __future__ import annotations

import os
from typing import Any

from engine.composite_directives import (
    Addresses,
    EventClasses,
    Numbers,
    OutputLimit,
    OutputLimits,
    OutputLimitTable,
    Pair,
    Percentiles,
    SavePointList,
)
from engine.directives import (
    Choice,
    Clamped,
    Directive,
    FileName,
    Folder,
    Memory,
    Number,
    Octal,
    Text,
    YesNo,
)

INT = 2**31 - 1
LONG = 2**63 - 1
AT_START: dict[str, Any] = {"immutable": True}
"""Set by a file or the command line only; Redis calls it immutable."""


def flag(name: str, default: bool, **rules: Any) -> Directive:
    """A yes/no directive."""
    return Directive(name, YesNo(), default, **rules)


def number(name: str, default: int, low: int = 0, high: int = INT, **rules: Any) -> Directive:
    """A number within bounds."""
    return Directive(name, Number(low, high), default, **rules)


def size(name: str, default: int, low: int = 0, high: int = LONG, **rules: Any) -> Directive:
    """A number of bytes."""
    return Directive(name, Memory(low, high), default, **rules)


def text(name: str, default: str = "", **rules: Any) -> Directive:
    """Any text."""
    return Directive(name, Text(), default, **rules)


def file_name(name: str, default: str, noun: str = "filename", **rules: Any) -> Directive:
    """The name of a file or folder, without a path."""
    return Directive(name, FileName(name, noun, name == "dbfilename"), default, **rules)


def choice(name: str, default: str, *options: str, **rules: Any) -> Directive:
    """One of several words."""
    return Directive(name, Choice(options), default, **rules)


SIGNALS = Choice(("default", "save", "nosave", "now", "force"), several=True)
LIMITS = OutputLimits(
    OutputLimit(0, 0, 0), OutputLimit(2**28, 2**26, 60), OutputLimit(2**25, 2**23, 60)
)
LEVEL = ("debug", "verbose", "notice", "warning")
ACTION = ("no", "yes", "local")
POLICIES = (
    *("volatile-lru", "volatile-lfu", "volatile-random", "volatile-ttl"),
    *("allkeys-lru", "allkeys-lfu", "allkeys-random", "noeviction"),
)
FACILITIES = ("user", *(f"local{n}" for n in range(8)))

TABLE: tuple[Directive, ...] = (
    # Network
    Directive("bind", Addresses(), ("127.0.0.1",)),
    number("port", 6379, 0, 65535),
    text("unixsocket", **AT_START),
    Directive("unixsocketperm", Octal(0o777), 0, immutable=True),
    number("tcp-backlog", 511, **AT_START),
    number("tcp-keepalive", 300),
    number("timeout", 0),
    number("maxclients", 10000, 1, 2**32 - 1),
    flag("protected-mode", True),
    text("bind-source-addr"),
    number("socket-mark-id", 0, 0, 2**32 - 1, **AT_START),
    size("proto-max-bulk-len", 512 * 2**20, 2**20),
    size("client-query-buffer-limit", 2**30, 2**20),
    Directive("client-output-buffer-limit", OutputLimitTable(), LIMITS),
    Directive("maxmemory-clients", Memory(0, LONG, percent=True), 0),
    # Process
    flag("daemonize", False, fixed="the engine stays in the foreground", **AT_START),
    choice(
        *("supervised", "no", "upstart", "systemd", "auto", "no"),
        fixed="the engine stays in the foreground",
        **AT_START,
    ),
    text("pidfile", **AT_START),
    Directive("dir", Folder(), os.curdir, protected=True, not_while_loading=True),
    number("databases", 16, 1, **AT_START),
    Directive("hz", Clamped(1, 500), 10),
    flag("dynamic-hz", True),
    choice("loglevel", "notice", *LEVEL),
    text("logfile", **AT_START),
    flag("syslog-enabled", False, fixed="the log goes to stdout or to logfile", **AT_START),
    text("syslog-ident", "redis", **AT_START),
    choice("syslog-facility", "local0", *FACILITIES, **AT_START),
    flag("crash-log-enabled", True),
    flag("crash-memcheck-enabled", True),
    flag("use-exit-on-panic", False, hidden=True),
    number("watchdog-period", 0, hidden=True),
    flag("always-show-logo", False, **AT_START),
    flag("set-proc-title", True, **AT_START),
    text("proc-title-template", "{title} {listen-addr} {server-mode}"),
    text("ignore-warnings"),
    number("shutdown-timeout", 10),
    Directive("shutdown-on-sigint", SIGNALS, "default"),
    Directive("shutdown-on-sigterm", SIGNALS, "default"),
    choice("oom-score-adj", "no", "no", "yes", "relative", "absolute"),
    Directive(
        "oom-score-adj-values",
        Numbers(
            *(3, -2000, 2000),
            "Invalid oom-score-adj-values, elements must be between -2000 and 2000.",
        ),
        (0, 200, 800),
    ),
    number("io-threads", 1, 1, 128, **AT_START),
    flag("io-threads-do-reads", False, **AT_START),
    text("server_cpulist", **AT_START),
    text("bio_cpulist", **AT_START),
    text("aof_rewrite_cpulist", **AT_START),
    text("bgsave_cpulist", **AT_START),
    flag("jemalloc-bg-thread", True),
    flag("disable-thp", True, **AT_START),
    # Who may do what
    text("requirepass", secret=True),
    text("aclfile", fixed="ACL files are not supported", refused=True, **AT_START),
    number("acllog-max-len", 128, 0, LONG),
    choice("acl-pubsub-default", "resetchannels", "allchannels", "resetchannels"),
    choice("enable-protected-configs", "no", *ACTION, **AT_START),
    choice("enable-debug-command", "local", *ACTION, **AT_START),
    choice("enable-module-command", "no", *ACTION, **AT_START),
    choice("sanitize-dump-payload", "no", "no", "yes", "clients"),
    # Snapshots
    Directive("save", SavePointList(), ((3600, 1), (300, 100), (60, 10000))),
    file_name("dbfilename", "dump.rdb", protected=True),
    flag("rdbcompression", True),
    flag("rdbchecksum", True, **AT_START),
    flag("stop-writes-on-bgsave-error", True),
    flag("rdb-save-incremental-fsync", True),
    flag("rdb-del-sync-files", False),
    number("rdb-key-save-delay", 0, -INT - 1, hidden=True),
    number("key-load-delay", 0, -INT - 1, hidden=True),
    size("loading-process-events-interval-bytes", 2**21, 1024, INT, hidden=True),
    # The append-only file
    flag("appendonly", False, not_while_loading=True),
    file_name("appendfilename", "appendonly.aof", **AT_START),
    file_name("appenddirname", "appendonlydir", "dirname", **AT_START),
    choice("appendfsync", "everysec", "everysec", "always", "no"),
    flag("no-appendfsync-on-rewrite", False),
    flag("aof-load-truncated", True),
    flag("aof-use-rdb-preamble", True),
    flag("aof-timestamp-enabled", False),
    flag("aof-disable-auto-gc", False),
    flag("aof-rewrite-incremental-fsync", True),
    number("auto-aof-rewrite-percentage", 100),
    size("auto-aof-rewrite-min-size", 64 * 2**20),
    choice("aof-rewrite-mode", "multipart", "multipart", "pipes", **AT_START),
    # Memory and expiry
    size("maxmemory", 0, 0, 2**64 - 1),
    choice("maxmemory-policy", "noeviction", *POLICIES, fixed="nothing is ever evicted"),
    number("maxmemory-samples", 5, 1),
    number("maxmemory-eviction-tenacity", 10, 0, 100),
    number("active-expire-effort", 1, 1, 10),
    number("lfu-log-factor", 10),
    number("lfu-decay-time", 1),
    number("tracking-table-max-keys", 1000000, 0, LONG),
    flag("activerehashing", True),
    flag("lazyfree-lazy-eviction", False),
    flag("lazyfree-lazy-expire", False),
    flag("lazyfree-lazy-server-del", False),
    flag("lazyfree-lazy-user-del", False),
    flag("lazyfree-lazy-user-flush", False),
    flag("activedefrag", False, fixed="slots of the arena are never moved"),
    number("active-defrag-cycle-min", 1, 1, 99),
    number("active-defrag-cycle-max", 25, 1, 99),
    number("active-defrag-threshold-lower", 10, 0, 1000),
    number("active-defrag-threshold-upper", 100, 0, 1000),
    number("active-defrag-max-scan-fields", 1000, 1, LONG),
    size("active-defrag-ignore-bytes", 100 * 2**20, 1),
    # Watching
    number("slowlog-log-slower-than", 10000, -1, LONG),
    number("slowlog-max-len", 128, 0, LONG),
    number("latency-monitor-threshold", 0, 0, LONG),
    flag("latency-tracking", True),
    Directive("latency-tracking-info-percentiles", Percentiles(), (50.0, 99.0, 99.9)),
    Directive("notify-keyspace-events", EventClasses(), frozenset[str]()),
    number("busy-reply-threshold", 5000, 0, LONG, alias="lua-time-limit"),
    # Encodings
    number("hash-max-listpack-entries", 512, 0, LONG, alias="hash-max-ziplist-entries"),
    size("hash-max-listpack-value", 64, alias="hash-max-ziplist-value"),
    number("list-max-listpack-size", -2, -INT - 1, alias="list-max-ziplist-size"),
    number("list-compress-depth", 0),
    number("set-max-intset-entries", 512, 0, LONG),
    number("zset-max-listpack-entries", 128, 0, LONG, alias="zset-max-ziplist-entries"),
    size("zset-max-listpack-value", 64, alias="zset-max-ziplist-value"),
    size("hll-sparse-max-bytes", 3000),
    size("stream-node-max-bytes", 4096),
    number("stream-node-max-entries", 100, 0, LONG),
    # Replication
    Directive(
        "replicaof",
        Pair(),
        "",
        alias="slaveof",
        fixed="replication is not supported",
        refused=True,
        **AT_START,
    ),
    text("masterauth", secret=True),
    text("masteruser", secret=True),
    flag("replica-serve-stale-data", True, alias="slave-serve-stale-data"),
    flag("replica-read-only", True, alias="slave-read-only"),
    flag("replica-lazy-flush", False, alias="slave-lazy-flush"),
    flag("replica-ignore-maxmemory", True, alias="slave-ignore-maxmemory"),
    flag("replica-ignore-disk-write-errors", False),
    flag("replica-announced", True),
    number("replica-priority", 100, alias="slave-priority"),
    text("replica-announce-ip", alias="slave-announce-ip"),
    number("replica-announce-port", 0, 0, 65535, alias="slave-announce-port"),
    number("min-replicas-to-write", 0, alias="min-slaves-to-write"),
    number("min-replicas-max-lag", 10, alias="min-slaves-max-lag"),
    flag("repl-diskless-sync", True),
    number("repl-diskless-sync-delay", 5),
    number("repl-diskless-sync-max-replicas", 0),
    choice("repl-diskless-load", "disabled", "disabled", "on-empty-db", "swapdb"),
    flag("repl-disable-tcp-nodelay", False),
    number("repl-timeout", 60, 1),
    number("repl-ping-replica-period", 10, 1, alias="repl-ping-slave-period"),
    size("repl-backlog-size", 2**20, 1),
    number("repl-backlog-ttl", 3600, 0, LONG),
    choice("propagation-error-behavior", "ignore", "ignore", "panic", "panic-on-replicas"),
    # Cluster
    flag("cluster-enabled", False, fixed="cluster mode is not supported", refused=True, **AT_START),
    text("cluster-config-file", "nodes.conf", **AT_START),
    number("cluster-node-timeout", 15000, 0, LONG),
    number("cluster-port", 0, 0, 65535, **AT_START),
    text("cluster-announce-ip"),
    text("cluster-announce-hostname"),
    number("cluster-announce-port", 0, 0, 65535),
    number("cluster-announce-tls-port", 0, 0, 65535),
    number("cluster-announce-bus-port", 0, 0, 65535),
    number("cluster-replica-validity-factor", 10, alias="cluster-slave-validity-factor"),
    number("cluster-migration-barrier", 1),
    flag("cluster-allow-replica-migration", True),
    flag("cluster-require-full-coverage", True),
    flag("cluster-replica-no-failover", False, alias="cluster-slave-no-failover"),
    flag("cluster-allow-reads-when-down", False),
    flag("cluster-allow-pubsubshard-when-down", True),
    size("cluster-link-sendbuf-limit", 0, 0, 2**64 - 1),
    choice("cluster-preferred-endpoint-type", "ip", "ip", "hostname", "unknown-endpoint"),
    # TLS
    number("tls-port", 0, 0, 65535, fixed="TLS is not supported", refused=True),
    number("tls-session-cache-size", 20480),
    number("tls-session-cache-timeout", 300),
    flag("tls-cluster", False),
    flag("tls-replication", False),
    choice("tls-auth-clients", "yes", "no", "yes", "optional"),
    flag("tls-prefer-server-ciphers", False),
    flag("tls-session-caching", True),
    *(text(f"tls-{name}") for name in ("cert-file", "key-file", "client-cert-file")),
    *(text(f"tls-{name}", secret=True) for name in ("key-file-pass", "client-key-file-pass")),
    *(text(f"tls-{name}") for name in ("client-key-file", "dh-params-file", "ca-cert-file")),
    *(text(f"tls-{name}") for name in ("ca-cert-dir", "protocols", "ciphers", "ciphersuites")),
    # Cowscope's own
    number("arena-pages", 0, 1, **AT_START),  # the default is half of the free memory
    flag("arena-one-value-a-page", False, **AT_START),
    flag("arena-thp", False),
    flag("cowscope-check-invariants", False),
    text("cowscope-disk-ledger", hidden=True, **AT_START),
    number("cowscope-parent-pid", 0, **AT_START),
    text("cowscope-engine-name", "main", **AT_START),
    number("cowscope-run", 1, 1, **AT_START),
)

DIRECTIVES: dict[str, Directive] = {directive.name: directive for directive in TABLE}
BY_ANY_NAME: dict[str, Directive] = DIRECTIVES | {
    directive.alias: directive for directive in TABLE if directive.alias
}
"""All directives by their names and their older names, in lower case."""
DEPRECATED = frozenset(
    {"list-max-ziplist-entries", "list-max-ziplist-value", "lua-replicate-commands"}
)
"""Names that a file may still hold, with one word, and that mean nothing any more."""
NOT_SUPPORTED = frozenset({"rename-command", "user", "loadmodule", "sentinel"})
"""Lines of redis.conf that would change what the engine does, and can't."""
