"""Panels as lines: what each says about a view."""

from typing import Any
from unittest import mock

import pytest
from msgspec.structs import replace
from textual.geometry import Size

from app.cards import CardPanel, card_lines, highlighted
from app.child_grid import ChildGrid, child_words
from app.crash_words import crash_lines
from app.details import details_lines
from app.gauge import bar, curve, gauge_lines, gauge_title
from app.glyphs import ASCII, DRAWN
from app.grid import PageGrid
from app.header import footer_line, header_lines, status_lines
from app.help import help_lines
from app.keys import footer
from app.lines import plain, texts, width
from app.log_panel import log_lines
from app.page_words import describe
from app.tail import countdown, tail_lines
from app.too_small import too_small
from app.words_panel import question_lines, words_and_answer
from engine import events
from engine.events import AnsweredBy
from scenes.actions import Action
from scenes.scene import Stage
from scenes.view import NEW, CowSample, CrashView, Lit, QuestionView, TailEntry, TailView, View
from tests.app.fake import FIRST, FakeDriver, story

DRIVER = FakeDriver()
VIEW = DRIVER.view
TAIL = TailView(
    enabled=True, file="a.aof", appended=300, written=200, fsynced=100, unsafe=2, fsyncs=1,
    last_fsync_at=10.0, last_fsync_usec=312, last_fsync_thread="bio", dirty_pages=1,
    entries=(
        TailEntry(0, 100, "SET a 1", 1, 1.0),
        TailEntry(100, 200, "SET b 值", 1, 2.0),
        TailEntry(200, 300, "SET c 3", 1, 3.0),
    ),
)  # fmt: skip


def test_the_gauge_names_both_witnesses_and_a_full_copy() -> None:
    lines = texts(gauge_lines(VIEW, DRAWN, 100, 4))
    assert "96 KiB smaps  " in lines[0] and "a full copy, modelled: 2,800 KiB" in lines[0]
    assert "96 KiB pagemap         = 24 copied pages of 4 KiB" in lines[1]
    assert "fork took 1.9 ms" in lines[1]
    assert "peak 96 KiB" in lines[-1]
    assert all(width(of) <= 100 for of in gauge_lines(VIEW, DRAWN, 100, 4))


def test_the_gauge_speaks_after_a_snapshot() -> None:
    assert VIEW.child is not None
    gone = replace(VIEW, child=replace(VIEW.child, alive=False, ended_at=VIEW.at))
    over = texts(gauge_lines(gone, DRAWN, 100, 3))
    assert "    0 KiB no child" in over[0] and "96 KiB smaps, 96 KiB pagemap (24 pages)" in over[1]
    assert "(over)" in gauge_title(gone)


def test_a_bar_shows_any_amount() -> None:
    assert plain(bar(1, 1_000_000, 12, ASCII, "text")) == "[|         ]"
    assert plain(bar(0, 100, 12, ASCII, "text")) == "[          ]"
    assert plain(bar(100, 100, 12, ASCII, "text")) == "[||||||||||]"


def test_the_curve_keeps_the_last_value_known() -> None:
    samples = (CowSample(0.2, 4, 4), CowSample(0.6, 8, 8))
    assert curve(samples, 0.0, 1.0, 5, 8) == [4, 4, 8, 8, 8]


def test_the_tail_puts_each_command_on_its_rung() -> None:
    lines = tail_lines(TAIL, DRAWN, 100, 7)
    words = texts(lines)
    assert "aof_buf  100 B" in words[0] and "page cache    100 B" in words[0]
    assert "acknowledged, not yet safe:    2 commands" in words[0]
    assert lines[1][1:4] == (("D", "disk"), ("C", "cache"), ("B", "buffer"))
    assert words[1].startswith("commands ") and words[1].endswith("DCB latest")
    assert words[-2].startswith("bytes ") and "100 on disk ═" in words[-2]
    assert words[2].startswith("  0 D *3↵$3↵SET↵$1↵a↵$1↵1↵")
    assert "312 µs background thread" in words[-1]
    assert "the kernel counted 1 dirty page after it" in words[-1]
    assert all(width(of) <= 100 for of in lines)


def test_each_merged_command_is_on_the_rung_that_its_own_end_has_reached() -> None:
    merged = TailEntry(0, 184, "SET a 1", 4, 1.0, ends=(46, 92, 138, 184))
    tail = replace(TAIL, fsynced=46, written=138, appended=184, entries=(merged,))
    words = texts(tail_lines(tail, DRAWN, 100, 7))
    assert words[1].endswith("DCCB latest") and "aof_buf   46 B" in words[0]
    assert "(1 D, 2 C, 1 B)" in words[2]
    known = replace(merged, ends=(138, 184))
    assert tail.rungs(known) == [("cache", 3), ("buffer", 1)], "never safer than is known"
    assert tail.rungs(replace(merged, ends=())) == [("buffer", 4)]
    assert tail.rungs(replace(merged, ends=(30, 40, 45, 46))) == [("disk", 4)]


def test_what_is_unsafe_has_its_unit_at_every_width() -> None:
    for cells, unit in ((118, "safe:   19 commands"), (88, "19 commands unsafe"),
                        (76, "19 cmds unsafe")):  # fmt: skip
        tail = replace(TAIL, unsafe=19, fsynced=48_310, written=49_000, appended=49_000)
        first = tail_lines(tail, DRAWN, cells, 7)[0]
        assert unit in plain(first) and width(first) <= cells


def test_a_dead_childs_pages_are_not_to_come() -> None:
    grid = ChildGrid()
    with (
        mock.patch.object(ChildGrid, "size", Size(60, 20)),
        mock.patch.object(ChildGrid, "glyphs", DRAWN),
    ):
        assert "to come   700" in " ".join(texts(grid.legend(VIEW)))
        assert VIEW.child is not None
        killed = replace(VIEW, child=replace(VIEW.child, alive=False, exit_signal=9))
        legend = " ".join(texts(grid.legend(killed)))
        assert "never written   700" in legend and "to come" not in legend


def test_a_long_notice_gets_a_second_row_and_a_small_terminal_its_size_first() -> None:
    stopped = (
        "Stopped; 0 starts again, or cowscope replay 04: step 'tail' waited 10 s for the event"
        " 'aof.append', which did not come"
    )
    rows = status_lines(stopped, "lost", 80)
    assert len(rows) == 2 and all(width(row) <= 80 for row in rows)
    assert " ".join(plain(row).strip() for row in rows) == stopped
    assert len(status_lines("short", "text", 80)) == len(status_lines("", "text", 80)) == 1
    assert width(status_lines(stopped * 3, "lost", 80)[1]) <= 80
    assert (too_small(20, 5) or "").startswith("80x24 needed")


def test_a_count_since_the_last_fsync_says_when_it_was_made() -> None:
    tail = replace(TAIL, policy="no", dirty_pages=7, dirty_at=38.0)
    for cells, said in ((100, " · the kernel counted 7 dirty pages 2 s ago"),
                        (76, " · 7 dirty pages 2 s ago")):  # fmt: skip
        last = tail_lines(tail, DRAWN, cells, 7, 40.0)[-1]
        assert plain(last).endswith(said) and "after it" not in plain(last)
        assert width(last) <= cells
    never = plain(tail_lines(replace(tail, fsyncs=0), DRAWN, 100, 7, 40.0)[-1])
    assert never.startswith("no fdatasync") and never.endswith("7 dirty pages 2 s ago")


def test_the_tail_claims_no_disk_where_there_is_none() -> None:
    assert (
        "no disk behind this file"
        in texts(tail_lines(replace(TAIL, has_disk=False), DRAWN, 120, 7))[-1]
    )


def test_a_card_keeps_its_lit_line_in_a_window_that_shrinks() -> None:
    card = CardPanel()
    for height, top in ((7, 0), (4, 4), (4, 0)):
        with mock.patch.object(CardPanel, "size", Size(60, height)):
            card._follow(6, 9)
        assert card.top == top
        card.top = 0  # the reader scrolls back: a window that stays leaves that alone


def test_the_countdown_follows_the_policy() -> None:
    assert countdown(TAIL, 10.4, ASCII) == "next fsync in 0.6 s [||||      ]"
    assert "within a second" in countdown(TAIL, None, ASCII)
    assert "nothing waits" in countdown(replace(TAIL, fsynced=300), 10.4, ASCII)
    assert "kernel decides" in countdown(replace(TAIL, policy="no"), 10.4, ASCII)
    assert "before each reply" in countdown(replace(TAIL, policy="always"), 10.4, ASCII)


def test_a_page_is_named_with_what_copied_it() -> None:
    page = next(n for n, note in VIEW.notes.items() if note.copied_at)
    words = texts(describe(VIEW, range(page, page + 1), page))
    assert words[0] == f"page {page} copied: user:{page - FIRST}"
    assert words[1].startswith("copied ") and "s after the fork by SET" in words[1]
    together = texts(describe(VIEW, range(page - 1, page + 2), page))
    assert together[1].startswith(f"page {page} copied ") and "after the fork by SET" in together[1]
    several = texts(describe(VIEW, range(FIRST, FIRST + 8), FIRST))
    assert several[0].startswith(f"pages {FIRST}-{FIRST + 7}:") and "shared" in several[0]


def test_the_past_names_a_page_as_it_was() -> None:
    driver = FakeDriver()
    fork = next(mark for mark in driver.marks if mark.kind == "fork")
    driver.seek(fork.index + 2)
    page = next(n for n, note in VIEW.notes.items() if note.copied_at)
    assert "shared" in texts(describe(driver.view, range(page, page + 1), page))[0]


def test_cards_light_the_line_that_ran() -> None:
    card = next(card for card in DRIVER.scene.cards if card.name == "kernel.pageWrite")
    lines = card_lines(card, Lit(5, 1.0, 1, "modelled"), VIEW, DRIVER.text, DRAWN, 60)
    lit = [plain(of) for of in lines if of and of[-1][1] == "lit"]
    assert len(lit) == 1 and lit[0].startswith("► 5") and "mark_copied" in lit[0]
    assert any(plain(of).startswith("※ line 3: Corrected") for of in lines)


def test_code_is_told_apart_without_losing_a_letter() -> None:
    code = 'if name == "a#b":  # why'
    spans = highlighted(code)
    assert "".join(text for text, _ in spans) == code
    assert ('"a#b"', "string") in spans and ("# why", "comment") in spans


def test_a_question_is_first_predicted_then_revealed() -> None:
    stage = next(stage for stage in DRIVER.scene.stages if stage.question)
    assert stage.question is not None
    choices = ("none", "one", "twenty")

    def shown(chosen: int, right: int, by: AnsweredBy = "") -> str:
        asked = QuestionView(stage.question.id, choices, right, chosen, by)  # type: ignore[union-attr]
        return "\n".join(texts(question_lines(stage.question, asked, DRIVER.text, DRAWN, 60)))  # type: ignore[arg-type]

    assert "1 to 3: predict" in shown(-1, -1)
    assert "Measured" not in shown(1, -1) and "(your answer)" in shown(1, -1)
    assert "space" not in shown(1, -1), "space is refused while it happens"
    assert "► 1)" in shown(1, 0) and "Measured:" in shown(1, 0)
    assert "(your answer: right)" in shown(0, 0)
    assert "(your earlier answer: right)" in shown(0, 0, "earlier")
    assert "(the script's answer)" in shown(1, 0, "script")
    assert "► " not in shown(-1, 0), "nothing is revealed before the learner has predicted"


def test_words_open_with_previously_and_close_with_what_to_take_away() -> None:
    scene = DRIVER.scene
    opening = "\n".join(
        texts(words_and_answer(scene, scene.stages[0], VIEW, DRIVER.text, DRAWN, 48)[0])
    )
    last = scene.stages[-1]
    assert last.question is not None
    answered = QuestionView(last.question.id, (), right=0, chosen=0)
    asking, ending = (
        "\n".join(texts(words_and_answer(scene, last, view, DRIVER.text, DRAWN, 48)[0]))
        for view in (VIEW, replace(VIEW, question=answered))
    )
    assert "Previously" in opening and "space" in opening
    assert "To take away" in ending and "Previously" not in ending
    assert "? " in asking and "To take away" not in asking, "which would answer the question"


def words(stage: Stage, view: View, **options: Any) -> list[str]:
    return texts(words_and_answer(DRIVER.scene, stage, view, DRIVER.text, DRAWN, 60, **options)[0])


def test_words_name_the_keys_that_a_step_brings_where_they_act() -> None:
    crash = DRIVER.scene.stages[-1]
    assert "To try:   K  kill -9" in "\n".join(words(crash, VIEW, acting=frozenset("bK")))
    assert "To try" not in "\n".join(words(crash, VIEW, acting=frozenset("b")))


def test_over_an_engine_that_is_gone_words_offer_nothing_that_is_refused() -> None:
    asks = next(stage for stage in DRIVER.scene.stages if stage.question)
    crash = CrashView("killed by signal 9", VIEW.step_at + 1, 500, 400, 300)
    gone = replace(VIEW, crash=crash, engine=replace(VIEW.engine, alive=False))
    assert "predict" in "\n".join(words(asks, VIEW)) and "predict" not in "\n".join(
        words(asks, gone)
    )
    opening = "\n".join(words(DRIVER.scene.stages[0], gone, goes_on=False))
    assert "begins with beat 1" not in opening and "Previously" in opening


def test_what_a_crash_lost_comes_before_what_it_would_lose() -> None:
    back = CrashView("kill -9", VIEW.step_at + 1, 500, 400, 300, recovered_keys=699)
    shown = words(DRIVER.scene.stages[-1], replace(VIEW, crash=back))
    assert shown[1] == "kill -9: the engine was gone"


def test_a_step_about_a_crash_tells_its_story_before_the_figures() -> None:
    back = CrashView("kill -9", VIEW.step_at + 1, 500, 400, 300, recovered_keys=699)
    step = replace(DRIVER.scene.stages[-1], do=[Action(crash="kill")])
    shown = words(step, replace(VIEW, crash=back))
    assert shown.index("kill -9: the engine was gone") > 2


def test_an_answer_says_where_it_is_known_from() -> None:
    stage = next(stage for stage in DRIVER.scene.stages if stage.question is not None)
    assert stage.question is not None
    for source, said_so in (("measured", "Measured: "), ("modelled", "Modelled: ")):
        asked = QuestionView(stage.question.id, ("a", "b"), right=0, chosen=1, source=source)  # type: ignore[arg-type]
        shown = words(stage, replace(VIEW, question=asked))
        assert any(text.startswith(said_so) for text in shown), source


def test_an_answer_that_took_a_crash_comes_before_it() -> None:
    back = CrashView("power cut", VIEW.step_at + 1, 500, 400, 300, recovered_keys=699)
    stage = next(stage for stage in DRIVER.scene.stages if stage.question is not None)
    assert stage.question is not None
    asked = QuestionView(stage.question.id, ("a", "b"), right=0, chosen=1)
    shown = words(stage, replace(VIEW, crash=back, question=asked))
    crash = shown.index("power cut: the engine was gone")
    assert max(n for n, text in enumerate(shown) if text.startswith("Measured: ")) < crash


def test_a_crash_says_what_was_on_which_rung_and_what_came_back() -> None:
    crash = CrashView("kill -9", VIEW.step_at + 1, 500, 400, 300)
    gone = " ".join(texts(crash_lines(replace(VIEW, crash=crash), 60)))
    assert "500 bytes of the log were acknowledged, 400" in gone and "came back" not in gone
    back = replace(crash, recovered_keys=699, survived=400, lost=100)
    shown = " ".join(texts(crash_lines(replace(VIEW, crash=back), 60)))
    assert "came back with 699 keys: 400 bytes survived, 100 were lost" in shown
    assert crash_lines(replace(VIEW, crash=replace(crash, at=0.0)), 60) == []
    assert crash_lines(replace(VIEW, crash=replace(back, kind="SIGTERM", lost=0)), 60) == []
    assert crash_lines(replace(VIEW, crash=replace(crash, kind="SIGTERM")), 60) != []


def test_the_header_gives_way_on_the_left() -> None:
    wide, narrow = header_lines(DRIVER, 160), header_lines(DRIVER, 80)
    assert plain(wide[0]).rstrip().endswith("redis-cli -p 40123")
    assert all(width(of) <= 80 for of in narrow)
    assert "beat 4 of 11 · live" in plain(narrow[0]) and "redis-cli -p 40123" in plain(narrow[1])
    assert all(width(footer_line(footer(DRIVER), n)) <= n for n in (80, 120))
    assert plain(footer_line(footer(DRIVER), 80)).rstrip().endswith("quit")


def test_pages_of_text() -> None:
    details = "\n".join(texts(details_lines(VIEW, 90)))
    assert "184 KiB  smaps" in details and "212 KiB  VmPTE" in details
    assert "Ready to accept connections tcp" in plain(log_lines(VIEW, 80)[0])
    helped = "\n".join(texts(help_lines(DRAWN, frozenset("b"), 100)))
    assert "kill -9 the engine" in helped and "not offered by this scene yet" in helped


def test_a_recording_never_speaks_of_an_engine_that_runs() -> None:
    class Replayed(FakeDriver):
        is_replay = True

    driver = Replayed(status="replay")
    for look in (driver.to_now, lambda: driver.seek(60)):
        look()
        shown = " ".join(texts(header_lines(driver, 160)))
        assert "replay" in shown and "runs on" not in shown and "redis-cli" not in shown
        assert ":" not in [key.shown for key in footer(driver)]


def test_a_held_childs_words_fit_the_narrowest_grid() -> None:
    assert VIEW.child is not None
    far = replace(VIEW.child, hold="held", keys=100_000, total_keys=100_000, bytes=10**7)
    held, progress = child_words(far, True, frozenset("h"), 60)
    assert plain(held) == "held (h lets go)" and width(held) <= 37
    assert width(progress) <= 37
    assert plain(child_words(far, True, frozenset(), 60)[0]) == "held", "h is refused: not named"


def test_huge_pages_are_explained_beside_what_they_copied() -> None:
    gauge = replace(VIEW.gauge, huge_kb=2048, new_kb=1264, child_huge_kb=4096)
    huge = replace(VIEW, gauge=gauge)
    for cells in (76, 100):
        lines = gauge_lines(huge, DRAWN, cells, 4)
        assert "2,048 KiB AnonHugePages   = 2 MiB each, filled also where" in plain(lines[2])
        assert all(width(of) <= cells for of in lines) and len(lines) == 4
    assert "AnonHugePages" not in "".join(texts(gauge_lines(VIEW, DRAWN, 100, 4)))
    details = "\n".join(texts(details_lines(huge, 90)))
    assert "2,048 KiB  AnonHugePages" in details and "4,096 KiB  AnonHugePages" in details


def test_no_command_is_named_for_what_a_huge_page_copied() -> None:
    page = next(n for n, note in VIEW.notes.items() if note.copied_at)
    note = replace(VIEW.notes[page], copied_by=None)
    unseen = replace(VIEW, notes=VIEW.notes.set(page, note))

    def said(view: View) -> str:
        return texts(describe(view, range(page, page + 1), page))[1]

    assert said(unseen).startswith("copied by no write seen, ")
    huge = replace(unseen, gauge=replace(VIEW.gauge, huge_kb=2048))
    assert said(huge).startswith("copied by no write seen: a huge page (2 MiB), ")
    late = replace(huge, notes=VIEW.notes.set(page, replace(note, copied_at=0.0)))
    assert said(late) == "copied before the screen was watching"
    new = replace(huge, pages=bytes((NEW,)) * len(VIEW.pages), notes=VIEW.notes.delete(page))
    assert said(new) == "no write seen: filled with a huge page (2 MiB)"


@pytest.mark.parametrize(("pace", "told"), [(0.25, "x0.25"), (0.75, "x0.75"), (1.5, "x1.5")])
def test_the_header_says_the_pace_that_there_is(pace: float, told: str) -> None:
    driver = FakeDriver()
    driver.pace_factor = pace
    assert f"{told} " in texts(header_lines(driver, 160))[0]


def test_a_scaled_clock_shows_in_the_header_as_long_as_it_runs() -> None:
    fast = FakeDriver([*story(), events.Clock(at=120.0, scale=30, source="scripted")])
    assert "clock x30, scripted" in plain(header_lines(fast, 160)[0])
    assert "clock x30, scripted" in plain(header_lines(fast, 80)[0])
    real = FakeDriver([*story(), events.Clock(at=120.0, scale=1, source="scripted")])
    assert "clock x" not in plain(header_lines(real, 160)[0])


def test_huge_pages_show_in_the_header_and_in_the_grid() -> None:
    asked = events.Config(at=120.0, name="arena-thp", old="no", new="yes")
    driver = FakeDriver([*story(), asked])
    on = driver.view
    assert "huge pages" not in plain(header_lines(DRIVER, 160)[0])
    assert "huge pages on" in plain(header_lines(driver, 160)[0])
    narrow = header_lines(driver, 80)[0]
    assert "THP" in plain(narrow) and width(narrow) <= 80
    assert PageGrid().sources(VIEW) == ("measured: pagemap",)
    assert PageGrid().sources(on)[0].endswith("huge pages asked for, none now")
    left = replace(VIEW, gauge=replace(VIEW.gauge, huge_kb=2048))
    assert PageGrid().sources(left)[0].endswith("2,048 KiB in huge pages")
