"""The arena: one private mapping in which every byte of every value lies.

Python objects are spread over the heap and their reference counts are writes, so a forked child
that merely reads them copies their pages. Bytes in a mapping of our own have neither fault: a
write dirties exactly the pages that it touches, and a child may read all of them for nothing.

    fence   page 0   page 1   ...   high water   ...   page n-1   fence
    ------  slots of class 3, database 0
                     slots of class 7, database 2
                              a run of pages: one record larger than a page

A page belongs to one size class and one database, so that the snapshot child can walk the pages
in address order with nothing but two byte tables. The mapping reserves no memory (NORESERVE); the
kernel adds pages at the first touch. PROT_NONE fences keep the kernel from merging the arena with
a neighbour, so that its lines in /proc/self/smaps are the arena's alone.

Offsets are byte positions in `memory`; page 0 starts at `origin`. Sizes are bytes.
Source: mmap(2), madvise(2), Documentation/admin-guide/mm/pagemap.rst (Linux 6.18).
"""

from __future__ import annotations

import ctypes
import mmap
import os
from collections.abc import Callable

from engine.errors import ArenaFullError, EngineError
from engine.page_runs import PageRuns
from engine.size_classes import CHUNK, CHUNK_RUN, CONTINUED, FREE_PAGE, RUN, SizeClasses

PAGE_SIZE = os.sysconf("SC_PAGE_SIZE")
HUGE_PAGE_SIZE = 2 << 20
MAX_DATABASES = 16

_MAP_NORESERVE = 0x4000
_PROT_NONE = 0


class Arena:
    """Allocates slots and runs in one mapping, and is the only writer to it."""

    def __init__(
        self, pages: int, *, page_size: int = PAGE_SIZE, one_value_a_page: bool = False
    ) -> None:
        """Reserve `pages` pages; raises EngineError if the address space is refused."""
        self.pages = pages
        self.page_size = page_size
        self.page_shift = page_size.bit_length() - 1
        self.classes = SizeClasses(page_size, one_value_a_page=one_value_a_page)
        self.huge_pages = False
        """Whether huge pages were ever asked for: the kernel may then map what nothing touched."""
        self._map(pages)
        self.page_class = bytearray(pages)
        """Class by page: FREE_PAGE, a slot class, with CHUNK added or not, or a run's."""
        self.page_db = bytearray(pages)
        """Database by page."""
        self.touched = bytearray(pages)
        """1 where a page has held data since it was last given back to the kernel."""
        self.high_water = 0
        """Pages from here on have never been used (since the last reset)."""
        self.used_bytes = 0
        """Bytes of all slots and runs handed out."""
        self._slots_used = memoryview(bytearray(4 * pages)).cast("I")
        """Slots in use by page; of a run's first page: the run's length in pages."""
        self._runs = PageRuns()
        self._free_slots: list[list[int]] = [[] for _ in range(256 * MAX_DATABASES)]
        self._empty_pages: set[int] = set()
        self.store: Callable[[int, bytes], None] = self._store
        """Writes bytes at an offset: every write to the arena goes through here."""
        self.stored_pages: list[int] = []
        """While traced: the pages of every write, in order, since the list was last cleared."""

    def _map(self, pages: int) -> None:
        size = pages * self.page_size
        length = size + HUGE_PAGE_SIZE + 2 * self.page_size
        try:
            self.memory = mmap.mmap(
                -1, length, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | _MAP_NORESERVE
            )
        except (OSError, ValueError) as error:
            raise EngineError(
                f"Can't map an arena of {pages} pages ({size >> 20} MiB): {error}. "
                "Use a smaller arena-pages."
            ) from error
        start = ctypes.addressof(ctypes.c_char.from_buffer(self.memory))
        self.base = -(-(start + self.page_size) // HUGE_PAGE_SIZE) * HUGE_PAGE_SIZE
        """Address of page 0, on a 2 MiB boundary so that huge pages can be tried."""
        self.origin = self.base - start
        libc = ctypes.CDLL(None, use_errno=True)
        for fence in (self.base - self.page_size, self.base + size):
            if libc.mprotect(ctypes.c_void_p(fence), ctypes.c_size_t(self.page_size), _PROT_NONE):
                raise EngineError(f"Can't fence the arena: {os.strerror(ctypes.get_errno())}")
        self.set_huge_pages(False)

    def set_huge_pages(self, on: bool) -> bool:
        """Advise the kernel for or against transparent huge pages; False if it has none."""
        advice = mmap.MADV_HUGEPAGE if on else mmap.MADV_NOHUGEPAGE
        try:
            self.memory.madvise(advice, self.origin, self.pages * self.page_size)
        except OSError:
            return False
        self.huge_pages = self.huge_pages or on
        return True

    @property
    def mapped_end(self) -> int:
        """Pages from here on are not mapped: a huge page may reach beyond the high water."""
        if not self.huge_pages:
            return self.high_water
        each = HUGE_PAGE_SIZE // self.page_size
        return min(-(-self.high_water // each) * each, self.pages)

    # -- writing -------------------------------------------------------------------------------

    def _store(self, offset: int, data: bytes) -> None:
        self.memory[offset : offset + len(data)] = data

    def _store_traced(self, offset: int, data: bytes) -> None:
        if not data:
            return
        self.memory[offset : offset + len(data)] = data
        shift = self.page_shift
        first = (offset - self.origin) >> shift
        last = (offset - self.origin + len(data) - 1) >> shift
        self.stored_pages.extend(range(first, last + 1))

    def trace(self, on: bool) -> None:
        """Note the pages of every write in `stored_pages`, or stop doing so."""
        self.store = self._store_traced if on else self._store
        self.stored_pages.clear()

    def page_of(self, offset: int) -> int:
        """The page that the byte at `offset` lies on."""
        return (offset - self.origin) >> self.page_shift

    def offset_of(self, page: int) -> int:
        """Offset of a page's first byte."""
        return self.origin + (page << self.page_shift)

    # -- allocation ----------------------------------------------------------------------------

    def alloc(self, size: int, db: int) -> int:
        """Offset of at least `size` bytes for database `db`; raises ArenaFullError."""
        if size > self.page_size:
            return self._alloc_run(size, db, RUN)
        return self._alloc_slot(self.classes.by_grain[(size + 7) >> 3], db)

    def alloc_chunk(self, size: int, db: int) -> int:
        """The same for a chunk of a collection, on a page of chunks; raises ArenaFullError."""
        if size > self.page_size:
            return self._alloc_run(size, db, CHUNK_RUN)
        return self._alloc_slot(CHUNK | self.classes.by_grain[(size + 7) >> 3], db)

    def _alloc_slot(self, page_class: int, db: int) -> int:
        free = self._free_slots[db << 8 | page_class]
        if not free:
            self._add_page(page_class, db, free)
        offset = free.pop()
        page = (offset - self.origin) >> self.page_shift
        if not self._slots_used[page]:
            self._empty_pages.discard(page)
        self._slots_used[page] += 1
        self.used_bytes += self.classes.sizes[page_class]
        return offset

    def alloc_page(self, page_class: int, db: int) -> int:
        """Offset of a page of which the caller fills every slot at once; raises ArenaFullError."""
        page = self._take_pages(1)
        size = self.classes.sizes[page_class]
        self._slots_used[page] = slots = self.page_size // size
        self.page_class[page] = page_class
        self.page_db[page] = db
        self.touched[page] = 1
        self.used_bytes += slots * size
        return self.offset_of(page)

    def free(self, offset: int) -> None:
        """Take a slot or run back. The caller has marked its record as free."""
        page = (offset - self.origin) >> self.page_shift
        page_class = self.page_class[page]
        if page_class >= CHUNK_RUN:
            self._free_run(page)
            return
        self._free_slots[self.page_db[page] << 8 | page_class].append(offset)
        self.used_bytes -= self.classes.sizes[page_class]
        self._slots_used[page] -= 1
        if not self._slots_used[page]:
            self._empty_pages.add(page)

    def capacity(self, offset: int) -> int:
        """Bytes of the slot or run at `offset`."""
        page = self.page_of(offset)
        page_class = self.page_class[page]
        if page_class >= CHUNK_RUN:
            return self._slots_used[page] * self.page_size
        return self.classes.sizes[page_class]

    def has_room(self, size: int, pieces: int) -> bool:
        """Whether `pieces` allocations of `size` bytes together are sure to succeed."""
        return self.high_water + size // self.page_size + 2 * pieces <= self.pages

    def fits(self, offset: int, size: int) -> bool:
        """Whether a record of `size` bytes belongs where the one at `offset` lies now."""
        page = (offset - self.origin) >> self.page_shift
        page_class = self.page_class[page]
        if page_class != RUN:
            return size <= self.page_size and self.classes.by_grain[(size + 7) >> 3] == page_class
        run = self._slots_used[page] * self.page_size
        return run // 2 < size <= run

    def _add_page(self, page_class: int, db: int, free: list[int]) -> None:
        page = self._take_pages(1)
        self.page_class[page] = page_class
        self.page_db[page] = db
        self.touched[page] = 1
        self._slots_used[page] = 0
        size = self.classes.sizes[page_class]
        start = self.offset_of(page)
        last = start + (self.page_size // size - 1) * size
        free.extend(range(last, start - 1, -size))  # popped from the end: lowest offset first

    def _alloc_run(self, size: int, db: int, page_class: int) -> int:
        count = -(-size // self.page_size)
        page = self._take_pages(count)
        self.page_class[page] = page_class
        self.page_class[page + 1 : page + count] = bytes((CONTINUED,)) * (count - 1)
        self.page_db[page : page + count] = bytes((db,)) * count
        self.touched[page : page + count] = b"\1" * count
        self._slots_used[page] = count
        self.used_bytes += count * self.page_size
        return self.offset_of(page)

    def _free_run(self, page: int) -> None:
        count = self._slots_used[page]
        self.page_class[page : page + count] = bytes((FREE_PAGE,)) * count
        self._slots_used[page] = 0
        self.used_bytes -= count * self.page_size
        self._runs.put(page, count)

    def _take_pages(self, count: int) -> int:
        page = self._runs.take(count)
        if page is None and len(self._empty_pages) > self.high_water // 8:
            self._reclaim_empty_pages()
            page = self._runs.take(count)
        if page is not None:
            return self._clean(page, count)
        if self.high_water + count > self.pages:
            self._reclaim_empty_pages()
            page = self._runs.take(count)
            if page is None:
                raise ArenaFullError(self.pages, count)
            return self._clean(page, count)
        page = self.high_water
        self.high_water += count
        return page

    def _clean(self, page: int, count: int) -> int:
        """Zero the record headers that a reused page may still hold: a walk must not see them."""
        for used in range(page, page + count):
            if self.touched[used]:
                self.store(self.offset_of(used), bytes(self.page_size))
        return page

    def _reclaim_empty_pages(self) -> None:
        """Slots of wholly empty pages leave their free lists; the pages can serve other classes."""
        lists = {self.page_db[page] << 8 | self.page_class[page] for page in self._empty_pages}
        for index in lists:
            free = self._free_slots[index]
            free[:] = [slot for slot in free if self.page_of(slot) not in self._empty_pages]
        for page in self._empty_pages:
            self.page_class[page] = FREE_PAGE
            self._runs.put(page, 1)
        self._empty_pages.clear()

    # -- giving back ---------------------------------------------------------------------------

    def release_database(self, db: int) -> None:
        """Free every page of a database and give it back to the kernel (MADV_DONTNEED)."""
        free = self._free_slots[db << 8 : (db + 1) << 8]
        for slots in free:
            slots.clear()
        page = 0
        while page < self.high_water:
            if self.page_class[page] == FREE_PAGE or self.page_db[page] != db:
                page += 1
                continue
            start = page
            while page < self.high_water and (
                self.page_class[page] != FREE_PAGE and self.page_db[page] == db
            ):
                self._forget_page(page)
                page += 1
            self._give_back(start, page - start)
            self._runs.put(start, page - start)

    def _forget_page(self, page: int) -> None:
        page_class = self.page_class[page]
        if page_class in (RUN, CHUNK_RUN):
            self.used_bytes -= self._slots_used[page] * self.page_size
        elif page_class != CONTINUED:
            self.used_bytes -= self._slots_used[page] * self.classes.sizes[page_class]
        self._slots_used[page] = 0
        self._empty_pages.discard(page)
        self.page_class[page] = FREE_PAGE

    def reset(self) -> None:
        """Empty the arena and give all of it back to the kernel (MADV_DONTNEED)."""
        if self.high_water:
            self._give_back(0, self.mapped_end)
        self.page_class[:] = bytes(self.pages)
        self._slots_used = memoryview(bytearray(4 * self.pages)).cast("I")
        self._runs.clear()
        self._empty_pages.clear()
        for slots in self._free_slots:
            slots.clear()
        self.high_water = 0
        self.used_bytes = 0

    def _give_back(self, page: int, count: int) -> None:
        self.memory.madvise(mmap.MADV_DONTNEED, self.offset_of(page), count * self.page_size)
        self.touched[page : page + count] = bytes(count)

    def swap_owner(self, first: int, second: int) -> None:
        """Exchange the owners of two databases' pages and free slots."""
        table = bytearray(range(256))
        table[first], table[second] = second, first
        used = self.page_db[: self.high_water]
        self.page_db[: self.high_water] = used.translate(bytes(table))
        a, b = first << 8, second << 8
        slots = self._free_slots
        slots[a : a + 256], slots[b : b + 256] = slots[b : b + 256], slots[a : a + 256]
