"""What older versions of sweeper may have measured wrongly, so that nobody trusts such a value without a second look.

Each row of `TABLE` names the parts that are concerned, the version that put it right, and why. A stored result is
suspect where its version is older and its spec has such a part. What no spec can tell is not in here: a model that
changed its inputs in place spoilt what ran beside it, whose spec does not name it.

The shipped digits, scikit-learn's classifiers on them and everything that is measured of both are sound in every
version: their targets are one-hot, the labels of both sides are the same, and their scores are finite.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from itertools import takewhile
from typing import Any, Protocol

from sweeper.vocabulary import Choice, Combination

SHIPPED = ("sweeper.*", "sklearn.*", "hydra.utils.*", "functools.*", "numpy.*")
"""Class paths of what sweeper ships and of what that is made of."""
PARTS = ("dataset", "model")


@dataclass(frozen=True)
class Suspect:
    """One way in which results of an older version may be wrong."""

    axis: str
    """Whose spec is looked at, at every depth."""
    targets: tuple[str, ...]
    """Class paths, as globs, of the parts that are concerned."""
    before: str
    """The first version that measures it rightly."""
    why: str
    besides: tuple[str, ...] = ()
    """Class paths among `targets` that are sound."""
    sound_for: tuple[str, ...] = ()
    """Class paths of capabilities that do not use what was wrong."""

    def concerns(self, target: str) -> bool:
        """Whether a part of this class is one of those."""
        return _is_any(target, self.targets) and not _is_any(target, self.besides)


_IMAGES = (
    "its image folder may have been read wrongly: images of 16 bits, of floats, with a palette, transparent or turned, "
    "and files in hidden folders"
)
_TARGETS = "nobody checked that the targets of its dataset are one-hot"
_SCORES = "nobody checked that the scores of its model are finite, and its labels those of the dataset"
TABLE = (
    *(Suspect(axis, ("sweeper.datasets.*ImageFolder",), "0.2.0", _IMAGES) for axis in PARTS),
    Suspect("dataset", ("*",), "0.2.0", _TARGETS, besides=SHIPPED, sound_for=("sweeper.capabilities.*Shift",)),
    Suspect("model", ("*",), "0.2.0", _SCORES, besides=SHIPPED),
)
_NEWEST = max((suspect.before for suspect in TABLE), key=lambda version: [int(part) for part in version.split(".")])
"""Nothing is suspect of this version and of later ones."""


class Measured(Protocol):
    """What is known of a completed attempt."""

    @property
    def sweeper_version(self) -> str | None: ...


class Suspicion:
    """Tells of planned combinations which stored results of theirs are suspect; each choice is looked at once."""

    def __init__(self, choices: Iterable[Choice]) -> None:
        found = {choice: _of_choice(choice) for choice in choices}
        self._found = {choice: suspects for choice, suspects in found.items() if suspects}
        self._known: dict[tuple[Any, ...], tuple[Suspect, ...]] = {}

    def concerned(self, pairs: Iterable[tuple[Combination, str]]) -> list[str]:
        """Fingerprints of the combinations whose results are suspect if an older version measured them."""
        return [key for combination, key in pairs if self._suspects(combination)] if self._found else []

    @property
    def of(self) -> Callable[[Combination, Measured], str | None] | None:
        """Why the completed attempt of a combination is suspect, `None` where it is not; `None` where none can be."""
        return self._of if self._found else None

    def _of(self, combination: Combination, state: Measured) -> str | None:
        version = state.sweeper_version
        return _reason(self._suspects(combination), version) if is_older(version, _NEWEST) else None

    def _suspects(self, combination: Combination) -> tuple[Suspect, ...]:
        """Of all combinations that differ in their metrics only, found once: there may be a million."""
        key = combination[:3]
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._looked_up(combination)
        return found

    def _looked_up(self, combination: Combination) -> tuple[Suspect, ...]:
        found = [s for part in (*combination.datasets, *combination.models) for s in self._found.get(part, ())]
        capability = str(combination.capability.spec.get("_target_", ""))
        return tuple(dict.fromkeys(s for s in found if not _is_any(capability, s.sound_for)))


def _of_choice(choice: Choice) -> tuple[Suspect, ...]:
    return _matching(choice.axis, tuple(_targets(choice.spec))) if choice.axis in PARTS else ()


def of_spec(text: str, version: str | None) -> str | None:
    """Why a result with this stored spec, measured by this version, is suspect; `None` where it is not."""
    if not is_older(version, _NEWEST) or _is_shipped(text):
        return None
    try:
        spec = json.loads(text)
        axes = {"dataset": spec.get("datasets", ()), "model": spec.get("models", ())}
        capability = str(spec.get("capability", {}).get("_target_", ""))
    except (ValueError, AttributeError):  # no spec of a sweep
        return None
    found = [s for axis, parts in axes.items() for s in _matching(axis, tuple(_targets(parts)))]
    return _reason(dict.fromkeys(s for s in found if not _is_any(capability, s.sound_for)), version)


def _is_shipped(text: str) -> bool:
    """Whether all that a spec names is shipped and sound, seen without taking the text apart."""
    return all(_is_sound(target) for target in set(re.findall(r'"_target_":"([^"\\]*)"', text)))


@cache
def _is_sound(target: str) -> bool:
    return not any(suspect.concerns(target) for suspect in TABLE)


def _targets(value: Any) -> Iterator[str]:
    """Every class path in a spec."""
    if isinstance(value, Mapping):
        if isinstance(target := value.get("_target_"), str):
            yield target
        for item in value.values():
            yield from _targets(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _targets(item)


@cache
def _matching(axis: str, targets: tuple[str, ...]) -> tuple[Suspect, ...]:
    return tuple(s for s in TABLE if s.axis == axis and any(map(s.concerns, targets)))


@cache
def _is_any(target: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(target, pattern) for pattern in patterns)


def _reason(suspects: Iterable[Suspect], version: str | None) -> str | None:
    why = dict.fromkeys(suspect.why for suspect in suspects if is_older(version, suspect.before))
    return f"suspect: {'; '.join(why)} (measured by sweeper {version})" if why else None


@cache
def is_older(version: str | None, before: str) -> bool:
    """Whether a version is older than another; one that is not known is not."""
    return bool(version) and _numbers(version or "") < _numbers(before)


def _numbers(version: str) -> list[int]:
    parts = [*version.split("."), "", ""][:3]
    return [int("".join(takewhile(str.isdigit, part)) or 0) for part in parts]
