"""The Python API: plan, sweep, look at the results, rerun only what is missing.

python examples/python_api.py [STORE]
"""

from __future__ import annotations

import sys

import sweeper

GRID = ["capability=[evaluate]", "dataset=[digits,digits_dark]", "model=[logreg,naive_bayes]", "metric=[accuracy,ece]"]


def main(store: str = "./analytics_store") -> None:
    overrides = [*GRID, f"analytics_store.uri={store}"]

    plan = sweeper.plan(overrides)
    print(f"{len(plan.to_run)} of {len(plan.items)} combinations would run")

    result = sweeper.sweep(overrides)
    print(result.counts)
    frame = result.to_pandas()
    accuracy = frame[(frame["metric"] == "accuracy") & (frame["scope"] == "overall")]
    print(accuracy.pivot(index="model", columns="dataset", values="value"))

    # The same again, for what is missing: nothing, so Ray is not started.
    again = sweeper.sweep([*overrides, "rerun=missing"])
    print(f"ran {sum(again.counts.values())} more; exit status {again.exit_status}")


if __name__ == "__main__":
    main(*sys.argv[1:])
