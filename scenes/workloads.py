"""Workloads: clients that write by themselves, paced and seeded, and measure their latency."""

from __future__ import annotations

import asyncio
import contextlib
import random
import string
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any

from redis.exceptions import RedisError, ResponseError

from engine.events import Latency, Log
from scenes.acknowledged import Acknowledged
from scenes.actions import Workload
from scenes.errors import SceneError
from scenes.sayings import trouble
from scenes.subscription import client
from scenes.words import FIGURE, fill

VALUE_BYTES = 12
"""A value's length where a scene says nothing."""
REPORT_SECONDS = 1.0
MOST_AT_ONCE = 256
"""Commands in one pipeline, however far behind the writer is."""
STALL_SECONDS = 1.0
"""An answer that takes longer moves what is due: nobody makes up for a busy engine's time."""
AGAIN_SECONDS = 0.5
"""After a refusal or a lost connection, before the next attempt."""
MOST_AMOUNT = 10
"""`{amount}` is 1 to this."""
TOLD_AFTER = 0.1
"""Seconds by which the end is reported late: the engine's events on it come first."""


class Writer:
    """One client that writes as its workload says, until its count is reached or it is stopped."""

    def __init__(
        self,
        workload: Workload,
        *,
        port: int,
        population: int,
        value_bytes: int,
        seed: int,
        again: int = 0,
        publish: Callable[[Latency | Log], None],
        ledger: Acknowledged | None = None,
    ) -> None:
        """`again`: so many of this name were there before; this one writes other values.

        After a crash, else, a value of theirs would be taken for one that this one wrote.
        `ledger` hears of every write, and of its answer.
        """
        self.workload = workload
        self.written = 0
        self.asked_at = 0.0
        """CLOCK_MONOTONIC seconds since which a command is on its way; 0: none is."""
        self.finished = False
        """The end has been reported."""
        self._client = client(port, workload.name)
        self._client.response_callbacks.clear()  # answers are waited for, not read
        self._keys = workload.keys or population
        self._value_bytes = workload.value_bytes or value_bytes
        self._random = random.Random(f"{seed} {workload.name}" + f" {again}" * bool(again))
        self._wanted = wanted(workload.commands)
        self._publish = publish
        self._ledger = Acknowledged() if ledger is None else ledger
        self._usecs: list[int] = []
        """Of the answers since the last report."""
        self._all_usecs: list[int] = []
        """Of all answers, where there is an end to them."""
        self._began = self._last_at = self._told_at = 0.0
        self._refusal = ""
        self._rate = 0.0
        self._changed = asyncio.Event()
        self._answered = asyncio.Event()
        self._answered.set()
        self._closed = False
        self._task: asyncio.Task[None] | None = None

    @property
    def done(self) -> bool:
        return bool(self.workload.count) and self.written >= self.workload.count

    def start(self, rate: float) -> None:
        """Write `rate` commands a second from now on, going on where it stopped."""
        self._rate = rate
        self._changed.set()
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name=f"workload {self.workload.name}")

    def stop(self) -> None:
        """Stop writing; a command on its way is still answered."""
        self._rate = 0.0
        self._changed.set()

    async def stopped(self) -> None:
        """Stop writing, and wait for the answer to what is on its way: nothing comes after it."""
        self.stop()
        await self._answered.wait()
        self.report()

    def report(self) -> None:
        """Tell what was answered since the last report: there will be no more."""
        if self._usecs and not self.finished:
            self._report(done=False)

    async def close(self) -> None:
        """Stop for good."""
        self._closed = True  # redis-py may swallow the cancellation
        self.stop()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._client.aclose()

    async def _run(self) -> None:
        """Write at the rate of the moment, and go on after a refusal or a lost connection.

        Whether the engine is gone is the session's to know: then it stops the writer.
        """
        while not self.done and not self._closed:
            self._changed.clear()
            if not self._rate:
                await self._changed.wait()
                continue
            try:
                await self._write_at(self._rate)
            except (RedisError, OSError) as err:
                self._tell(err)
                await self._until_changed(AGAIN_SECONDS)
        if self.done:
            await asyncio.sleep(TOLD_AFTER)
            self.finished = True
            self._report(done=True)

    def _tell(self, err: Exception) -> None:
        """Have a refusal told once; a lost connection is the session's news."""
        if isinstance(err, ResponseError) and str(err) != self._refusal:
            self._refusal = str(err)
            text = trouble("workloads.refused", client=str(self.workload.name), why=str(err))
            self._publish(Log(level="#", text=text))

    async def _until_changed(self, seconds: float) -> None:
        """Wait, but not with a cancellation: a command on its way must never lose its reply."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._changed.wait(), max(0.0, seconds))

    async def _write_at(self, rate: float) -> None:
        """Keep to `rate` until it changes: what is due is counted from here on."""
        began, sent = monotonic(), 0
        report_at = began + REPORT_SECONDS
        while not self._changed.is_set() and not self.done:
            due = int((monotonic() - began) * rate) + 1 - sent
            if due > 0:
                asked = monotonic()
                sent += await self._write(min(due, self.workload.at_once or MOST_AT_ONCE))
                took = monotonic() - asked
                began += took if took > STALL_SECONDS else 0.0
            else:
                await self._until_changed(began + sent / rate - monotonic())
            if monotonic() >= report_at:
                report_at = monotonic() + REPORT_SECONDS
                self._report(done=False)

    async def _write(self, commands: int) -> int:
        if self.workload.count:
            commands = min(commands, self.workload.count - self.written)
        sent = [self._next(self.written + n) for n in range(commands)]
        began = self.asked_at = monotonic()
        self._answered.clear()
        try:
            await self._send(sent)
        finally:
            self.asked_at = 0.0
            self._answered.set()
        self.written += commands
        self._answered_at(began, commands)
        return commands

    def _answered_at(self, asked: float, commands: int) -> None:
        now = monotonic()
        self._began, self._last_at = self._began or asked, now
        usecs = [int((now - asked) * 1e6)] * commands
        self._usecs += usecs
        if self.workload.count:
            self._all_usecs += usecs

    async def _send(self, times: list[list[list[str]]]) -> None:
        at = monotonic()
        numbers = [self._ledger.sent(_encoded(argv), at) for one in times for argv in one]
        if len(numbers) == 1:
            reply = await self._one(times[0][0])
            self._ledger.answered(numbers[0], reply, monotonic())
            if isinstance(reply, ResponseError):
                raise reply
            return
        async with self._client.pipeline(transaction=False) as pipeline:
            for commands in times:
                if self.workload.transaction:
                    pipeline.execute_command("MULTI")
                for argv in commands:
                    pipeline.execute_command(*argv)
                if self.workload.transaction:
                    pipeline.execute_command("EXEC")
            replies = await pipeline.execute(raise_on_error=False)
        at = monotonic()
        for number, reply in zip(numbers, self._of_commands(replies, times), strict=True):
            self._ledger.answered(number, reply, at)
        failed = (reply for reply in replies if isinstance(reply, Exception))
        if (error := next(failed, None)) is not None:
            raise error

    async def _one(self, argv: list[str]) -> Any:
        """The reply to one command; a refusal is an answer, too."""
        try:
            return await self._client.execute_command(*argv)  # type: ignore[no-untyped-call]
        except ResponseError as err:
            return err

    def _of_commands(self, replies: list[Any], times: list[list[list[str]]]) -> list[Any]:
        """The replies of the commands themselves: of a transaction they are EXEC's."""
        if not self.workload.transaction:
            return replies
        found: list[Any] = []
        place = 0
        for commands in times:
            place += len(commands) + 2  # MULTI, the commands, EXEC
            done = replies[place - 1]
            refused = [ResponseError("EXECABORT")] * len(commands)
            found += done if isinstance(done, list) else refused
        return found

    def _next(self, number: int) -> list[list[str]]:
        """The commands of one time, filled in; what is drawn depends on the seed alone."""
        load = self.workload
        match load.order:
            case "one":
                key = load.first_key
            case "sequential":
                key = load.first_key + number % self._keys
            case "random":
                key = load.first_key + self._random.randrange(self._keys)
        words = {"key": f"{load.prefix}{key}", "n": str(number)}
        if "value" in self._wanted:
            words["value"] = value(self._random, self._value_bytes)
        if "other" in self._wanted:
            further = 1 + self._random.randrange(max(1, self._keys - 1))
            other = load.first_key + (key - load.first_key + further) % self._keys
            words["other"] = f"{load.prefix}{other}"
        if "amount" in self._wanted:
            words["amount"] = str(self._random.randint(1, MOST_AMOUNT))
        return [[fill(word, words) for word in argv] for argv in load.commands]

    def _report(self, *, done: bool) -> None:
        usecs = sorted(self._usecs) or [0]
        since, self._told_at = self._told_at or self._began, monotonic()
        whole = sorted(self._all_usecs) if done else []
        self._publish(
            Latency(
                client=self.workload.name,
                count=len(self._usecs),
                p50_usec=percentile(usecs, 50),
                p99_usec=percentile(usecs, 99),
                max_usec=usecs[-1],
                usec=int((self._told_at - since) * 1e6) if since else 0,
                done=done,
                total=len(whole),
                total_usec=int((self._last_at - self._began) * 1e6) if whole else 0,
                total_p50_usec=percentile(whole, 50),
                total_p99_usec=percentile(whole, 99),
            )
        )
        self._usecs.clear()


async def populate(
    port: int,
    *,
    keys: int,
    prefix: str,
    value_bytes: int,
    seed: int,
    command: Sequence[str] = ("SET", "{key}", "{value}"),
) -> None:
    """Write the keys that a scene begins with; raises SceneError when the engine refuses."""
    source = random.Random(f"{seed} population")
    writer = client(port)
    try:
        async with writer.pipeline(transaction=False) as pipeline:
            for number in range(keys):
                words = {"key": f"{prefix}{number}", "n": str(number)}
                words["value"] = value(source, value_bytes)
                argv = [fill(word, words) for word in command]
                pipeline.execute_command(*argv)
            await pipeline.execute()
    except (RedisError, OSError) as err:
        raise SceneError(
            trouble("workloads.cannot_populate", keys=str(keys), why=str(err))
        ) from err
    finally:
        await writer.aclose()


def percentile(ordered: Sequence[int], percent: int) -> int:
    """The figure below which so many percent of the others lie; 0 of none."""
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] if ordered else 0


def _encoded(argv: Sequence[str]) -> list[bytes]:
    return [word.encode() for word in argv]


def wanted(commands: Sequence[Sequence[str]]) -> set[str]:
    """The names between braces in a workload's commands."""
    return {name for argv in commands for word in argv for name in FIGURE.findall(word)}


def value(source: random.Random, size: int) -> str:
    """A value that can be read on a screen and hardly be compressed."""
    return "".join(source.choices(string.ascii_lowercase + string.digits, k=size))
