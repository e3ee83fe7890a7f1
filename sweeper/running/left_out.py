"""What is planned and not submitted after all: what remains of choices that are to blame for their failures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import cached_property

from sweeper.messages.outcome import Failure, LeftOutChoice, Status
from sweeper.planning.blame import Blame, Blamed, Suspects, parts
from sweeper.planning.combinations import Planned


class LeftOut:
    """Told of every end, it knows what need not be tried any more, and says so when it learns it.

    Parameters
    ----------
    items
        Everything that is planned.
    note
        Where a line for the user goes.
    """

    def __init__(self, items: Sequence[Planned], note: Callable[[str], None]) -> None:
        self._items, self._note = items, note
        self._blame = Blame()
        self._blamed: list[Suspects] = []
        self._told: list[LeftOutChoice] = []
        self._counts: Counter[int] = Counter()

    def __contains__(self, item: Planned) -> bool:
        if not self._blamed:
            return False
        whole = parts(item.combination)
        return any(suspects <= whole for suspects in self._blamed)

    def drop(self, item: Planned) -> bool:
        """Whether one is left out; if so, it is counted."""
        if item not in self:
            return False
        whole = parts(item.combination)
        self._counts[next(i for i, suspects in enumerate(self._blamed) if suspects <= whole)] += 1
        return True

    @property
    def choices(self) -> tuple[LeftOutChoice, ...]:
        """Who was to blame, with how many were left out so far."""
        return tuple(replace(told, left_out=self._counts[i]) for i, told in enumerate(self._told))

    def completed(self, item: Planned) -> None:
        """One has completed."""
        self._blame.completed(item.combination)

    def failed(self, item: Planned, failure: Failure, limit: int | None, rest: Callable[[], Iterable[Planned]]) -> bool:
        """One has failed, and `limit` failures of one choice in a row, all alike, are enough; no limit, no matter.

        Returns whether anything of the `rest`, which has not begun, is left out from now on.
        """
        if limit is None or failure.status not in (Status.FAILED, Status.TIMEOUT):
            return False
        blamed = self._blame.failed(item.combination, failure.cause, limit)
        if blamed is None or any(known <= blamed.suspects for known in self._blamed):
            return False
        count = sum(blamed.suspects <= parts(one.combination) for one in rest() if one not in self)
        if not count:
            return False
        self._blamed.append(blamed.suspects)
        self._tell(blamed, failure, count)
        return True

    def _tell(self, blamed: Blamed, failure: Failure, count: int) -> None:
        said = LeftOutChoice(
            blamed.named(self._everywhere), failure.error_type, failure.message, blamed.times, left_out=count
        )
        self._told.append(said)
        self._note(said.line())

    @cached_property
    def _everywhere(self) -> Suspects:
        """What every combination has, which need not be named."""
        return frozenset[tuple[str, str]].intersection(*(parts(item.combination) for item in self._items))
