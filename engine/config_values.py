"""The directives' values as files and the command line give them, the later one winning.

Values are attributes named like their directives: `config.rdb_key_save_delay`, `config.port`.
What cannot be used raises ConfigError: one line with the place, the directive and the reason.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any, Literal, Self

from engine.composite_directives import OutputLimits, SavePoints
from engine.config_file import ConfigLineError, Line, included, read_file, split_command_line
from engine.directive_table import BY_ANY_NAME, DEPRECATED, NOT_SUPPORTED, TABLE
from engine.directives import Directive
from engine.errors import ConfigError
from engine.free_memory import default_arena_pages


class ConfigValues:
    """The values of all directives; starts with the defaults."""

    aof_disable_auto_gc: bool
    aof_load_truncated: bool
    aof_rewrite_incremental_fsync: bool
    aof_rewrite_mode: Literal["multipart", "pipes"]
    aof_timestamp_enabled: bool
    aof_use_rdb_preamble: bool
    appenddirname: str
    appendfilename: str
    appendfsync: Literal["always", "everysec", "no"]
    appendonly: bool
    arena_one_value_a_page: bool
    arena_pages: int
    arena_thp: bool
    auto_aof_rewrite_min_size: int
    auto_aof_rewrite_percentage: int
    bind: tuple[str, ...]
    client_output_buffer_limit: OutputLimits
    client_query_buffer_limit: int
    cowscope_check_invariants: bool
    cowscope_engine_name: str
    cowscope_disk_ledger: str
    cowscope_parent_pid: int
    cowscope_run: int
    databases: int
    dbfilename: str
    dir: str
    dynamic_hz: bool
    enable_debug_command: str
    enable_module_command: str
    enable_protected_configs: str
    hash_max_listpack_entries: int
    hash_max_listpack_value: int
    hz: int
    key_load_delay: int
    latency_monitor_threshold: int
    lazyfree_lazy_expire: bool
    lazyfree_lazy_user_del: bool
    logfile: str
    loglevel: str
    maxclients: int
    maxmemory: int
    maxmemory_policy: str
    no_appendfsync_on_rewrite: bool
    notify_keyspace_events: frozenset[str]
    pidfile: str
    port: int
    protected_mode: bool
    proto_max_bulk_len: int
    rdb_key_save_delay: int
    rdb_save_incremental_fsync: bool
    rdbchecksum: bool
    rdbcompression: bool
    requirepass: str
    save: SavePoints
    set_max_intset_entries: int
    shutdown_timeout: int
    slowlog_log_slower_than: int
    slowlog_max_len: int
    stop_writes_on_bgsave_error: bool
    tcp_backlog: int
    tcp_keepalive: int
    timeout: int
    unixsocket: str
    unixsocketperm: int
    zset_max_listpack_entries: int
    zset_max_listpack_value: int

    def __init__(self) -> None:
        self.path = ""
        """The file that was read, if one was; CONFIG REWRITE writes it."""
        self.warnings: list[str] = []
        """What a file or the command line asked for and does not get."""
        self.defaults: dict[str, Any] = {directive.name: directive.default for directive in TABLE}
        self.defaults["dir"] = os.path.realpath(os.curdir)
        self.defaults["arena-pages"] = default_arena_pages()
        for directive in TABLE:
            self._assign(directive, self.defaults[directive.name])

    @classmethod
    def from_arguments(cls, argv: Sequence[str]) -> Self:
        """The configuration of `[FILE] [--directive word ...]`."""
        config = cls()
        path, options = split_command_line(argv)
        if path and path != "-":
            config.path = os.path.abspath(path)
        config.load([*(read_file(path) if path else ()), *options])
        config._check_logfile()
        return config

    @property
    def save_points(self) -> SavePoints:
        """(seconds, changes) of every save point."""
        return self.save

    def get_one(self, name: str) -> str:
        """One directive's value as CONFIG GET prints it; raises KeyError for an unknown name."""
        return self._show(BY_ANY_NAME[name])

    def load(self, lines: Iterable[Line]) -> None:
        """Take directives as a file gives them, the later one winning; no listener is asked."""
        accumulated: set[str] = set()
        for line in lines:
            try:
                self._load_line(line, accumulated)
            except ConfigLineError:
                raise
            except ConfigError as error:
                reason = f"{error}. {error.advice}" if error.advice else str(error)
                raise ConfigLineError(line.place, line.text, reason) from None

    def _load_line(self, line: Line, accumulated: set[str]) -> None:
        if line.name == "include" and len(line.words) == 1:
            self.load(included(line, ""))
            return
        if line.name in DEPRECATED and len(line.words) == 1:
            return
        if line.name in NOT_SUPPORTED:
            raise ConfigError(f"{line.name} is not supported")
        directive = BY_ANY_NAME.get(line.name)
        if directive is None:
            raise ConfigError("Bad directive or wrong number of arguments")
        kind, words, current = directive.kind, line.words, getattr(self, directive.attribute)
        if kind.takes_words:
            words = tuple(words[0].split(" ")) if len(words) == 1 else words
        elif len(words) != 1:
            raise ConfigError("wrong number of arguments")
        if kind.accumulates and directive.name not in accumulated:
            accumulated.add(directive.name)
            current = ()
        value = kind.parse(words, current)
        if directive.fixed and value != directive.default:
            if directive.refused:
                raise ConfigError(only_the_default(directive))
            self.warnings.append(f"{line.place}: '{line.text}': {only_the_default(directive)}")
            return
        self._assign(directive, value)

    def _check_logfile(self) -> None:
        """A log that cannot be written must be known before it is needed."""
        if self.logfile:
            try:
                with open(os.path.join(self.dir, self.logfile), "ab"):
                    pass
            except OSError as error:
                raise ConfigError(
                    f"Can't open the log file '{self.logfile}': {error.strerror}"
                ) from error

    def _assign(self, directive: Directive, value: Any) -> None:
        setattr(self, directive.attribute, value)

    def _show(self, directive: Directive) -> str:
        return directive.kind.show(getattr(self, directive.attribute))


def only_the_default(directive: Directive) -> str:
    """Why a directive's value can't be had."""
    default = directive.kind.show(directive.default) or '""'
    return f"only {default} is possible: {directive.fixed}"
