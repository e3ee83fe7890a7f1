"""The installed distributions that parts come from, with their versions."""

from __future__ import annotations

from functools import cache

from sweeper._version import __version__
from sweeper.revision.code import Sources
from sweeper.revision.recorded_paths import named
from sweeper.vocabulary import Choice, Combination

SCHEME = "installed:"
_DISTRIBUTION = {
    "PIL": "pillow",
    "cv2": "opencv-python",
    "hydra": "hydra-core",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "yaml": "PyYAML",
}
"""Of packages whose distribution has another name: asking which one has a package reads the files of all."""


class LibraryRevisions:
    """Library revisions of the combinations of one sweep, each choice looked at once."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._texts: dict[Choice, frozenset[str]] = {}

    def text(self, combination: Combination) -> str:
        """What is recorded: `installed:maite==1.0,scikit-learn==1.7.1`."""
        found = frozenset[str]().union(*map(self._of_choice, combination.choices))
        return SCHEME + ",".join(sorted(found))

    def _of_choice(self, choice: Choice) -> frozenset[str]:
        if choice not in self._texts:
            tops = self._sources.installed(choice)
            self._texts[choice] = frozenset(version for top in tops for version in versions(top))
        return self._texts[choice]


def differing(before: str, now: str) -> str:
    """In words, which distributions differ: `scikit-learn 1.6.0, now 1.7.1`."""
    old, new = (dict(one.split("==", 1) for one in _listed(text)) for text in (before, now))
    changed = sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
    return named(f"{name} {old.get(name, 'not there')}, now {new.get(name, 'not there')}" for name in changed)


def _listed(text: str) -> list[str]:
    return [one for one in text.removeprefix(SCHEME).split(",") if one]


@cache
def versions(top: str) -> tuple[str, ...]:
    """`name==version` of each distribution that a top package comes from."""
    if top == "sweeper":
        return (f"sweeper=={__version__}",)
    from importlib.metadata import PackageNotFoundError, packages_distributions, version

    try:
        name = _DISTRIBUTION.get(top, top)
        return (f"{name.lower()}=={version(name)}",)
    except PackageNotFoundError:
        names = packages_distributions().get(top, ())
        return tuple(sorted({f"{name.lower()}=={version(name)}" for name in names}))
