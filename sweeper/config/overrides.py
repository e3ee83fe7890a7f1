"""Overrides, taken apart with Hydra's own grammar: what selects configs, what sets values, and what is swept.

Everything swept over the four axes becomes a list selection, so that one composition serves the whole grid.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sweeper.config.one_override import full_key
from sweeper.config.override_sorter import OverrideSorter
from sweeper.config.override_text import override_text
from sweeper.config.refused_overrides import refuse_undecoded
from sweeper.config.sorted_overrides import SortedOverrides
from sweeper.config.unreadable import reason_and_cure
from sweeper.errors import ConfigError

if TYPE_CHECKING:
    from hydra.core.override_parser.types import Override

    from sweeper.config.hydra_session import Session

_HYDRAS_FRAME = ("See ", "Error parsing override ")
"""Lines around what is wrong."""


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
        refuse_undecoded(line)
        try:
            parsed += parser.parse_overrides([line])
        except (HydraException, AssertionError, RecursionError) as error:
            reason = " ".join(text for text in str(error).splitlines() if not text.startswith(_HYDRAS_FRAME))
            raise ConfigError(
                f"The override {line!r} cannot be read. {reason_and_cure(line, reason.strip())}"
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
    sorter = OverrideSorter(overrides, session)
    params_as_overrides = [f"{key}={_param(value)}" for key, value in (params or {}).items()]
    for override in _each_key_once(parse(params_as_overrides, session), overrides) if multirun else overrides:
        sorter.add(override)
    return sorter.sorted()


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
    overridden = {full_key(override) for override in after}
    kept = [*(override for override in before if full_key(override) not in overridden), *after]
    return list({override.get_key_element(): override for override in kept}.values())


def _by_key(overrides: Sequence[Override]) -> dict[str, list[Override]]:
    found: dict[str, list[Override]] = {}
    for override in overrides:
        found.setdefault(full_key(override), []).append(override)
    return found
