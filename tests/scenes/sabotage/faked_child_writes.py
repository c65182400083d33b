"""An engine whose lesson's child says that its writes have copied pages, and has written none."""

from __future__ import annotations

import sys

from msgspec.structs import replace

if __name__ == "__main__":
    from engine import lesson_child, serve

    real = lesson_child.LessonChild._touch

    def faked(self, question):  # type: ignore[no-untyped-def]
        said = real(self, replace(question, count=0))
        pages = list(range(question.first, question.first + question.count))
        ranges = lesson_child.ranges_of(pages)
        count = said.exclusive_before + len(pages)
        return replace(said, page_ranges=ranges, copied_ranges=ranges, exclusive_after=count)

    lesson_child.LessonChild._touch = faked  # type: ignore[method-assign]
    sys.exit(serve.main(sys.argv[1:]))
