"""From a client's words to a reply: look up, check, apply, log, answer.

The order is Redis' (call() and processCommand() in server.c, 7.0): a write changes memory first,
then its bytes enter aof_buf, and its reply is queued. Nothing is sent here: the turn's end
(`Server.before_sleep`) writes aof_buf, fsyncs where the policy is `always`, and only then sends.
"""

from __future__ import annotations

from time import perf_counter_ns
from typing import TYPE_CHECKING

from engine.absent import no_command
from engine.commands.table import COMMANDS, CommandSpec
from engine.cross_protocol import cut_off, is_http
from engine.errors import ArenaFullError
from engine.guard import abort_exec, refuse
from engine.monitor import is_shown
from engine.output_limits import LARGE
from engine.pausing import PostponedError
from engine.replies import OUT_OF_MEMORY, CommandError, error, wrong_arity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from engine.client import Client
    from engine.framer import Request
    from engine.server import Server


def run(server: Server, work: Iterable[tuple[Client, Iterable[Request]]]) -> None:
    """Execute each client's commands in order and keep their replies for the turn's end.

    A command comes with its encoding where that is known, and the clients' work one by one: what
    a command changes counts for the next.
    """
    stats = server.stats
    ready = server.blocking.ready
    spec, known = None, b""
    for client, requests in work:
        replies = client.replies
        done = 0
        rest = iter(requests)
        started = perf_counter_ns()
        for argv, wire in rest:
            name = argv[0]
            if name != known:  # most of a turn's commands have one name
                known = name
                spec = COMMANDS.get(name) or COMMANDS.get(name.upper())
            try:
                if spec is None:
                    if is_http(name):
                        cut_off(client)
                        break
                    raise no_command(argv)
                if not spec.least <= len(argv) <= spec.most:
                    raise _wrong_arity(client, spec)
                if client.guarded or server.guarded:
                    reply = refuse(client, spec, argv) or call(client, spec, argv)
                elif spec.writes:
                    reply = handle_write(client, spec, argv, wire)
                else:
                    reply = spec.handler(client, argv)
            except CommandError as problem:
                reply = refused(client, spec, problem)
            except ArenaFullError:  # one that is no write, but fills memory (DEBUG POPULATE)
                reply = refused(client, spec, CommandError(OUT_OF_MEMORY))
            except PostponedError:
                client.postponed = [argv, *(words for words, _ in rest)]
                break
            done += 1
            if not reply and client.wait is not None:  # answered when a key appears, or too late
                client.postponed = [words for words, _ in rest]
                break
            replies.append(client.answer(spec, reply) if client.unanswered else reply)
            if ready:
                server.blocking.serve_ready()
            ended = perf_counter_ns()
            if spec is not None:
                spec.calls += 1
                spec.nanoseconds += (taken := ended - started)
                if taken > server.slow_after_ns:
                    server.note_slow(client, argv, taken // 1000)
            started = ended
            if len(reply) > LARGE and client.weigh(len(reply)):
                client.postponed = [words for words, _ in rest]
                break
            if client.closing:
                break
        stats.commands += done
        if spec is not None:
            client.last_command = spec.full_name(argv) if spec.subcommands else spec.name
        client.active_at = server.turn_time
        server.pending[client] = None


def call(client: Client, spec: CommandSpec, argv: list[bytes]) -> bytes:
    """Execute one command that has been admitted; its reply, an error reply included."""
    reply = execute(client, spec, argv)
    if client.server.monitors and not client.replaying and is_shown(spec, argv):
        client.server.feed_monitors(client, argv)
    return reply


def execute(client: Client, spec: CommandSpec, argv: list[bytes]) -> bytes:
    """The same without telling MONITOR: a blocking command was shown when it came."""
    try:
        if spec.writes:
            return handle_write(client, spec, argv)
        return spec.handler(client, argv)
    except CommandError as problem:
        return refused(client, spec, problem)
    except ArenaFullError:
        return refused(client, spec, CommandError(OUT_OF_MEMORY))


def handle_write(client: Client, spec: CommandSpec, argv: list[bytes], wire: bytes = b"") -> bytes:
    """Change memory, append to aof_buf, queue the reply: the life of a write.

    `wire`: what `argv` encodes to, where its bytes came so.
    """
    server = client.server
    keyspace = server.keyspace
    observer = server.observer
    started = perf_counter_ns() if observer is not None else 0
    database = client.db
    before = keyspace.dirty
    try:
        reply = spec.handler(client, argv)  # in-memory mutation
    except ArenaFullError:
        raise CommandError(OUT_OF_MEMORY) from None
    changes = keyspace.dirty - before
    instead = client.propagated
    if changes or instead:
        if instead is None:
            instead = [argv]
        else:
            wire = b""
        server.propagate(database.index, instead, wire)  # into aof_buf
        if observer is not None:
            observer.wrote(client, spec, argv, max(changes, 0), perf_counter_ns() - started)
    client.propagated = None
    return reply  # leaves after the turn's flush


def _wrong_arity(client: Client, spec: CommandSpec) -> CommandError:
    """An EXEC with words too many ends its transaction (rejectCommand(), 7.0)."""
    problem = wrong_arity(spec.name)
    return problem if spec.name != "exec" else abort_exec(client, problem)


def refused(client: Client, spec: CommandSpec | None, problem: CommandError) -> bytes:
    """The error reply; an error while queueing spoils the transaction."""
    client.propagated = None
    text = str(problem)
    client.server.stats.count_error(text)
    if spec is not None:
        spec.failed_calls += 1
    if client.transaction is not None and not client.transaction.executing:
        client.transaction.spoil()
    return error(text)
