"""The process that keeps a real disk: it lives in the private mount namespace and obeys.

`python -m scenes.lab.disk_keeper POINT BYTES`: orders are words on standard input (`watch PGID`,
`cut`, `again`), each answered by one line: `ok` and when it began, or `failed` and why. When the
input ends it kills the group that it was told to watch, and everything goes.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from time import monotonic

from scenes.lab import loop_disk


def main(point: str, size: int) -> int:
    """Make the disk, mount it on `point`, obey until nobody asks any more."""
    try:
        loop_disk.enter_private_namespace()
        image = loop_disk.nameless_image(os.path.dirname(point), size)
        device, path = loop_disk.attach(image)
        os.close(image)
        loop_disk.mount(path, point)
    except OSError as error:
        _answer(f"failed {error.strerror or error}")
        return 1
    _answer(f"ok {monotonic()}")
    group = 0
    for line in sys.stdin:
        order, _, argument = line.strip().partition(" ")
        began = monotonic()
        try:
            match order:
                case "watch":
                    group = int(argument)
                case "cut":
                    loop_disk.cut(point)
                case "again":
                    loop_disk.unmount(point)
                    loop_disk.mount(path, point)
        except OSError as error:
            _answer(f"failed {error.strerror or error}")
        else:
            _answer(f"ok {began}")
    if group:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(group, signal.SIGKILL)
    loop_disk.detach(point)
    os.close(device)
    return 0


def _answer(text: str) -> None:
    with contextlib.suppress(BrokenPipeError):
        print(text, flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever asked for the disk gives it up
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
