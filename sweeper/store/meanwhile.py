"""What happens in a store while a sweep runs: which combinations complete, and which other sweeps have not ended.

Nobody waits for anybody here. A sweep that is killed leaves no word that it has ended; for a day, others that run then
begin at another place because of it, and that is all.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from sweeper.store import attempt_names, endings, journal, sweep_files
from sweeper.store.files import Files
from sweeper.store.live_files import MERGED
from sweeper.store.newest_attempts import COMPLETED
from sweeper.store.parquet import VanishedError, read_all
from sweeper.store.schema import ATTEMPTS

MARGIN_S = 600.0
"""Names carry the time of whoever wrote them: so far may clocks differ, and so long may a file take to appear."""
RUNS_AT_MOST = timedelta(days=1)
"""A sweep that began longer ago and did not say that it ended is taken for a dead one."""
_TOLD = ("fingerprint", "status")
_BEGAN = re.compile(r"\d{8}T\d{6}")


class NewCompletions:
    """The fingerprints that complete from now on, whoever completes them.

    A look lists names, and opens only new files with many attempts. What a merge has taken by then is not seen: then a
    combination runs twice, as it would have without the look.
    """

    def __init__(self, files: Files) -> None:
        self._files = files
        self._journals = journal.Tails(files, ATTEMPTS, _TOLD)
        self._before = _completed(self._journals.take())
        self._seen = set(self._recent())

    def take(self) -> set[str]:
        """Those that completed since the last look; some may be told twice."""
        in_journals = _completed(self._journals.take())  # first, since they become files
        recent = self._recent()
        new = [name for name in recent if name not in self._seen]
        self._seen = set(recent)
        singles = [single for name in new if (single := attempt_names.parse(name))]
        found = in_journals | {single.fingerprint for single in singles if single.status == COMPLETED}
        others = [name for name in new if not name.endswith(MERGED) and attempt_names.parse(name) is None]
        return (found | self._of_many(others)) - self._before

    def _recent(self) -> list[str]:
        """The names of all files that can have been written within the margin."""
        return self._files.names_after(ATTEMPTS, f"{int((time.time() - MARGIN_S) * 1000):013d}")

    def _of_many(self, names: list[str]) -> set[str]:
        with suppress(VanishedError):
            read = read_all(self._files, ATTEMPTS, names, _TOLD)
            columns = [[rows[name].to_pylist() for name in _TOLD] for rows in read.values()]
            return _completed(row for one in columns for row in zip(*one, strict=True))
        return set()


def _completed(rows: Iterable[Sequence[object]]) -> set[str]:
    """The fingerprints in rows of the columns `_TOLD`; without Arrow's functions, which take long to be imported."""
    return {str(fingerprint) for fingerprint, status in rows if status == COMPLETED}


def not_ended(files: Files, sweep_id: str) -> list[str]:
    """Other sweeps that began within a day and have not said that they ended."""
    first = f"{datetime.now(UTC) - RUNS_AT_MOST:%Y%m%dT%H%M%S}"
    began = [other for other in sweep_files.ids(files) if other > first and _BEGAN.match(other)]
    return sorted({*began} - {sweep_id} - {*endings.ended(files)}) if began else []
