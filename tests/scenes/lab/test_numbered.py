from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from scenes.lab import numbered


@given(st.sets(st.integers(0, 10**9), min_size=1, max_size=8), st.integers(0, 20), st.data())
def test_only_whole_records_are_found(numbers: set[int], line: int, data: st.DataObject) -> None:
    order = sorted(numbers)
    records = [numbered.encoded(number, line) for number in order]
    whole = b"*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n" + b"".join(records)
    assert numbered.found_in(whole) == numbers
    assert numbered.last_record_in(whole) == (len(whole) - len(records[-1]), order[-1])
    cut = data.draw(st.integers(1, len(records[-1])))
    assert numbered.found_in(whole[:-cut]) == numbers - {order[-1]}
    if cut < len(records[-1]):
        assert numbered.last_record_in(whole[:-cut]) == (-1, -1)


def test_a_value_with_a_hole_is_no_record() -> None:
    record = bytearray(numbered.encoded(1234, 0))
    record[-20:-10] = bytes(10)
    assert numbered.found_in(bytes(record)) == set()
