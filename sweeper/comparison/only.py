"""Which values are meant: globs for the names under which a value was measured, as `--only` takes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sweeper.common.globs import SEPARATOR, covers_slot
from sweeper.comparison.repeats import comma_parts
from sweeper.errors import ConfigError, near_match
from sweeper.vocabulary import AXES

PLACES = (*AXES, "key")
"""What a glob can be for: the names of the choices, and the key of a value."""


def parsed_only(text: str | None) -> Mapping[str, str]:
    """Globs by what they are for: `model=svm*,metric=accuracy`.

    Raises
    ------
    ConfigError
        A word is not AXIS=GLOB.
    """
    chosen: dict[str, str] = {}
    for word in comma_parts(text)[0] if text else ():
        axis, equals, glob = word.partition("=")
        if axis not in PLACES or not equals:
            hint = near_match(axis, PLACES)
            raise ConfigError(f"--only {word} is not AXIS=GLOB with an axis of {', '.join(AXES)} and key.{hint}")
        chosen[axis] = glob
    return chosen


def only_text(only: Mapping[str, str]) -> str:
    """The globs as they are typed."""
    return ",".join(f"{axis}={glob}" for axis, glob in only.items())


def is_covered(glob: str, name: str) -> bool:
    """Whether a glob covers a name, or each of several that are joined: as it is, or without its variant."""
    return covers_slot([glob], [_Name(one, one.partition("[")[0]) for one in name.split(SEPARATOR)], every=True)


@dataclass(frozen=True)
class _Name:
    name: str
    base: str
