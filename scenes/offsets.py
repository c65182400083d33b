"""How far the log of the engine has come, after each event: what a crash is reported with."""

from __future__ import annotations

from engine import events


class Offsets:
    """Bytes of the AOF that were appended, written and fsynced, as the events told them."""

    def __init__(self) -> None:
        self.appended = self.written = self.fsynced = 0
        self.file = ""
        """The AOF's last file, by its name."""

    def add(self, event: events.Event) -> None:
        """Take in an event; one that is not about the log changes nothing."""
        match event:
            case events.State():
                self.file = event.aof_file
                self._set(event.aof_appended, event.aof_written, event.aof_fsynced)
            case events.AofAppend():
                self.file, self.appended = event.file, event.end
            case events.AofWrite():
                self.appended, self.written = max(self.appended, event.end), event.end
            case events.AofFsync():
                self.fsynced = event.end
            case events.Rewrite(stage="switched"):
                self._set(event.bytes, event.bytes, 0)
            case events.Rewrite() if event.file:
                self._set(0, 0, 0)
            case _:
                pass

    def _set(self, appended: int, written: int, fsynced: int) -> None:
        self.appended, self.written, self.fsynced = appended, written, fsynced
