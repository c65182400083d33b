"""What the session itself puts into the stream for a player: steps, questions and answers."""

from __future__ import annotations

import msgspec

from engine import events
from engine.events import AnyEvent
from scenes.effects import Answered, Ask, Effect, Enter, Predict
from scenes.loader import Lesson


def announced(effect: Effect, lesson: Lesson, crash_source: events.Source) -> AnyEvent | None:
    """The event of an effect that is only told; None for one that has to be done.

    `crash_source` says where the figures of the last crash come from.
    """
    match effect:
        case Enter(stage):
            title = next(one.title for one in lesson.scene.stages if one.id == stage)
            return events.Step(
                scene=lesson.scene.number,
                step=stage,
                title=lesson.words.text(title),
                source="scripted",
            )
        case Ask(name, choices, right, source):
            # The choices are the author's; which one is right, this run has measured, or a
            # model has reckoned from what it has measured.
            told = [lesson.words.text(choice) for choice in choices]
            return events.Question(id=name, choices=told, right=right, source=source)
        case Answered(name, choice, by):
            return events.Answer(id=name, choice=choice, by=by, source="scripted")
        case Predict(name, choices, right):
            asked = events.Question(id=name, choices=list(choices), right=right)
            return msgspec.structs.replace(asked, source="scripted" if right < 0 else crash_source)
        case _:
            return None
