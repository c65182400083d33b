"""What an author should know of a scene, each with file and line: what is wrong, what is missing.

Wrong is what keeps a scene from playing as it says. Unfinished is what a scene of the course has
besides: two questions, takeaways, answers, where to read on, every word in every language, and
texts that fit 80 columns.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from scenes.errors import SceneError
from scenes.folding import cells, pieces
from scenes.language import ENGLISH, LANGUAGES
from scenes.loader import LESSONS, Lesson, find, read_scene, read_words
from scenes.places import in_catalogue, in_scene, of_path
from scenes.sayings import remark
from scenes.scene import Card, Scene
from scenes.toml import text_of
from scenes.validate import problems
from scenes.waits import endless
from scenes.words import FIGURE, PLAIN, Words, read_catalogue

COLUMNS = 80
CODE_COLUMNS = 42
"""What the code's panel has beside its line numbers where all panels are on the screen."""
TITLE_COLUMNS = COLUMNS - 12
"""What "beat 10 · " leaves of them."""
LEAST_QUESTIONS = 2
THESIS_COLUMNS = COLUMNS - len("redis-cli -p 12345 ") - 3
"""What the header's second row has for it there."""
_SENTENCE = re.compile(r"(?<=[.。])\s*")
_NO_FIGURE = re.compile(r"\{\w+\}?|\w+\}")
_WORDS_OF = re.compile(r"the words of '([\w.-]+)'|「([\w.-]+)」的文字[里要]")
"""A problem of words, in either language: it lies in the catalogue."""
_NEEDS_LIGHT = re.compile(r"^\s*(?!#|def |class |else:|try:|while True:|\))\S")


class Finding(msgspec.Struct, frozen=True):
    """One remark: where, what, and whether the scene is wrong or only unfinished."""

    place: str
    text: str
    wrong: bool = True

    def __str__(self) -> str:
        unfinished = "" if self.wrong else remark("proofreading.unfinished") + " "
        return f"{self.place}: {unfinished}{self.text}"


def read_over(name: str) -> list[Finding]:
    """All remarks on a scene, by number, slug or path; raises SceneError if there is none."""
    folder = find(name)
    path = folder / "scene.toml"
    try:
        lesson = Lesson(read_scene(path), read_words(folder, ENGLISH), folder)
        translations = {
            language: read_catalogue(folder / f"{language}.toml")
            for language in LANGUAGES
            if language != ENGLISH and (folder / f"{language}.toml").exists()
        }
    except SceneError as err:
        place, _, text = str(err).partition(": ")
        return [Finding(place, text)]
    return [
        *_wrong(lesson, path),
        *_unlit(lesson.scene, path),
        *_incomplete(lesson.scene, path),
        *_in_a_small_arena(lesson.scene, path),
        *_too_wide(lesson, path),
        *_words(lesson, translations),
    ]


def _wrong(lesson: Lesson, path: Path) -> Iterator[Finding]:
    for problem in problems(lesson.scene, lesson.words):
        key = _WORDS_OF.search(problem.text)
        if key:
            yield Finding(in_catalogue(lesson.folder / "en.toml", key[1] or key[2]), problem.text)
        else:
            yield Finding(problem.place(path), problem.text)
    for index, why in endless(lesson.scene):
        text = remark("proofreading.of_step", step=lesson.scene.stages[index].id, why=why)
        hint = "'timeout'" if "timeout" in why else "'wait'"
        yield Finding(in_scene(path, "stages", index, hint), text)
    if lesson.folder.parent == LESSONS and lesson.folder.name != lesson.scene.number:
        text = remark(
            "proofreading.misnamed_folder", number=lesson.scene.number, folder=lesson.folder.name
        )
        yield Finding(f"{path}:1", text)


def _unlit(scene: Scene, path: Path) -> Iterator[Finding]:
    shown = {stage.card for stage in scene.stages}
    for index, card in enumerate(scene.cards):
        if card.name not in shown:
            text = remark("proofreading.card_never_shown", card=card.name)
            yield Finding(in_scene(path, "cards", index), text, wrong=False)
        dark = unlit_lines(card)
        if dark:
            listed = ", ".join(map(str, dark))
            text = remark(
                "proofreading.dark_lines",
                card=card.name,
                plural="s" * (len(dark) > 1),
                lines=listed,
            )
            yield Finding(in_scene(path, "cards", index, "'lights'"), text, wrong=False)


def unlit_lines(card: Card) -> list[int]:
    """The lines of a card's code that do something and that no rule lights."""
    lit = {rule.line for rule in card.lights}
    lines = enumerate(card.code.strip("\n").splitlines(), 1)
    return [number for number, line in lines if _NEEDS_LIGHT.match(line) and number not in lit]


def _incomplete(scene: Scene, path: Path) -> Iterator[Finding]:
    questions = sum(stage.question is not None for stage in scene.stages)
    missing = []
    if questions < LEAST_QUESTIONS:
        missing.append(
            remark(
                "proofreading.too_few_questions",
                questions=str(questions),
                least_questions=str(LEAST_QUESTIONS),
            )
        )
    if not any(stage.expect for stage in scene.stages):
        missing.append(remark("proofreading.no_expectations"))
    fields = ("takeaways", "open_questions", "further", "glossary", "cards")
    missing += [
        remark("proofreading.without", field=field) for field in fields if not getattr(scene, field)
    ]
    if not any(stage.beat for stage in scene.stages):
        missing.append(remark("proofreading.no_beats"))
    for text in missing:
        yield Finding(f"{path}:1", text, wrong=False)


def _in_a_small_arena(scene: Scene, path: Path) -> Iterator[Finding]:
    if not hasattr(os, "fork"):  # the engine's own arithmetic is asked
        return
    from scenes.small_arena import lacks

    for place, text in lacks(scene):
        yield Finding(of_path(path, text_of(path), place), text, wrong=False)


def _too_wide(lesson: Lesson, path: Path) -> Iterator[Finding]:
    scene = lesson.scene
    for index, card in enumerate(scene.cards):
        for line in card.code.splitlines():
            if cells(line) > CODE_COLUMNS:
                place = in_scene(path, "cards", index, f"'{line.strip()}'")
                text = remark(
                    "proofreading.code_too_wide",
                    card=card.name,
                    cells=str(cells(line)),
                    columns=str(CODE_COLUMNS),
                )
                yield Finding(place, text)
        if cells(card.title) > CODE_COLUMNS:
            place = in_scene(path, "cards", index, f"'{card.title}'")
            text = remark(
                "proofreading.card_title_too_wide",
                card=card.name,
                cells=str(cells(card.title)),
                columns=str(CODE_COLUMNS),
            )
            yield Finding(place, text)
    for term in scene.glossary:
        if cells(term) > COLUMNS - 4:
            place = of_path(path, text_of(path), f"glossary.{term}")
            yield Finding(
                place,
                remark("proofreading.term_too_wide", term=str(term[:20]), cells=str(cells(term))),
            )
    room = dict.fromkeys((scene.title, *(stage.title for stage in scene.stages)), TITLE_COLUMNS)
    for language in LANGUAGES:
        file = lesson.folder / f"{language}.toml"
        texts = read_words(lesson.folder, language).texts if file.exists() else {}
        for key in room.keys() & texts.keys():
            if cells(texts[key]) > room[key]:
                text = remark(
                    "proofreading.title_too_wide",
                    key=key,
                    cells=str(cells(texts[key])),
                    columns=str(room[key]),
                )
                yield Finding(in_catalogue(file, key), text)
        for key, said in texts.items():
            long = [word for word in pieces(said) if cells(word) > COLUMNS - 4]
            if long:
                text = remark("proofreading.word_too_wide", key=key, word=long[0][:20])
                yield Finding(in_catalogue(file, key), text)
        first = _SENTENCE.split(texts.get(scene.thesis, ""))[0]
        if cells(first) > THESIS_COLUMNS:
            text = remark(
                "proofreading.thesis_too_wide",
                thesis=scene.thesis,
                cells=str(cells(first)),
                columns=str(THESIS_COLUMNS),
            )
            yield Finding(in_catalogue(file, scene.thesis), text, wrong=False)


def _words(lesson: Lesson, translations: dict[str, dict[str, str]]) -> Iterator[Finding]:
    folder, english = lesson.folder, lesson.words
    for language, said in ((ENGLISH, english.texts), *translations.items()):
        for key in sorted(said):
            if problem := _badly_said(said[key]):
                place = in_catalogue(folder / f"{language}.toml", key)
                yield Finding(place, f"'{key}' {problem}")
    used = keys_of(lesson.scene)
    for key in sorted(english.texts):
        if key.removesuffix(PLAIN) not in used:
            place = in_catalogue(folder / "en.toml", key)
            yield Finding(place, remark("proofreading.never_said", key=key), wrong=False)
    for language in LANGUAGES:
        if language == ENGLISH:
            continue
        path = folder / f"{language}.toml"
        texts = translations.get(language)
        if texts is None:
            text = remark("proofreading.no_catalogue", language=language)
            yield Finding(f"{path}:1", text, wrong=False)
            continue
        words = Words(texts, fallback=english.texts)
        for key in words.missing():
            place = in_catalogue(folder / "en.toml", key)
            yield Finding(
                place,
                remark("proofreading.untranslated", key=key, language=language),
                wrong=False,
            )
        for key in sorted(texts.keys() - english.texts.keys()):
            yield Finding(in_catalogue(path, key), remark("proofreading.not_in_english", key=key))
        for key in sorted(texts.keys() & english.texts.keys()):
            if words.figures_in(key) != english.figures_in(key):
                yield Finding(
                    in_catalogue(path, key), remark("proofreading.other_figures", key=key)
                )


def _badly_said(text: str) -> str:
    """Why a text is shown as nobody wants it, in a few words; empty where it is not."""
    if not text:
        return remark("proofreading.says_nothing")
    found = _NO_FIGURE.search(FIGURE.sub("", text))
    form = "{small_letters}"
    return remark("proofreading.no_figure", found=found[0], form=form) if found else ""


def keys_of(scene: Scene) -> set[str]:
    """The catalogue keys that a scene says."""
    found = {scene.title, scene.thesis, scene.previously, scene.diagram, *scene.takeaways}
    found |= set(scene.glossary.values()) | {other.text for other in scene.otherwise}
    found |= {key for one in scene.open_questions for key in (one.ask, one.answer)}
    found |= {further.text for further in scene.further}
    for card in scene.cards:
        found |= {card.subtitle, *card.corrections.values()}
    for stage in scene.stages:
        found |= {stage.title, stage.text, *(other.text for other in stage.otherwise)}
        if stage.question is not None:
            found.add(stage.question.text)
            for choice in stage.question.choices:
                found |= {choice.text, choice.why, choice.alone}
    return found - {""}
