"""What brings the events that steps wait for: a step that waits for one that nothing brings ends
the scene, and whatever comes after it is never reached.

Only what can be told from the scene's data is reported; an event that may come from anywhere (a
reading of the pages, a log line) is taken to come.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import get_args

from engine.events import MultipartStage, PipesStage
from scenes.actions import Action, Match, Workload
from scenes.prediction import KIND
from scenes.sayings import remark
from scenes.scene import Scene, Stage, actions_of

LONGEST_WAIT = 600.0
"""Seconds; a step that may wait longer waits without a limit."""

_READS = frozenset(
    {
        *("GET", "MGET", "EXISTS", "TTL", "PTTL", "TYPE", "INFO", "PING", "STRLEN", "DBSIZE"),
        *("LRANGE", "HGET", "HGETALL", "SMEMBERS", "ZRANGE", "ZSCORE", "KEYS", "SCAN", "DEBUG"),
        *("CONFIG", "BGSAVE", "SAVE", "BGREWRITEAOF", "COWSCOPE", "LASTSAVE", "CLIENT"),
        *("MEMORY", "OBJECT"),
    }
)
"""Commands after which nothing is appended to a log."""
_ENDS_HOLD = frozenset({"COWSCOPE", "SAVE", "FLUSHALL", "SHUTDOWN", "DEBUG", "CONFIG"})
"""Commands after which it can't be told whether a child is held; HOLD itself aside."""
_MODE = "aof-rewrite-mode"
_STAGES = {"multipart": get_args(MultipartStage), "pipes": get_args(PipesStage)}
"""aof-rewrite-mode -> the stages of its rewrites; how they end is common to both."""


def endless(scene: Scene) -> Iterator[tuple[int, str]]:
    """(index of the step, why it can't be passed), in the order of the steps."""
    past = _Past(scene)
    for index, stage in enumerate(scene.stages):
        later = len(scene.stages) - index - 1
        after = remark("waits.steps_after", steps=str(later)) if later > 1 else ""
        after = remark("waits.step_after") if later == 1 else after
        if not 0 < stage.timeout <= LONGEST_WAIT or math.isnan(stage.timeout):
            yield index, remark("waits.wait_without_limit", timeout=f"{stage.timeout:g}")
        past.enter(stage)
        for match in _untils(stage.do):
            if why := past.lacks(match):
                yield (
                    index,
                    remark("waits.goes_on_after", event=match.event, why=why, after=after),
                )
        if stage.wait is not None and (why := past.lacks(stage.wait)):
            yield (
                index,
                remark("waits.waits_for", event=stage.wait.event, why=why, after=after),
            )
        if stage.question is not None:
            reveals = actions_of(stage)[len(stage.do) :]
            past.take(reveals)
            for match in _untils(reveals):
                if why := past.lacks(match):
                    text = remark(
                        "waits.reveal_goes_on_after", event=match.event, why=why, after=after
                    )
                    yield index, text
            wait = stage.question.wait
            if wait is not None and (why := past.lacks(wait)):
                yield (
                    index,
                    remark("waits.reveal_waits_for", event=wait.event, why=why, after=after),
                )


def _untils(actions: list[Action]) -> Iterator[Match]:
    return (action.until for action in actions if action.until is not None)


def _ends(action: Action) -> set[str]:
    """How an action ends an engine, as the `crash` event calls it."""
    if action.restart is not None:
        return {"SIGTERM"}
    if action.crash is None:
        return set()
    kind = KIND[action.crash]
    return {f"{kind}, scripted cut of {action.cut} bytes" if action.cut else kind}


class _Past:
    """What has been set going by a step's beginning."""

    def __init__(self, scene: Scene) -> None:
        settings = [scene.engine, *(setup.directives for setup in scene.engines)]
        self.logs = any(one.get("appendonly") == "yes" for one in settings)
        self.policies = {one["appendfsync"] for one in settings if "appendfsync" in one}
        self.policies |= set() if self.policies else {"everysec"}
        self.saves = any(one.get("save") for one in settings)
        self.loads: dict[str, Workload] = {}
        self.holds = False
        """A child is held, or the next one will be; told for scenes of one engine only."""
        self.alone = not scene.engines
        self.writes = self.dumps = self.forks = self.rewrites = self.lesson = False
        engines = {setup.name: setup.directives for setup in scene.engines} or {"main": {}}
        self.modes = {
            name: own.get(_MODE, scene.engine.get(_MODE, "multipart"))
            for name, own in engines.items()
        }
        """Engine -> aof-rewrite-mode, which a folder keeps for good."""
        self.ends: set[str] = set()
        """How the step on hand ends an engine, as the `crash` event calls it."""
        self.now: set[str] = set()
        """Kinds of what the step on hand itself does."""
        self.kinds: set[str] = set()
        self.keeps: set[str] = set()

    def enter(self, stage: Stage) -> None:
        self.now, self.ends = set(), set()
        self.lesson |= stage.lesson
        self.forks |= stage.lesson
        if stage.alone:
            self.holds = False
        if stage.held:
            self.holds = True
            self.forks = True
            self.rewrites |= stage.held_for == "aof"
            self.dumps |= stage.held_for == "rdb"
            self.now.add("hold")
        self.take(stage.do)

    def take(self, actions: list[Action]) -> None:
        for action in actions:
            given = action.given()
            kind = given[0] if given else ""
            self.kinds.add(kind)
            self.now.add(kind)
            self._settings(action)
            if action.hold is not None:
                self.holds = action.hold
            elif kind in ("step", "crash", "restart"):
                self.holds = False
            if action.start is not None:
                self.loads[action.start.name] = action.start
                self.writes = True
            elif action.send:
                self._command([word.upper() for word in action.send])
            if action.keep:
                self.keeps.add(action.keep)
            self.forks |= kind == "fork"
            self.lesson |= kind == "fork"
            self.ends |= _ends(action)

    def _settings(self, action: Action) -> None:
        changed = {**(action.config or {}), **(action.restart or {})}
        words = action.send or []
        if [word.upper() for word in words[:2]] == ["CONFIG", "SET"]:
            self.now.add("config")
            changed |= dict(zip(words[2::2], words[3::2], strict=False))
        self.logs |= changed.get("appendonly") == "yes"
        self.saves |= bool(changed.get("save"))
        if "appendfsync" in changed:
            self.policies.add(changed["appendfsync"])

    def _command(self, words: list[str]) -> None:
        self.now.add(" ".join(words[:2]) if words[0] == "COWSCOPE" else words[0])
        self.writes |= words[0] not in _READS
        if words[0] in _ENDS_HOLD:
            self.holds = words[:2] == ["COWSCOPE", "HOLD"]
        self.dumps |= words[0] in ("BGSAVE", "SAVE")
        self.lesson |= words[:2] == ["COWSCOPE", "FORK"]
        self.forks |= words[0] in ("BGSAVE", "BGREWRITEAOF") or self.lesson
        self.rewrites |= words[0] == "BGREWRITEAOF"

    def lacks(self, match: Match) -> str:
        """Why `match` cannot come; empty where it can, or where that cannot be told."""
        match match.event:
            case "latency":
                return self._latency(match)
            case "command" | "aof.append" | "aof.write" | "aof.fsync":
                return self._written(match)
            case "fork" | "child.exit" if not (self.forks or self.saves or self.logs):
                return remark("waits.no_fork_before")
            case "fork":
                return self._forked(match)
            case "rdb.saved" if self.holds and self.alone:
                return remark("waits.child_is_held")
            case "rdb.saved" | "snapshot.progress" if not (self.dumps or self.saves):
                return remark("waits.no_save_before")
            case "rewrite" if not (self.rewrites or self.logs):
                return remark("waits.no_rewrite_before")
            case "rewrite":
                return self._rewritten(match)
            case "hold" if not self.now & {"hold", "COWSCOPE HOLD", "COWSCOPE RELEASE", "step"}:
                return remark("waits.no_hold_in_step")
            case "crash" | "recovered" if not self.now & {"crash", "restart"}:
                return remark("waits.no_crash_in_step")
            case "crash" if match.where.get("kind", next(iter(self.ends))) not in self.ends:
                return remark("waits.ends_otherwise", kinds=", ".join(sorted(self.ends)))
            case "config" if "config" not in self.now:
                return remark("waits.no_setting_in_step")
            case "fault" if "fault" not in self.now:
                return remark("waits.no_fault_in_step")
            case "reply" if not self.keeps:
                return remark("waits.no_reply_kept")
            case "reply" if str(match.where.get("name", "")) not in {"", *self.keeps}:
                return remark("waits.reply_not_kept", reply=str(match.where["name"]))
            case _:
                return ""

    def _forked(self, match: Match) -> str:
        begun = {
            "rdb": self.dumps or self.saves,
            "aof": self.rewrites or self.logs,
            "lesson": self.lesson,
        }
        purpose = str(match.where.get("purpose", ""))
        lacks = not begun.get(purpose, True)
        return remark("waits.no_fork_for", purpose=purpose) if lacks else ""

    def _rewritten(self, match: Match) -> str:
        stage = match.where.get("stage")
        ways = {mode for mode, stages in _STAGES.items() if stage in stages}
        modes = set(self.modes.values())
        if match.engine in self.modes:
            modes = {self.modes[match.engine]}
        others = modes - ways
        if ways and others and (match.engine == "*" or others == modes):
            return remark("waits.other_rewrite_mode", stage=str(stage), mode=min(others))
        return ""

    def _latency(self, match: Match) -> str:
        client = str(match.where.get("client", ""))
        loads = [self.loads[client]] if client in self.loads else list(self.loads.values())
        if client and client not in self.loads:
            return remark("waits.client_not_started", client=client)
        if not loads:
            return remark("waits.no_client_started")
        if match.where.get("done") is True and not any(load.count for load in loads):
            return remark("waits.client_without_count", client=client or loads[0].name)
        return ""

    def _written(self, match: Match) -> str:
        if not self.writes:
            return remark("waits.no_write_before")
        if match.event != "command" and not self.logs:
            return remark("waits.no_appendonly_before")
        policy = match.where.get("policy")
        if match.event == "aof.fsync" and policy is not None and policy not in self.policies:
            return remark("waits.policy_never_set", policy=str(policy))
        return ""
