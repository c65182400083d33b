"""The command line: `cowscope`, its commands, and one clear line for whatever goes wrong.

Every command imports what it needs when it runs: `serve` must not load a screen, and the first
frame must not wait for what it does not show.
"""

from __future__ import annotations

import argparse
import importlib
import math
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn

from engine import __version__
from engine.errors import EngineError
from scenes.errors import SceneError
from scenes.language import LANGUAGES

_HOWS = ["kill", "power", "mid-snapshot", "mid-rewrite", "disk-full", "torn-tail", "slow-disk"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the process' exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments and arguments[0] == "serve":
        from engine.serve import main as serve

        return serve(arguments[1:])
    try:
        options = _parser().parse_args(arguments)
        return int(options.run(options))
    except (EngineError, SceneError) as error:
        print(f"cowscope: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except Exception as error:
        from app import bug

        if bug.wants_traceback():
            raise
        print(f"cowscope: {bug.line('the program', error)}", file=sys.stderr)
        return 1


class _Parser(argparse.ArgumentParser):
    """Says in one line what it cannot read, and where to look it up."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}; try: {self.prog} --help\n")


def _pages(text: str) -> int:
    return _whole(text, least=1)


def _seed(text: str) -> int:
    return _whole(text, least=0)


def _port(text: str) -> int:
    port = _whole(text, least=1)
    if port > 65535:
        raise argparse.ArgumentTypeError(f"'{text}' is no port: they end at 65535")
    return port


def _seats(text: str) -> int:
    return _whole(text, least=1)


def _url(text: str) -> str:
    scheme, _, rest = text.partition("://")
    if scheme not in ("http", "https") or not rest:
        raise argparse.ArgumentTypeError(f"'{text}' is no address such as https://class.example")
    return text


def _size(text: str) -> tuple[int, int]:
    columns, by, rows = text.partition("x")
    if not by:
        raise argparse.ArgumentTypeError(f"'{text}' is no size such as 160x48")
    return _whole(columns, least=80), _whole(rows, least=24)


def _whole(text: str, least: int) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) < least:
        raise argparse.ArgumentTypeError(f"'{text}' is no whole number from {least} on")
    return int(text)


def _pace(text: str) -> float:
    slowest, fastest = 0.1, 100.0
    try:
        pace = float(text)
    except ValueError:
        pace = math.nan
    if not slowest <= pace <= fastest:
        raise argparse.ArgumentTypeError(f"'{text}' is no number from {slowest:g} to {fastest:g}")
    return pace


def _rate(text: str) -> float:
    most = 100_000.0
    try:
        rate = float(text)
    except ValueError:
        rate = math.nan
    if not 0 <= rate <= most:
        raise argparse.ArgumentTypeError(f"'{text}' is no number from 0 to {most:g}")
    return rate


def _lazy(name: str, module: str = "app.commands") -> Callable[[argparse.Namespace], int]:
    def run(options: argparse.Namespace) -> int:
        return int(getattr(importlib.import_module(module), name)(options))

    return run


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="cowscope",
        description="Watch fork, copy-on-write and fsync happen: a real mini Redis, measured.",
        epilog="Without a command: the menu of scenes.",
    )
    parser.add_argument("--version", action="version", version=f"cowscope {__version__}")
    parser.set_defaults(run=_lazy("menu"), ascii=False, theme=None)
    _add_language(parser)
    _add_progress(parser)
    commands = parser.add_subparsers(metavar="COMMAND", title="commands")

    play = commands.add_parser("play", help="a scene on the screen")
    play.add_argument("scene", nargs="?", default="04", help="number, slug or folder (default: 04)")
    play.add_argument("--autoplay", action="store_true", help="go on without keys")
    play.add_argument("--step", help="begin with this step")
    _add_progress(play)
    _add_run_options(play)
    _add_screen_options(play)
    play.set_defaults(run=_lazy("play"))

    run = commands.add_parser("run", help="a scene without a screen, checked")
    run.add_argument("scene", nargs="?", default="04", help="number, slug or folder (default: 04)")
    run.add_argument("--json", action="store_true", help="one JSON event a line")
    run.add_argument(
        "-v", "--verbose", action="store_true", help="tell every write, fsync and reading, too"
    )
    run.add_argument("--pace", type=_pace, default=1.0, help="times the author's pace (default: 1)")
    _add_run_options(run)
    run.set_defaults(run=_lazy("run_headless"))

    serve = commands.add_parser(
        "serve", help="the engine alone, for any Redis client", add_help=False
    )
    serve.set_defaults(
        run=lambda _options: 0
    )  # handled before parsing: its options are redis.conf's

    record = commands.add_parser("record", help="play a scene without a screen, keep its events")
    record.add_argument("scene")
    record.add_argument("file")
    _add_run_options(record)
    record.set_defaults(run=_lazy("record"))

    replay = commands.add_parser("replay", help="show a recording; needs no engine and no Linux")
    replay.add_argument(
        "file", nargs="?", help="a file, or a scene's number: its recording here (default: 04)"
    )
    replay.add_argument("--autoplay", action="store_true", help="go on without keys")
    _add_progress(replay)
    _add_language(replay)
    _add_screen_options(replay)
    replay.set_defaults(run=_lazy("replay"))

    web = commands.add_parser("web", help="the screen in a browser, for a class")
    web.add_argument("scene", nargs="?", help="number, slug or folder (default: the menu)")
    web.add_argument("--port", type=_port, default=8000, help="on 127.0.0.1 (default: 8000)")
    web.add_argument("--seats", type=_seats, default=4, help="tabs at a time (default: 4)")
    web.add_argument("--public-url", type=_url, help="where a proxy shows it")
    _add_language(web)
    web.set_defaults(run=_lazy("web"))

    export = commands.add_parser("export", help="a recording as stills, page or film")
    export.add_argument("file", help="a recording, or a scene's number: its recording here")
    export.add_argument("target", help="NAME.cast, .html, .cowscope (anew), or a folder for stills")
    export.add_argument("--size", type=_size, default=(160, 48), help="default: 160x48")
    export.add_argument("--theme", choices=["dark", "light"], help="default: dark")
    export.set_defaults(run=_lazy("export"))

    _add_authoring(commands.add_parser("scene", help="list scenes; write and check your own"))

    doctor = commands.add_parser("doctor", help="what this machine can measure")
    doctor.set_defaults(run=_lazy("doctor"))

    crash = commands.add_parser(
        "crash", help="crash a server under load, for real, and count what survives"
    )
    crash.add_argument("--policy", choices=["always", "everysec", "no", "all"], default="all")
    crash.add_argument("--how", choices=_HOWS, help="default: kill and power")
    crash.add_argument("--times", type=_pages, default=5, help="crashes a row (default: 5)")
    crash.add_argument(
        "--rate", type=_rate, default=1000.0, help="writes a second, 0 for all it takes (1000)"
    )
    crash.add_argument(
        "--seed",
        type=_seed,
        help="of the moments; also: what is unsynced survives a modelled cut partly",
    )
    crash.add_argument("--json", action="store_true", help="one JSON object a run and a row")
    crash.add_argument("--server", choices=["redis"], help="an installed one beside the engine")
    crash.set_defaults(run=_lazy("crash", "app.crash_command"))

    bench = commands.add_parser("bench", help="the project's own measurements (from a checkout)")
    bench.set_defaults(run=_lazy("bench"))
    return parser


def _add_authoring(parser: argparse.ArgumentParser) -> None:
    commands = parser.add_subparsers(metavar="COMMAND", title="commands", required=True)
    listed = commands.add_parser("list", help="the scenes that ship")
    _add_language(listed)
    listed.set_defaults(run=_lazy("scene_list", "app.authoring"))
    new = commands.add_parser("new", help="a small scene that plays, to begin with")
    new.add_argument("name", help="the folder to make")
    new.set_defaults(run=_lazy("scene_new", "app.authoring"))
    watch = commands.add_parser("watch", help="play a scene, and reload it whenever it is saved")
    watch.add_argument("scene", help="its folder")
    _add_run_options(watch)
    _add_screen_options(watch)
    watch.set_defaults(run=_lazy("scene_watch", "app.authoring"))
    check = commands.add_parser("check", help="what is wrong with a scene, and what it lacks")
    check.add_argument("scene", nargs="?", help="number, slug or folder (default: all that ship)")
    check.add_argument("--strict", action="store_true", help="exit 1 for what is unfinished, too")
    _add_language(check)
    check.set_defaults(run=_lazy("scene_check", "app.authoring"))


def _add_run_options(parser: argparse.ArgumentParser) -> None:
    _add_language(parser)
    parser.add_argument("--seed", type=_seed, help="seed of the scene's workloads")
    parser.add_argument("--arena-pages", type=_pages, help="pages of the scene's arena")


def _add_language(parser: argparse.ArgumentParser) -> None:
    # SUPPRESS: `cowscope --lang zh play` and `cowscope play --lang zh` both count.
    parser.add_argument(
        "--lang",
        choices=LANGUAGES,
        default=argparse.SUPPRESS,
        help="language of all that is read (default: the locale's, else en)",
    )


def _add_progress(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--no-progress",
        action="store_true",
        default=argparse.SUPPRESS,
        help="neither keep nor show what was played and answered",
    )


def _add_screen_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--ascii", action="store_true", help="plain ASCII glyphs")
    parser.add_argument("--theme", choices=["dark", "light"], help="default: dark")


if __name__ == "__main__":
    sys.exit(main())
