"""What checksums cost: the same bytes written and read with and without them, in turns. One table of ratios.

python tests/benchmarks/bench_checksums.py [--quick]

- **files of a run**: payload, `runs` and attempt of one run, encoded and put on the disk, or read back: with the CRC of
  each page and of the footer, and as Arrow writes them without. Both are read by the same reader, which compares what
  there is.
- **a merged file**: 500,000 values of 50,000 runs in one compressed file, encoded, or read to its end.
- **a journal**: the lines of 1,000 runs as a flush reads them: with the CRC of each line, and without, as an older
  version wrote them.

Each figure is the median of processor seconds over the rounds of one turn, and the ratio that of both medians. With and
without take turns, in either order, so that whatever else the machine does hits both.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "helpers"))

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from store_parts import record
from tabulate import tabulate

from sweeper.store import open_store, sealed
from sweeper.store.files import Files
from sweeper.store.journal_lines import line, parsed
from sweeper.store.parquet import encode, encode_large

SMALL = {"compression": "none", "use_dictionary": False, "write_statistics": False, "store_schema": False}
LARGE = {"compression": "zstd", "store_schema": False}
"""The options of `encode` and `encode_large`."""
TABLES = ("scores", "runs", "attempts")
Work = Callable[[], object]


class Pair(NamedTuple):
    """The same work with and without checksums, and how often it is done in one round."""

    name: str
    checked: Work
    plain: Work
    times: int = 1


def plain(table: pa.Table, options: dict[str, object]) -> pa.Buffer:
    """The bytes of a Parquet file as Arrow writes it, without checksums."""
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


def read(files: Files, folder: str, name: str) -> pa.Table:
    """All rows of a file, compared with its checksums where it has any."""
    with sealed.opened(files, folder, name) as file:
        return sealed.read(file)


def of_a_run(files: Files) -> list[Pair]:
    """The files of one run; what is written replaces the same files again and again."""
    names = {table: max(files.names(table)) for table in TABLES}
    rows = {table: pq.read_table(str(files.source(table, name))) for table, name in names.items()}
    for table in TABLES:
        files.put(f"plain_{table}", names[table], plain(rows[table], SMALL))

    return [
        Pair(
            "write the files of a run",
            lambda: [sealed.put(files, t, names[t], encode(rows[t])) for t in TABLES],
            lambda: [files.put(f"plain_{t}", names[t], plain(rows[t], SMALL)) for t in TABLES],
            times=50,
        ),
        Pair(
            "read the files of a run",
            lambda: [read(files, t, names[t]) for t in TABLES],
            lambda: [read(files, f"plain_{t}", names[t]) for t in TABLES],
            times=50,
        ),
    ]


def of_a_merge(files: Files) -> list[Pair]:
    """One file with the rows of many runs."""
    noise = np.random.default_rng(17)
    uids = [uuid.UUID(bytes=noise.bytes(16)).hex for _ in range(50_000)]
    keys = [f"k{i}" for i in range(10)]
    rows = pa.table({"run_uid": np.repeat(uids, 10), "key": keys * 50_000, "value": noise.random(500_000)})
    sealed.put(files, "large", "1.parquet", encode_large(rows))
    files.put("plain_large", "1.parquet", plain(rows, LARGE))

    return [
        Pair("encode a merged file", lambda: encode_large(rows), lambda: plain(rows, LARGE)),
        Pair(
            "read a merged file",
            lambda: read(files, "large", "1.parquet"),
            lambda: read(files, "plain_large", "1.parquet"),
        ),
    ]


def of_a_journal() -> list[Pair]:
    """The lines of many runs."""
    schema = pa.schema([("run_uid", pa.string()), ("key", pa.string()), ("value", pa.float64())])
    rows = [(0, [[uuid.uuid4().hex, f"k{i}", i / 7] for i in range(10)])]
    first, later = line(0, [("scores", schema)], rows), line(1, [], rows)
    checked = first + later * 999
    unchecked = re.sub(rb',"crc":"[0-9a-f]{8}"\}', b"}", re.sub(rb',"first":0', b"", checked))
    assert parsed(checked).tables["scores"].equals(parsed(unchecked).tables["scores"])
    return [Pair("read a journal of 1,000 lines", lambda: parsed(checked), lambda: parsed(unchecked))]


def seconds(work: Work, times: int) -> float:
    """Processor seconds of one time."""
    began = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - began) / times


def measured(pair: Pair, rounds: int) -> tuple[float, float]:
    """Medians with and without, in turns."""
    found: dict[Work, list[float]] = {pair.checked: [], pair.plain: []}
    for number in range(rounds):
        for work in (pair.checked, pair.plain) if number % 2 else (pair.plain, pair.checked):
            found[work].append(seconds(work, pair.times))
    return median(found[pair.checked]), median(found[pair.plain])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    rounds = 6 if parser.parse_args().quick else 20
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(folder)
        record(store, "a", *(float(i) for i in range(10)))
        pairs = [*of_a_run(store.files), *of_a_merge(store.files), *of_a_journal()]
        lines = [(pair.name, *measured(pair, rounds)) for pair in pairs]
    head = ("", "with, ms", "without, ms", "ratio")
    print(tabulate([(name, 1e3 * a, 1e3 * b, a / b) for name, a, b in lines], head, floatfmt=".2f"))


if __name__ == "__main__":
    main()
