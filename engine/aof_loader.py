"""Loading the AOF: the base, then every increment, each command executed again.

A file may end in the middle of a command or of a MULTI ... EXEC: the power went while it was
written. With aof-load-truncated such a tail of the *last* file is cut off, so that appending goes
on at a clean end; this is the only change that loading makes. Unlike for Redis, a file is also the
last if those behind it are empty: a rewrite that could not begin may leave such. Anything else that
is not as it should be ends the start, with the file left alone. Source: Redis 7.0.15, aof.c.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from itertools import islice
from typing import NoReturn

import msgspec

from engine.aof_folder import AofFolder
from engine.aof_format import FormatError, PieceParser, parse_strict
from engine.burst import text_of
from engine.disk import ALTER, READ, Disk
from engine.errors import CorruptFileError, EngineError
from engine.manifest import Manifest, ManifestFile

_PIECE = 32 << 10
"""Bytes parsed at a time: what is small stays in the processor's cache."""

_TRANSACTIONS = frozenset({b"MULTI", b"EXEC", b"DISCARD"})
_FORMAT_ADVICE = (
    "make a backup of your AOF file, then use ./redis-check-aof --fix <filename.manifest>"
)
_RESTORE = "Restore the file from a backup"
_TRUNCATED_ADVICE = (
    "1) Make a backup of your AOF file, then use ./redis-check-aof --fix <filename.manifest>. "
    "2) Alternatively you can set the 'aof-load-truncated' configuration option to yes and "
    "restart the server."
)


class RefusedCommandError(EngineError):
    """`execute` could not execute the command at `index` of those it was given."""

    def __init__(self, index: int, what: str, advice: str) -> None:
        super().__init__(what)
        self.index = index
        self.advice = advice
        self.batch_at = 0
        """Offset of the piece of the file that has the command (the MULTI of a transaction)."""


class LoadResult(msgspec.Struct, frozen=True):
    """What loading did."""

    file: str
    """The last file of the manifest, on which the server goes on; empty if there is none."""
    commands: int
    truncated_bytes: int
    usec: int


class Loader:
    """Loads the files of one manifest; use it once."""

    def __init__(
        self,
        disk: Disk,
        folder: AofFolder,
        log: Callable[[str, str], None],
        execute: Callable[[Sequence[list[bytes]]], None],
        *,
        is_command: Callable[[bytes], bool],
        load_rdb: Callable[[str], int],
        truncated_ok: bool = True,
    ) -> None:
        """`execute` runs commands in order, SELECT among them; their errors are its own to log.
        One that it can't execute is a RefusedCommandError.

        It never sees MULTI, EXEC or DISCARD: a transaction comes as a whole or not at all.
        `is_command` knows a name in any case. `load_rdb` loads the dump that a file begins with
        and answers the offset at which it ends. `truncated_ok` is aof-load-truncated.
        """
        self._disk = disk
        self._folder = folder
        self._log = log
        self._execute = execute
        self._is_command = is_command
        self._load_rdb = load_rdb
        self._truncated_ok = truncated_ok
        self._parser = PieceParser()
        self._commands = 0
        self._plain: set[bytes] = set()  # names that were looked up: no part of a transaction
        self._transaction: list[list[bytes]] | None = None
        self._multi_at = (0, 0)  # offset of the batch with the open MULTI, its index in there

    def load(self, manifest: Manifest) -> LoadResult:
        """Load everything; raises EngineError (CorruptFileError): the server must not start."""
        began = time.perf_counter_ns()
        files = manifest.files
        sizes = [self._size(file) for file in files]
        truncated = 0
        last = max((number for number, size in enumerate(sizes) if size), default=0)
        for number, (file, size) in enumerate(zip(files, sizes, strict=True)):
            if size:
                truncated = self._load_file(file, size, last=number == last)
        if any(sizes):
            self._log("*", f"DB loaded from append only file: {_seconds_since(began):.3f} seconds")
        usec = (time.perf_counter_ns() - began) // 1000
        return LoadResult(files[-1].name if files else "", self._commands, truncated, usec)

    def _size(self, file: ManifestFile) -> int:
        try:
            return self._disk.size(self._folder.path(file))
        except OSError as err:
            raise EngineError(
                f"Unable to obtain the AOF file {self._folder.path(file)} length. stat: "
                f"{err.strerror}. The manifest lists it: restore the file, or the manifest, from "
                "a backup."
            ) from err

    def _load_file(self, file: ManifestFile, size: int, *, last: bool) -> int:
        """Bytes that were cut off its end."""
        began = time.perf_counter_ns()
        try:
            fd = self._disk.open(self._folder.path(file), READ)
        except OSError as err:
            raise EngineError(
                f"Fatal error: can't open the append log file {self._folder.path(file)} for "
                f"reading: {err.strerror}. This user must be able to read and write it."
            ) from err
        try:
            valid = self._replay(fd, file)
            if self._transaction is not None:
                self._log("#", f"Revert incomplete MULTI/EXEC transaction in AOF file {file.name}")
                valid = self._start_of(fd, *self._multi_at)
                self._transaction = None
        except RefusedCommandError as err:
            self._corrupt(file, self._start_of(fd, err.batch_at, err.index), str(err), err.advice)
        except OSError as err:
            raise EngineError(
                f"Unrecoverable error reading the append only file {self._folder.path(file)}: "
                f"{err.strerror}. {_RESTORE}."
            ) from err
        finally:
            self._disk.close(fd)
        if valid < size:
            self._truncate(file, valid, last=last)
        kind = "base" if file.type == "b" else "incr"
        if file.name != self._folder.prefix or kind == "base":
            self._log(
                "*",
                f"DB loaded from {kind} file {file.name}: {_seconds_since(began):.3f} seconds",
            )
        return size - valid

    # one file

    def _replay(self, fd: int, file: ManifestFile) -> int:
        """Execute every complete command; the offset after the last."""
        offset = self._replay_rdb(fd, file)
        rest = b""
        while True:
            more = self._disk.read(fd, max(_PIECE, len(rest)))
            rest += more
            # Cut where a command seems to begin; a value may look so, too: then parse_fast refuses.
            cut = rest.rfind(b"\r\n*") + 2 if more else len(rest)
            if cut > 1:
                used = self._replay_piece(rest[:cut], offset, file)
                offset += used
                rest = rest[used:]
            if not more:
                return offset

    def _replay_rdb(self, fd: int, file: ManifestFile) -> int:
        """Load the dump that a base, or a file of Redis 4 to 6, begins with; where it ends."""
        end = 0
        if self._disk.read(fd, 5) == b"REDIS":
            old_style = file.name == self._folder.prefix
            kind = "preamble from AOF file" if old_style else "base file on AOF loading"
            self._log("*", f"Reading RDB {kind}...")
            try:
                end = self._load_rdb(self._folder.path(file))
            except CorruptFileError:
                what = "preamble of the AOF" if old_style else "base"
                self._log(
                    "#", f"Error reading the RDB {what} file {file.name}, AOF loading aborted"
                )
                raise
            if old_style:
                self._log("*", "Reading the remaining AOF tail...")
        self._disk.seek(fd, end)
        return end

    def _replay_piece(self, piece: bytes, offset: int, file: ManifestFile) -> int:
        """Execute the complete commands of `piece`; how many bytes they are."""
        used = len(piece)
        commands = self._parser.parse(piece)
        if commands is None:
            commands, used = [], 0
            try:
                for argv, _, used in parse_strict(piece):  # noqa: B007
                    if argv:
                        commands.append(argv)
            except FormatError as err:
                self._log(
                    "#",
                    f"Bad file format reading the append only file {file.name}: {_FORMAT_ADVICE}",
                )
                self._corrupt(
                    file,
                    offset + err.offset,
                    f"Bad file format reading the append only file ({err.what})",
                    f"Make a backup, then try redis-check-aof --fix {self._folder.manifest_path}",
                )
        if self._is_plain(commands, piece, offset, file) and self._transaction is None:
            self._run(commands, offset, 0)
        else:
            self._run_transactions(commands, offset)
        return used

    def _is_plain(
        self, commands: list[list[bytes]], piece: bytes, offset: int, file: ManifestFile
    ) -> bool:
        """Whether no command begins or ends a transaction; raises for one that is unknown."""
        plain = True
        for name in {argv[0] for argv in commands} - self._plain:
            if name.upper() in _TRANSACTIONS:
                plain = False
            elif self._is_command(name):
                self._plain.add(name)
            else:
                start = next(at for argv, at, _ in parse_strict(piece) if argv[:1] == [name])
                what = f"Unknown command '{text_of(name)}' reading the append only file"
                self._log("#", f"{what} {file.name}")
                self._corrupt(
                    file,
                    offset + start,
                    what,
                    "This engine does not have it: load the file with the server that wrote it, or "
                    "restore an older one",
                )
        return plain

    def _run(self, commands: list[list[bytes]], batch_at: int, first: int | None = None) -> None:
        """Execute them; the first is command number `first` of the piece at `batch_at`.

        Without `first` they are the transaction that began at `_multi_at`.
        """
        self._commands += len(commands)
        if not commands:
            return
        try:
            self._execute(commands)
        except RefusedCommandError as err:
            if first is None:
                err.batch_at, err.index = self._multi_at
            else:
                err.batch_at, err.index = batch_at, first + err.index
            raise

    def _run_transactions(self, commands: list[list[bytes]], offset: int) -> None:
        for index, argv in enumerate(commands):
            name = argv[0].upper()
            if name == b"MULTI" and self._transaction is None:
                self._transaction = []
                self._multi_at = (offset, index)
            elif name in _TRANSACTIONS and (name == b"MULTI" or self._transaction is None):
                self._log("#", f"{name.decode()} at the wrong place in the AOF is ignored")
            elif name in _TRANSACTIONS:
                queued, self._transaction = self._transaction or [], None
                self._run(queued if name == b"EXEC" else [], offset)
            elif self._transaction is not None:
                self._transaction.append(argv)
            else:
                self._run([argv], offset, index)

    # its end

    def _start_of(self, fd: int, batch_at: int, index: int) -> int:
        """Where command number `index` of the piece at `batch_at` begins."""
        self._disk.seek(fd, batch_at)
        data = b""
        while more := self._disk.read(fd, max(_PIECE, len(data))):
            data += more
            starts = (start for argv, start, _ in parse_strict(data) if argv)
            if (start := next(islice(starts, index, None), None)) is not None:
                return batch_at + start
        raise EngineError("the append only file became shorter while it was loaded")

    def _truncate(self, file: ManifestFile, valid: int, *, last: bool) -> None:
        if not self._truncated_ok:
            self._log(
                "#",
                f"Unexpected end of file reading the append only file {file.name}. You can: "
                f"{_TRUNCATED_ADVICE}",
            )
            self._corrupt(
                file,
                valid,
                "Unexpected end of file reading the append only file",
                "Start with --aof-load-truncated yes, which cuts the file there; or make a backup, "
                f"then redis-check-aof --fix {self._folder.manifest_path}",
            )
        self._log("#", f"!!! Warning: short read while loading the AOF file {file.name}!!!")
        if not last:
            what = "the truncated file is not the last file"
            self._log("#", f"Fatal error: {what}")
            self._corrupt(file, valid, f"Unexpected end of file: {what}", _RESTORE)
        self._log("#", f"!!! Truncating the AOF {file.name} at offset {valid} !!!")
        try:
            fd = self._disk.open(self._folder.path(file), ALTER)
            try:
                self._disk.ftruncate(fd, valid)
                self._disk.fdatasync(fd)
            finally:
                self._disk.close(fd)
        except OSError as err:
            raise EngineError(
                f"Error truncating the AOF file {self._folder.path(file)} at offset {valid}: "
                f"{err.strerror}. This user must be able to write it."
            ) from err
        self._log("#", f"AOF {file.name} loaded anyway because aof-load-truncated is enabled")

    def _corrupt(self, file: ManifestFile, offset: int, what: str, advice: str) -> NoReturn:
        raise CorruptFileError(self._folder.path(file), offset, what, advice)


def _seconds_since(began: int) -> float:
    return (time.perf_counter_ns() - began) / 1e9
