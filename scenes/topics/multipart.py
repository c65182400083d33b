"""The multi-part AOF: which file is appended to, what the manifest lists, what it costs."""

from __future__ import annotations

from collections.abc import Callable

from engine.events import AofAppend, AofFile, AofWrite, Event, Fork, Rewrite, State
from scenes.evidence import Evidence
from scenes.gathered.rewrites import Rewrites, Rewritten
from scenes.rewrite_view import COLLECTS
from scenes.sayings import detail
from scenes.topics.rewrite_pipes import busiest
from scenes.verdict import Verdict

LISTED = ("base", "history", "increment")


class Parts:
    """The files of one engine's folder, as it told of them."""

    def __init__(self) -> None:
        self.engine = ""
        self.files: list[AofFile] = []
        self.at_fork: list[AofFile] = []
        """When the last child was there."""
        self.file = ""
        """Appended to."""
        self.before = ""
        """The same when the last rewrite began."""
        self.since_fork: set[str] = set()
        """Files appended to since the last fork."""
        self.written: dict[str, int] = {}
        """File -> how far write(2) has come, as the engine tells."""
        self.bases: dict[str, int] = {}
        """Kind of base (`rdb`, `aof`) -> bytes, as installed last."""
        self.removed: list[AofFile] = []
        """History that the last rewrite has deleted."""
        self._running = False

    def add(self, event: Event) -> None:
        """Take one event of the first engine in."""
        self.engine = self.engine or event.engine
        if event.engine != self.engine:
            return
        match event:
            case State():
                self.files, self.file = list(event.aof_files), event.aof_file
            case Rewrite():
                self._stage(event)
            case Fork(purpose="aof"):
                self.since_fork = set()
            case AofAppend():
                self.file = event.file
                self.since_fork.add(event.file)
            case AofWrite():
                self.written[event.file] = event.end
            case _:
                pass

    def _stage(self, event: Rewrite) -> None:
        if not self._running and event.stage not in COLLECTS:
            self._running, self.before, self.removed = True, self.file, []
        if event.file:
            self.file = event.file
        if event.stage == "remove-files":
            names = {file.name for file in event.files}
            self.removed = [file for file in self.files if file.name not in names]
        if event.files:
            self.files = list(event.files)
        if event.stage == "fork":
            self.at_fork = self.files
        if event.stage == "install-base":
            self.bases.update({_kind(f): f.bytes for f in self.files if f.role == "unlisted"})
        if event.stage in ("finished", "failed"):
            self._running = False

    def of(self, role: str) -> list[AofFile]:
        """The files with a role, in the order of the manifest."""
        return [file for file in self.files if file.role == role]


def _kind(file: AofFile) -> str:
    return file.name.rpartition(".")[2]


# -- measures ------------------------------------------------------------------------------------


def _goes_on_in(evidence: Evidence) -> str | None:
    """Where writes go while the child works."""
    parts, rewrite = evidence.of(Parts), evidence.of(Rewrites).last
    if rewrite is None or not parts.since_fork:
        return None
    if rewrite.sent or rewrite.buffered:
        return "both"
    return "old" if parts.before in parts.since_fork else "new"


def _left_percent(evidence: Evidence) -> int | None:
    """What the parent appended to the new files by itself, in percent of the diff."""
    one = busiest(evidence)
    return -(-one.residual * 100 // one.diff) if one.diff and one.finished else None


def disk_bytes(one: Rewritten) -> int:
    """Bytes written to disk for one rewrite and what was written meanwhile."""
    return one.diff + (one.new_bytes or one.child_bytes)


def _disk_percent(evidence: Evidence) -> int | None:
    """The bytes that the pipes took, in percent of those of the parts."""
    own, other = disk_bytes(busiest(evidence)), disk_bytes(busiest(evidence.engine("pipes")))
    return other * 100 // own if own and other else None


def _resp_percent(evidence: Evidence) -> int | None:
    """The base as commands, in percent of the base as a dump."""
    bases = evidence.of(Parts).bases
    return bases["aof"] * 100 // bases["rdb"] if bases.get("rdb") and "aof" in bases else None


def _bytes(role: str) -> Callable[[Evidence], int]:
    def measure(evidence: Evidence) -> int:
        parts = evidence.of(Parts)  # stat(2) is asked at each stage; between them files grow
        return sum(max(file.bytes, parts.written.get(file.name, 0)) for file in parts.of(role))

    return measure


MEASURES = {
    "mp_goes_on_in": _goes_on_in,
    "mp_before": lambda evidence: evidence.of(Parts).before or None,
    "mp_file": lambda evidence: evidence.of(Parts).file or None,
    "mp_base": lambda e: next((file.name for file in e.of(Parts).of("base")), None),
    "mp_base_bytes": _bytes("base"),
    "mp_increment_bytes": _bytes("increment"),
    "mp_increments": lambda evidence: len(evidence.of(Parts).of("increment")),
    "mp_history": lambda evidence: len(evidence.of(Parts).of("history")),
    "mp_listed": lambda e: sum(file.role in LISTED for file in e.of(Parts).files),
    "mp_removed": lambda evidence: len(evidence.of(Parts).removed),
    "mp_removed_bytes": lambda e: sum(file.bytes for file in e.of(Parts).removed),
    "mp_left_percent": _left_percent,
    "mp_disk": lambda evidence: disk_bytes(busiest(evidence)),
    "mp_disk_percent": _disk_percent,
    "mp_rdb_bytes": lambda evidence: evidence.of(Parts).bases.get("rdb"),
    "mp_resp_bytes": lambda evidence: evidence.of(Parts).bases.get("aof"),
    "mp_resp_percent": _resp_percent,
}


# -- checks --------------------------------------------------------------------------------------


def goes_on_in_new_increment(evidence: Evidence) -> Verdict:
    """After the fork all is appended to one new increment, listed at the fork; nothing is kept."""
    parts, rewrite = evidence.of(Parts), evidence.of(Rewrites).last
    if rewrite is None or not parts.since_fork:
        return Verdict.missed(detail("multipart.goes_on_in_new_increment_no_writes"))
    listed = [file.name for file in parts.at_fork if file.role == "increment"]
    return Verdict.of(
        len(listed) >= 2
        and parts.since_fork == {listed[-1]}
        and parts.before not in parts.since_fork
        and not (rewrite.sent or rewrite.buffered),
        detail(
            "multipart.goes_on_in_new_increment",
            increments=str(len(listed)),
            written_to=", ".join(sorted(parts.since_fork)),
            kept_bytes=rewrite.sent + rewrite.buffered,
        ),
    )


def manifest_lists(
    evidence: Evidence, bases: int = 1, increments: int = 1, history: int = 0
) -> Verdict:
    """The manifest on the disk lists so many bases, increments and history files."""
    parts = evidence.of(Parts)
    found = (len(parts.of("base")), len(parts.of("increment")), len(parts.of("history")))
    return Verdict.of(
        found == (bases, increments, history),
        detail(
            "multipart.manifest_lists",
            bases=str(bases),
            increments=str(increments),
            history=str(history),
            found_bases=str(found[0]),
            found_increments=str(found[1]),
            found_history=str(found[2]),
        ),
    )


def written_where_told(evidence: Evidence) -> Verdict:
    """The increment is as long as the engine says it has written: stat(2) is asked."""
    parts = evidence.of(Parts)
    increments = parts.of("increment")
    if not increments:
        return Verdict.missed(detail("multipart.written_where_told_no_increment"))
    last = increments[-1]
    told = parts.written.get(last.name, 0)
    least = 1 if told else 0
    return Verdict.of(
        least <= last.bytes <= told,
        detail(
            "multipart.written_where_told", file=last.name, told_bytes=told, file_bytes=last.bytes
        ),
    )


def base_installed(evidence: Evidence, kind: str = "rdb") -> Verdict:
    """The child's file is the base, of this kind; what it supersedes is deleted."""
    parts, one = evidence.of(Parts), evidence.of(Rewrites).last
    bases = parts.of("base")
    if one is None or not one.finished or len(bases) != 1:
        return Verdict.missed(detail("multipart.base_installed_not_one"))
    left = parts.of("history") + parts.of("unlisted") + parts.of("temporary")
    return Verdict.of(
        _kind(bases[0]) == kind and bases[0].bytes == one.child_bytes > 0 and not left,
        detail(
            "multipart.base_installed",
            kind=kind,
            child_bytes=one.child_bytes,
            base=bases[0].name,
            base_bytes=bases[0].bytes,
            left_over=str(len(left)),
        ),
    )


def parts_are_cheaper(evidence: Evidence) -> Verdict:
    """Nothing kept in memory and nothing written twice, where pipes did both."""
    mine, other = busiest(evidence), busiest(evidence.engine("pipes"))
    if not (mine.finished and other.finished):
        return Verdict.missed(detail("multipart.parts_are_cheaper_unfinished"))
    return Verdict.of(
        mine.most_buffered == mine.sent == mine.residual == 0 < other.most_buffered
        and disk_bytes(mine) == mine.diff + mine.child_bytes
        and disk_bytes(other) == 2 * other.diff + other.base_bytes
        and disk_bytes(other) > disk_bytes(mine),
        detail(
            "multipart.parts_are_cheaper",
            buffered=mine.most_buffered,
            disk_bytes=disk_bytes(mine),
            pipes_buffered=other.most_buffered,
            pipes_disk_bytes=disk_bytes(other),
        ),
    )


GATHERERS = (Parts,)
CHECKS = {
    "goes_on_in_new_increment": goes_on_in_new_increment,
    "manifest_lists": manifest_lists,
    "written_where_told": written_where_told,
    "base_installed": base_installed,
    "parts_are_cheaper": parts_are_cheaper,
}
