"""The page: one HTML file with every moment's picture and words, stepped through by keys.

It asks nobody for anything: pictures, style and script lie in it. Its words are its text, so that
it can be read, searched and spoken without the pictures.
"""

from __future__ import annotations

import functools
import html
import json

import msgspec

from app.crash_words import kind_name
from app.export.stage import moments, stage
from app.said import said
from app.screenshot import FONTS
from engine import events
from scenes.language import TAGS
from scenes.loader import Lesson
from scenes.phrases import language
from scenes.recording import Recording


class Moment(msgspec.Struct, frozen=True):
    """One picture of the page."""

    title: str
    words: str
    seconds: float
    drawing: str


async def taken(
    lesson: Lesson, recorded: Recording, size: tuple[int, int], *, dark: bool = True
) -> list[Moment]:
    """The pictures of a recording, in their order."""
    found: list[Moment] = []
    name = lesson.words.text(lesson.scene.title)
    started = recorded.events[0].at
    titles = {one.id: lesson.words.text(one.title) for one in lesson.scene.stages}
    async with stage(lesson, recorded, size, dark=dark) as played:
        for mark in moments(recorded, lesson):
            await played.show(mark.index)
            event = recorded.events[mark.index]
            found.append(
                Moment(
                    title=titles[mark.label] if mark.kind == "step" else _named(event),
                    words=played.words(),
                    seconds=event.at - started,
                    drawing=played.drawing(f"{lesson.scene.number} {name}"),
                )
            )
    return found


def _named(event: events.AnyEvent) -> str:
    """A moment on the way to a step's end."""
    match event:
        case events.Fork():
            return said("export.fork", child=str(event.child))
        case events.ChildExit():
            return said("export.exit", child=str(event.child))
        case events.Crash():
            return kind_name(event.kind)
        case _:
            return said("export.dump")


def _and(one: str, more: str) -> str:
    return said("export.and", one=one, more=more)


def page(lesson: Lesson, recorded: Recording, pictures: list[Moment]) -> str:
    """The file's text."""
    header = recorded.header
    number, title = lesson.scene.number, lesson.words.text(lesson.scene.title)
    kernel = said("export.kernel", kernel=header.kernel) if header.kernel else ""
    arena = said("export.pages", pages=header.arena_pages, kib=header.page_size // 1024)
    made = functools.reduce(_and, [part for part in (header.date, kernel, arena) if part])
    count = str(len(pictures))
    figures = "\n".join(
        f'<section id="m{place}"><h2>{said("export.place", place=str(place), count=count)}'
        f" · {html.escape(one.title)}"
        f" <small>{said('export.seconds', seconds=f'{one.seconds:.1f}')}</small></h2>"
        f"<p>{html.escape(one.words)}</p>\n{one.drawing}</section>"
        for place, one in enumerate(pictures, 1)
    )
    return (
        _PAGE.replace("@TITLE@", html.escape(f"{number} · {title}"))
        .replace("@THESIS@", html.escape(lesson.words.text(lesson.scene.thesis)))
        .replace("@DIAGRAM@", html.escape(lesson.words.text(lesson.scene.diagram)))
        .replace("@MADE@", html.escape(said("export.made", made=made)))
        .replace("@LANG@", TAGS[language()])
        .replace("@IN_WORDS@", html.escape(said("export.in_words")))
        .replace("@STEPS@", html.escape(said("export.steps")))
        .replace("@BACK@", html.escape(said("export.back")))
        .replace("@NEXT@", html.escape(said("export.next")))
        .replace("@PLACE@", json.dumps(said("export.place", place="@", count=count)))
        .replace("@FONTS@", FONTS)
        .replace("@MOMENTS@", figures)
    )


_PAGE = """\
<!DOCTYPE html>
<html lang="@LANG@">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>@TITLE@</title>
<style>
body { margin: 0 auto; max-width: 1500px; padding: 1rem; background: #121212; color: #e4e4e4;
  font-family: @FONTS@; line-height: 1.4; }
h1 { font-size: 1.3rem; margin: 0; } h2 { font-size: 1.1rem; } small, .made { color: #9e9e9e; }
svg { width: 100%; height: auto; }
nav { position: sticky; bottom: 0; padding: .5rem; background: #121212; }
button { font: inherit; color: inherit; background: #1c1c1c; border: 1px solid #8787af;
  padding: .4rem 1rem; }
.steps section { display: none; } .steps section.shown { display: block; }
</style>
</head>
<body>
<h1>@TITLE@</h1>
<p>@THESIS@</p>
<details><summary>@IN_WORDS@</summary><p>@DIAGRAM@</p></details>
<p class="made">@MADE@ @STEPS@</p>
<main>
@MOMENTS@
</main>
<nav><button id="back">@BACK@</button> <button id="next">@NEXT@</button> <span id="at"></span></nav>
<script>
const moments = [...document.querySelectorAll("section")];
let at = Math.max(0, moments.findIndex(one => "#" + one.id === location.hash));
function show(place, asked = true) {
  at = Math.min(Math.max(place, 0), moments.length - 1);
  moments.forEach((one, n) => one.classList.toggle("shown", n === at));
  document.getElementById("at").textContent = @PLACE@.replace("@", at + 1);
  if (asked) history.replaceState(null, "", "#" + moments[at].id);
}
document.querySelector("main").classList.add("steps");
document.getElementById("back").onclick = () => show(at - 1);
document.getElementById("next").onclick = () => show(at + 1);
document.addEventListener("keydown", event => {
  const by = {" ": 1, ArrowRight: 1, PageDown: 1, ArrowLeft: -1, PageUp: -1, Backspace: -1};
  if (event.key in by) { event.preventDefault(); show(at + by[event.key]); }
  if (event.key === "Home") show(0);
  if (event.key === "End") show(moments.length - 1);
});
show(at, location.hash !== "");
</script>
</body>
</html>
"""
