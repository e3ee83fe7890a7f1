"""What is wrong with the files of a dataset: all of it in one error, or counted where it is to be passed over."""

from __future__ import annotations

from collections import Counter
from typing import Literal, get_args

from sweeper.common.text import escaped
from sweeper.errors import PartError, near_match

Invalid = Literal["error", "pass_over"]
"""What becomes of entries that are wrong: one error that tells of all, or they are left out and counted."""
_SHOWN = 3


class Faults:
    """Collects faults by reason, with the first cases of each.

    Parameters
    ----------
    invalid
        `error` or `pass_over`.
    source
        What is read, for messages.

    Raises
    ------
    PartError
        `invalid` is neither.
    """

    def __init__(self, invalid: str, source: str) -> None:
        if invalid not in get_args(Invalid):
            raise PartError(
                f"invalid is {invalid!r}; allowed: error, pass_over.{near_match(str(invalid), get_args(Invalid))}"
            )
        self._invalid, self._source = invalid, escaped(source)
        self._counts: Counter[str] = Counter()
        self._cases: dict[str, list[str]] = {}

    def add(self, reason: str, case: str) -> None:
        """Note one more case of a reason."""
        self._counts[reason] += 1
        if self._counts[reason] <= _SHOWN:
            self._cases.setdefault(reason, []).append(escaped(case))

    def settled(self) -> dict[str, int]:
        """The number of entries that were left out, by reason.

        Raises
        ------
        PartError
            There are faults, and `invalid` is `error`.
        """
        if self._counts and self._invalid == "error":
            many = self._counts.total()
            raise PartError(
                f"{self._source} has {many:,} {'entry' if many == 1 else 'entries'} that cannot be used. "
                f"{self._told()} Repair what is wrong, or set invalid to pass_over, which leaves it out and counts it."
            )
        return dict(self._counts)

    def _told(self) -> str:
        return " ".join(
            f"{reason[0].upper()}{reason[1:]} ({count:,}): {'; '.join(self._cases[reason])}"
            f"{'; ...' if count > _SHOWN else '.'}"
            for reason, count in self._counts.items()
        )
