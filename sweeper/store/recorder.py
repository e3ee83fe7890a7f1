"""How one process writes rows: files of their own, or where runs are quick, a journal or the driver's batches."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import datetime

from sweeper.common.clock import EPOCH
from sweeper.messages.receipts import HandedRows
from sweeper.store import formats, handed_over, sealed
from sweeper.store.attempt_names import attempt_name
from sweeper.store.files import Files
from sweeper.store.journal import Journal
from sweeper.store.local_files import LocalFiles
from sweeper.store.parquet import encode, new_name
from sweeper.store.schema import ATTEMPTS, Rows
from sweeper.store.schema_file import SchemaFiles

MOMENT_S = 0.05
"""A run that is recorded at least this long after the last one gets files of its own: they are then a small cost."""


class Recorder:
    """What writes rows for one process. It remembers which format and schema files are there, and the last run."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._says_format = False
        self._schema_files = SchemaFiles()
        self._journal = Journal(files) if isinstance(files, LocalFiles) else None
        self._recorded_at = float("-inf")

    @property
    def hands_over(self) -> bool:
        """Whether rows may be handed over: where nothing can be appended to a file."""
        return self._journal is None

    def announce_format(self) -> None:
        """Write the format file of the store where it is missing; looked at once per process."""
        if not self._says_format:
            formats.announce(self._files)
            self._says_format = True

    def announce_schema(self, rows: Rows) -> Rows:
        """See that the schema file of their table has the columns of these rows; returns them as they are written."""
        return rows._replace(schema=self._schema_files.announce(self._files, rows.table, rows.schema))

    def record(
        self, entry: Sequence[Rows], *, may_wait: bool, hand_over: Callable[[HandedRows], None] | None
    ) -> str | None:
        """Write all rows of one run, in this order: in the way that costs least for runs in such succession.

        Returns
        -------
        str or None
            URI of the file with the first rows, or of its folder where the rows are handed over; `None` if no rows.

        Raises
        ------
        OSError
            The store cannot be written.
        """
        if not entry:
            return None
        place = self._append(entry) if may_wait and self._in_succession(MOMENT_S) else None
        if place is None and hand_over is not None and self.hands_over and self._in_succession(handed_over.MOMENT_S):
            place = handed_over.give(entry, hand_over, self._files.uri)
        if place is None:
            place, *_ = [self.put(rows) for rows in entry]
        self._recorded_at = time.monotonic()
        return place

    def put(self, rows: Rows) -> str:
        """Write a file of its own; returns its URI. The name of one with an attempt says how the attempt ended."""
        data = encode(rows.to_table())
        if rows.table != ATTEMPTS:
            return sealed.put(self._files, rows.table, new_name(), data)
        row = rows.rows[0]
        status, fingerprint, version = (row[name] for name in ("status", "fingerprint", "sweeper_version"))
        known, ended = version if isinstance(version, str) else None, row["finished_at"]
        when = ended if isinstance(ended, datetime) else EPOCH
        name = attempt_name(sealed.size(data), str(status), str(fingerprint), known, when)
        return sealed.put(self._files, rows.table, name, data)

    def _append(self, entry: Sequence[Rows]) -> str | None:
        """Append rows to the journal; returns the URI of the file that will hold the first, `None` if it takes none."""
        name = self._journal.append(entry) if self._journal is not None else None
        return None if name is None else str(self._files.source(entry[0].table, name))

    def _in_succession(self, moment_s: float) -> bool:
        """Whether the last run was recorded a moment ago, so that writing files is most of the cost of a run."""
        return time.monotonic() - self._recorded_at < moment_s
