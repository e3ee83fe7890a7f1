"""Reads what the shown quantities mean, from the docstrings of the parts that the store names."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from sweeper.common.docstrings import docstring_of, summary_of, values_of
from sweeper.report.definitions import Definitions, PartDefinition
from sweeper.report.provenance import NamedSpec

_PATH = "."
"""What a text must have to be the path of a function."""


def read_definitions(specs: Iterable[NamedSpec]) -> Definitions:
    """What capabilities and metrics mean, of those whose source is here; nothing is imported."""
    found: dict[str, dict[str, PartDefinition]] = {"capability": {}, "metric": {}}
    for spec in specs:
        if spec.axis in found:
            found[spec.axis][spec.name] = _definition(json.loads(spec.spec))
    return Definitions(capabilities=found["capability"], metrics=found["metric"])


def _definition(spec: Mapping[str, object]) -> PartDefinition:
    """Of a part that applies a function, such as one of scikit-learn, that function says what is computed."""
    said = docstring_of(str(spec.get("_target_", "")))
    functions = filter(None, map(docstring_of, _paths(spec)))
    summary = summary_of(next(functions, said))
    return PartDefinition(f"{summary}{_arguments(spec)}" if summary else "", values_of(said))


def _paths(spec: Mapping[str, object]) -> Iterator[str]:
    return (value for key, value in spec.items() if key != "_target_" and isinstance(value, str) and _PATH in value)


def _arguments(spec: Mapping[str, object]) -> str:
    """What the function is told: the F1 score of `average: macro` is another quantity than that of `average: micro`."""
    given = spec.get("kwargs")
    texts = [f"{key}: {value}" for key, value in given.items()] if isinstance(given, dict) else []
    return f" ({', '.join(texts)})" if texts else ""
