"""Counters that INFO stats prints; CONFIG RESETSTAT sets them back."""

from __future__ import annotations

from dataclasses import dataclass, field

from engine.rates import Rate


@dataclass
class Stats:
    """Counts since the start or the last reset."""

    connections: int = 0
    rejected_connections: int = 0
    commands: int = 0
    expired_keys: int = 0
    keyspace_hits: int = 0
    keyspace_misses: int = 0
    net_input_bytes: int = 0
    net_output_bytes: int = 0
    reads: int = 0
    """Times that bytes came from a client."""
    writes: int = 0
    """Times that replies were given to a client's socket."""
    expire_nanoseconds: int = 0
    """Time spent on looking for expired keys."""
    memory_peak: int = 0
    """Most of used_memory that the cron has seen, bytes."""
    total_forks: int = 0
    latest_fork_usec: int = 0
    commands_rate: Rate = field(default_factory=Rate)
    input_rate: Rate = field(default_factory=Rate)
    output_rate: Rate = field(default_factory=Rate)
    errors: dict[str, int] = field(default_factory=dict)
    """Error replies by their first word."""

    def count_error(self, text: str) -> None:
        """Count an error reply by its code (`ERR`, `WRONGTYPE` ...)."""
        code = text.split(" ", 1)[0]
        self.errors[code] = self.errors.get(code, 0) + 1

    def look(self, now: float) -> None:
        """Note how far the counters are that rates are told of; `now` is monotonic, seconds."""
        self.commands_rate.look(now, self.commands)
        self.input_rate.look(now, self.net_input_bytes)
        self.output_rate.look(now, self.net_output_bytes)

    def reset(self) -> None:
        """Back to zero, but for the time of the latest fork."""
        fork_usec = self.latest_fork_usec
        self.__init__()  # type: ignore[misc]
        self.latest_fork_usec = fork_usec
