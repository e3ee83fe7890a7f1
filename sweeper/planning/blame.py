"""Which choices are to blame for failures that look alike, so that what remains of them need not be tried. Pure.

Every failure is held against each set of choices that it may be due to: a model alone, a model on a dataset, and so on.
A set is to blame once it has failed with the same error so often in a row, nothing with it having completed in between,
and its failures have nothing else in common. So as long as a model was tried on one dataset only, the two together are
to blame, and the next dataset tells whether it is the model. What several models share is to blame for their failures
only where one of them has completed something else, or where many of them fail alike: models often lack the same thing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import chain, product

from sweeper.vocabulary import AXES, Choice, Combination

Part = tuple[str, str]
"""Axis and name of a choice; for a variant there is also that of its choice, which stands for all variants."""
Suspects = frozenset[Part]
MODEL = AXES[2]
MOST_REMEMBERED = 20_000
"""So many sets of choices are remembered with their last failures, the newest."""
MOST_SINGLED_OUT = 4
"""Of more datasets or models in one combination, none is suspected by itself."""


@dataclass(frozen=True)
class Blamed:
    """Choices that are to blame together: combinations with all of them need not be tried."""

    suspects: Suspects
    times: int
    """How often they failed alike, in a row."""

    def named(self, beside: Suspects = frozenset()) -> str:
        """In words, such as `model svm with dataset digits`; those `beside` are named only where no other is left."""
        told = self._told(self.suspects - beside) or self._told(self.suspects)
        ordered = sorted(told, key=lambda part: ("model", "dataset", "capability", "metric").index(part[0]))
        return " with ".join(f"{axis} {name}" for axis, name in ordered)

    def _told(self, parts: Suspects) -> list[Part]:
        """Without the choice of a variant that is named too."""
        return [(axis, name) for axis, name in parts if not any(_is_variant(p, (axis, name)) for p in parts)]


def _is_variant(part: Part, of: Part) -> bool:
    return part[0] == of[0] and part[1].startswith(f"{of[1]}[")


@dataclass
class _Streak:
    """The last failures in a row of one set of choices, all with one error."""

    error: str
    common: Suspects
    """What they all have in common."""
    count: int = 0
    models: set[Suspects] = field(default_factory=set[Suspects])


class Blame:
    """Told of every end in turn, it says whom to blame."""

    def __init__(self) -> None:
        self._streaks: dict[Suspects, _Streak] = {}
        self._good: set[Part] = set()

    def completed(self, combination: Combination) -> None:
        """A combination has completed: none of its choices fails always."""
        self._good |= parts(combination)
        if self._streaks:
            for suspects in _explanations(combination):
                self._streaks.pop(suspects, None)

    def failed(self, combination: Combination, error: str, limit: int) -> Blamed | None:
        """A combination has failed: the fewest choices that are now to blame, if any are.

        Parameters
        ----------
        error
            As `same_error` gives it.
        limit
            How often in a row is too often.
        """
        whole = parts(combination)
        found = [s for s in _explanations(combination) if self._adds_up(s, whole, error, limit)]
        while len(self._streaks) > MOST_REMEMBERED:
            del self._streaks[next(iter(self._streaks))]
        fewest = min(found, key=lambda suspects: (len(suspects), sorted(suspects)), default=None)
        return None if fewest is None else Blamed(fewest, self._streaks[fewest].count)

    def _adds_up(self, suspects: Suspects, whole: Suspects, error: str, limit: int) -> bool:
        streak = self._streaks.pop(suspects, None)
        if streak is None or streak.error != error:
            streak = _Streak(error, whole)
        self._streaks[suspects] = streak  # the newest last
        streak.count += 1
        streak.common &= whole
        if len(streak.models) < limit:
            streak.models.add(frozenset(part for part in whole if part[0] == MODEL))
        return streak.count >= limit and streak.common == suspects and self._is_of_models(suspects, streak, limit)

    def _is_of_models(self, suspects: Suspects, streak: _Streak, limit: int) -> bool:
        """Whether models are among the suspects, or those that failed are no reason."""
        if any(axis == MODEL for axis, _ in suspects):
            return True
        return any(models <= self._good for models in streak.models) or len(streak.models) >= limit


def parts(combination: Combination) -> Suspects:
    """All that can be to blame in a combination."""
    return frozenset(part for choice in combination.choices for part in _parts(choice))


def _parts(choice: Choice) -> tuple[Part, ...]:
    """A choice; a variant is also one of its choice, which fails as a whole where several variants do."""
    own = (choice.axis, choice.name)
    return (own,) if choice.base in ("", choice.name) else ((choice.axis, choice.base), own)


def _explanations(combination: Combination) -> Iterator[Suspects]:
    """Every set of its choices that a failure may be due to, but for all of them together and none."""
    capability, *axes = combination
    whole = parts(combination)
    for chosen in product(*(_options(choices) for choices in ((capability,), *axes))):
        suspects = frozenset(chain.from_iterable(chosen))
        if suspects and suspects != whole:
            yield suspects


def _options(choices: tuple[Choice, ...]) -> list[tuple[Part, ...]]:
    """What of one axis may be to blame: nothing, one choice or its variant, or all of them."""
    together = tuple(part for choice in choices for part in _parts(choice))
    singled = choices if len(choices) <= MOST_SINGLED_OUT else ()
    single = [_parts(choice)[:depth] for choice in singled for depth in range(1, len(_parts(choice)) + 1)]
    return list(dict.fromkeys([(), *single, together]))
