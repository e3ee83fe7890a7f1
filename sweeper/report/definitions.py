"""What the shown quantities mean, in the words of the parts that measure them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sweeper.report.leaderboard import Leaderboard

_PLACEHOLDER = re.compile(r"<[^<>]*>")


@dataclass(frozen=True)
class PartDefinition:
    """What the docstring of a capability or a metric says."""

    summary: str
    values: Mapping[str, str]
    """By key, in which `<word>` stands for any text."""

    def of(self, key: str) -> str:
        """What a key means; empty where the docstring does not say it."""
        if key in self.values:
            return self.values[key]
        fits = (text for pattern, text in self.values.items() if re.fullmatch(_any_text(pattern), key))
        return next(fits, "")


@dataclass(frozen=True)
class Definitions:
    """What capabilities and metrics mean, by the names of their choices."""

    capabilities: Mapping[str, PartDefinition] = field(default_factory=dict[str, PartDefinition])
    metrics: Mapping[str, PartDefinition] = field(default_factory=dict[str, PartDefinition])

    def of(self, board: Leaderboard) -> tuple[tuple[str, str], ...]:
        """The quantities that a table shows, and what each means; those of which nothing is known are left out."""
        found = {name: text for name, text in self._pairs(board) if text}
        return tuple(found.items())

    def _pairs(self, board: Leaderboard) -> Iterator[tuple[str, str]]:
        capability, metric = self.capabilities.get(board.capability), self.metrics.get(board.metric)
        for shown in _quantities(board):
            own = shown.removeprefix(f"{board.metric} ")
            of_capability = capability.of(shown) if capability else ""
            of_metric = metric.of(own) or metric.of(re.split("[ .@]", own)[0]) if metric else ""
            yield shown, " ".join(filter(None, (of_capability, of_metric)))
        if metric is not None:
            yield board.metric, metric.summary


def _quantities(board: Leaderboard) -> tuple[str, ...]:
    """What a table shows values of."""
    if board.side == "key":
        return tuple(line.name for line in board.lines)
    return board.columns if board.top == "key" else (board.measure,)


def _any_text(pattern: str) -> str:
    parts = _PLACEHOLDER.split(pattern)
    return ".+".join(map(re.escape, parts))
