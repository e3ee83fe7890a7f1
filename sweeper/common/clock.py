"""Times that are stored: by the clock of who writes them, and later than what was known to be stored.

The newest attempt is the one that counts. A clock that was set back would make what runs now older than what ran
before; so nothing is given a time that is not later than the newest that the driver saw when it planned.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def now() -> datetime:
    """The time by the clock of this machine."""
    return datetime.now(UTC)


def from_microseconds(number: int) -> datetime | None:
    """A time from microseconds since 1970; `None` for 0, which stands for a time that is not known."""
    return EPOCH + number * MICROSECOND if number else None


def after(earlier: datetime | None) -> datetime:
    """The time, or just after `earlier` where the clock is behind that."""
    moment = now()
    return moment if earlier is None or moment > earlier else earlier + MICROSECOND


def span_after(started: datetime, earlier: datetime) -> tuple[datetime, datetime]:
    """From `started` until now, by this clock; both moved on by as much as the clock is behind `earlier`."""
    ended = now()
    late = max(earlier + MICROSECOND - ended, timedelta())
    return started + late, ended + late
