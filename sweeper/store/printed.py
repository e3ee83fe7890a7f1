"""What the runs of a sweep printed, and the inferences that they read: the logs of workers, found by attempts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from sweeper.store.compute import pc
from sweeper.store.newest_attempts import newest
from sweeper.vocabulary import AXES

if TYPE_CHECKING:
    from sweeper.store.store import Store

_NEEDED = ("attempt_id", "fingerprint", "sweep_id", "status", "finished_at", "host", *AXES)
LOGS = ("log_uri", "inference_log_uri")


@dataclass(frozen=True)
class Printed:
    """What one combination printed, or the inference that it read."""

    capability: str
    dataset: str
    model: str
    metric: str
    status: str
    log: str
    """The file, on the machine that ran it or in the folder of a local store."""
    by_inference: bool
    text: str | None
    """What it holds; `None` where the file is not on this machine."""
    host: str = ""

    def to_dict(self) -> dict[str, object]:
        """As plain data."""
        return asdict(self)


def printed_in(store: Store, sweep_id: str) -> list[Printed]:
    """What was printed by the newest attempt of each combination of a sweep, by their names; some printed nothing.

    Only files in the folder of logs of this sweep are read, whatever folder an attempt names.
    """
    attempts = store.attempts((*_NEEDED, *LOGS))
    own = newest(attempts.filter(pc.equal(attempts["sweep_id"], sweep_id)), ("fingerprint", *AXES)).to_pylist()
    own.sort(key=lambda row: [row[axis] or "" for axis in AXES])
    read = cache(lambda log: _text(_place(store, sweep_id, log)))
    return [_printed(row, column, read(row[column])) for row in own for column in LOGS if row.get(column)]


def where(store: Store, sweep_id: str, log: str, host: str | None) -> str:
    """Where to look for a log that an attempt names: its file where that is here, else its file and the machine.

    A store may have been copied since, and with an object store a log lies on the machine that ran the combination.
    """
    place = _place(store, sweep_id, log)
    return str(place) if place.exists() else f"{log} (on {host or 'another machine'}, or removed)"


def _place(store: Store, sweep_id: str, log: str) -> Path:
    return Path(store.log_dir(sweep_id)) / PurePath(log).name


def _printed(row: Mapping[str, Any], column: str, text: str | None) -> Printed:
    names = {axis: row[axis] or "" for axis in AXES}
    about = {"status": row["status"], "log": row[column], "host": row["host"] or ""}
    return Printed(**names, **about, by_inference=column == LOGS[1], text=text)


def _text(path: Path) -> str | None:
    try:
        return path.read_text("utf-8", errors="backslashreplace")
    except OSError:  # it was removed, or is on the machine of the worker
        return None
