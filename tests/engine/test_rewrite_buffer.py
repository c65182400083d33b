from __future__ import annotations

import random

from engine.rewrite_buffer import RewriteBuffer


def test_what_goes_in_comes_out_in_order() -> None:
    chance = random.Random(7)
    buffer = RewriteBuffer(block=100)
    put = b"".join(chance.randbytes(chance.randint(0, 250)) for _ in range(50))
    at = 0
    taken = b""
    while at < len(put) or buffer:
        piece = put[at : at + chance.randint(0, 250)]
        at += len(piece)
        buffer.append(piece)
        if buffer:
            head = buffer.head()[: chance.randint(1, 100)]
            buffer.take(len(head))
            taken += head
        assert len(buffer) == at - len(taken)
        assert taken + b"".join(buffer.blocks()) == put[:at]
    assert taken == put and buffer.block_count == 0


def test_blocks_are_filled_before_a_new_one_begins() -> None:
    buffer = RewriteBuffer(block=10)
    assert [buffer.append(b"x" * size) for size in (4, 6, 1, 25)] == [1, 0, 1, 2]
    assert [len(block) for block in buffer.blocks()] == [10, 10, 10, 6]
    buffer.clear()
    assert len(buffer) == 0 and buffer.append(b"y") == 1
