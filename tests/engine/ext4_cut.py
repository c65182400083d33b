"""A real power cut for the model to be held against: `python -m tests.engine.ext4_cut IMAGE ...`.

Runs in a mount namespace of its own, so that mount and loop device go with its last process. For
each seed: the calls on a mounted ext4, EXT4_IOC_SHUTDOWN without a flush of the log, unmount, mount
again with ordinary journal recovery, and what is left on standard output as JSON.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import struct
import subprocess
import sys

from engine.disk import Disk
from tests.engine.disk_history import Account, contents, random_calls

CANNOT_MOUNT = 77
"""Exit status where the machine does not let us."""
_SHUTDOWN, _NOLOGFLUSH = 0x8004587D, 2


def _mount(image: str, place: str) -> None:
    done = subprocess.run(
        ["mount", "-o", "loop", image, place], capture_output=True, text=True, check=False
    )
    if done.returncode:
        print(done.stderr.strip() or "mount failed", file=sys.stderr)
        sys.exit(CANNOT_MOUNT)


def _sync_folder(path: str) -> None:
    """Not sync(2): that reaches every file system, those that other tests cut off included."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _cut(place: str) -> None:
    fd = os.open(place, os.O_RDONLY)
    try:
        fcntl.ioctl(fd, _SHUTDOWN, struct.pack("I", _NOLOGFLUSH))
    finally:
        os.close(fd)
    subprocess.run(["umount", place], check=True)


def main(image: str, place: str, count: str, *seeds: str) -> None:
    left = {}
    _mount(image, place)
    for seed in seeds:
        root = os.path.join(place, seed)
        os.mkdir(root)
        _sync_folder(place)
        Account(Disk(), root).run(random_calls(int(seed), int(count), truncating=True))
        _cut(place)
        _mount(image, place)
        left[seed] = {
            name: base64.b64encode(data).decode() for name, data in contents(root).items()
        }
    subprocess.run(["umount", place], check=True)
    print(json.dumps(left))


if __name__ == "__main__":
    main(*sys.argv[1:])
