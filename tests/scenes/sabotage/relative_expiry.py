"""An engine that logs SET with EX as it came: each replay gives the key its time anew."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    from engine import serve
    from engine.server import Server

    real = Server.propagate

    def as_it_came(self, db, commands, wire=b""):  # type: ignore[no-untyped-def]
        asked = [
            [*argv[: argv.index(b"PXAT")], b"EX", b"86400"] if b"PXAT" in argv else argv
            for argv in commands
        ]
        real(self, db, asked, wire if asked == commands else b"")

    Server.propagate = as_it_came  # type: ignore[method-assign]
    sys.exit(serve.main(sys.argv[1:]))
