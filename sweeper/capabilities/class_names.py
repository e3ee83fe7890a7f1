"""What classes are called in rows and reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from sweeper.checks.labels import names_of
from sweeper.errors import PartError


@dataclass(frozen=True)
class ClassNames:
    """How classes are called: by the dataset, else by the model, else by their index.

    A name that several classes have is followed by the index, so that each is told apart.
    """

    names: Mapping[int, str]

    @classmethod
    def of(cls, dataset: Mapping[str, object], model: Mapping[str, object] | None = None) -> ClassNames:
        """From the `index2label` in the metadata of both."""
        names = _names(model or {}, "Model") | _names(dataset, "Dataset")
        times = Counter(names.values())
        return cls({index: f"{name} ({index})" if times[name] > 1 else name for index, name in names.items()})

    def __getitem__(self, index: int) -> str:
        return self.names.get(index, str(index))


def _names(metadata: Mapping[str, object], kind: str) -> dict[int, str]:
    """The names of the classes; none where they cannot be read, which the rules of a run may allow."""
    try:
        return names_of(metadata, kind)
    except PartError:
        return {}
