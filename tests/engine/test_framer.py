"""The framer gives what Redis would run, however the bytes are cut, by either of its two ways."""

from __future__ import annotations

import itertools
import random
import shutil
import socket
import subprocess
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.command_shapes import SIGHTINGS, ShapeTable
from engine.framer import MAX_LINE, Framer

seeded = settings(deadline=None, derandomize=True, max_examples=100)
commands = st.lists(st.lists(st.binary(max_size=30), min_size=1, max_size=12), max_size=8)


def encode(*argv: bytes) -> bytes:
    return b"*%d\r\n" % len(argv) + b"".join(b"$%d\r\n%b\r\n" % (len(a), a) for a in argv)


def read(framer: Framer, stream: bytes, *cuts: int) -> list[list[bytes]]:
    """All commands of a stream that arrives in pieces."""
    done = []
    edges = [0, *sorted(cuts), len(stream)]
    for start, end in itertools.pairwise(edges):
        done += framer.receive(stream[start:end])
    return done


def taught(*argvs: list[bytes]) -> ShapeTable:
    """Shapes that know these commands' sizes."""
    shapes = ShapeTable()
    for argv in argvs * SIGHTINGS:
        shapes.recognise(argv)
    return shapes


def outcome(stream: bytes, *cuts: int, shapes: ShapeTable | None = None) -> tuple[object, str]:
    framer = Framer(shapes=shapes)
    return read(framer, stream, *cuts), str(framer.error)


@seeded
@given(commands, st.data())
def test_any_cut_gives_the_same_commands(argvs: list[list[bytes]], data: st.DataObject) -> None:
    stream = b"".join(encode(*argv) for argv in argvs)
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=10))
    assert read(Framer(), stream, *cuts) == argvs
    assert read(Framer(), stream, *range(len(stream))) == argvs


@seeded
@given(commands, st.integers(1, 70), st.data())
def test_runs_of_one_shape_are_read_alike(
    argvs: list[list[bytes]], repeat: int, data: st.DataObject
) -> None:
    stream = b"".join(encode(*argv) * repeat for argv in argvs)
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=10))
    expected = [argv for argv in argvs for _ in range(repeat)]
    assert read(Framer(shapes=taught(*argvs)), stream, *cuts) == expected
    assert read(Framer(shapes=None), stream, *cuts) == expected


@seeded
@given(commands, st.integers(1, 5), st.data())
def test_a_run_comes_with_each_commands_own_bytes(
    argvs: list[list[bytes]], repeat: int, data: st.DataObject
) -> None:
    shapes = taught(*argvs)
    for argv in argvs:
        framer = Framer(shapes=shapes)
        assert framer.receive(encode(*argv)) == [argv]
        run = framer.run_of(encode(*argv) * repeat)
        assert run is not None
        assert list(run) == [(argv, encode(*argv))] * repeat
        torn = data.draw(st.integers(1, len(encode(*argv)) - 1))
        framer.feed(encode(*argv)[:torn])
        assert framer.commands() == []
        assert framer.run_of(encode(*argv)) is None
        assert framer.receive(encode(*argv)[torn:]) == [argv]


@seeded
@given(st.data())
def test_both_ways_agree_about_damaged_streams(data: st.DataObject) -> None:
    argvs = data.draw(commands)
    good = b"".join(encode(*argv) * data.draw(st.integers(1, 4)) for argv in argvs)
    damaged = bytearray(good)
    for _ in range(data.draw(st.integers(1, 5))):
        at = data.draw(st.integers(0, len(damaged)))
        end = at + data.draw(st.integers(0, 3))
        damaged[at:end] = data.draw(st.binary(max_size=3) | st.sampled_from([b"\r\n", b"*", b"$1"]))
    cuts = data.draw(st.lists(st.integers(0, len(damaged)), max_size=10))
    stream = bytes(damaged)
    strictly = outcome(stream)
    assert outcome(stream, *cuts, shapes=taught(*argvs)) == strictly
    assert outcome(stream, *cuts) == strictly
    # A connection that read whole commands before keeps its shape; a resting one, too.
    warm = Framer(shapes=taught(*argvs))
    assert read(warm, good) == read(Framer(shapes=None), good)
    assert (read(warm, stream, *cuts), str(warm.error)) == strictly


@seeded
@given(st.lists(st.sampled_from([*b"*$\r\n \"'0139-aP"]), max_size=60), st.data())
def test_garbage_is_commands_an_error_or_patience(letters: list[int], data: st.DataObject) -> None:
    stream = bytes(letters)
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=5))
    assert outcome(stream, *cuts) == outcome(stream)


def test_inline_and_multibulk_mix() -> None:
    stream = (
        b"PING\r\n" + encode(b"GET", b"k") + b"\r\n  \nSET 'a b' \"\\x00\"\n" + b"*0\r\n*-1\r\n"
    )
    for cuts in ((), range(len(stream))):
        argvs = read(Framer(), stream + encode(b"PING"), *cuts)
        assert argvs == [[b"PING"], [b"GET", b"k"], [b"SET", b"a b", b"\0"], [b"PING"]]


ERRORS = [
    (b"*2147483648\r\n", "invalid multibulk length"),
    (b"*abc\r\n", "invalid multibulk length"),
    (b"*03\r\n", "invalid multibulk length"),
    (b"*+1\r\n", "invalid multibulk length"),
    (b"*\r\n", "invalid multibulk length"),
    (b"*-9999999999999999999\r\n", "invalid multibulk length"),
    (b"*1\r\n$536870913\r\n", "invalid bulk length"),
    (b"*1\r\n$-1\r\n", "invalid bulk length"),
    (b"*1\r\n$04\r\n", "invalid bulk length"),
    (b"*1\r\n$\r\n", "invalid bulk length"),
    (b"*1\r\n$99999999999999999999\r\n", "invalid bulk length"),
    (b"*1\r\n:4\r\nPING\r\n", "expected '$', got ':'"),
    (b"*1\r\n\r\n", "expected '$', got ' '"),
    (b"*1\r\n\xff4\r\n", "expected '$', got '\xff'"),
    (b"*1" + b"0" * MAX_LINE, "too big mbulk count string"),
    (b"*1\r\n$" + b"0" * MAX_LINE, "too big bulk count string"),
    (b"a" * (MAX_LINE + 1), "too big inline request"),
    (b"'foo\r\n", "unbalanced quotes in request"),
    (b'"foo"bar\r\n', "unbalanced quotes in request"),
]


@pytest.mark.parametrize(("stream", "what"), ERRORS, ids=lambda value: str(value[:20]))
def test_error_has_the_text_of_redis(stream: bytes, what: str) -> None:
    framer = Framer()
    assert framer.receive(encode(b"PING") + stream) == [[b"PING"]]
    assert str(framer.error) == f"Protocol error: {what}"
    assert framer.receive(encode(b"PING")) == []
    assert framer.buffered == 0


@pytest.mark.parametrize(
    ("stream", "what"),
    [
        (b"*11\r\n", "unauthenticated multibulk length"),
        (b"*1\r\n$16385\r\n", "unauthenticated bulk length"),
        (b"*1\r\n$536870913\r\n", "invalid bulk length"),
    ],
)
def test_limits_are_lower_before_authentication(stream: bytes, what: str) -> None:
    framer = Framer(authenticated=False)
    framer.receive(stream)
    assert str(framer.error) == f"Protocol error: {what}"


def test_authentication_lifts_the_limits() -> None:
    framer = Framer(authenticated=False, shapes=taught([b"SET", b"k", b"v" * 20000]))
    assert framer.receive(encode(b"AUTH", b"secret")) == [[b"AUTH", b"secret"]]
    framer.authenticated = True
    assert framer.receive(encode(b"SET", b"k", b"v" * 20000)) == [[b"SET", b"k", b"v" * 20000]]


def test_shapes_do_not_lift_the_limits() -> None:
    argv = [b"MGET"] + [b"k"] * 11
    framer = Framer(authenticated=False, shapes=taught(argv))
    framer.receive(encode(*argv))
    assert str(framer.error) == "Protocol error: unauthenticated multibulk length"


def test_limit_of_an_argument_follows_the_configuration() -> None:
    framer = Framer(max_bulk=2**20)
    framer.receive(b"*1\r\n$1048577\r\n")
    assert str(framer.error) == "Protocol error: invalid bulk length"


@pytest.mark.parametrize("announced", [b"*1000000000\r\n", b"*1\r\n$536870912\r\n"])
def test_an_announcement_allocates_nothing(announced: bytes) -> None:
    framer = Framer()
    tracemalloc.start()
    framer.receive(announced + b"x")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100_000
    assert framer.error is None or announced.startswith(b"*1000")


def test_a_large_argument_is_joined_once() -> None:
    value = random.Random(1).randbytes(3 * 2**20)
    stream = encode(b"SET", b"k", value) + encode(b"GET", b"k")
    for step in (65536, 65537, 1000, len(stream) - 17):
        framer = Framer()
        assert read(framer, stream, *range(0, len(stream), step)) == [
            [b"SET", b"k", value],
            [b"GET", b"k"],
        ]
        assert framer.buffered == 0


def test_buffered_counts_what_an_incomplete_command_holds() -> None:
    framer = Framer()
    stream = encode(b"SET", b"k", b"v" * 100_000)
    for at in range(0, len(stream) - 1000, 1000):
        framer.receive(stream[at : at + 1000])
        assert framer.buffered == at + 1000


def test_the_tables_of_shapes_stay_small() -> None:
    shapes = ShapeTable()
    for size in range(2000):
        for _ in range(SIGHTINGS):
            shapes.recognise([b"x" * size])
    assert len(shapes.by_length) <= 256


@pytest.fixture(scope="module")
def redis_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed")
    folder: Path = tmp_path_factory.mktemp("redis")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
    with subprocess.Popen([program, *options], stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        for line in server.stdout:
            if b"Ready to accept" in line:
                break
        yield port
        server.terminate()
        server.stdout.read()


def ask(port: int, stream: bytes) -> bytes:
    """All that the server answers until it closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(stream)
        connection.shutdown(socket.SHUT_WR)
        answer = b""
        while piece := connection.recv(65536):
            answer += piece
    return answer


@pytest.mark.parametrize(("stream", "what"), ERRORS, ids=lambda value: str(value[:20]))
def test_redis_answers_the_same_error(redis_port: int, stream: bytes, what: str) -> None:
    framer = Framer()
    framer.receive(stream)
    assert framer.error is not None
    assert framer.error.reply == b"-ERR Protocol error: " + what.encode("latin-1") + b"\r\n"
    assert ask(redis_port, stream) == framer.error.reply


@pytest.mark.parametrize("seed", range(20))
def test_redis_reads_random_requests_the_same(redis_port: int, seed: int) -> None:
    rng = random.Random(seed)
    pieces = []
    for _ in range(rng.randint(1, 6)):
        word = bytes(rng.choices(b"ab\"'\\x4 \t1$*", k=rng.randint(1, 9)))
        whole = rng.choice([b"ECHO " + word + b"\n", encode(b"ECHO", word), b"*1\r\n" + word])
        pieces.append(whole)
    stream = b"".join(pieces)
    framer = Framer()
    expected = b""
    for argv in framer.receive(stream):
        if len(argv) == 2 and argv[0] == b"ECHO":
            expected += b"$%d\r\n%b\r\n" % (len(argv[1]), argv[1])
        else:
            expected += b"?"
    answer = ask(redis_port, stream)
    if framer.error is not None:
        assert answer.endswith(framer.error.reply)
    if b"?" not in expected:
        assert answer == expected + (b"" if framer.error is None else framer.error.reply)
