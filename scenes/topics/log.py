"""The log: what of a command is in the AOF's file, what a start makes of it, and how it grows."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from engine.events import Answer, AofAppend, Crash, Event, Recovered, Reply, State
from scenes.aof_check import LogFile, log_file
from scenes.evidence import Evidence
from scenes.sayings import detail
from scenes.verdict import Verdict

GREETING, PRICE, LOT, SESSION, VISITS = "greeting", "price", "lot", "session:1", "visits"
"""Keys of the scene, by which its entries in the log are known."""
_WORDS = "\\r\\n"
"""A line end as an event's text shows it."""
_DEADLINE = b"PXAT"
_RELATIVE = frozenset({b"EX", b"PX", b"EXPIRE", b"PEXPIRE", b"SETEX", b"PSETEX"})
SESSIONS = 64
"""Newest commands with the session's key kept."""
STARTS = 4
"""Newest starts kept."""
DUMP = "dump.rdb"


class Diary:
    """What entered the log, and what each start found."""

    def __init__(self) -> None:
        self.entries: dict[str, tuple[str, int]] = {}
        """Key -> (text, bytes) of the last command with it that was appended alone."""
        self.appended = 0
        self.growth_from = 0
        self.session_texts: deque[str] = deque(maxlen=SESSIONS)
        """Texts of the commands with the session's key that entered the log since the answer."""
        self.last_command_bytes = 0
        """Without the SELECT that may stand before it."""
        self.starts: deque[Recovered] = deque(maxlen=STARTS)
        self.dump_start: Recovered | None = None
        """The last one from a dump."""
        self.crash: Crash | None = None
        self.torn_bytes = 0
        """Bytes of the last command that entered the log before the last cut."""
        self.refusal: Reply | None = None

    def add(self, event: Event) -> None:
        """Take one event in."""
        match event:
            case AofAppend():
                self.appended = event.end
                last = "*" + event.text.rpartition("*")[2]
                self.last_command_bytes = len(last.replace(_WORDS, "  "))
                if SESSION in event.text:
                    self.session_texts.append(event.text)
                for key in (GREETING, PRICE, LOT, SESSION, VISITS):
                    if f"{_WORDS}{key}{_WORDS}" in event.text and event.merged == 1:
                        self.entries[key] = (event.text, event.end - event.start)
            case Answer():
                self.growth_from = self.appended
                self.session_texts.clear()
            case State():
                self.appended = event.aof_appended
            case Crash():
                self.crash, self.torn_bytes = event, self.last_command_bytes
            case Recovered():
                self.starts.append(event)
                if event.source_file == DUMP:
                    self.dump_start = event
            case Reply(failed=True, name="start"):
                self.refusal = event
            case _:
                pass


# -- measures ------------------------------------------------------------------------------------


def _entry(key: str) -> Callable[[Evidence], str | None]:
    return lambda evidence: evidence.of(Diary).entries.get(key, (None, 0))[0]


def _entry_bytes(key: str) -> Callable[[Evidence], int | None]:
    return lambda evidence: evidence.of(Diary).entries.get(key, ("", None))[1]


def _name_of(key: str) -> Callable[[Evidence], str | None]:
    """The name of the command that was written last of a key."""

    def name(evidence: Evidence) -> str | None:
        entry = evidence.of(Diary).entries.get(key)
        lines = entry[0].split(_WORDS) if entry else []
        return lines[2] if len(lines) > 2 else None

    return name


def _expiry_form(evidence: Evidence) -> str | None:
    """How a time to live is written: as a `moment`, a time `to live`, or a `second` command."""
    texts = evidence.of(Diary).session_texts
    if not texts:
        return None
    written = [word.upper() for text in texts for word in text.split(_WORDS)]
    if any("EXPIRE" in word for word in written):
        return "second"
    return "moment" if "PXAT" in written else "to live"


def _last_start(evidence: Evidence) -> Recovered | None:
    starts = evidence.of(Diary).starts
    return starts[-1] if starts else None


def _of_start(figure: Callable[[Recovered], int | str]) -> Callable[[Evidence], int | str | None]:
    def measure(evidence: Evidence) -> int | str | None:
        start = _last_start(evidence)
        return None if start is None else figure(start)

    return measure


def _dump_had_keys(evidence: Evidence) -> int | None:
    """Keys that the last start with the dump has loaded: later ones may have looked at no dump."""
    start = evidence.of(Diary).dump_start
    return start.keys if start else None


def _torn_start(evidence: Evidence) -> str | None:
    """What a start did with half a command: `cut` it off, kept `nothing`, or `all` else."""
    start = _last_start(evidence)
    if start is None or evidence.of(Diary).crash is None:
        return None
    if not start.keys:
        return "nothing"
    return "cut" if start.truncated_bytes else "all"


def _digest(name: str) -> Callable[[Evidence], str | None]:
    """The first eight digits of a digest that a step keeps."""

    def digest(evidence: Evidence) -> str | None:
        found = evidence.replies.get(name)
        return found[:8] if found else None

    return digest


def _growth(evidence: Evidence) -> int:
    diary = evidence.of(Diary)
    return diary.appended - diary.growth_from


def _refusal(evidence: Evidence) -> str | None:
    """The first sentence of what an engine said that did not start."""
    refusal = evidence.of(Diary).refusal
    return refusal.text.partition(". ")[0] if refusal else None


MEASURES = {
    "greeting_entry": _entry(GREETING),
    "greeting_bytes": _entry_bytes(GREETING),
    "price_entry": _entry(PRICE),
    "lot_written": _name_of(LOT),
    "session_entry": _entry(SESSION),
    "expiry_form": _expiry_form,
    "log_growth": _growth,
    "visit_bytes": _entry_bytes(VISITS),
    "start_file": _of_start(lambda start: start.source_file or "nothing"),
    "start_keys": _of_start(lambda start: start.keys),
    "dump_had_keys": _dump_had_keys,
    "start_usec": _of_start(lambda start: start.usec),
    "start_cut_bytes": _of_start(lambda start: start.truncated_bytes),
    "torn_start": _torn_start,
    "start_refusal": _refusal,
    "digest_before": _digest("before"),
    "digest_after": _digest("after"),
    "digest_whole": _digest("whole"),
    "digest_mended": _digest("mended"),
}


# -- checks --------------------------------------------------------------------------------------


def _file(evidence: Evidence) -> LogFile:
    config = evidence.state.config if evidence.state else {}
    return log_file(
        evidence.folder, config.get("appenddirname", "appendonlydir"), evidence.aof.file
    )


def log_is_whole(evidence: Evidence) -> Verdict:
    """The file holds whole commands, as many bytes as the engine says that it has written."""
    found = _file(evidence)
    return Verdict.of(
        not found.problem and found.whole == found.size == evidence.aof.appended > 0,
        detail(
            "log.log_is_whole",
            appended_bytes=evidence.aof.appended,
            whole_bytes=found.whole,
            file_bytes=found.size,
        )
        + (f"; {found.problem}" if found.problem else ""),
    )


def only_changes_are_written(evidence: Evidence) -> Verdict:
    """The file has the effect of each change, and nothing of commands that changed nothing."""
    of = {
        key: [c[0].upper() for c in _file(evidence).commands if key.encode() in c[1:]]
        for key in (PRICE, LOT, "nobody")
    }
    wanted = {PRICE: [b"SET"], LOT: [b"SADD", b"SREM"], "nobody": []}
    return Verdict.of(
        of == wanted,
        detail("log.only_changes_are_written", written=_told(of)),
    )


def _told(commands: dict[str, list[bytes]]) -> str:
    return "; ".join(
        detail(
            "word.of_key",
            key=key,
            commands=" ".join(map(bytes.decode, names)) or detail("word.nothing"),
        )
        for key, names in commands.items()
    )


def expiry_is_absolute(evidence: Evidence) -> Verdict:
    """A time to live is in the file as a moment, in milliseconds since 1970."""
    found = [c for c in _file(evidence).commands if SESSION.encode() in c[1:]]
    relative = sum(bool(_RELATIVE & {word.upper() for word in c}) for c in found)
    moments = [c[c.index(_DEADLINE) + 1] for c in found if _DEADLINE in c[:-1]]
    return Verdict.of(
        bool(moments) and not relative and all(len(moment) == 13 for moment in moments),
        detail(
            "log.expiry_is_absolute",
            key=SESSION,
            moments=str(len(moments)),
            times_to_live=str(relative),
        ),
    )


def start_made_the_same_data(
    evidence: Evidence, before: str = "before", after: str = "after"
) -> Verdict:
    """The data before and after a start have the same digest."""
    first, second = evidence.replies.get(before, ""), evidence.replies.get(after, "")
    return Verdict.of(
        first == second and first.strip("0") != "",
        detail(
            "log.start_made_the_same_data",
            digest_before=first[:8] or detail("word.of_some_data"),
            digest_after=second[:8] or detail("word.none"),
        ),
    )


def deadline_stands(evidence: Evidence) -> Verdict:
    """A key that lives for a while ends at the same moment as before the start."""
    before, after = (evidence.replies.get(n, "") for n in ("deadline", "deadline_after"))
    return Verdict.of(
        before == after and len(before) == 13,
        detail(
            "log.deadline_stands",
            moment_before=before or detail("word.none_asked"),
            moment_after=after or detail("word.none"),
        ),
    )


def growth_is_every_command(evidence: Evidence, count: int) -> Verdict:
    """Each of the commands is in the file, though all of them changed one number."""
    found = [c for c in _file(evidence).commands if VISITS.encode() in c[1:]]
    size = _growth(evidence)
    return Verdict.of(
        len(found) == count and size >= count * 20,
        detail(
            "log.growth_is_every_command",
            due_commands=str(count),
            key=VISITS,
            found_commands=str(len(found)),
            grown_bytes=size,
        ),
    )


def half_a_command_was_cut(evidence: Evidence, cut: int) -> Verdict:
    """A start has cut the half command off the file, and nothing before it."""
    diary, start, found = evidence.of(Diary), _last_start(evidence), _file(evidence)
    left = diary.torn_bytes - cut
    return Verdict.of(
        start is not None and start.truncated_bytes == left > 0 and found.whole == found.size,
        detail(
            "log.half_a_command_was_cut",
            torn_bytes=str(left),
            cut_bytes=str(start.truncated_bytes if start else 0),
            bytes_behind=str(found.size - found.whole),
        ),
    )


def start_was_refused(evidence: Evidence) -> Verdict:
    """With aof-load-truncated no the engine did not start, and said where the file breaks off."""
    refusal = evidence.of(Diary).refusal
    text = refusal.text if refusal else ""
    return Verdict.of(
        "Unexpected end of file" in text,
        detail("log.start_was_refused", refusal=text or detail("word.none")),
    )


def only_the_log_counts(evidence: Evidence) -> Verdict:
    """A start loads the dump or the log, never both: over a dump, with no log, it is empty."""
    starts = evidence.of(Diary).starts
    keys = [start.keys for start in starts]
    files = [start.source_file.rpartition(".")[2] for start in starts]
    population = evidence.populate
    return Verdict.of(
        keys == [population, 0, population, population] and files == ["rdb", "", "rdb", "aof"],
        detail(
            "log.only_the_log_counts",
            population=str(population),
            keys=", ".join(map(str, keys)),
            files=", ".join(file or detail("word.none") for file in files),
        ),
    )


GATHERERS = (Diary,)
CHECKS = {
    "log_is_whole": log_is_whole,
    "only_changes_are_written": only_changes_are_written,
    "expiry_is_absolute": expiry_is_absolute,
    "start_made_the_same_data": start_made_the_same_data,
    "deadline_stands": deadline_stands,
    "growth_is_every_command": growth_is_every_command,
    "half_a_command_was_cut": half_a_command_was_cut,
    "start_was_refused": start_was_refused,
    "only_the_log_counts": only_the_log_counts,
}
