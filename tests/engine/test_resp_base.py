from __future__ import annotations

from engine.aof_format import parse_strict
from engine.arena import Arena
from engine.disk import REPLACE
from engine.keyspace import Keyspace
from engine.rdb_writer import Dump, Pace
from engine.resp_base import write_commands
from engine.values.hashes import Hash
from engine.values.lists import List
from engine.values.sets import Set
from engine.values.sorted_sets import SortedSet
from tests.engine.fake_disk import FakeDisk


def commands_of(keyspace: Keyspace) -> list[list[bytes]]:
    disk = FakeDisk("/")
    dump = Dump(disk, disk.open("/base", REPLACE), checksum=False)
    write_commands(dump, keyspace, Pace())
    dump.flush()
    return [argv for argv, _, _ in parse_strict(disk.names["/base"].live)]


def test_each_type_has_its_command() -> None:
    keyspace = Keyspace(Arena(32))
    one, two = keyspace.databases[1], keyspace.databases[2]
    one.set(b"s", b"v" * 70, 1 << 41)
    numbers = two.create(b"l", List, 1 << 41)
    numbers.push_right(b"b")
    numbers.push_left(b"a")
    two.create(b"set", Set).add(b"m")
    two.create(b"z", SortedSet).set(b"m", 0.1)
    two.create(b"h", Hash).set(b"f", b"")
    found = commands_of(keyspace)
    assert found[:3] == [
        [b"SELECT", b"1"],
        [b"SET", b"s", b"v" * 70],
        [b"PEXPIREAT", b"s", b"2199023255552"],
    ]
    assert found[3] == [b"SELECT", b"2"]
    assert sorted(found[4:]) == [
        [b"HMSET", b"h", b"f", b""],
        [b"PEXPIREAT", b"l", b"2199023255552"],
        [b"RPUSH", b"l", b"a", b"b"],
        [b"SADD", b"set", b"m"],
        [b"ZADD", b"z", b"0.10000000000000001", b"m"],
    ]


def test_a_command_takes_64_elements() -> None:
    keyspace = Keyspace(Arena(32))
    numbers = keyspace.databases[0].create(b"l", List)
    for number in range(150):
        numbers.push_right(b"%d" % number)
    found = commands_of(keyspace)[1:]
    assert [len(argv) - 2 for argv in found] == [64, 64, 22]
    assert [word for argv in found for word in argv[2:]] == [b"%d" % n for n in range(150)]
