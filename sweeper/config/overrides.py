"""Overrides, taken apart with Hydra's own grammar: what selects configs, what sets values, and what is swept.

Everything swept over the four axes becomes a list selection, so that one composition serves the whole grid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sweeper.common.quoting import as_text
from sweeper.common.text import escaped
from sweeper.config.classification import CLASSIFICATION, ROOT_FIELDS, Kind
from sweeper.config.interpolations import is_or_leads_to, path_of_key
from sweeper.config.override_text import override_text
from sweeper.config.variant_names import value_label
from sweeper.errors import ConfigError
from sweeper.vocabulary import AXES

if TYPE_CHECKING:
    from hydra.core.override_parser.types import Override

    from sweeper.config.hydra_session import Session


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

    def as_list(self) -> str:
        """As one override that sets the key to a list of all values."""
        return f"{self.overrides[0].get_key_element()}={override_text([o.value() for o in self.overrides])}"


@dataclass(frozen=True)
class SortedOverrides:
    """The overrides of one command line, sorted by what they do."""

    selections: tuple[str, ...]
    """For the composition: config groups, and Hydra's own keys."""
    values: tuple[Override, ...]
    """Set after the composition, in this order."""
    groups: tuple[SweptGroup, ...] = ()
    swept: tuple[SweptValue, ...] = ()
    after: tuple[Override, ...] = ()
    """Set after the swept values, since they reach into one that stands before them."""

    def lines(self) -> list[str]:
        """As overrides of a single composition: axes as lists, swept values as lists, swept groups by their first."""
        shown = [_line(o) for o in self.values]
        shown += [swept.as_list() for swept in self.swept]
        return [*self.selections, *(g.options[0] for g in self.groups), *shown, *map(_line, self.after)]


def parse(overrides: Sequence[str], session: Session) -> list[Override]:
    """Overrides, read with Hydra's grammar.

    Raises
    ------
    ConfigError
        The grammar refuses one.
    """
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    from sweeper.config.override_functions import DocumentedFunctions

    parser = OverridesParser(DocumentedFunctions(), session.loader)
    parsed: list[Override] = []
    for line in overrides:
        _refuse_undecoded(line)
        try:
            parsed += parser.parse_overrides([line])
        except (HydraException, AssertionError, RecursionError) as error:
            reason = " ".join(text for text in str(error).splitlines() if not text.startswith(_HYDRAS_FRAME))
            raise ConfigError(
                f"The override {line!r} cannot be read: {reason.strip()}. Is it quoted for the shell?{_one_text(line)}"
            ) from error
    return parsed


def sort_overrides(
    overrides: Sequence[Override], session: Session, *, multirun: bool, params: Mapping[str, object] | None = None
) -> SortedOverrides:
    """Sort overrides, and turn what is swept into selections and swept keys.

    Parameters
    ----------
    multirun
        Whether some may be swept; then of two of one key the later one holds.
    params
        `hydra.sweeper.params` of the composed config: swept like overrides that stand before all others.

    Raises
    ------
    ConfigError
        Something that cannot be swept, or a key that is swept and given twice.
    """
    sorter = _Sorter(overrides, session)
    params_as_overrides = [f"{key}={_param(value)}" for key, value in (params or {}).items()]
    for override in _each_key_once(parse(params_as_overrides, session), overrides) if multirun else overrides:
        sorter.add(override)
    return sorter.sorted()


def refuse_sweeps(overrides: Sequence[Override]) -> None:
    """Refuse what is swept where nothing may be.

    Raises
    ------
    ConfigError
        Naming the list selection to write instead.
    """
    for override in overrides:
        if override.is_sweep_override():
            is_function = override.get_value_string().rstrip().endswith(")")
            as_list = f"{override.get_key_element()}=[{'a,b' if is_function else override.get_value_string()}]"
            raise ConfigError(
                f"{override.input_line!r} is a sweep, and those need --multirun. A list needs none: '{as_list}'."
                + _one_text(str(override.input_line))
            )


def _param(value: object) -> str:
    """One of `hydra.sweeper.params` as the grammar has it: text is written in it, and the rest is data."""
    return value if isinstance(value, str) else override_text(value)


def _each_key_once(before: Sequence[Override], after: Sequence[Override]) -> list[Override]:
    """The command line holds over the params of the sweeper, and there, as in Hydra, the later of two alike.

    Raises
    ------
    ConfigError
        A key is swept and given twice, so that it is unclear which values are meant.
    """
    for key, same in [*_by_key(before).items(), *_by_key(after).items()]:
        sweeps = [override for override in same if override.is_sweep_override()]
        if sweeps and (len(sweeps) > 1 or len({override.type for override in same}) > 1):
            lines = " and ".join(repr(override.input_line) for override in same)
            raise ConfigError(f"{key} is given {len(same)} times: {lines}. Give it once, with all its values.")
    overridden = {_full_key(override) for override in after}
    kept = [*(override for override in before if _full_key(override) not in overridden), *after]
    return list({override.get_key_element(): override for override in kept}.values())


def _by_key(overrides: Sequence[Override]) -> dict[str, list[Override]]:
    found: dict[str, list[Override]] = {}
    for override in overrides:
        found.setdefault(_full_key(override), []).append(override)
    return found


class _Sorter:
    def __init__(self, overrides: Sequence[Override], session: Session) -> None:
        self._session = session
        self._search = [_line(o) for o in overrides if o.key_or_group == "hydra.searchpath"]
        self._selections: list[str] = []
        self._values: list[Override] = []
        self._groups: list[SweptGroup] = []
        self._swept: list[SweptValue] = []
        self._after: list[Override] = []

    def sorted(self) -> SortedOverrides:
        return SortedOverrides(
            tuple(self._selections), tuple(self._values), tuple(self._groups), tuple(self._swept), tuple(self._after)
        )

    def add(self, override: Override) -> None:
        """Put one override where it belongs."""
        if not override.key_or_group:
            raise ConfigError(f"{override.input_line}: it names no key; an override is key=value.")
        _refuse_plugins(override)
        if override.is_sweep_override():
            self._add_swept(override)
            return
        _refuse_inner_sweeps(override)
        if override.is_hydra_override():
            self._selections.append(_line(override))
        elif self._is_group(override) and not _is_mapping(override):
            _refuse_no_name(override)
            self._selections.append(
                _line(override if override.value_type is None else _single(override, override.value()))
            )
        elif any(is_or_leads_to(path_of_key(_full_key(override)), path_of_key(swept.key)) for swept in self._swept):
            self._after.append(override)
        else:
            self._values.append(override)

    def _add_swept(self, override: Override) -> None:
        line = override.input_line
        if override.is_interval_sweep():
            raise ConfigError(f"{line}: interval() has no list of values; use choice(), range() or a comma list.")
        if override.is_hydra_override():
            raise ConfigError(f"{line}: Hydra's own settings cannot be swept; run the sweep once for each.")
        if override.is_delete():
            raise ConfigError(f"{line}: a deletion cannot be swept; give {_full_key(override)} its values instead.")
        key = override.key_or_group
        if not self._is_group(override):
            _refuse_runtime(key, line)
            self._swept.append(SweptValue(_full_key(override), tuple(self._each(override))))
        elif key in AXES and override.package is None:
            self._selections.append(f"{override.get_key_element()}={override_text(self._choices(override))}")
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
        from sweeper.config.override_functions import elements

        try:
            values = self._globbed(override) if _is_glob(override) else elements(override.value())
        except ValueError as error:
            raise ConfigError(f"{override.input_line}: {error}.") from error
        if not values:
            raise ConfigError(f"{override.input_line}: there is nothing to sweep over.")
        return [_single(override, value) for value in values]

    def _choices(self, override: Override) -> list[str]:
        """Names of the choices that a sweep over an axis selects, each once."""
        names: dict[str, None] = {}
        for single in self._each(override):
            value = single.value()
            for name in value if isinstance(value, list) else [value]:
                if not isinstance(name, str):
                    raise ConfigError(f"{override.input_line}: {name!r} is not the name of a {override.key_or_group}.")
                names[name] = None
        return list(names)

    def _globbed(self, override: Override) -> list[str]:
        from hydra.core.override_parser.types import Glob

        glob = override.value()
        if not self._is_group(override) or not isinstance(glob, Glob):
            raise ConfigError(
                f"{override.input_line}: glob() is over config groups, and {override.key_or_group!r} is not one."
            )
        options = self._options(override.key_or_group)
        found = glob.filter(options)
        if not found:
            raise ConfigError(f"{override.input_line} matches none of {', '.join(options)}.")
        if unsayable := [escaped(name) for name in found if escaped(name) != name]:
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


_HYDRAS_FRAME = ("See ", "Error parsing override ")
"""Lines around what is wrong."""
_PLAIN_FIELDS = tuple(f for f in ROOT_FIELDS if f not in AXES)


def _refuse_undecoded(line: str) -> None:
    """Hydra's grammar reads no bytes that are not UTF-8, and no spec that holds them has an identity."""
    if escaped(line) != line:
        raise ConfigError(
            f"The override {escaped(line)} holds bytes that are not UTF-8. Rename what it names, or name it by a link."
        )


def _refuse_plugins(override: Override) -> None:
    if override.key_or_group in ("hydra/sweeper", "hydra/launcher") and override.value() != "basic":
        raise ConfigError(
            f"{override.input_line}: sweeper expands and runs the grid itself, so other sweepers and launchers of "
            "Hydra cannot be used; leave it out (job_backend.* says where jobs run)."
        )


def _refuse_no_name(override: Override) -> None:
    """Hydra has no message for a config group that is given something other than names, or an empty name."""
    key, value = override.key_or_group, override.value()
    if override.is_delete() and value is not None and not isinstance(value, str):
        raise ConfigError(f"{override.input_line}: a config group is deleted with its one name, or without: '~{key}'.")
    if override.is_hydra_override() or override.is_delete():
        return
    names: list[object] = value if isinstance(value, list) else [value]
    if not all(isinstance(name, str) and name.strip() for name in names):
        raise ConfigError(f"{override.input_line}: a {key} is selected by name: '{key}=[NAME]'.")


def _is_mapping(override: Override) -> bool:
    """Whether a config group is given a mapping, which is merged into it; an empty one would select nothing."""
    return isinstance(override.value(), dict) and bool(override.value())


def _one_text(line: str) -> str:
    """What to copy where the value of an override looks like one path that the grammar takes apart."""
    key, _, value = line.partition("=")
    is_path = "/" in value or value.startswith("~") or key.endswith((".uri", ".root"))
    return f" If that is one text: {as_text(line)}" if is_path and value[:1] not in ("'", '"', "[", "{") else ""


def _refuse_runtime(key: str, line: str | None) -> None:
    parts = key.split(".")
    runtime = "_sweep_" in parts or any(
        name.split(".")[0] == parts[0] for name, c in CLASSIFICATION.items() if c is Kind.RUNTIME
    )
    if runtime:
        raise ConfigError(
            f"{line}: {key} says how the sweep runs, not what is run, so it cannot be swept; give it one value."
            + _one_text(str(line))
        )


def _is_glob(override: Override) -> bool:
    from hydra.core.override_parser.types import ValueType

    return override.value_type is ValueType.GLOB_CHOICE_SWEEP


def _full_key(override: Override) -> str:
    return override.get_key_element().lstrip("+~")


def _single(override: Override, value: object) -> Override:
    """The override with one plain value."""
    from hydra.core.override_parser.types import ValueType

    line = f"{override.get_key_element()}={override_text(value)}"
    return replace(override, value_type=ValueType.ELEMENT, _value=value, input_line=line)


def _refuse_inner_sweeps(override: Override) -> None:
    from sweeper.config import override_functions

    try:
        override_functions.without_quotes(override.value())
    except ValueError as error:
        raise ConfigError(f"{override.input_line}: {error}.") from error


def _line(override: Override) -> str:
    return str(override.input_line)


def _plain(override: Override) -> str:
    value = override.value()
    return value_label(value) if isinstance(value, str) else override_text(value)
