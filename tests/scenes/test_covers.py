"""What a question asks is covered from the beginning until its answer, and not any longer."""

from __future__ import annotations

from engine import events
from engine.events import AnyEvent
from scenes import covers
from scenes.covers import NOW
from scenes.fold import reduce
from scenes.loader import load
from scenes.scene import Scene, Stage
from scenes.view import View

ASKED = events.Question(id="when", choices=["a", "b", "c"], right=-1)
ANSWERED = events.Answer(id="when", choice=0)
OTHER = events.Answer(id="how-many", choice=0)


def stage(scene: Scene, step: str) -> Stage:
    return next(one for one in scene.stages if one.id == step)


def after(*told: AnyEvent) -> View:
    view = View()
    for event in told:
        view = reduce(view, event, [])
    return view


def cron(step: str, view: View) -> covers.CardCover:
    scene = load("06").scene
    return covers.of_card(scene, stage(scene, step), view, "cron")


def test_the_beat_that_asks_is_named_from_the_beginning() -> None:
    cover = cron("changes", View())
    assert cover.lines == {6: 4, 3: 12}
    assert cover.remarks == {3, 6} and cover.keeps_source


def test_the_step_that_asks_covers_before_it_has_asked() -> None:
    for view in (View(), after(ASKED), after(ASKED, OTHER)):
        cover = cron("rule", view)
        assert cover.lines[6] == NOW and cover.keeps_source


def test_who_has_chosen_may_watch_what_comes_of_it() -> None:
    cover = cron("rule", after(ASKED, ANSWERED))
    assert cover.lines == {3: 12} and cover.keeps_source


def test_a_remark_that_a_later_question_asks_for_stays_covered() -> None:
    assert 6 in cron("rule", after(ASKED, ANSWERED)).remarks
    assert 6 in cron("lines", View()).remarks and 6 not in cron("lines", View()).lines
    assert cron("deny", View()).remarks == {3}


def test_behind_its_question_nothing_is_covered() -> None:
    cover = cron("well", View())  # also for who jumped over the question
    assert (cover.lines, cover.remarks, cover.keeps_source) == ({}, frozenset(), False)


def test_a_card_of_which_nothing_is_asked_is_not_covered() -> None:
    scene = load("06").scene
    assert covers.of_card(scene, scene.stages[0], View(), "reap") == covers.CardCover()


def test_parts_of_panels_are_covered_in_the_same_way() -> None:
    scene = load("01").scene
    asked = events.Question(id="memory-of-both", choices=["a", "b", "c"], right=-1)
    chosen = events.Answer(id="memory-of-both", choice=1)

    def parts(step: str, view: View) -> dict[str, int]:
        return covers.of_panel(scene, stage(scene, step), view, "processes")

    assert parts("twice", View()) == {"shares": 8}
    assert parts("memory", after(asked)) == {"shares": NOW}
    assert parts("memory", after(asked, chosen)) == parts("counted", View()) == {}


def test_every_part_of_every_panel_is_asked_for_somewhere() -> None:
    """A part that no lesson covers would be one that nobody has looked at."""
    asked = {
        (cover.panel, part)
        for number in ("01", "07", "08", "09")
        for one in load(number).scene.stages
        if one.question is not None
        for cover in one.question.covers
        for part in cover.parts
    }
    assert asked == {(panel, part) for panel, parts in covers.PARTS.items() for part in parts}
