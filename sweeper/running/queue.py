"""Which combination goes out next: the plan's order, where one that must wait for its turn holds up no other. Pure."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from sweeper.planning.combinations import Planned

PartKey = tuple[str, str]
"""Axis and name of a choice."""


class QueuedAttempt(NamedTuple):
    """One combination to submit, for the `number`-th time, counted from 1."""

    item: Planned
    number: int


class Queue:
    """What has not gone out yet.

    Parameters
    ----------
    items
        In the order in which they are to go out.
    has_room
        Whether there is room for what a combination needs besides its own task; while there is none, those that follow
        it in the plan wait too. While nothing is in flight there is always room, for none would be made.
    drops
        Asked of each just before it would go out for the first time: whether it is not to go out at all.
    met
        Asked of each that is dropped: whether another sweep has done it, which then is likely to do what follows. So
        what never went out comes from the other end from there on.
    """

    def __init__(
        self,
        items: Sequence[Planned],
        has_room: Callable[[Planned], bool] = lambda item: True,
        drops: Callable[[Planned], bool] = lambda item: False,
        met: Callable[[Planned], bool] = lambda item: False,
    ) -> None:
        self._items, self._next, self._stop = items, 0, len(items)
        self._backwards = False
        self._has_room, self._drops, self._met = has_room, drops, met
        self._again: deque[QueuedAttempt] = deque()
        self._held: dict[PartKey, deque[QueuedAttempt]] = {}
        self._in_flight: Counter[PartKey] = Counter()
        self._limits: dict[PartKey, int] = {}
        self._out = 0

    def take(self) -> QueuedAttempt | None:
        """The next that may go out, counted as in flight from now on; `None` where none may before another ends."""
        for waited_in, attempt in self._candidates():
            if not self._out or self._has_room(attempt.item):
                self._out += 1
                self._in_flight.update(limits(attempt.item).keys())
                return attempt
            waited_in.appendleft(attempt)
        return None

    def ended(self, item: Planned) -> None:
        """One that was taken is no longer in flight."""
        self._out -= 1
        self._in_flight.subtract(limits(item).keys())

    def again(self, item: Planned, number: int) -> None:
        """Let one that ended go out once more, before what never did and what waits for the room that it takes."""
        self._again.appendleft(QueuedAttempt(item, number))

    def waiting(self) -> Iterator[Planned]:
        """All that never went out."""
        yield from self._items[self._next : self._stop]
        for waits in (self._again, *self._held.values()):
            yield from (attempt.item for attempt in waits if attempt.number == 1)

    def _candidates(self) -> Iterator[tuple[deque[QueuedAttempt], QueuedAttempt]]:
        """What may go as far as limits are concerned, with the place in which it waits if there is no room for it."""
        if (held := self._of_those_held()) is not None:
            yield held
        if (attempt := self._of_those_that_follow()) is not None:
            yield self._again, attempt

    def _of_those_held(self) -> tuple[deque[QueuedAttempt], QueuedAttempt] | None:
        for key, held in list(self._held.items()):
            while held and self._in_flight[key] < self._limits[key]:
                attempt = held.popleft()
                if not self._put_aside(attempt):
                    return held, attempt
        return None

    def _of_those_that_follow(self) -> QueuedAttempt | None:
        while (attempt := self._again.popleft() if self._again else self._first()) is not None:
            if not self._put_aside(attempt):
                return attempt
        return None

    def _first(self) -> QueuedAttempt | None:
        if self._next == self._stop:
            return None
        if self._backwards:
            self._stop -= 1
            return QueuedAttempt(self._items[self._stop], 1)
        self._next += 1
        return QueuedAttempt(self._items[self._next - 1], 1)

    def _put_aside(self, attempt: QueuedAttempt) -> bool:
        """Whether it does not go out now: it is dropped, or waits for others with one of its parts."""
        if attempt.number > 1 or not self._drops(attempt.item):
            return self._hold(attempt)
        if self._met(attempt.item):
            self._backwards = not self._backwards
        return True

    def _hold(self, attempt: QueuedAttempt) -> bool:
        """Put aside one of whose parts as many are in flight as may be; whether there is such a part."""
        for key, limit in limits(attempt.item).items():
            if self._in_flight[key] >= limit:
                self._limits[key] = limit
                self._held.setdefault(key, deque()).append(attempt)
                return True
        return False


def limits(item: Planned) -> dict[PartKey, int]:
    """How many combinations with each of the parts may be in flight, for parts that say so."""
    return {(part.axis, part.name): limit for part in item.combination.choices if (limit := part.runtime.max_in_flight)}
