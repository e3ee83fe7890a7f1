"""`sweeper try`: choices by their names, built and tried on one batch in this process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stdout
from dataclasses import replace
from typing import TYPE_CHECKING, TextIO

from sweeper.cli.arguments import Arguments
from sweeper.common.quoting import quoted
from sweeper.errors import ConfigError, PartError
from sweeper.vocabulary import AXES, Choice

if TYPE_CHECKING:
    from sweeper.common.facts import Facts
    from sweeper.config import SweepConfig
    from sweeper.config.catalogue import Entry
    from sweeper.running.request_builder import RequestBuilder
    from sweeper.worker.trial.trial import NamedSpec
    from sweeper.worker.trial.tried import Tried, Value

_WIDTH = 20


def try_parts(args: Arguments, load: Callable[[Arguments], SweepConfig], out: TextIO, err: TextIO) -> int:
    """Try the parts that the operands name; what their code prints goes to `err`.

    Returns
    -------
    int
        The exit status: 1 if a part failed.

    Raises
    ------
    ConfigError
        A name is that of no part, or the config or an override is wrong.
    """
    size = _batch_size(args)
    entries = _entries(args)
    config = load(replace(args, overrides=[*_selections(entries), *args.overrides]))
    choices = [choice for entry in entries for choice in _variants(entry, config)]
    with redirect_stdout(err):
        tried = _tried(choices, config, size)
    if args.has("--json"):
        out.write(json.dumps({"parts": [one.to_dict() for one in tried]}, indent=2, default=str) + "\n")
    else:
        out.write("\n\n".join("\n".join(_lines(one)) for one in tried) + f"\n\n{_verdict(tried)}\n")
    return 1 if any(one.trouble is not None for one in tried) else 0


def _batch_size(args: Arguments) -> int:
    text = args.value("--batch-size") or ""
    if not text.isdecimal() or int(text) < 1:
        raise ConfigError(f"--batch-size: {text!r} is not allowed. Allowed: a whole number of at least 1.")
    return int(text)


def _entries(args: Arguments) -> list[Entry]:
    from sweeper.config.catalogue import named
    from sweeper.config.hydra_session import config_folders

    folders = config_folders(args.value("--config-dir"), args.value("--config-path"))
    found: list[Entry] = []
    for name in dict.fromkeys(args.operands):
        parts = [entry for entry in named(folders, name) if entry.group in AXES]
        if not parts:
            raise ConfigError(f"{name!r} is a sweep and no part; `sweeper plan +sweep={name}` shows what it would run.")
        if len(parts) > 1:
            every = " or ".join(f"{entry.group}/{entry.name}" for entry in parts)
            raise ConfigError(f"{name!r} is the name of several choices. Say which one: {every}.")
        found += parts
    return found


def _selections(entries: Sequence[Entry]) -> list[str]:
    names = {axis: [entry.name for entry in entries if entry.group == axis] for axis in AXES}
    return [f"{axis}=[{','.join(map(quoted, chosen))}]" for axis, chosen in names.items() if chosen]


def _variants(entry: Entry, config: SweepConfig) -> list[Choice]:
    return [
        choice
        for part in config.grid.parts[entry.group]
        if part.base in (entry.name, entry.name.rpartition("/")[2])
        for choice in part.variants.values()
    ]


def _tried(choices: Sequence[Choice], config: SweepConfig, size: int) -> list[Tried]:
    from sweeper.config import check_targets
    from sweeper.messages import bounds
    from sweeper.messages.requests import StoreLocation
    from sweeper.revision.revisions import Revisions
    from sweeper.running.request_builder import RequestBuilder, SweepInfo, rules_of_choices
    from sweeper.worker.trial.trial import Trial

    builder = RequestBuilder(SweepInfo("", "", StoreLocation(""), revisions=Revisions()))
    with bounds.applying(config.settings.bounds):
        check_targets(choices)
        return Trial(rules_of_choices(choices), size).run(_named_spec(choice, builder) for choice in choices)


def _named_spec(choice: Choice, builder: RequestBuilder) -> NamedSpec:
    from sweeper.messages.requests import ObjectSpec
    from sweeper.worker.trial.capability import CapabilitySpec
    from sweeper.worker.trial.trial import NamedSpec

    spec = builder.spec(choice)
    assert isinstance(spec, ObjectSpec)  # the command line has no live objects
    is_capability = choice.axis == "capability"
    taken = CapabilitySpec(choice.runtime.arity or {}, choice.spec.get("config")) if is_capability else None
    return NamedSpec(choice.axis, choice.name, spec, _facts(choice), taken)


def _facts(choice: Choice) -> Facts | None:
    """What a model says of itself before it is built; where it cannot say it, building it tells why."""
    from sweeper.config.part_facts import PartFacts

    if choice.axis != "model":
        return None
    try:
        return PartFacts({}).of(choice.spec, choice.digest)
    except PartError:
        return None


def _lines(tried: Tried) -> Iterator[str]:
    yield f"{tried.axis}/{tried.name}: {tried.target}"
    for name, value in tried.seen.items():
        if isinstance(value, list):
            yield f"  {name:<{_WIDTH}}{len(value)}"
            yield from (f"    {_row(row)}" for row in value)
        else:
            yield f"  {_called(name):<{_WIDTH}}{_shown(name, value)}"
    yield from (f"  note: {note}" for note in tried.notes)
    if tried.trouble is not None:
        kind = f"{tried.trouble.kind}: " if tried.trouble.kind else ""
        yield f"  FAILED: {kind}{tried.trouble.message}"
        yield from (f"    {frame}" for frame in tried.trouble.frames)


def _called(name: str) -> str:
    return name.removesuffix("_s").replace("_", " ")


def _shown(name: str, value: Value) -> str:
    if name.endswith("_s"):
        return f"in {value:.3f} s"
    return f"about {value:,}" if name == "bytes" else str(value)


def _row(row: dict[str, object]) -> str:
    return ", ".join(f"{key}={value!r:.40}" for key, value in row.items() if key not in ("run_uid", "created_at"))


def _verdict(tried: Sequence[Tried]) -> str:
    failed = [f"{one.axis}/{one.name}" for one in tried if one.trouble is not None]
    return f"failed: {', '.join(failed)}" if failed else f"ok: {len(tried)} tried, nothing was recorded"
