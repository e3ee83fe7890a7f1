"""The commands that show which choices there are and compose no config: ls, describe."""

from __future__ import annotations

import inspect
import json
import pydoc
import textwrap
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from sweeper.cli.arguments import Arguments
from sweeper.cli.choice_list import listed
from sweeper.cli.command_table import COLOR
from sweeper.cli.tables.screen import screen_of
from sweeper.errors import ConfigError, near_match

if TYPE_CHECKING:
    from sweeper.config.catalogue import Entry


def _ls(args: Arguments, out: TextIO) -> int:
    from sweeper.config.catalogue import GROUPS, entries

    group = args.operands[0] if args.operands else None
    if group is not None and group not in GROUPS:
        raise ConfigError(
            f"There is no config group {group!r} to list.{near_match(group, GROUPS)} Allowed: {', '.join(GROUPS)}."
        )
    found = entries(_folders(args), GROUPS if group is None else (group,))
    if args.has("--json"):
        _write_json([entry.to_dict() for entry in found], out)
    else:
        screen = screen_of(out, args.value(COLOR.name))
        out.write(screen.text(listed(found, screen.width)) + "\n")
    return 0


def _folders(args: Arguments) -> tuple[Path, ...]:
    from sweeper.config.hydra_session import config_folders

    return config_folders(args.value("--config-dir"), args.value("--config-path"))


def _write_json(value: object, out: TextIO) -> None:
    out.write(json.dumps(value, indent=2, default=str) + "\n")


def _describe(args: Arguments, out: TextIO) -> int:
    from sweeper.config.catalogue import named
    from sweeper.config.hydra_session import make_working_directory_importable

    make_working_directory_importable()
    found = named(_folders(args), args.operands[0])
    if args.has("--json"):
        _write_json([{**entry.to_dict(), "spec": entry.spec, "classes": _classes(entry)} for entry in found], out)
    else:
        out.write("\n\n".join("\n".join(_described(entry)) for entry in found) + "\n")
    return 0


def _described(entry: Entry) -> Iterator[str]:
    yield f"{entry.group}/{entry.name}: {entry.summary}"
    yield from (f"{name}: {said}" for name, said in _said_of(entry).items() if said)
    yield ""
    yield textwrap.indent(entry.text.rstrip(), _INDENT)
    for number, one in enumerate(_classes(entry)):
        about = str(one["about"])
        yield from ("", str(one["target"]))
        yield textwrap.indent(about if number == 0 else about.partition("\n\n")[0], _INDENT)
        yield from _defaults(one.get("parameters") or {})


def _defaults(parameters: Mapping[str, object]) -> Iterator[str]:
    if parameters:
        said = ", ".join(f"{name} ({default})" for name, default in parameters.items())
        yield from ("", textwrap.fill(f"Defaults: {said}", 100, initial_indent=_INDENT, subsequent_indent=_INDENT))


_INDENT = "    "


def _said_of(entry: Entry) -> dict[str, str]:
    needs = f"the extra {entry.extra}" if entry.extra else ""
    return {"file": str(entry.path), "takes": entry.arity, "task": entry.task, "needs": needs}


def _classes(entry: Entry) -> list[dict[str, Any]]:
    """What each class or function of a spec says of itself."""
    return [_about(target) for target in dict.fromkeys(entry.targets)]


def _about(target: str) -> dict[str, Any]:
    from sweeper.config.targets import problem_of

    if (problem := problem_of(target)) is not None:
        return {"target": target, "about": f"It cannot be imported: {problem[1]}"}
    try:
        found = pydoc.locate(target)
    except pydoc.ErrorDuringImport as error:
        return {"target": target, "about": f"It cannot be imported: {type(error.value).__name__}: {error.value}"}
    return {"target": target, "about": inspect.getdoc(found) or "", "parameters": _parameters(found)}


def _parameters(found: object) -> dict[str, object]:
    """The parameters by name, with their defaults; `required` where there is none."""
    if not callable(found):
        return {}
    try:
        given = inspect.signature(found).parameters.values()
    except (TypeError, ValueError):  # of some classes written in C nothing is known
        return {}
    return {one.name: "required" if one.default is one.empty else repr(one.default) for one in given}


CATALOGUE_COMMANDS: dict[str, Callable[[Arguments, TextIO], int]] = {"ls": _ls, "describe": _describe}
