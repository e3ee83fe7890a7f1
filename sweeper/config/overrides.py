"""Overrides, taken apart with Hydra's own grammar: what selects configs, what sets values, and what is swept.

Everything swept over the four axes becomes a list selection, so that one composition serves the whole grid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sweeper.config.labels import label
from sweeper.config.schema import CLASSIFICATION, ROOT_FIELDS, RUNTIME
from sweeper.errors import ConfigError
from sweeper.identifiers import plain
from sweeper.spec import AXES

if TYPE_CHECKING:
    from hydra.core.override_parser.types import Override

    from sweeper.config.session import Session


@dataclass(frozen=True)
class SweptGroup:
    """A config group outside the axes, or nested in a choice, that takes several configs in turn."""

    key: str
    options: tuple[str, ...]
    """One override for each."""
    labels: tuple[str, ...]


@dataclass(frozen=True)
class SweptValue:
    """A config key that takes several values in turn."""

    key: str
    overrides: tuple[Override, ...]
    """One for each value."""


@dataclass(frozen=True)
class Folded:
    """The overrides of one command line, sorted by what they do."""

    selections: tuple[str, ...]
    """For the composition: config groups, and Hydra's own keys."""
    values: tuple[Override, ...]
    """Set after the composition, in this order."""
    groups: tuple[SweptGroup, ...] = ()
    swept: tuple[SweptValue, ...] = ()

    def lines(self) -> list[str]:
        """As overrides of a single composition: axes as lists, swept values as lists, swept groups by their first."""
        shown = [_line(o) for o in self.values]
        shown += [
            f"{s.overrides[0].get_key_element()}=[{','.join(_value(o) for o in s.overrides)}]" for s in self.swept
        ]
        return [*self.selections, *(g.options[0] for g in self.groups), *shown]


def fold(
    overrides: Sequence[str], session: Session, *, multirun: bool, params: Mapping[str, Any] | None = None
) -> Folded:
    """Sort overrides, and turn what is swept into selections and swept keys.

    Parameters
    ----------
    params
        `hydra.sweeper.params` of the composed config: swept like overrides that stand before all others.

    Raises
    ------
    ConfigError
        An override that the grammar refuses, something swept without `--multirun`, or something that cannot be swept.
    """
    folder = _Folder(overrides, session)
    given = [*(f"{key}={value}" for key, value in (params or {}).items()), *overrides]
    parsed = folder.parse(given)
    if multirun:  # as in Hydra's own sweeper: of two overrides of one key the later one holds
        parsed = list({o.get_key_element(): o for o in parsed}.values())
    else:
        _refuse_sweeps(parsed)
    for override in parsed:
        folder.add(override)
    return folder.folded()


class _Folder:
    def __init__(self, overrides: Sequence[str], session: Session) -> None:
        from hydra.core.override_parser.overrides_parser import OverridesParser

        self._session = session
        self._parser = OverridesParser.create(config_loader=session.loader)
        self._search = [o for o in overrides if o.split("=")[0] == "hydra.searchpath"]
        self._selections: list[str] = []
        self._values: list[Override] = []
        self._groups: list[SweptGroup] = []
        self._swept: list[SweptValue] = []

    def folded(self) -> Folded:
        return Folded(tuple(self._selections), tuple(self._values), tuple(self._groups), tuple(self._swept))

    def parse(self, overrides: Sequence[str]) -> list[Override]:
        from hydra.errors import HydraException

        parsed: list[Override] = []
        for line in overrides:
            _refuse_undecoded(line)
            try:
                parsed += self._parser.parse_overrides([line])
            except HydraException as error:
                said = " ".join(text for text in str(error).splitlines() if not text.startswith("See "))
                raise ConfigError(
                    f"The override {line!r} cannot be read: {said.strip()}. Is it quoted for the shell?"
                ) from error
        return parsed

    def add(self, override: Override) -> None:
        """Put one override where it belongs."""
        _refuse_plugins(override)
        if override.is_sweep_override():
            self._add_swept(override)
        elif override.is_hydra_override() or (self._is_group(override) and not isinstance(override.value(), dict)):
            _refuse_no_name(override)
            self._selections.append(str(override.input_line))
        else:
            self._values.append(override)

    def _add_swept(self, override: Override) -> None:
        line = override.input_line
        if override.is_interval_sweep():
            raise ConfigError(f"{line}: interval() has no list of values; use choice(), range() or a comma list.")
        if override.is_hydra_override():
            raise ConfigError(f"{line}: Hydra's own settings cannot be swept; run the sweep once for each.")
        key = override.key_or_group
        if not self._is_group(override):
            _refuse_runtime(key, line)
            self._swept.append(SweptValue(_full_key(override), tuple(self._each(override))))
        elif key in AXES and override.package is None:
            self._selections.append(f"{override.get_key_element()}=[{','.join(self._choices(override))}]")
        else:
            self._add_group(override)

    def _add_group(self, override: Override) -> None:
        if override.key_or_group == "sweep":
            raise ConfigError(f"{override.input_line}: sweep files cannot be swept; run one after the other.")
        each = self._each(override)
        options = tuple(str(o.input_line) for o in each)
        self._groups.append(SweptGroup(_full_key(override), options, tuple(_plain(o) for o in each)))

    def _each(self, override: Override) -> list[Override]:
        """The single overrides that a swept one stands for."""
        key = override.get_key_element()
        values = self._globbed(override) if _is_glob(override) else list(override.sweep_string_iterator())
        if not values:
            raise ConfigError(f"{override.input_line}: there is nothing to sweep over.")
        return self.parse([f"{key}={value}" for value in values])

    def _choices(self, override: Override) -> list[str]:
        """Names of the choices that a sweep over an axis selects, each once."""
        names: dict[str, None] = {}
        for single in self._each(override):
            value = single.value()
            for name in value if isinstance(value, list) else [value]:
                if not isinstance(name, str):
                    raise ConfigError(f"{override.input_line}: {name!r} is no name of a {override.key_or_group}.")
                names[name] = None
        return list(names)

    def _globbed(self, override: Override) -> list[str]:
        from hydra.core.override_parser.types import Glob

        glob = override.value()
        if not self._is_group(override) or not isinstance(glob, Glob):
            raise ConfigError(
                f"{override.input_line}: glob() is over config groups, and {override.key_or_group!r} is none."
            )
        options = self._options(override.key_or_group)
        found = glob.filter(options)
        if not found:
            raise ConfigError(f"{override.input_line} matches none of {', '.join(options)}.")
        if unsayable := [plain(name) for name in found if plain(name) != name]:
            raise ConfigError(
                f"{override.input_line} matches {override.key_or_group}/{unsayable[0]}.yaml, whose name is not UTF-8. "
                "Rename the file, or name the others."
            )
        return found

    def _is_group(self, override: Override) -> bool:
        key = override.key_or_group
        if key in AXES:
            return True
        if "." in key or key in _PLAIN_FIELDS:
            return False
        folders = self._session.folders  # asking Hydra, which also knows of hydra.searchpath, loads the primary config
        return any((folder / key).is_dir() for folder in folders) or bool(self._options(key, configs_only=False))

    def _options(self, group: str, *, configs_only: bool = True) -> list[str]:
        from hydra.core.object_type import ObjectType

        kind = ObjectType.CONFIG if configs_only else None
        return self._session.loader.get_group_options(group, kind, self._session.config_name, self._search)


_PLAIN_FIELDS = tuple(f for f in ROOT_FIELDS if f not in AXES)


def _refuse_undecoded(line: str) -> None:
    """Hydra's grammar reads no bytes that are not UTF-8, and no spec that holds them has an identity."""
    if plain(line) != line:
        raise ConfigError(
            f"The override {plain(line)} holds bytes that are not UTF-8. Rename what it names, or name it by a link."
        )


def _refuse_sweeps(overrides: Sequence[Override]) -> None:
    for override in overrides:
        if override.is_sweep_override():
            is_function = override.get_value_string().rstrip().endswith(")")
            as_list = f"{override.get_key_element()}=[{'a,b' if is_function else override.get_value_string()}]"
            raise ConfigError(
                f"{override.input_line!r} is a sweep, and those need --multirun. A list needs none: '{as_list}'."
            )


def _refuse_plugins(override: Override) -> None:
    if override.key_or_group in ("hydra/sweeper", "hydra/launcher") and override.value() != "basic":
        raise ConfigError(
            f"{override.input_line}: sweeper expands and runs the grid itself, so other sweepers and launchers of "
            "Hydra have no place; leave it out (job_backend.* says where jobs run)."
        )


def _refuse_no_name(override: Override) -> None:
    """Hydra's own message for a config group that is given a number does not say which."""
    if not override.is_hydra_override() and not isinstance(override.value(), str | list | None):
        key = override.key_or_group
        raise ConfigError(f"{override.input_line}: a {key} is selected by name: '{key}=[NAME]'.")


def _refuse_runtime(key: str, line: str | None) -> None:
    parts = key.split(".")
    runtime = "_sweep_" in parts or any(
        name.split(".")[0] == parts[0] for name, c in CLASSIFICATION.items() if c == RUNTIME
    )
    if runtime:
        raise ConfigError(
            f"{line}: {key} says how the sweep runs, not what is run, so it cannot be swept; give it one value."
        )


def _is_glob(override: Override) -> bool:
    from hydra.core.override_parser.types import ValueType

    return override.value_type is ValueType.GLOB_CHOICE_SWEEP


def _full_key(override: Override) -> str:
    return override.get_key_element().lstrip("+~")


def _value(override: Override) -> str:
    return override.get_value_element_as_str()


def _line(override: Override) -> str:
    return str(override.input_line)


def _plain(override: Override) -> str:
    value = override.value()
    return label(value) if isinstance(value, str) else _value(override)
