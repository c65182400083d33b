"""Collections against plain Python models, and their bytes in the arena against both."""

from __future__ import annotations

import random

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from engine.arena import Arena
from engine.errors import ArenaFullError
from engine.keyspace import Keyspace
from engine.records import HEADER, HEADER_SIZE
from engine.values.chunks import HEAD_BIT, LINK, Chain, string
from engine.values.collection import Collection
from engine.values.hashes import Hash, pair_of
from engine.values.lists import List, plain
from engine.values.sets import Set
from engine.values.sorted_sets import SortedSet, element_of

WORDS = st.one_of(
    st.integers(0, 40).map(lambda number: b"name%d" % number),
    st.integers(0, 40).map(lambda number: b"%0200d" % number),
    st.sampled_from([b"", b"\x00", b"x" * 63, b"x" * 64, b"y" * 300, b"z" * 1100, b"w" * 9000]),
)
SCORES = st.sampled_from([0.0, -1.5, 3.0, 3.25, 1e300, float("inf"), float("-inf")])
POSITION = st.floats(0, 0.999)


def in_the_arena(collection: Collection) -> tuple[int, list[bytes]]:
    """(count, chunks' bytes) as a snapshot child finds them: from the head record on."""
    memory = collection.chain.arena.memory
    length, _ = HEADER.unpack_from(memory, collection.head)
    count, at = Chain.LINKS.unpack_from(memory, collection.head + HEADER_SIZE + length)
    found = []
    while at and not at & HEAD_BIT:
        following, start, end = LINK.unpack_from(memory, at)
        found.append(memory[at + start : at + end])
        at = following
    assert not at or at & ~HEAD_BIT == collection.head
    return count, found


class CollectionsAgainstModels(RuleBasedStateMachine):
    """The arena is small: what it refuses must change nothing."""

    @initialize(pages=st.sampled_from([14, 60]), one_value_a_page=st.booleans())
    def start(self, pages: int, one_value_a_page: bool) -> None:
        self.keyspace = Keyspace(Arena(pages, one_value_a_page=one_value_a_page))
        db = self.keyspace.databases[0]
        self.list, self.hash = db.create(b"l", List), db.create(b"h", Hash)
        self.set, self.sorted = db.create(b"s", Set), db.create(b"z", SortedSet)
        self.elements: list[bytes] = []
        self.fields: dict[bytes, bytes] = {}
        self.members: set[bytes] = set()
        self.scores: dict[bytes, float] = {}

    @rule(values=st.lists(WORDS, max_size=12), left=st.booleans())
    def push(self, values: list[bytes], left: bool) -> None:
        for value in values:
            try:
                (self.list.push_left if left else self.list.push_right)(value)
            except ArenaFullError:
                return
            self.elements.insert(0 if left else len(self.elements), value)

    @rule(count=st.integers(1, 9), left=st.booleans())
    def pop(self, count: int, left: bool) -> None:
        for _ in range(min(count, len(self.elements))):
            taken = (self.list.pop_left if left else self.list.pop_right)()
            assert taken == self.elements.pop(0 if left else -1)

    @rule(where=POSITION, value=WORDS, how=st.sampled_from(["set", "insert", "delete"]))
    def change_inside(self, where: float, value: bytes, how: str) -> None:
        if not self.elements:
            return
        index = int(where * len(self.elements))
        assert self.list[index] == self.elements[index]
        try:
            if how == "delete":
                self.list.delete(index)
                del self.elements[index]
            elif how == "set":
                self.list.set(index, value)
                self.elements[index] = value
            else:
                self.list.insert(index, value)
                self.elements.insert(index, value)
        except ArenaFullError:
            return

    @rule(start=POSITION, end=POSITION)
    def read_a_range(self, start: float, end: float) -> None:
        if self.elements:
            first, last = sorted(int(part * len(self.elements)) for part in (start, end))
            assert self.list.range(first, last) == self.elements[first : last + 1]

    @rule(start=POSITION, end=POSITION)
    def trim(self, start: float, end: float) -> None:
        if self.elements:
            first, last = sorted(int(part * len(self.elements)) for part in (start, end))
            self.list.trim(first, last)
            self.elements = self.elements[first : last + 1]

    @rule(where=POSITION, limit=st.integers(1, 4), last=st.booleans())
    def remove_equal(self, where: float, limit: int, last: bool) -> None:
        if not self.elements:
            return
        value = self.elements[int(where * len(self.elements))]
        matches = [at for at, element in enumerate(self.elements) if element == value]
        matches = matches[-limit:] if last else matches[:limit]
        removed = (self.list.remove_last if last else self.list.remove)(value, limit)
        assert removed == len(matches)
        for at in reversed(matches):
            del self.elements[at]

    @rule(pairs=st.dictionaries(WORDS, WORDS, max_size=12))
    def set_fields(self, pairs: dict[bytes, bytes]) -> None:
        for field, value in pairs.items():
            try:
                assert self.hash.set(field, value) == (field not in self.fields)
            except ArenaFullError:
                return
            self.fields[field] = value

    @rule(members=st.lists(WORDS, max_size=12))
    def add_members(self, members: list[bytes]) -> None:
        for member in members:
            try:
                assert self.set.add(member) == (member not in self.members)
            except ArenaFullError:
                return
            self.members.add(member)

    @rule(scores=st.dictionaries(WORDS, SCORES, max_size=12))
    def set_scores(self, scores: dict[bytes, float]) -> None:
        for member, score in scores.items():
            try:
                assert self.sorted.set(member, score) == (member not in self.scores)
            except ArenaFullError:
                return
            self.scores[member] = score

    @rule(names=st.lists(WORDS, max_size=20))
    def discard(self, names: list[bytes]) -> None:
        for name in names:
            assert self.hash.discard(name) == (self.fields.pop(name, None) is not None)
            assert self.set.discard(name) == (name in self.members)
            self.members.discard(name)
            assert self.sorted.discard(name) == (self.scores.pop(name, None) is not None)

    @rule(expire_ms=st.sampled_from([0, 1 << 41]))
    def change_the_head(self, expire_ms: int) -> None:
        for collection in (self.list, self.hash, self.set, self.sorted):
            self.keyspace.databases[0].set_expiry(collection.key, expire_ms)

    @rule(name=WORDS)
    def rename(self, name: bytes) -> None:
        db = self.keyspace.databases[0]
        for collection in (self.list, self.hash, self.set, self.sorted):
            try:
                db.rename(collection.key, name + collection.NAME.encode())
            except ArenaFullError:
                return

    @rule()
    def copy(self) -> None:
        db, other = self.keyspace.databases[:2]
        for collection in (self.list, self.hash, self.set, self.sorted):
            try:
                db.copy(collection.key, other, b"copy")
            except ArenaFullError:
                assert not other.keys
                return
            copied = other.collections[b"copy"]
            assert sorted(copied.raw()) == sorted(collection.raw())
            other.delete(b"copy")

    @invariant()
    def the_index_tells_what_the_model_tells(self) -> None:
        if not hasattr(self, "list"):
            return
        assert list(self.list) == self.elements
        assert list(self.list.reversed()) == self.elements[::-1]
        assert dict(self.hash.items()) == self.fields
        assert set(self.set.names()) == self.members
        assert list(self.sorted.items()) == sorted(
            self.scores.items(), key=lambda item: (item[1], item[0])
        )
        for collection in (self.hash, self.set, self.sorted):
            assert not len(collection) or collection.any_name() in collection

    @invariant()
    def a_child_that_follows_the_offsets_finds_the_same(self) -> None:
        if not hasattr(self, "list"):
            return
        count, chunks = in_the_arena(self.list)
        assert (count, b"".join(chunks)) == (
            len(self.elements),
            b"".join(map(string, self.elements)),
        )
        for collection, expected in (
            (self.hash, [string(field) + string(value) for field, value in self.fields.items()]),
            (self.set, [string(member) for member in self.members]),
            (self.sorted, [element_of(member, score) for member, score in self.scores.items()]),
        ):
            count, chunks = in_the_arena(collection)
            assert sorted(collection.raw()) == sorted(expected)
            assert (count, b"".join(chunks)) == (len(expected), b"".join(collection.raw()))

    @invariant()
    def every_page_names_its_keys(self) -> None:
        if not hasattr(self, "list"):
            return
        collections = self.keyspace.databases[0].collections
        arena = self.keyspace.arena
        for key, collection in collections.items():
            offsets = [collection.head, *(chunk.offset for chunk in collection.chain.chunks())]
            for page in map(arena.page_of, offsets):
                assert key in self.keyspace.keys_on_page(page, 1000)[0]

    @invariant()
    def the_pool_holds_each_chunk_once(self) -> None:
        if not hasattr(self, "list"):
            return
        for collection in self.keyspace.databases[0].collections.values():
            pool = collection.chain.pool
            assert all(chunk is pool[chunk.place] for chunk in collection.chain.chunks())
            assert len(pool) == sum(1 for _ in collection.chain.chunks())

    def teardown(self) -> None:
        if hasattr(self, "list"):
            db = self.keyspace.databases[0]
            for key in list(db.keys):
                db.delete(key)
            assert self.keyspace.arena.used_bytes == 0


TestCollections = CollectionsAgainstModels.TestCase
TestCollections.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def test_a_long_list_is_changed_in_its_middle() -> None:
    chance = random.Random(4)
    numbers = Keyspace(Arena(200)).databases[0].create(b"l", List)
    model: list[bytes] = []
    for _ in range(3000):
        value = b"%d" % chance.randrange(10 ** chance.randrange(1, 90))
        index = chance.randrange(len(model) + 1)
        if index == len(model):
            numbers.push_right(value)
            model.append(value)
        elif chance.random() < 0.6:
            numbers.insert(index, value)
            model.insert(index, value)
        elif chance.random() < 0.6:
            numbers.set(index, value)
            model[index] = value
        else:
            numbers.delete(index)
            del model[index]
    assert list(numbers) == model
    assert b"".join(in_the_arena(numbers)[1]) == b"".join(map(string, model))
    assert [numbers[index] for index in range(len(model))] == model
    assert numbers.range(100, 700) == model[100:701]


def test_elements_are_read_back_whatever_their_length() -> None:
    for length in (0, 63, 64, 16383, 16384, 70000):
        assert plain(string(b"x" * length)) == b"x" * length
        assert pair_of(string(b"f" * length) + string(b"v" * length)) == (
            b"f" * length,
            b"v" * length,
        )


def test_any_name_is_as_likely_as_another() -> None:
    members = Keyspace(Arena(60)).databases[0].create(b"s", Set)
    for number in range(300):
        members.add(b"%d" % number)
    for number in range(0, 300, 2):
        members.discard(b"%d" % number)
    seen = [members.any_name() for _ in range(15000)]
    counts = [seen.count(b"%d" % number) for number in range(1, 300, 2)]
    assert min(counts) > 50  # 100 are expected; fewer than 50 in one of 150: about 1 in 10 million
    assert max(counts) < 170
