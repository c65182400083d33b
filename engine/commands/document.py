"""The commands as a Markdown document: `python -m engine.commands.document`."""

from __future__ import annotations

from engine.commands.table import CommandSpec, specs


def document() -> str:
    """Every command with its syntax and what it does, by group."""
    groups: dict[str, list[CommandSpec]] = {}
    for owner in specs():
        groups.setdefault(owner.group, []).extend(owner.subcommands.values() or (owner,))
    lines = ["# Commands", ""]
    for group, members in sorted(groups.items()):
        lines += [f"## {group.capitalize()}", "", "| command | what it does |", "| --- | --- |"]
        lines += [f"| `{_usage(spec)}` | {_escaped(spec.summary)} |" for spec in members]
        lines.append("")
    return "\n".join(lines)


def _usage(spec: CommandSpec) -> str:
    name = spec.name.replace("|", " ").upper()
    return _escaped(f"{name} {spec.syntax}".rstrip())


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    print(document())
