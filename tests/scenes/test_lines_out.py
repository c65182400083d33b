from __future__ import annotations

import io
import os
import threading

from scenes.lines_out import LinesOut


def test_lines_come_out_in_order() -> None:
    out = io.StringIO()
    lines = LinesOut(out)
    for number in range(100):
        lines.write(str(number))
    lines.close()
    assert out.getvalue().split() == [str(number) for number in range(100)]


def test_a_reader_that_does_not_read_makes_nobody_wait() -> None:
    read_end, write_end = os.pipe()
    with os.fdopen(write_end, "w", encoding="utf-8") as out, os.fdopen(read_end, "rb") as back:
        lines = LinesOut(out)
        for _ in range(1000):
            lines.write("é" * 200)  # far more than a pipe holds
        reader = threading.Thread(target=lambda: back.read(1000 * 401))
        reader.start()
        lines.close()
        reader.join()
        assert not lines.deserted


def test_a_reader_that_left_is_noticed() -> None:
    left = threading.Event()
    read_end, write_end = os.pipe()
    os.close(read_end)
    with os.fdopen(write_end, "w") as out:
        lines = LinesOut(out, left.set)
        lines.write("x")
        assert left.wait(5)
        lines.write("y")
        lines.close()
        assert lines.deserted
