"""An engine whose save points fire when the seconds are reached, not when they have passed."""

from __future__ import annotations

import sys

if __name__ == "__main__":
    from engine import save_points, serve

    real = save_points.due

    def at_once(points, *, now, **facts):  # type: ignore[no-untyped-def]
        return real(points, now=now + 1, **facts)

    save_points.due = at_once  # type: ignore[assignment]
    sys.exit(serve.main(sys.argv[1:]))
