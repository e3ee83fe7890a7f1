"""What happens in a store while a sweep runs: which combinations complete, and which other sweeps have not ended.

Nobody waits for anybody here. A sweep that is killed leaves no word that it has ended; for a day, others that run then
take another order because of it, and that is all.
"""

from __future__ import annotations

import re
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pyarrow as pa

from sweeper.store import attempt_names, endings, journal, sweep_files
from sweeper.store.compute import pc
from sweeper.store.files import Files
from sweeper.store.live_files import MERGED
from sweeper.store.newest_attempts import COMPLETED
from sweeper.store.parquet import VanishedError, read_all
from sweeper.store.schema import ATTEMPTS

MARGIN_S = 600.0
"""Names carry the time of whoever wrote them: so far may clocks differ, and so long may a file take to appear."""
RUNS_AT_MOST = timedelta(days=1)
"""A sweep that began longer ago and did not say that it ended is taken for a dead one."""
_BEGAN = re.compile(r"\d{8}T\d{6}")


class NewCompletions:
    """The fingerprints that complete from now on, whoever completes them.

    A look lists names, and opens only new files with many attempts. What a merge has taken by then is not seen: then a
    combination runs twice, as it would have without the look.
    """

    def __init__(self, files: Files) -> None:
        self._files = files
        self._before = self._in_journals()
        self._seen = set(self._recent())

    def take(self) -> set[str]:
        """Those that completed since the last look."""
        recent = self._recent()
        new = [name for name in recent if name not in self._seen]
        self._seen = set(recent)
        singles = [single for name in new if (single := attempt_names.parse(name))]
        found = {single.fingerprint for single in singles if single.status == COMPLETED} | self._in_journals()
        others = [name for name in new if not name.endswith(MERGED) and attempt_names.parse(name) is None]
        return (found | self._of_many(others)) - self._before

    def _recent(self) -> list[str]:
        """The names of all files that can have been written within the margin."""
        return self._files.names_after(ATTEMPTS, f"{int((time.time() - MARGIN_S) * 1000):013d}")

    def _in_journals(self) -> set[str]:
        """Those whose rows wait in a journal, which is soon made into a file."""
        tables = (segment.tables for segment in journal.waiting(self._files).values())
        return {key for of_one in tables if ATTEMPTS in of_one for key in _completed(of_one[ATTEMPTS])}

    def _of_many(self, names: list[str]) -> set[str]:
        with suppress(VanishedError):
            read = read_all(self._files, ATTEMPTS, names, ("fingerprint", "status"))
            return {key for rows in read.values() for key in _completed(rows)}
        return set()


def _completed(rows: pa.Table) -> list[str]:
    return rows.filter(pc.equal(rows["status"], COMPLETED))["fingerprint"].to_pylist()


def not_ended(files: Files, sweep_id: str) -> list[str]:
    """Other sweeps that began within a day and have not said that they ended."""
    first = f"{datetime.now(UTC) - RUNS_AT_MOST:%Y%m%dT%H%M%S}"
    began = [other for other in sweep_files.ids(files) if other > first and _BEGAN.match(other)]
    return sorted({*began} - {sweep_id} - {*endings.ended(files)}) if began else []
