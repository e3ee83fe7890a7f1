"""The newest values of a store, or of what one sweep asked for, as one flat table."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import TYPE_CHECKING

from sweeper.comparison.only import is_covered, only_text
from sweeper.errors import ConfigError
from sweeper.store import caveats
from sweeper.store.arrow_columns import texts
from sweeper.store.compute import pc
from sweeper.store.views import RESULTS

if TYPE_CHECKING:
    from sweeper.store import Store, Table

COLUMNS = tuple(name for name in RESULTS.names if name not in ("inference_id", "evidence"))
"""Those of the view `results` that other programs can use: the others say how sweeper computes a value again."""


def newest_values(store: Store, sweep_id: str | None = None, only: Mapping[str, str] | None = None) -> Table:
    """The rows of the view `results`, under the names of a sweep where one is given; `only` are globs by axis.

    Raises
    ------
    ConfigError
        The globs leave out every value.
    """
    values = store.results() if sweep_id is None else _of_sweep(store, sweep_id)
    kept = reduce(_covered, (only or {}).items(), values)
    if len(values) and not len(kept):
        raise ConfigError(f"--only {only_text(only or {})} leaves out all {len(values)} values.")
    return kept


def _of_sweep(store: Store, sweep_id: str) -> Table:
    values = store.results_of(store.asked_combinations(sweep_id))
    completed = store.completed()
    completed = completed.filter(pc.is_in(completed["fingerprint"], values["fingerprint"].combine_chunks()))
    return caveats.with_changed_data(store.files, values, completed)


def _covered(values: Table, wanted: tuple[str, str]) -> Table:
    axis, glob = wanted
    names = [name for name in pc.unique(values[axis]).to_pylist() if name is not None and is_covered(glob, name)]
    return values.filter(pc.is_in(values[axis], texts(names)))
