"""Every truncation and every flip of a small AOF: a prefix, one changed record, or an error.

What is asked of a flip: the file is refused with its name and an offset that is not before the
record that was hit; or it is cut there, where aof-load-truncated allows it, as if the power had
gone; or it is loaded, and no record but that one is another than before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import pytest

from engine.aof_folder import AofFolder
from engine.aof_format import encode
from engine.aof_loader import Loader, LoadResult
from engine.errors import CorruptFileError
from engine.manifest import Manifest, ManifestFile
from engine.replay import Replay
from tests.engine.commands.offline import OfflineServer
from tests.engine.damage import cuts, flips
from tests.engine.fake_disk import FakeDisk

ONE = ManifestFile("appendonly.aof.1.incr.aof", 1, "i")
PATH = f"data/appendonlydir/{ONE.name}"

RECORDS: list[tuple[str, bytes]] = [
    ("#", b"#TS:1700000000\r\n"),
    *(
        (line.split()[0], encode([word.encode() for word in line.split()]))
        for line in (
            "SELECT 0",
            "SET user:1 alice",
            "RPUSH l a bb 333",
            "MULTI",
            "HSET h f 1",
            "INCR n",
            "EXEC",
            "SELECT 9",
            "PEXPIREAT user:1 4000000000000",
            "ZADD z 1.5 m",
        )
    ),
    ("SET", encode([b"SET", b"trap", b"x\r\n*1\r\n$8\r\nFLUSHALL\r\n#TS:\n"])),
    ("DEL", encode([b"DEL", b"l"])),
]
AOF = b"".join(record for _, record in RECORDS)
STARTS = [sum(len(record) for _, record in RECORDS[:number]) for number in range(len(RECORDS) + 1)]
MULTI, EXEC = (
    next(n for n, (name, _) in enumerate(RECORDS) if name == w) for w in ("MULTI", "EXEC")
)
CUT_TO = [STARTS[MULTI] if MULTI < number <= EXEC else start for number, start in enumerate(STARTS)]
"""Where a file is cut whose end lies in record number so-and-so: never inside a transaction."""


def commands_of(data: bytes) -> list[list[bytes]]:
    """What the engine should execute of a whole number of records."""
    whole = zip(RECORDS, pairwise(STARTS), strict=False)
    return [
        argv_of(record)
        for (name, record), (_, end) in whole
        if end <= len(data) and name not in ("#", "MULTI", "EXEC")
    ]


def argv_of(record: bytes) -> list[bytes]:
    argv, rest = [], record[record.index(b"\n") + 1 :]
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        argv.append(rest[: int(size[1:])])
        rest = rest[int(size[1:]) + 2 :]
    return argv


class Trial:
    """Loads one file after the other into one real keyspace."""

    def __init__(self) -> None:
        self.server = OfflineServer(pages=64)
        self.executed: list[list[bytes]] = []
        self.left = b""

    def load(self, data: bytes, *, truncated_ok: bool = True) -> LoadResult:
        """Raises what loading raises; what the file then is stands in `left`."""
        self.server.keyspace.flush()
        self.executed = []
        disk = FakeDisk("data", "data/appendonlydir")
        disk.put(PATH, data)
        replay = Replay(self.server)  # type: ignore[arg-type]

        def execute(commands: Sequence[list[bytes]]) -> None:
            self.executed += commands
            replay.execute(commands)

        loader = Loader(
            disk,
            AofFolder(disk, "data", self.server.log),
            self.server.log,
            execute,
            is_command=replay.is_command,
            load_rdb=lambda path: pytest.fail("there is no dump in it"),
            truncated_ok=truncated_ok,
        )
        try:
            return loader.load(Manifest(None, (), (ONE,)))
        finally:
            self.left = disk.content(PATH)


def test_the_whole_file_is_loaded() -> None:
    trial = Trial()
    trial.load(AOF)
    assert trial.executed == commands_of(AOF) and len(trial.executed) == 10
    assert trial.left == AOF


def test_every_truncation_loads_the_whole_records_before_it() -> None:
    trial = Trial()
    for data in cuts(AOF):
        record = max(number for number, start in enumerate(STARTS) if start <= len(data))
        end = CUT_TO[record]
        result = trial.load(data)
        assert trial.executed == commands_of(data[:end])
        assert (trial.left, result.truncated_bytes) == (data[:end], len(data) - end)
        if end < len(data):
            with pytest.raises(CorruptFileError) as refused:
                trial.load(data, truncated_ok=False)
            assert (refused.value.path, refused.value.offset) == (PATH, end)
            assert trial.left == data


def test_every_flip_changes_its_record_only_or_is_told() -> None:
    trial = Trial()
    told: Counter[str] = Counter()
    for at, data in flips(AOF):
        record = max(number for number, start in enumerate(STARTS) if start <= at)
        try:
            result = trial.load(data)
        except CorruptFileError as error:
            told["refused"] += 1
            assert error.path == PATH and PATH in str(error) and "\n" not in str(error)
            assert STARTS[record] <= error.offset <= len(AOF), (at, str(error))
            assert trial.left == data
            continue
        if result.truncated_bytes:
            told["cut"] += 1
            end = CUT_TO[record]
            assert trial.left == data[:end], at
            assert trial.executed == commands_of(AOF[:end])
            with pytest.raises(CorruptFileError):
                trial.load(data, truncated_ok=False)
            continue
        told["loaded"] += 1
        assert trial.left == data
        before, after = commands_of(AOF), commands_of(AOF[: STARTS[record]])
        assert len(trial.executed) == len(before), at
        others = [n for n, argv in enumerate(trial.executed) if argv != before[n]]
        assert others in ([], [len(after)]), (at, others)
    assert told["refused"] > 1000 and told["loaded"] > 500 and told["cut"] > 5, told
