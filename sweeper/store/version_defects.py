"""Defects of older versions of sweeper that may have made a measured value wrong.

Each entry of `DEFECTS` names the parts that it affects, the version that fixed it, and what was wrong. A stored result
is suspect where an older version measured it and its spec has such a part. A defect that no spec shows is not listed:
a model that changed its inputs in place could spoil other runs, whose specs do not name it.

The shipped digits, scikit-learn's classifiers on them, and all that is measured on both are right in every version:
their targets are one-hot, the labels of both sides are the same, and their scores are finite.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from itertools import takewhile
from typing import Protocol

from sweeper.common.nested import mappings_in
from sweeper.vocabulary import Choice, Combination

SHIPPED = ("sweeper.*", "sklearn.*", "hydra.utils.*", "functools.*", "numpy.*")
"""Class paths of what sweeper ships and of the libraries that it builds on."""
PARTS = ("dataset", "model")


@dataclass(frozen=True)
class Defect:
    """One reason why results of an older version may be wrong."""

    axis: str
    """The axis whose specs are searched, at every depth."""
    targets: tuple[str, ...]
    """Class paths, as globs, of the parts that it affects."""
    before: str
    """The first version without the defect."""
    why: str
    besides: tuple[str, ...] = ()
    """Class paths among `targets` that it does not affect."""
    sound_for: tuple[str, ...] = ()
    """Class paths of capabilities whose results it does not affect."""

    def affects(self, target: str) -> bool:
        """Whether it affects a part of this class."""
        return _is_any(target, self.targets) and not _is_any(target, self.besides)


_IMAGES = (
    "its image folder may have been read wrongly: images of 16 bits, of floats, with a palette, transparent or turned, "
    "and files in hidden folders"
)
_TARGETS = "nobody checked that the targets of its dataset are one-hot"
_SCORES = "nobody checked that the scores of its model are finite, and its labels those of the dataset"
DEFECTS = (
    *(Defect(axis, ("sweeper.datasets.*ImageFolder",), "0.2.0", _IMAGES) for axis in PARTS),
    Defect("dataset", ("*",), "0.2.0", _TARGETS, besides=SHIPPED, sound_for=("sweeper.capabilities.*Shift",)),
    Defect("model", ("*",), "0.2.0", _SCORES, besides=SHIPPED),
)
_NEWEST = max((defect.before for defect in DEFECTS), key=lambda version: [int(part) for part in version.split(".")])
"""Results of this version and later ones are not suspect."""


class Measured(Protocol):
    """A completed attempt, as far as it matters here."""

    @property
    def sweeper_version(self) -> str | None: ...


class DefectLookup:
    """Tells which stored results of planned combinations are suspect; each choice is looked at once."""

    def __init__(self, choices: Iterable[Choice]) -> None:
        defects = {choice: _of_choice(choice) for choice in choices}
        self._by_choice = {choice: some for choice, some in defects.items() if some}
        self._known: dict[tuple[object, ...], tuple[Defect, ...]] = {}

    def concerned(self, pairs: Iterable[tuple[Combination, str]]) -> list[str]:
        """Fingerprints of the combinations whose results are suspect if an older version measured them."""
        return [key for combination, key in pairs if self._defects(combination)] if self._by_choice else []

    def among(self, measured: Iterable[Measured]) -> Callable[[Combination, Measured], str | None] | None:
        """Why the completed attempt of a combination, one of these, is suspect; `None` where none of them can be."""
        versions = {attempt.sweeper_version for attempt in measured} if self._by_choice else ()
        return self._of if any(is_older(version, _NEWEST) for version in versions) else None

    def _of(self, combination: Combination, state: Measured) -> str | None:
        version = state.sweeper_version
        return _reason(self._defects(combination), version) if is_older(version, _NEWEST) else None

    def _defects(self, combination: Combination) -> tuple[Defect, ...]:
        """Looked up once for all combinations that differ in their metrics only: there may be a million."""
        key = combination[:3]
        defects = self._known.get(key)
        if defects is None:
            defects = self._known[key] = self._looked_up(combination)
        return defects

    def _looked_up(self, combination: Combination) -> tuple[Defect, ...]:
        parts = (*combination.datasets, *combination.models)
        defects = [defect for part in parts for defect in self._by_choice.get(part, ())]
        capability = str(combination.capability.spec.get("_target_", ""))
        return tuple(dict.fromkeys(defect for defect in defects if not _is_any(capability, defect.sound_for)))


def _of_choice(choice: Choice) -> tuple[Defect, ...]:
    return _matching(choice.axis, tuple(_targets(choice.spec))) if choice.axis in PARTS else ()


def of_spec(text: str, version: str | None) -> str | None:
    """Why a result with this stored spec, measured by this version, is suspect; `None` where it is not."""
    if not is_older(version, _NEWEST) or _has_no_defect(text):
        return None
    try:
        spec = json.loads(text)
        axes = {"dataset": spec.get("datasets", ()), "model": spec.get("models", ())}
        capability = str(spec.get("capability", {}).get("_target_", ""))
    except (ValueError, AttributeError):  # not a spec of a sweep
        return None
    defects = [defect for axis, parts in axes.items() for defect in _matching(axis, tuple(_targets(parts)))]
    return _reason(dict.fromkeys(d for d in defects if not _is_any(capability, d.sound_for)), version)


def _has_no_defect(text: str) -> bool:
    """Whether no defect affects any class path in a spec, found without parsing its JSON."""
    return all(_is_sound(target) for target in set(re.findall(r'"_target_":"([^"\\]*)"', text)))


@cache
def _is_sound(target: str) -> bool:
    return not any(defect.affects(target) for defect in DEFECTS)


def _targets(value: object) -> Iterator[str]:
    """Every class path in a spec."""
    targets = (mapping.get("_target_") for mapping in mappings_in(value))
    return (target for target in targets if isinstance(target, str))


@cache
def _matching(axis: str, targets: tuple[str, ...]) -> tuple[Defect, ...]:
    return tuple(s for s in DEFECTS if s.axis == axis and any(map(s.affects, targets)))


@cache
def _is_any(target: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(target, pattern) for pattern in patterns)


def _reason(defects: Iterable[Defect], version: str | None) -> str | None:
    why = dict.fromkeys(defect.why for defect in defects if is_older(version, defect.before))
    return f"suspect: {'; '.join(why)} (measured by sweeper {version})" if why else None


@cache
def is_older(version: str | None, before: str) -> bool:
    """Whether a version is older than another; an unknown version is not."""
    return bool(version) and _numbers(version or "") < _numbers(before)


def _numbers(version: str) -> list[int]:
    parts = [*version.split("."), "", ""][:3]
    return [int("".join(takewhile(str.isdigit, part)) or 0) for part in parts]
