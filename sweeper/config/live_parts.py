"""Objects that a caller in Python gives in the place of specs, as parts of a grid."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from uuid import uuid4

from sweeper.config.capability_arity import described_by
from sweeper.config.choices import checked_name, without
from sweeper.config.settings import Settings
from sweeper.config.sweep_section import runtime_from_sweep_section
from sweeper.errors import ConfigError
from sweeper.messages.live import LIVE_TARGET, Live
from sweeper.planning.fingerprint import canonical, digest
from sweeper.planning.grid import Part
from sweeper.planning.policy import Rerun
from sweeper.vocabulary import AXES, Choice

PLAIN = (Mapping, str, bytes, int, float, list, tuple, type(None))
"""What stands for itself in a config; anything else is an object."""


@dataclass(frozen=True)
class LiveParts:
    """The objects of one sweep."""

    parts: Mapping[str, tuple[Part, ...]] = field(default_factory=dict[str, "tuple[Part, ...]"])
    objects: Mapping[str, object] = field(default_factory=dict[str, object], repr=False)
    """By the digest of their choices."""
    unrevised: tuple[str, ...] = ()
    """Axis and name of those without a revision."""

    def beside(self, parts: Mapping[str, tuple[Part, ...]], kept: Iterable[str]) -> dict[str, tuple[Part, ...]]:
        """The parts of a grid: on an axis with objects those of the config stay where it is among `kept`.

        Raises
        ------
        ConfigError
            An object has the name of a choice.
        """
        merged = dict(parts)
        for axis, mine in self.parts.items():
            others = parts.get(axis, ()) if axis in kept else ()
            for name in {part.base for part in others} & {part.base for part in mine}:
                raise ConfigError(f"{axis} {name!r} is both a choice and an object; give the object another name.")
            merged[axis] = (*others, *mine)
        return merged

    def refuse_reuse(self, settings: Settings) -> None:
        """Refuse to reuse what is stored where it cannot be known whether that was measured with these objects.

        Raises
        ------
        ConfigError
            Naming the objects, and what to write.
        """
        if not self.unrevised or (settings.rerun is Rerun.ALL and settings.resume is None):
            return
        asked = "resume" if settings.resume is not None else f"rerun={settings.rerun.value}"
        axis, _, name = self.unrevised[0].partition(" ")
        raise ConfigError(
            f"{asked} reuses what is stored, and {', '.join(self.unrevised)} has no revision, so nothing tells whether "
            f"that was measured with the same object. Give one, and another one whenever the object changes: "
            f"{axis}={{{name!r}: sweeper.Live(..., revision='1')}}; or use rerun=all."
        )


NO_LIVE = LiveParts()


def live_parts(given: Mapping[str, Mapping[str, object] | None]) -> LiveParts:
    """The objects on each axis, by name, checked and identified.

    Raises
    ------
    ConfigError
        An object has no id, or the same id and revision as another one; a name or a value cannot be used.
    """
    parts: dict[str, tuple[Part, ...]] = {}
    objects: dict[str, object] = {}
    unrevised: list[str] = []
    for axis, named in given.items():
        for name, item in by_name(axis, named).items():
            live = item if isinstance(item, Live) else Live(item)
            choice = _choice(axis, checked_name(f"{axis}: ", name), live)
            if objects.setdefault(choice.digest, live.item) is not live.item:
                raise _same(axis, name, live)
            parts[axis] = (*parts.get(axis, ()), Part(axis, name, (), {(): choice}))
            unrevised += [f"{axis} {name}"] if live.revision is None else []
    return LiveParts(parts, objects, tuple(unrevised))


def by_name(axis: str, given: object) -> Mapping[str, object]:
    """The objects that were given for an axis, by name; empty where none were.

    Raises
    ------
    ConfigError
        They are not given by name.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        raise ConfigError(
            f"{axis} must be a mapping of names to objects, such as {axis}={{'mine': my_{axis}}}, and got {given!r}. "
            f"A choice of a config is selected by an override: '{axis}=[name]'."
        )
    return given


def split_off_objects(config: Mapping[str, object]) -> tuple[dict[str, object], dict[str, dict[str, object]]]:
    """A config as a mapping without the objects on its axes, and these, by axis and name."""
    rest, found = dict(config), dict[str, dict[str, object]]()
    for axis in AXES:
        named = config.get(axis)
        if isinstance(named, dict) and (mine := {k: v for k, v in named.items() if not isinstance(v, PLAIN)}):
            found[axis] = mine
            rest[axis] = {key: value for key, value in named.items() if key not in mine}
    return rest, found


def refuse_absent(choices: Iterable[Choice], objects: Mapping[str, object]) -> None:
    """Refuse to run a choice that was given as an object, where the object is not given again.

    Raises
    ------
    ConfigError
        Naming the choices, and what to write.
    """
    absent = [c for c in choices if c.spec.get("_target_") == LIVE_TARGET and c.digest not in objects]
    if absent:
        named = ", ".join(f"{c.axis} {c.name} ({c.spec['object']})" for c in absent)
        first = absent[0]
        raise ConfigError(
            f"This sweep was given objects, which no store holds: {named}. Give them again, with their revisions, from "
            f"Python: sweeper.sweep(['resume=...'], {first.axis}={{{first.name!r}: sweeper.Live(..., revision=...)}})."
        )


def _choice(axis: str, name: str, live: Live) -> Choice:
    where = f"{axis}.{name}"
    if isinstance(live.item, type) or (isinstance(live.item, PLAIN) and not hasattr(live.item, "metadata")):
        raise ConfigError(
            f"{where} is {live.item!r:.80}, and must be an object such as a MAITE {axis}; specs stand in the config."
        )
    runtime = runtime_from_sweep_section(where, axis, live.sweep)
    spec = {"_target_": LIVE_TARGET, "object": _identity(where, axis, live), **_config(where, axis, live)}
    text = canonical(spec, where=where)
    choice = Choice(axis, name, spec, text, digest(text), name, runtime)
    if axis != "capability" or runtime.arity is not None:
        return choice
    how = f"Say it: {axis}={{{name!r}: sweeper.Live(..., sweep={{'arity': {{'datasets': 'ONE', ...}}}})}}"
    return described_by(choice, live.item, type(live.item).__name__, how)


def _identity(where: str, axis: str, live: Live) -> str:
    """Axis, id and revision as one text, which is no path. Without a revision it is that of no other sweep."""
    shown = f"none {uuid4().hex}" if live.revision is None else _revision(where, live.revision)
    return json.dumps({"axis": axis, "id": _id(where, axis, live.item), "revision": shown}, ensure_ascii=False)


def _revision(where: str, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise ConfigError(f"{where}: its revision is {value!r}, and must be text or a whole number.")
    return str(value)


def _id(where: str, axis: str, item: object) -> str:
    if axis == "capability":
        found = getattr(item, "id", None)
        wanted = "an `id`"
    else:
        metadata = getattr(item, "metadata", None)
        found = metadata.get("id") if isinstance(metadata, Mapping) else None
        wanted = 'an id in its `metadata`: metadata = {"id": "my_dataset_v2"}'
    if not isinstance(found, str) or not found:
        raise ConfigError(f"{where}: the {type(item).__name__} has the id {found!r}, and needs {wanted}.")
    return found


def _config(where: str, axis: str, live: Live) -> dict[str, object]:
    if live.config is None:
        return {}
    if axis != "capability":
        raise ConfigError(f"{where}: only a capability takes a config.")
    return {"config": without(dict(live.config))}


def _same(axis: str, name: str, live: Live) -> ConfigError:
    return ConfigError(
        f"{axis} {name!r} is another object than one before it, and has the same id and revision "
        f"({live.revision!r}). Give one of them another revision."
    )
