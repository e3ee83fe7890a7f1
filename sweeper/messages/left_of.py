"""What of a sweep has completed, and what is left of it: one answer for `resume=`, `status` and `failures`. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator

from sweeper.messages.asked import AskedSweep
from sweeper.vocabulary import AXES, NAME_SEPARATOR

Completed = Collection[tuple[str, ...]]
"""Fingerprint and the names on the four axes of what has completed."""


class Done:
    """Whether a combination has completed; by its names too where one sweep asked for a fingerprint several times."""

    def __init__(self, asked: AskedSweep, completed: Completed) -> None:
        self._whole, self._fingerprints = completed, {key for key, *_ in completed}
        counted = Counter(key for key, run in zip(asked.fingerprints, asked.run, strict=True) if run)
        self._repeated = {key for key, n in counted.items() if n > 1}

    def __call__(self, names: tuple[str, ...], key: str) -> bool:
        """`names` are those on the four axes, `key` is the fingerprint."""
        return (key, *names) in self._whole if key in self._repeated else key in self._fingerprints


def to_run(asked: AskedSweep) -> Iterator[tuple[str, ...]]:
    """Fingerprint and names of each combination that a sweep was to run, in its order."""
    called = [choice.name for choice in asked.choices]
    columns = (asked.columns[axis].mapped(lambda places: _joined(called, places)) for axis in AXES)
    for run, *combination in zip(asked.run, asked.fingerprints, *columns, strict=True):
        if run:
            yield tuple(combination)


def _joined(called: list[str], places: tuple[int, ...]) -> str:
    return NAME_SEPARATOR.join(called[place] for place in places)
