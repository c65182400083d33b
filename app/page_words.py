"""A page in words: its state, its keys, and when which command copied it."""

from __future__ import annotations

from app.lines import Line, Span, line
from app.said import said
from scenes.view import COPIED, FREE, NEW, PAGE_STATES, PRIVATE, SHARED, PageNote, View

ROLE = {
    FREE: "dim",
    PRIVATE: "private",
    SHARED: "shared",
    COPIED: "copied text",
    NEW: "new",
}


def state_name(state: str) -> str:
    """A page's state, in the learner's language."""
    return said(f"state.{state.replace(' ', '_')}")


def describe(view: View, pages: range, page: int) -> list[Line]:
    """Two lines for a cell: one page, or several pages of which one is under the cursor."""
    if view.engine.pid and not view.engine.alive:
        return _gone(view, pages)
    if len(pages) == 1:
        return _one(view, page)
    states = view.pages[pages.start : pages.stop]
    spans: list[Span] = [(f"{said('page.pages', first=pages.start, last=pages.stop - 1)} ", "bold")]
    for state, name in enumerate(PAGE_STATES):
        found = states.count(state)
        if found:
            spans.append((f"{found} {state_name(name)} ", ROLE[state]))
    copied = [own for own in pages if view.pages[own : own + 1] == bytes([COPIED])]
    if copied:
        last = max(copied, key=lambda own: view.notes.get(own, PageNote()).copied_at)
        history = _history(view, view.notes.get(last, PageNote()), COPIED)
        return [tuple(spans), line((f"{said('page.page', page=last)} ", "bold"), *history)]
    keys = [key for own in pages for key in view.notes.get(own, PageNote()).keys]
    return [
        tuple(spans),
        line(_named(tuple(keys[:3]), len(keys) - 3) if keys else said("page.no_keys")),
    ]


def _gone(view: View, pages: range) -> list[Line]:
    """Of an engine that has ended: nothing is there any more, and what had been."""
    first, last = pages.start, pages.stop - 1
    which = said("page.page", page=first) if first == last else ""
    which = which or said("page.pages", first=first, last=last)
    keys = tuple(key for own in pages for key in view.notes.get(own, PageNote()).keys)
    more = sum(view.notes.get(own, PageNote()).keys_more for own in pages)
    had = _named(keys[:3], more + len(keys) - 3) if keys else said("page.no_keys")
    return [
        line((f"{which} ", "bold"), (said("page.gone"), "lost")),
        line((f"{said('page.had')} ", "dim"), had),
    ]


def _one(view: View, page: int) -> list[Line]:
    state = view.pages[page] if page < len(view.pages) else FREE
    note = view.notes.get(page, PageNote())
    first: list[Span] = [
        (f"{said('page.page', page=page)} ", "bold"),
        (state_name(PAGE_STATES[state]), ROLE[state]),
    ]
    if note.keys:
        keys = _named(note.keys[:2], note.keys_more + max(len(note.keys) - 2, 0))
        first.append((f": {keys}", "text"))
    return [tuple(first), tuple(_history(view, note, state))]


def _history(view: View, note: PageNote, state: int) -> list[Span]:
    """Since when the page is what it is, and which command did it."""
    if note.copied_by is not None and view.child is not None and state in (COPIED, NEW, PRIVATE):
        after = max((note.copied_at or note.copied_by.at) - view.child.forked_at, 0.0)
        how = said("page.first_by" if state == NEW else "page.copied_by", after=f"{after:.2f}")
        return [(f"{how} ", "text"), (note.copied_by.command, "bold")]
    if state == COPIED:
        return [(_copied_unseen(view, note), "text")]
    if state == NEW and view.gauge.huge_kb and not _touched_since_fork(view, note):
        return [(said("page.filled"), "text")]
    if note.last_touch is not None:
        return [(f"{said('page.written_by')} ", "text"), (note.last_touch.command, "bold")]
    return [(said("page.unwritten"), "faint")] if note.keys else []


def _copied_unseen(view: View, note: PageNote) -> str:
    """A copy that no command is known to have caused."""
    if view.child is None or not note.copied_at:
        return said("page.copied_before")
    after = f"{max(note.copied_at - view.child.forked_at, 0.0):.2f}"
    if view.gauge.huge_kb:
        return said("page.copied_huge", after=after)
    return said("page.copied_unseen", after=after)


def _touched_since_fork(view: View, note: PageNote) -> bool:
    forked_at = view.child.forked_at if view.child else 0.0
    return note.last_touch is not None and note.last_touch.at >= forked_at


def _named(keys: tuple[str, ...], more: int) -> str:
    return " ".join(keys) + (f" +{more}" if more > 0 else "")
