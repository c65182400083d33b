"""A file without a name, kept for as long as the object lives and no longer."""

from __future__ import annotations

import os
import tempfile
from typing import IO


class NamelessFile:
    """Holds a bare descriptor: a file object would be warned of where a cycle is collected."""

    def __init__(self) -> None:
        """Raises OSError where no file can be made."""
        self.fd = -1
        with tempfile.TemporaryFile(buffering=0) as file:
            self.fd = os.dup(file.fileno())

    def __del__(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)

    def opened(self) -> IO[bytes]:
        """A file object over it, from its start; closing that leaves this."""
        os.lseek(self.fd, 0, os.SEEK_SET)
        return os.fdopen(os.dup(self.fd), "r+b")
