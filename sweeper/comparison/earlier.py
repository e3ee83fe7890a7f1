"""What earlier sweeps had, for requirements that compare with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from sweeper.comparison.judging import Values, by_names
from sweeper.comparison.sweeps import find_sweep, known_sweeps
from sweeper.errors import ConfigError, near_match

if TYPE_CHECKING:
    from sweeper.messages.requirements import Requirement
    from sweeper.store import Store

NEWEST = 10
"""So many sweeps are named in a message."""


def earlier_values(store: Store, requirements: Sequence[Requirement], before: str) -> Mapping[str, Values | None]:
    """What each sweep that some requirements compare with had when it ended; `None` for one that is not there.

    Parameters
    ----------
    before
        The id of the sweep that is judged: only those with a smaller one, which began before it, are looked at.
    """
    return {wanted: _values(store, wanted, before) for wanted in _wanted(requirements)}


def _values(store: Store, wanted: str, before: str) -> Values | None:
    found = find_sweep(wanted, store, before)
    if found is None:
        return None
    sweep_id, _, ended = found
    return by_names(store.results_of(store.asked_combinations(sweep_id), until=ended).to_pylist())


def refuse_unknown_sweeps(store: Store, requirements: Sequence[Requirement], own_name: str) -> None:
    """Refuse a comparison with a sweep that is not there; one of the same name may be the first.

    Raises
    ------
    ConfigError
        Naming the newest sweeps that there are.
    """
    for wanted in _wanted(requirements):
        if wanted != own_name and find_sweep(wanted, store) is None:
            known = sorted(known_sweeps(store), reverse=True)
            names = ", ".join(f"{sweep_id} ({name})" for sweep_id, name in known[:NEWEST]) or "none yet"
            hint = near_match(wanted, [word for pair in known for word in pair])
            raise ConfigError(
                f"requirements: than.sweep: no sweep in the store has the id or name {wanted!r}.{hint} It has {names}."
            )


def _wanted(requirements: Iterable[Requirement]) -> list[str]:
    return list(dict.fromkeys(one.than_sweep for one in requirements if one.than_sweep is not None))
