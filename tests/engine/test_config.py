"""redis.conf, the command line and CONFIG GET, SET, REWRITE behave as in Redis 7.0.15."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from engine.config import REDACTED, Change, Configuration
from engine.config_file import SIGNATURE
from engine.errors import ConfigError
from engine.free_memory import MAX_ARENA, default_arena_pages, free_memory
from engine.replies import CommandError


def written(folder: Path, text: str, name: str = "redis.conf") -> str:
    path = folder / name
    path.write_text(text)
    return str(path)


def loaded(folder: Path, text: str, *options: str) -> Configuration:
    return Configuration.from_arguments([written(folder, text), *options])


# -- files ---------------------------------------------------------------------------------------


def test_a_file_has_comments_quotes_and_any_case(tmp_path: Path) -> None:
    config = loaded(tmp_path, "# hz 99\n\n  HZ \"20\"\r\nappendfilename 'my.aof'\nmaxmemory 1GB")
    assert (config.hz, config.appendfilename, config.maxmemory) == (20, "my.aof", 2**30)
    assert config.path == str(tmp_path / "redis.conf")


@pytest.mark.parametrize(
    ("text", "options", "points"),
    [
        ("", [], ((3600, 1), (300, 100), (60, 10000))),
        ("save 60 1\nsave 30 2", [], ((60, 1), (30, 2))),
        ('save 60 1\nsave ""\nsave 5 5', [], ((5, 5),)),
        ("save ", [], ()),
        ("save 60 1", ["--save", "5", "5"], ((60, 1), (5, 5))),
        ("save 60 1", ["--save", ""], ()),
        ("save 60 1", ["--save"], ()),
        ("", ["--save", "60 1", "--hz", "20"], ((60, 1),)),
        ("", ["--save", "60", "1", "30", "2"], ((60, 1), (30, 2))),
    ],
)
def test_save_points_add_up(
    tmp_path: Path, text: str, options: list[str], points: tuple[tuple[int, int], ...]
) -> None:
    assert loaded(tmp_path, text, *options).save_points == points


def test_the_command_line_alone_and_last(tmp_path: Path) -> None:
    assert Configuration.from_arguments(["--port", "7000"]).port == 7000
    assert loaded(tmp_path, "port 1", "--port", "7000").port == 7000
    words = ["--bind", "127.0.0.1 -::1", "--client-output-buffer-limit", "normal", "1", "1", "1"]
    config = Configuration.from_arguments(words)
    assert config.bind == ("127.0.0.1", "-::1")
    assert config.client_output_buffer_limit.normal == (1, 1, 1)
    assert Configuration.from_arguments([]).path == ""


def test_include_is_relative_to_the_file_and_may_be_a_pattern(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    written(tmp_path / "more", "hz 21\ninclude b.conf", "a.conf")
    written(tmp_path / "more", "port 7001", "b.conf")
    config = loaded(tmp_path, "hz 1\ninclude more/a.conf\ninclude none*.conf")
    assert (config.hz, config.port) == (21, 7001)
    config = loaded(tmp_path, "include more/*.conf", "--include", str(tmp_path / "more/b.conf"))
    assert (config.hz, config.port) == (21, 7001)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("port 1\nfoo bar", "{}, line 2: 'foo bar': Bad directive or wrong number of arguments"),
        ("hz 1 2", "{}, line 1: 'hz 1 2': wrong number of arguments"),
        ("hz 20 # note", "{}, line 1: 'hz 20 # note': wrong number of arguments"),
        ("hz", "{}, line 1: 'hz': wrong number of arguments"),
        ('hz "1', "{}, line 1: 'hz \"1': Unbalanced quotes in configuration line"),
        ("hz abc", "{}, line 1: 'hz abc': argument couldn't be parsed into an integer"),
        ("dir /nowhere", "{}, line 1: 'dir /nowhere': No such file or directory"),
        ("cluster-enabled yes", "{}, line 1: 'cluster-enabled yes': only no is possible: cluster"),
        ("loadmodule x.so", "{}, line 1: 'loadmodule x.so': loadmodule is not supported"),
        ("arena-pages 0", "{}, line 1: 'arena-pages 0': argument must be between 1 and"),
        ("include nowhere.conf", "Can't open config file '.*nowhere.conf': No such file"),
        ("include redis.conf", ".*redis.conf: files include each other more than 16 deep"),
        ("logfile /nowhere/x", "Can't open the log file '/nowhere/x': No such file or directory"),
        ("dbfilename a/b", "{}, line 1: 'dbfilename a/b': dbfilename can't be a path, just a f"),
        ("appenddirname ''", ".*: appenddirname can't be empty"),
    ],
)
def test_a_bad_file_gets_one_clear_line(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, text)
    assert re.match(complaint.format(tmp_path / "redis.conf"), str(caught.value))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("argv", "complaint"),
    [
        (["nowhere.conf"], "Can't open config file 'nowhere.conf': No such file or directory"),
        (["--hz"], "command line: '--hz': wrong number of arguments"),
        (
            ["--dir", "/nowhere"],
            "command line: '--dir /nowhere': No such file or directory. "
            "Make it first (mkdir -p /nowhere), or name another folder.",
        ),
        (
            ["--dir", "/dev/null"],
            "command line: '--dir /dev/null': Not a directory. Name a folder that you may enter.",
        ),
        (["--foo", "x"], "command line: '--foo x': Bad directive or wrong number of arguments"),
        (["--hz", "-5"], "command line: '--hz -5': argument must be between 0 and 2147483647"),
        (["--port", "1", "hz"], "command line: '--port 1 hz': wrong number of arguments"),
        (["--"], "command line: '--': Bad directive or wrong number of arguments"),
        (["/dev/null", "x"], "command line: 'x': Bad directive or wrong number of arguments"),
    ],
)
def test_a_bad_command_line_gets_one_clear_line(argv: list[str], complaint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        Configuration.from_arguments(argv)
    assert str(caught.value).startswith(complaint)


def test_what_is_asked_in_vain_is_a_warning(tmp_path: Path) -> None:
    config = loaded(tmp_path, "daemonize yes\nmaxmemory-policy allkeys-lru\ndaemonize no")
    assert config.get_one("daemonize") == "no"
    assert [warning.split(": ", 1)[1] for warning in config.warnings] == [
        "'daemonize yes': only no is possible: the engine stays in the foreground",
        "'maxmemory-policy allkeys-lru': only noeviction is possible: nothing is ever evicted",
    ]


def test_the_redis_conf_of_the_distribution_loads(tmp_path: Path) -> None:
    installed = Path("/etc/redis/redis.conf")
    if not os.access(installed, os.R_OK):
        pytest.skip(f"{installed} is missing or not readable")
    text = re.sub(r"(?m)^(dir|logfile) .*$", "", installed.read_text())
    config = loaded(tmp_path, text)
    assert config.bind == ("127.0.0.1", "-::1")
    assert config.get("replica-p*", "lua-time-limit") == {
        "replica-priority": "100",
        "lua-time-limit": "5000",
    }


# -- CONFIG GET and SET --------------------------------------------------------------------------


def test_get_by_name_and_by_pattern() -> None:
    config = Configuration()
    assert config.get("HZ") == {"HZ": "10"}
    assert config.get("H?", "hz", "HZ") == {"hz": "10"}
    assert config.get("nosuch") == {}
    assert config.get("slave-pri*") == {"slave-priority": "100"}
    assert config.get("save") == {"save": "3600 1 300 100 60 10000"}
    assert config.get("rdb-key*") == {}
    assert config.get("rdb-key-save-delay") == {"rdb-key-save-delay": "0"}
    assert len(config.get("*")) > 190


SET_ERRORS = [
    ("nosuch 1", "Unknown option or number of arguments for CONFIG SET - 'nosuch'"),
    ("hz 10 nosuch 1 port x", "Unknown option or number of arguments for CONFIG SET - 'nosuch'"),
    ("hz abc", "hz: argument couldn't be parsed into an integer"),
    ("hz 12 hz 13", "hz: duplicate parameter"),
    ("HZ 12 hz 13", "hz: duplicate parameter"),
    ("databases 3", "databases: can't set immutable config"),
    ("Dir /tmp", "Dir: can't set protected config"),
    ("appendfsync sometimes", "appendfsync: argument(s) must be one of the following: everysec, "
     "always, no"),
    ("port 70000", "port: argument must be between 0 and 65535 inclusive"),
    ("proto-max-bulk-len 5", "proto-max-bulk-len: argument must be between 1048576 and "
     "9223372036854775807 inclusive"),
    ("hz 20 maxmemory 1x", "maxmemory: argument must be a memory value"),
    ("slave-priority x", "slave-priority: argument couldn't be parsed into an integer"),
    ("maxmemory-policy allkeys-lru", "maxmemory-policy: only noeviction is possible: nothing is "
     "ever evicted"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "complaint"), SET_ERRORS)
def test_set_takes_all_or_nothing(text: str, complaint: str) -> None:
    config = Configuration()
    before = config.get("*")
    words = text.split()
    name, _, reason = complaint.partition(": ")
    if reason:
        complaint = f"CONFIG SET failed (possibly related to argument '{name}') - {reason}"
    with pytest.raises(CommandError) as caught:
        config.set(list(zip(words[::2], words[1::2], strict=True)))
    assert str(caught.value) == f"ERR {complaint}"
    assert config.get("*") == before


def test_set_answers_what_changed_and_tells() -> None:
    config = Configuration()
    heard: list[object] = []
    config.on_change("appendfsync", heard.append)
    config.on_any_change(lambda *change: heard.append(change))
    changes = config.set([("AppendFsync", "ALWAYS"), ("hz", "10"), ("save", "60 1")])
    fsync = Change("appendfsync", "everysec", "always")
    assert changes == [fsync, Change("save", "3600 1 300 100 60 10000", "60 1")]
    assert heard[:2] == [fsync, ("appendfsync", "everysec", "always")]
    assert (config.appendfsync, config.save_points) == ("always", ((60, 1),))
    config.set([("save", "")])
    assert config.save_points == ()


def test_a_veto_takes_everything_back() -> None:
    config = Configuration()
    heard: list[Change] = []
    config.on_change("hz", heard.append)

    def refuse(change: Change) -> None:
        assert config.port == int(change.new)
        raise ConfigError("Unable to listen on this port. Check server logs.")

    config.on_change("port", refuse)
    with pytest.raises(CommandError) as caught:
        config.set([("hz", "20"), ("port", "1"), ("timeout", "5")])
    assert str(caught.value) == (
        "ERR CONFIG SET failed (possibly related to argument 'port') - "
        "Unable to listen on this port. Check server logs."
    )
    assert (config.hz, config.port, config.timeout) == (10, 6379, 0)
    assert heard == [Change("hz", "10", "20"), Change("hz", "20", "10")]


def test_secrets_do_not_travel() -> None:
    config = Configuration()
    heard: list[object] = []
    config.on_any_change(lambda *change: heard.append(change))
    config.set([("requirepass", "hunter2")])
    assert config.requirepass == "hunter2"
    assert heard == [("requirepass", REDACTED, REDACTED)]


def test_protected_and_loading(tmp_path: Path) -> None:
    config = Configuration.from_arguments(["--enable-protected-configs", "local"])
    config.set([("dir", str(tmp_path))], local=True)
    assert config.dir == os.path.realpath(tmp_path)
    with pytest.raises(CommandError, match=r"can't set protected config"):
        config.set([("dbfilename", "x.rdb")], local=False)
    with pytest.raises(CommandError, match=r"^LOADING "):
        config.set([("appendonly", "yes")], loading=True)


# -- CONFIG REWRITE ------------------------------------------------------------------------------


def test_rewrite_needs_a_file() -> None:
    with pytest.raises(CommandError, match=r"^ERR The server is running without a config file$"):
        Configuration().rewrite()


def test_rewrite_keeps_what_it_does_not_know(tmp_path: Path) -> None:
    include = written(tmp_path, "timeout 7\n", "more.conf")
    text = f"# mine\nhz 20\n\ninclude {include}\nsave 60 1\nsave 30 2\nmaxclients 5\n"
    config = loaded(tmp_path, text)
    os.chmod(config.path, 0o600)
    config.set([("hz", "30"), ("save", "5 5"), ("maxmemory", "1048576"), ("requirepass", "a b")])
    config.rewrite()
    assert Path(config.path).read_text().split("\n") == [
        *("# mine", "hz 30", "", f"include {include}", "save 5 5", "maxclients 5", SIGNATURE),
        *("timeout 7", f'dir "{config.dir}"', 'requirepass "a b"', "maxmemory 1mb", ""),
    ]
    assert os.stat(config.path).st_mode & 0o777 == 0o600
    assert sorted(os.listdir(tmp_path)) == ["more.conf", "redis.conf"]
    again = Configuration.from_arguments([config.path])
    # What is free changes from one moment to the next, and so does its half.
    ours, theirs = config.get("*"), again.get("*")
    assert {name for name in ours if ours[name] != theirs[name]} <= {"arena-pages"}
    before = Path(config.path).read_text()
    again.rewrite()
    assert Path(config.path).read_text() == before


def test_rewrite_that_fails_leaves_the_file_alone(tmp_path: Path) -> None:
    config = loaded(tmp_path, "hz 20\n")
    path = Path(config.path)
    path.rename(tmp_path / "kept.conf")
    with pytest.raises(CommandError, match=r"^ERR Rewriting config file: No such file"):
        config.rewrite()
    assert (tmp_path / "kept.conf").read_text() == "hz 20\n"


# -- memory --------------------------------------------------------------------------------------


def test_free_memory_counts_control_groups(tmp_path: Path) -> None:
    def put(path: str, text: str) -> None:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)

    put("proc/meminfo", "MemTotal: 999 kB\nMemAvailable:    1000000 kB\n")
    assert free_memory(str(tmp_path)) == 1000000 * 1024
    put("proc/self/cgroup", "0::/a/b\n")
    put("sys/fs/cgroup/a/b/memory.max", "max\n")
    put("sys/fs/cgroup/a/b/memory.current", "5\n")
    put("sys/fs/cgroup/a/memory.max", "500000000\n")
    put("sys/fs/cgroup/a/memory.current", "100000000\n")
    assert free_memory(str(tmp_path)) == 400_000_000
    assert default_arena_pages(str(tmp_path)) == 200_000_000 // os.sysconf("SC_PAGE_SIZE")
    put("proc/self/cgroup", "5:cpu,memory:/x\n")
    put("sys/fs/cgroup/memory/memory.limit_in_bytes", "3000\n")
    put("sys/fs/cgroup/memory/memory.usage_in_bytes", "9000\n")
    assert default_arena_pages(str(tmp_path)) == 1
    put("proc/meminfo", f"MemAvailable: {2**40} kB\n")
    put("proc/self/cgroup", "")
    assert default_arena_pages(str(tmp_path)) == MAX_ARENA // os.sysconf("SC_PAGE_SIZE")
