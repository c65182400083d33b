"""Copies since an answer, where evidence does not arrive in the order in which it happened."""

from __future__ import annotations

from engine import events
from scenes.evidence import Evidence


def written(page: int, at: float) -> events.Command:
    return events.Command(client="c", argv=["SET"], usec=1, dirty=1, pages=[(page, "k")], at=at)


def read(*copied: int, at: float) -> events.Pages:
    return events.Pages(
        child=11, shared=4, copied=len(copied), new=0, free=0, at=at,
        newly_copied=[(page, page) for page in copied],
    )  # fmt: skip


def gathered(*stream: events.Event) -> Evidence:
    evidence = Evidence()
    fork = events.Fork(pid=1, child=11, usec=1, purpose="rdb", page_table_kb=1, at=1.0)
    evidence.held = bytearray(b"\1" * 4)
    for event in (fork, *stream):
        evidence.add(event)
    return evidence


def test_a_copy_before_the_answer_that_is_read_after_it_is_no_news() -> None:
    answer = events.Answer(id="q", choice=0, at=3.0)
    evidence = gathered(written(2, 2.0), answer, written(2, 4.0), read(2, at=5.0))
    assert evidence.since_answer.copied == 0
    assert evidence.snapshot is not None and evidence.snapshot.copied_times == {2: 1}


def test_a_copy_after_the_answer_counts_also_where_an_older_one_is_read_with_it() -> None:
    answer = events.Answer(id="q", choice=0, at=3.0)
    evidence = gathered(written(2, 2.0), answer, written(1, 4.0), read(1, 2, at=5.0))
    assert evidence.since_answer.copied == 1


def test_what_was_read_before_the_answer_is_owed_no_more() -> None:
    answer = events.Answer(id="q", choice=0, at=4.0)
    evidence = gathered(written(2, 2.0), read(at=3.0), answer, read(2, at=5.0))
    assert evidence.since_answer.copied == 1
