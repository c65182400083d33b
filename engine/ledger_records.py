"""What stands in a disk's ledger: one JSON line for what begins, one for what is done.

A call that changes names, or that syncs, has a line before it (with a token) and one after it.
Killed in between, it counts as begun: whether the kernel came to do it nobody knows, and it was
surely not completed. Paths are relative to the engine's `dir`; files are known by their inode
numbers, which stay theirs while the ledger holds a link to them.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from engine.errors import EngineError

VERSION = 1


class LedgerError(EngineError):
    """A ledger that cannot be used, or a disk that cannot be modelled; says what to do."""


class Record(msgspec.Struct, frozen=True, tag_field="do", omit_defaults=True):
    """One line."""


class Ledger(Record, frozen=True, tag="ledger"):
    """The first line: which folder this is about."""

    version: int
    directory: str


class Creating(Record, frozen=True, tag="creating"):
    """open(2) is about to make a file; `Opened` with the same token follows."""

    token: str
    path: str


class Opened(Record, frozen=True, tag="opened"):
    """A file was opened for writing."""

    path: str
    inode: int
    size: int = 0
    token: str = ""
    """Of the `Creating` before, where the file is new."""


class Cutting(Record, frozen=True, tag="cutting"):
    """The file is about to be cut from `held` bytes to `size`; the rest was copied to `kept`."""

    inode: int
    size: int
    held: int
    kept: str


class Syncing(Record, frozen=True, tag="syncing"):
    """fsync(2) or fdatasync(2) begins; the file has `size` bytes."""

    token: str
    inode: int
    size: int


class Renaming(Record, frozen=True, tag="renaming"):
    """rename(2) begins. `size`s are those of the two files, for who has not heard of them yet."""

    token: str
    old: str
    new: str
    inode: int
    size: int
    replaced: int = 0
    """The inode that has the new name so far, 0 if none has."""
    replaced_size: int = 0


class Unlinking(Record, frozen=True, tag="unlinking"):
    """unlink(2) begins."""

    token: str
    path: str
    inode: int
    size: int


class MakingFolder(Record, frozen=True, tag="making-folder"):
    """mkdir(2) begins."""

    token: str
    path: str


class SyncingFolder(Record, frozen=True, tag="syncing-folder"):
    """fsync(2) of a folder begins."""

    token: str
    path: str


class Done(Record, frozen=True, tag="done"):
    """The call has returned without an error."""

    token: str


class Failed(Record, frozen=True, tag="failed"):
    """The call has returned an error."""

    token: str


AnyRecord: TypeAlias = (
    Ledger
    | Creating
    | Opened
    | Cutting
    | Syncing
    | Renaming
    | Unlinking
    | MakingFolder
    | SyncingFolder
    | Done
    | Failed
)

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[AnyRecord] = msgspec.json.Decoder(AnyRecord)


def line(record: Record) -> bytes:
    """The record as a line."""
    return _encoder.encode(record) + b"\n"


def parse(data: bytes, name: str = "the ledger") -> list[AnyRecord]:
    """The records of a ledger; a last line without its end never counted. Raises LedgerError."""
    records: list[AnyRecord] = []
    for number, text in enumerate(data.split(b"\n")[:-1], 1):
        try:
            records.append(_decoder.decode(text))
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise LedgerError(
                f"{name}, line {number}: {error}. Begin with a new ledger."
            ) from error
    return records
