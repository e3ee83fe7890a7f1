"""How the stores here were made, with the code of commit db4102b: `PYTHONPATH=<its checkout>:. python make.py FOLDER`.

`swept` is as sweeps leave it: files of single attempts and of quick runs that were folded. `merged` is the same after
`compact`, and after a sweep whose process ended before it folded its journal.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import sweeper
import sweeper.runner
import sweeper.store.journal
import sweeper.store.store

CONF = str(Path(__file__).parent / "conf")
ONE = ["capability=[evaluate]", "dataset=[digits]", "metric=[accuracy]"]


def sweep(store: str, *overrides: str) -> None:
    result = sweeper.sweep([f"analytics_store.uri={store}", *overrides], config_dir=CONF, progress=False)
    print(result.counts)


def main(folder: str) -> None:
    swept, merged = f"{folder}/swept", f"{folder}/merged"
    every = ["dataset=[digits]", "model=[naive_bayes,fails]", "metric=[accuracy,undefined]"]
    inline = "job_backend.kind=inline"
    sweep(swept, "+name=first", "capability=[evaluate,data_quality]", *every, inline)
    sweep(swept, "+name=slow", *ONE, "model=[slow]")
    sweep(swept, "+name=renamed", *ONE, "model=[nb]")
    shutil.copytree(swept, merged)
    print(sweeper.open_store(merged).compact(grace_s=0))
    sweeper.store.store.MOMENT_S = sweeper.runner.FOLD_EVERY_S = 60.0  # all but the first wait, however slow it is here
    sweeper.store.journal.fold = lambda *_: os._exit(0)
    last = ["+name=interrupted", "capability=[evaluate]", "dataset=[digits]", "model=[naive_bayes]"]
    sweep(merged, *last, "metric=[f1_macro,ece,log_loss]", inline)


if __name__ == "__main__":
    main(*sys.argv[1:])
