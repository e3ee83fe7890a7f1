"""Read a store that a sweep wrote: with sweeper, with pandas alone and with DuckDB.

python examples/read_results.py [STORE]
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb
import pandas as pd

import sweeper

MEANS = """
SELECT model, avg(value) AS mean, count(value) AS datasets FROM asked
WHERE sweep_id = (SELECT max(sweep_id) FROM asked)
  AND capability = 'evaluate' AND metric = 'accuracy' AND scope = 'overall' AND caveat IS NULL
GROUP BY model ORDER BY isnan(mean), mean DESC
"""
"""NaN is the greatest number for DuckDB, so it is put last by itself."""
PER_METRIC = "SELECT metric_id, count(*) AS n FROM {rows} GROUP BY metric_id ORDER BY metric_id"
"""How many values of each metric were ever written, those of every attempt."""


def main(uri: str = "./analytics_store") -> None:
    store = sweeper.open_store(uri)

    # One flat row per measured value, the newest completed attempt of each combination.
    results = store.results().to_pandas()
    print(results[["capability", "dataset", "model", "metric", "key", "value"]].head())

    # The mean accuracy of each model over the datasets that the newest sweep asked for, through SQL: every table and
    # view has its name. A capability measures more than one thing (of a class, at a strength): say which is meant.
    print(store.sql(MEANS))

    # Tables are folders of Parquet files, so nothing of sweeper is needed to read them. The columns are those in the
    # files, also where the path of the store has key=value in it, which readers may take for a column.
    attempts = pd.read_parquet(Path(uri) / "attempts", partitioning=None)
    print(attempts.groupby("status").size())
    files = str(Path(uri) / "maite_evaluation" / "*.parquet")
    rows = f"read_parquet('{files}', union_by_name=true, hive_partitioning=false)"
    print(duckdb.sql(PER_METRIC.format(rows=rows)))


if __name__ == "__main__":
    main(*sys.argv[1:])
