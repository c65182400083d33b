"""Kinds of values read, show and write back what Redis 7.0.15 reads, shows and writes."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.composite_directives import (
    EventClasses,
    OutputLimitTable,
    Percentiles,
    SavePointList,
)
from engine.config import Configuration
from engine.config_values import ConfigValues
from engine.directive_table import BY_ANY_NAME, TABLE
from engine.directives import Choice, Clamped, Folder, Kind, Memory, Number, Octal, YesNo
from engine.errors import ConfigError


@pytest.mark.parametrize(
    ("word", "size"),
    [
        *(("0", 0), ("1", 1), ("5b", 5), ("1k", 1000), ("1kb", 1024), ("2M", 2_000_000)),
        *(("2mb", 2 << 20), ("1g", 10**9), ("1GB", 1 << 30), ("", 0)),
    ],
)
def test_memory_has_units(word: str, size: int) -> None:
    assert Memory().parse([word], 0) == size


@pytest.mark.parametrize("word", ["1x", "1.5mb", "-1", "mb", " 1", "1 mb", "٣", "1_0"])
def test_memory_refuses(word: str) -> None:
    with pytest.raises(ConfigError, match=r"^argument must be a memory value$"):
        Memory().parse([word], 0)


def test_memory_may_be_a_share() -> None:
    kind = Memory(0, 100, percent=True)
    assert kind.show(kind.parse(["5%"], 0)) == "5%"
    with pytest.raises(ConfigError, match="percentage argument must be less or equal to 100"):
        kind.parse(["500%"], 0)
    with pytest.raises(ConfigError, match="argument must be a memory or percent value"):
        kind.parse(["x%"], 0)


@pytest.mark.parametrize("word", ["", "abc", "10.5", " 10", "+1", "01", "1e3", "9" * 30, "1_0"])
def test_numbers_are_plain(word: str) -> None:
    with pytest.raises(ConfigError, match=r"^argument couldn't be parsed into an integer$"):
        Number(0, 100).parse([word], 0)


def test_numbers_have_bounds() -> None:
    assert Number(-1, 100).parse(["-1"], 0) == -1
    with pytest.raises(ConfigError, match=r"^argument must be between 0 and 65535 inclusive$"):
        Number(0, 65535).parse(["70000"], 0)


def test_small_kinds() -> None:
    assert YesNo().parse(["YES"], False) is True
    with pytest.raises(ConfigError, match=r"^argument must be 'yes' or 'no'$"):
        YesNo().parse(["1"], False)
    assert [Clamped(1, 500).parse([word], 0) for word in ("0", "10", "1000")] == [1, 10, 500]
    assert Octal(0o777).show(Octal(0o777).parse(["755"], 0)) == "755"
    with pytest.raises(ConfigError, match=r"^argument must be between 0 and 777 inclusive$"):
        Octal(0o777).parse(["1000"], 0)
    assert Choice(("everysec", "always", "no")).parse(["ALWAYS"], "no") == "always"
    assert Choice(("save", "now"), several=True).parse(["now", "save"], "save") == "save now"


@pytest.mark.parametrize("text", ["1", "1 a", "60  1", " 60 1", "0 1", "1 -1", "1 1 60"])
def test_save_points_refuse(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^Invalid save parameters$"):
        SavePointList().parse(text.split(" "), ())


def test_output_limits_leave_other_classes_alone() -> None:
    default = BY_ANY_NAME["client-output-buffer-limit"].default
    kind = OutputLimitTable()
    limits = kind.parse(["normal", "1mb", "0", "0"], default)
    assert kind.show(limits).startswith("normal 1048576 0 0 slave 268435456 67108864 60 pubsub ")
    for words, complaint in (
        ("normal 1mb 0", "Wrong number of arguments in buffer limit configuration."),
        ("master 0 0 0", "Invalid client class specified in buffer limit configuration."),
        ("normal x 0 0", "Error in hard, soft or soft_seconds setting in buffer limit"),
    ):
        with pytest.raises(ConfigError, match=complaint):
            kind.parse(words.split(), default)


@pytest.mark.parametrize(
    ("letters", "shown"),
    [("KEA", "AKE"), ("Kl", "lK"), ("KEg$lshzxetdmn", "AKEnm"), ("", ""), ("xKe", "xeK")],
)
def test_event_classes(letters: str, shown: str) -> None:
    kind = EventClasses()
    assert kind.show(kind.parse([letters], frozenset())) == shown


def test_percentiles() -> None:
    kind = Percentiles()
    assert kind.show(kind.parse(["50", "99.9", "100"], ())) == "50 99.9 100"
    with pytest.raises(ConfigError, match="should sit between"):
        kind.parse(["101"], ())


def test_a_folder_must_exist(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    assert Folder().parse(["link"], str(tmp_path)) == os.path.realpath(tmp_path)
    with pytest.raises(ConfigError, match=r"^No such file or directory$"):
        Folder().parse(["nowhere"], str(tmp_path))
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"^Not a directory$"):
        Folder().parse(["file"], str(tmp_path))


def test_every_default_is_what_its_kind_reads_back(tmp_path: Path) -> None:
    values = ConfigValues()
    for directive in TABLE:
        kind: Kind[Any] = directive.kind
        value = getattr(values, directive.attribute)
        shown = kind.show(value)
        words = shown.split(" ") if kind.takes_words else [shown]
        if directive.name != "replicaof":
            current = () if kind.accumulates else value
            assert kind.parse(words, current) == value, directive.name


def test_the_typed_attributes_have_their_type() -> None:
    values = ConfigValues()
    for name, annotation in ConfigValues.__annotations__.items():
        value = getattr(values, name)
        if annotation in {"bool", "int", "str"}:
            assert type(value).__name__ == annotation, name


@settings(deadline=None, derandomize=True, max_examples=100)
@given(st.sampled_from(TABLE), st.text(max_size=12))
def test_any_text_is_a_value_or_one_clear_reason(directive: Any, text: str) -> None:
    kind = directive.kind
    words = text.split(" ") if kind.takes_words else [text]
    try:
        value = kind.parse(words, () if kind.accumulates else directive.default)
    except ConfigError as error:
        assert str(error)
        assert "\n" not in str(error)
    else:
        assert isinstance(kind.show(value), str)
        assert all("\n" not in line for line in kind.lines(value))


def test_defaults_are_those_of_redis(tmp_path: Path) -> None:
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed")
    version = subprocess.run([program, "--version"], capture_output=True, check=True).stdout
    if b"v=7.0." not in version:
        pytest.skip("the table is that of Redis 7.0")
    path = tmp_path / "redis.sock"
    options = ["--port", "0", "--unixsocket", str(path), "--dir", str(tmp_path)]
    with subprocess.Popen([program, *options], stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        for line in server.stdout:
            if b"Ready to accept" in line or b"now ready" in line:
                break
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(path))
            connection.sendall(b"CONFIG GET *\r\nQUIT\r\n")
            answer = b""
            while piece := connection.recv(65536):
                answer += piece
        server.terminate()
        server.stdout.read()
    words = answer.decode().split("\r\n")[2::2]
    theirs = dict(zip(words[::2], words[1::2], strict=False))
    theirs.pop("OK", None)
    ours = Configuration().get("*")
    own = {name for name in ours if name.startswith(("arena-", "cowscope-", "aof-rewrite-mode"))}
    assert set(theirs) ^ set(ours) == own
    chosen = {"port", "unixsocket", "dir", "bind", "enable-debug-command"}
    different = {name for name in theirs if ours[name] != theirs[name]}
    assert different <= chosen
