"""Puts each override where it belongs: what selects configs, what sets values, and what is swept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sweeper.common.text import escaped
from sweeper.config.classification import ROOT_FIELDS
from sweeper.config.interpolations import is_or_leads_to, path_of_key
from sweeper.config.one_override import full_key, is_glob, is_mapping, label_of, line_of, with_value
from sweeper.config.override_text import override_text
from sweeper.config.refused_overrides import refuse_inner_sweeps, refuse_no_name, refuse_plugins, refuse_runtime
from sweeper.config.sorted_overrides import SortedOverrides, SweptGroup, SweptValue
from sweeper.errors import ConfigError
from sweeper.vocabulary import AXES

if TYPE_CHECKING:
    from hydra.core.override_parser.types import Override

    from sweeper.config.hydra_session import Session

_PLAIN_FIELDS = tuple(f for f in ROOT_FIELDS if f not in AXES)
"""Keys at the top of a config that are no config groups, whatever folders there are."""


class OverrideSorter:
    """Takes the overrides of one command line one after the other, in their order."""

    def __init__(self, overrides: Sequence[Override], session: Session) -> None:
        self._session = session
        self._search = [line_of(o) for o in overrides if o.key_or_group == "hydra.searchpath"]
        self._selections: list[str] = []
        self._values: list[Override] = []
        self._groups: list[SweptGroup] = []
        self._swept: list[SweptValue] = []
        self._after: list[Override] = []

    def sorted(self) -> SortedOverrides:
        """All that were added."""
        return SortedOverrides(
            tuple(self._selections), tuple(self._values), tuple(self._groups), tuple(self._swept), tuple(self._after)
        )

    def add(self, override: Override) -> None:
        """Put one override where it belongs."""
        if not override.key_or_group:
            raise ConfigError(f"{override.input_line}: it names no key; an override is key=value.")
        refuse_plugins(override)
        if override.is_sweep_override():
            self._add_swept(override)
            return
        refuse_inner_sweeps(override)
        if override.is_hydra_override():
            self._selections.append(line_of(override))
        elif self._is_group(override) and not is_mapping(override):
            refuse_no_name(override)
            self._selections.append(
                line_of(override if override.value_type is None else with_value(override, override.value()))
            )
        elif any(is_or_leads_to(path_of_key(full_key(override)), path_of_key(swept.key)) for swept in self._swept):
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
            raise ConfigError(f"{line}: a deletion cannot be swept; give {full_key(override)} its values instead.")
        key = override.key_or_group
        if not self._is_group(override):
            refuse_runtime(key, line)
            self._swept.append(SweptValue(full_key(override), tuple(self._each(override))))
        elif key in AXES and override.package is None:
            self._selections.append(f"{override.get_key_element()}={override_text(self._choices(override))}")
        else:
            self._add_group(override)

    def _add_group(self, override: Override) -> None:
        if override.key_or_group == "sweep":
            raise ConfigError(f"{override.input_line}: sweep files cannot be swept; run one after the other.")
        each = self._each(override)
        options = tuple(str(o.input_line) for o in each)
        self._groups.append(SweptGroup(full_key(override), options, tuple(label_of(o) for o in each)))

    def _each(self, override: Override) -> list[Override]:
        """The single overrides that a swept one stands for."""
        from sweeper.config.override_functions import elements

        try:
            values = self._globbed(override) if is_glob(override) else elements(override.value())
        except ValueError as error:
            raise ConfigError(f"{override.input_line}: {error}.") from error
        if not values:
            raise ConfigError(f"{override.input_line}: there is nothing to sweep over.")
        return [with_value(override, value) for value in values]

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
