"""Finds the sweeps of a store by what people call them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sweeper.store import Store

LEAST = 8
"""So many characters of the id of a sweep stand for it, the day when it began."""


def sweep_of(text: str, home: Store) -> tuple[str, str, datetime | None] | None:
    """As `find_sweep`; an id may also be that of a sweep with nothing to run, which has the values of its beginning."""
    found = find_sweep(text, home)
    if found is not None:
        return found
    ids = [sweep_id for sweep_id in home.sweep_ids() if len(text) >= LEAST and sweep_id.startswith(text)]
    if not ids:
        return None
    from sweeper.store.sweep_files import read_header  # not before it is needed: so is what it imports

    header = read_header(home.files, max(ids))
    return header.sweep_id, header.name, header.began


def find_sweep(text: str, home: Store, before: str | None = None) -> tuple[str, str, datetime | None] | None:
    """Id, name and end of the newest sweep that this could be; `None` if there is none.

    Parameters
    ----------
    text
        Its id, how that begins, or its name.
    before
        Only sweeps with a smaller id, which began before that one, are looked at.
    """
    known = known_sweeps(home)
    ends = {sweep: end for sweep, end in known.items() if before is None or sweep[0] < before}
    ids = [(sweep_id, name) for sweep_id, name in ends if text in (sweep_id, name)]
    ids = ids or [(sweep_id, name) for sweep_id, name in ends if len(text) >= LEAST and sweep_id.startswith(text)]
    return (*max(ids), ends[max(ids)]) if ids else None


def known_sweeps(home: Store) -> dict[tuple[str, str], datetime | None]:
    """Id and name of each sweep that attempted something, with its end."""
    attempts = home.attempts(("sweep_id", "sweep_name", "finished_at"))
    ends = attempts.group_by(["sweep_id", "sweep_name"]).aggregate([("finished_at", "max")]).to_pylist()
    return {(row["sweep_id"] or "", row["sweep_name"] or ""): row["finished_at_max"] for row in ends}
