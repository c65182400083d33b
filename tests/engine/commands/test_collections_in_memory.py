"""What MEMORY USAGE and DEBUG OBJECT tell of collections."""

from __future__ import annotations

import re

from tests.engine.commands.offline import OfflineServer


def test_memory_usage_counts_all_chunks_and_names() -> None:
    client = OfflineServer().connect()
    client.call("SADD", "small", "a")
    client.call("SADD", "large", *(f"member:{number:06d}" for number in range(10_000)))
    small = int(client.line("MEMORY USAGE small")[1:])
    large = int(client.line("MEMORY USAGE large")[1:])
    assert 200 < small < 2000
    assert 10_000 * 80 < large < 10_000 * 300
    assert client.line("MEMORY USAGE large SAMPLES 0") == b":%d\r\n" % large
    client.call("HSET", "h", "f", b"x" * 100_000)
    assert 100_000 < int(client.line("MEMORY USAGE h")[1:]) < 110_000


def test_debug_object_tells_a_collections_encoding_and_size() -> None:
    client = OfflineServer().connect()
    client.line("HSET h field value")
    told = client.line("DEBUG OBJECT h").decode()
    assert " encoding:listpack serializedlength:12 " in told
    assert re.search(r"page:\d+ slot:\d+", told)
    assert " chunks:1 " in told
    client.call("RPUSH", "l", *(b"x" for _ in range(1000)))
    nodes = re.search(r" ql_nodes:(\d+) ql_avg_node:(\S+) ", client.line("DEBUG OBJECT l").decode())
    assert nodes and 1 <= int(nodes[1]) < 100
    assert float(nodes[2]) == round(1000 / int(nodes[1]), 2)
    client.line("SET s " + "v" * 100)
    assert " encoding:raw serializedlength:102 " in client.line("DEBUG OBJECT s").decode()
