"""An engine that counts commands for changes: SADD of three members adds 1 to dirty."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    from engine import serve
    from engine.commands.table import COMMANDS

    spec = COMMANDS[b"SADD"]
    real = spec.handler

    def once(client, argv):  # type: ignore[no-untyped-def]
        before = client.server.keyspace.dirty
        reply = real(client, argv)
        client.server.keyspace.dirty = min(client.server.keyspace.dirty, before + 1)
        return reply

    spec.handler = once
    sys.exit(serve.main(sys.argv[1:]))
