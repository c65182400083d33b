from __future__ import annotations

from pathlib import Path

from scenes.lab import aof_bytes, mend, numbered

SOUND = b"".join(numbered.encoded(number, 0) for number in range(6))


def test_zeros_behind_the_last_record_are_cut_off(tmp_path: Path) -> None:
    inside = tmp_path / "appendonlydir"
    inside.mkdir()
    (inside / "appendonly.aof.9.incr.aof").write_bytes(b"old")
    last = inside / "appendonly.aof.10.incr.aof"
    last.write_bytes(SOUND + bytes(100))
    assert aof_bytes.last_file(tmp_path) == last
    assert mend.cut_off_damage(tmp_path, "Bad file format") == 100
    assert last.read_bytes() == SOUND
    assert mend.cut_off_damage(tmp_path, "Bad file format") == 0


def test_the_offset_that_the_log_names_is_taken(tmp_path: Path) -> None:
    single = tmp_path / "appendonly.aof"
    single.write_bytes(b"REDIS0009 a base that this cannot read" + SOUND + bytes(9))
    assert mend.cut_off_damage(tmp_path, f"# {single} at offset 38: Bad file format") == (
        len(SOUND) + 9
    )


def test_a_torn_record_is_no_damage() -> None:
    assert mend.sound_bytes(SOUND[:-3]) == len(SOUND) - len(numbered.encoded(5, 0))
    assert mend.sound_bytes(SOUND + b"*1\r\n$3\r\nS\0\0\r\n") == len(SOUND)


def test_a_hole_is_named(tmp_path: Path) -> None:
    single = tmp_path / "appendonly.aof"
    single.write_bytes(SOUND)
    assert mend.zeros_in_it(tmp_path) == ""
    single.write_bytes(SOUND + bytes(147) + SOUND)
    assert mend.zeros_in_it(tmp_path) == (
        f"appendonly.aof has 147 zero bytes at offset {len(SOUND)}"
    )
