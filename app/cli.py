"""The command line: `cowscope`, its commands, and one clear line for whatever goes wrong.

Every command imports what it needs when it runs: `serve` must not load a screen, and the first
frame must not wait for what it does not show.
"""

from __future__ import annotations

import argparse
import importlib
import platform
import sys
from collections.abc import Callable, Sequence
from typing import Any

from app import argument_kinds as kinds
from app.argument_parser import Parser, language_named, without_language
from app.said import said
from engine import __version__
from engine.errors import EngineError
from scenes import phrases
from scenes.errors import SceneError
from scenes.foreign import spoken
from scenes.language import LANGUAGES, of_locale

_HOWS = ["kill", "power", "mid-snapshot", "mid-rewrite", "disk-full", "torn-tail", "slow-disk"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the process' exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    phrases.use(language_named(arguments) or of_locale())
    try:
        if without_language(arguments)[:1] == ["serve"]:
            return _serve(without_language(arguments)[1:])
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
        print(f"cowscope: {bug.line(said('bug.program'), error)}", file=sys.stderr)
        return 1


def _serve(words: list[str]) -> int:
    """The engine reads its words itself: they are redis.conf's."""
    from engine.serve import main as serve

    if words[:1] in (["-h"], ["--help"]):
        print(said("serve.usage"))
        return 0
    if not sys.platform.startswith("linux"):
        raise SceneError(said("serve.needs_linux", system=platform.system()))
    return serve(words, spoken)


def _lazy(name: str, module: str = "app.commands") -> Callable[[argparse.Namespace], int]:
    def run(options: argparse.Namespace) -> int:
        return int(getattr(importlib.import_module(module), name)(options))

    return run


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="cowscope", description=said("commands.about"), epilog=said("commands.without")
    )
    version = f"cowscope {__version__}"
    parser.add_argument("--version", action="version", version=version, help=said("option.version"))
    parser.set_defaults(run=_lazy("menu"), ascii=False, theme=None)
    _add_language(parser)
    _add_progress(parser)
    commands = parser.add_subparsers(metavar="COMMAND", title=said("commands.title"))

    play = _add_command(commands, "play")
    play.add_argument("scene", nargs="?", default="04", help=said("option.scene_or_default"))
    play.add_argument("--autoplay", action="store_true", help=said("option.autoplay"))
    play.add_argument("--step", help=said("option.step"))
    _add_progress(play)
    _add_run_options(play)
    _add_screen_options(play)
    play.set_defaults(run=_lazy("play"))

    run = _add_command(commands, "run")
    run.add_argument("scene", nargs="?", default="04", help=said("option.scene_or_default"))
    run.add_argument("--json", action="store_true", help=said("option.json_events"))
    run.add_argument("-v", "--verbose", action="store_true", help=said("option.verbose"))
    run.add_argument("--step", help=said("option.step"))
    run.add_argument("--pace", type=kinds.pace, default=1.0, help=said("option.pace"))
    _add_run_options(run)
    run.set_defaults(run=_lazy("run_headless"))

    # `main` has taken it before: its options are redis.conf's.
    serve = commands.add_parser("serve", help=said("commands.serve"), add_help=False)
    serve.set_defaults(run=lambda _options: _serve([]))

    record = _add_command(commands, "record")
    record.add_argument("scene", help=said("option.scene"))
    record.add_argument("file", help=said("option.record_file"))
    record.add_argument("--force", action="store_true", help=said("option.force"))
    _add_run_options(record)
    record.set_defaults(run=_lazy("record"))

    replay = _add_command(commands, "replay")
    replay.add_argument("file", nargs="?", help=said("option.replay_file"))
    replay.add_argument("--autoplay", action="store_true", help=said("option.autoplay"))
    _add_progress(replay)
    _add_language(replay)
    _add_screen_options(replay)
    replay.set_defaults(run=_lazy("replay"))

    export = _add_command(commands, "export")
    export.add_argument("file", help=said("option.export_file"))
    export.add_argument("target", help=said("option.target"))
    export.add_argument("--force", action="store_true", help=said("option.force"))
    export.add_argument("--size", type=kinds.size, default=(160, 48), help=said("option.size"))
    export.add_argument("--theme", choices=["dark", "light"], help=said("option.theme"))
    _add_language(export)
    export.set_defaults(run=_lazy("export"))

    web = _add_command(commands, "web")
    web.add_argument("scene", nargs="?", help=said("option.scene_menu"))
    web.add_argument("--port", type=kinds.port, default=8000, help=said("option.port"))
    web.add_argument("--seats", type=kinds.seats, default=4, help=said("option.seats"))
    web.add_argument("--public-url", type=kinds.url, help=said("option.public_url"))
    _add_language(web)
    web.set_defaults(run=_lazy("web"))

    _add_crash(_add_command(commands, "crash"))
    _add_authoring(_add_command(commands, "scene"))
    for name in ("doctor", "bench"):
        plain = _add_command(commands, name)
        _add_language(plain)
        plain.set_defaults(run=_lazy(name))
    return parser


def _add_command(
    commands: argparse._SubParsersAction[Any], name: str, group: str = "commands"
) -> Parser:
    """A command; what the list says of it heads its own help, too."""
    about = said(f"{group}.{name}")
    parser: Parser = commands.add_parser(name, help=about, description=about)
    return parser


def _add_crash(parser: argparse.ArgumentParser) -> None:
    how = said("option.how", hows=", ".join(_HOWS))
    parser.add_argument("--how", choices=_HOWS, metavar="HOW", help=how)
    parser.add_argument(
        "--policy",
        choices=["always", "everysec", "no", "all"],
        default="all",
        help=said("option.policy"),
    )
    parser.add_argument("--times", type=kinds.pages, default=5, help=said("option.times"))
    parser.add_argument("--rate", type=kinds.rate, default=1000.0, help=said("option.rate"))
    parser.add_argument("--seed", type=kinds.seed, help=said("option.crash_seed"))
    parser.add_argument("--json", action="store_true", help=said("option.json_runs"))
    parser.add_argument("--server", choices=["redis"], help=said("option.server"))
    _add_language(parser)
    parser.set_defaults(run=_lazy("crash", "app.crash_command"))


def _add_authoring(parser: argparse.ArgumentParser) -> None:
    _add_language(parser)
    commands = parser.add_subparsers(metavar="COMMAND", title=said("commands.title"), required=True)
    listed = _add_command(commands, "list", "authoring")
    listed.set_defaults(run=_lazy("scene_list", "app.authoring"))
    new = _add_command(commands, "new", "authoring")
    new.add_argument("name", help=said("option.new_name"))
    new.set_defaults(run=_lazy("scene_new", "app.authoring"))
    check = _add_command(commands, "check", "authoring")
    check.add_argument("scene", nargs="?", help=said("option.scene_all"))
    check.add_argument("--strict", action="store_true", help=said("option.strict"))
    check.set_defaults(run=_lazy("scene_check", "app.authoring"))
    watch = _add_command(commands, "watch", "authoring")
    watch.add_argument("scene", help=said("option.folder"))
    _add_progress(watch)
    _add_run_options(watch)
    _add_screen_options(watch)
    watch.set_defaults(run=_lazy("scene_watch", "app.authoring"))
    for command in (listed, new, check):
        _add_language(command)


def _add_run_options(parser: argparse.ArgumentParser) -> None:
    _add_language(parser)
    parser.add_argument("--seed", type=kinds.seed, help=said("option.seed"))
    parser.add_argument("--arena-pages", type=kinds.pages, help=said("option.arena_pages"))


def _add_language(parser: argparse.ArgumentParser) -> None:
    # SUPPRESS: `cowscope --lang zh play` and `cowscope play --lang zh` both count.
    parser.add_argument(
        "--lang", choices=LANGUAGES, default=argparse.SUPPRESS, help=said("option.lang")
    )


def _add_progress(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--no-progress",
        action="store_true",
        default=argparse.SUPPRESS,
        help=said("option.no_progress"),
    )


def _add_screen_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--ascii", action="store_true", help=said("option.ascii"))
    parser.add_argument("--theme", choices=["dark", "light"], help=said("option.theme"))


if __name__ == "__main__":
    sys.exit(main())
