from __future__ import annotations

from engine.arena import Arena
from engine.keyspace import Keyspace


def keyspace(pages: int = 64, *, one_value_a_page: bool = False) -> Keyspace:
    return Keyspace(Arena(pages, one_value_a_page=one_value_a_page))


def test_a_page_names_its_keys() -> None:
    data = keyspace()
    for number in range(10):
        data.databases[0].set(b"k%d" % number, b"v" * 50)
    page = data.arena.page_of(data.databases[0].keys[b"k0"])
    assert data.keys_on_page(page) == ([b"k0", b"k1", b"k2", b"k3"], 10)
    data.databases[0].delete(b"k1")
    assert data.keys_on_page(page, 2) == ([b"k0", b"k2"], 9)


def test_every_page_of_a_run_names_its_key() -> None:
    data = keyspace()
    data.databases[0].set(b"big", bytes(3 * data.arena.page_size))
    first = data.arena.page_of(data.databases[0].keys[b"big"])
    assert [data.keys_on_page(first + page) for page in range(5)] == [
        *([([b"big"], 1)] * 4),
        ([], 0),
    ]


def test_one_value_a_page() -> None:
    data = keyspace(one_value_a_page=True)
    for number in range(10):
        data.databases[0].set(b"user:%d" % number, b"v")
    assert [data.keys_on_page(page)[0] for page in range(10)] == [
        [b"user:%d" % number] for number in range(10)
    ]


def test_swapping_databases_tells_who_watches_either() -> None:
    data = keyspace()
    heard: list[int] = []
    for index in (0, 1):
        data.databases[index].set(b"k", b"v%d" % index)
        data.databases[index].watched[b"k"] = {lambda index=index: heard.append(index)}
    data.swap(0, 1)
    assert sorted(heard) == [0, 1]
    assert data.databases[0].get(b"k") == b"v1"
    assert len(data) == 2


def test_flush_empties_everything() -> None:
    data = keyspace()
    for index in (0, 3, 15):
        data.databases[index].set(b"k", b"v", data.now_ms() + 1000)
    assert data.flush() == 3
    assert len(data) == 0
    assert not any(database.expires for database in data.databases)
    assert data.arena.high_water == 0
