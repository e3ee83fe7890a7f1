"""Judges the values of a sweep by its requirements: which models meet them, which do not, and what is undecided."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from sweeper.comparison.coverage import MODEL, N, Names, Slots, covered
from sweeper.comparison.judged import JudgedModel, JudgedValue
from sweeper.comparison.measured import Measured, measured_of
from sweeper.comparison.value_bounds import bounds_of, bounds_of_difference
from sweeper.records import AREA, OVERALL
from sweeper.statistics.requirements import NOT_MEASURED, Limit, Verdict, together, verdict
from sweeper.vocabulary import AXES

if TYPE_CHECKING:
    from sweeper.comparison.by_datum import AnyData, DataReader
    from sweeper.messages.requirements import Requirement
    from sweeper.statistics.requirements import Bounds

Values: TypeAlias = Mapping[Names, Sequence[Measured]]
"""The values of each combination that sum it up, by its names."""
DATA, AT_ONCE = 5_000_000, 50
"""Values of so many data, and so many values, are read at a time."""
ONLY_PARTS = "it has values of classes and slices alone, and only one that sums a run up can be judged"
NO_DIRECTION = "whether a higher value is better is not known"
_CAPABILITY, _DATASET, _METRIC = (AXES.index(axis) for axis in ("capability", "dataset", "metric"))


def by_names(rows: Iterable[Mapping[str, Any]]) -> Values:
    """The rows of the view `results` that sum a combination up; none of a combination that has others alone."""
    found: dict[Names, list[Measured]] = {}
    for row in rows:
        of_names = found.setdefault(tuple(row[axis] or "" for axis in AXES), [])
        if row["scope"] == OVERALL:
            of_names.append(measured_of(row))
    return found


def judge(
    requirements: Sequence[Requirement],
    slots: Slots[N],
    values: Values,
    reader: DataReader,
    earlier: Mapping[str, Values | None],
    ends: Mapping[Names, str] | None = None,
) -> tuple[JudgedModel, ...]:
    """The verdict of each requirement on each model that it is for.

    Parameters
    ----------
    slots
        What stands on the axes of each combination of the sweep.
    values
        What the combinations measured.
    reader
        Reads what a value was computed from.
    earlier
        For each sweep that a requirement compares with, by the text that names it: what that sweep had; `None` where
        there is none.
    ends
        What became of combinations without a value: `failed`, `timeout`, `no values`, and so on.
    """
    known = _Known(values, earlier, ends or {})
    made: list[JudgedModel] = []
    for requirement in requirements:
        places = _given(requirement, covered(requirement, slots), values)
        counts = Counter(names[MODEL] for names in places)
        cases = [_case(requirement, names, known, counts[names[MODEL]]) for names in places]
        judged = dict(_judged(requirement, cases, reader))
        of_models: dict[str, list[JudgedValue]] = {}
        for names in places:
            of_models.setdefault(names[MODEL], []).append(judged[names])
        made += (_model(requirement, model, of_model) for model, of_model in of_models.items())
    return tuple(made)


def _model(requirement: Requirement, model: str, values: Sequence[JudgedValue]) -> JudgedModel:
    found = together([Verdict(one.outcome, one.further, one.reason) for one in values])
    return JudgedModel(
        requirement.name, requirement.asks, model, found.outcome, found.further, found.reason, tuple(values)
    )


# Which values


def _given(requirement: Requirement, places: Sequence[Names], values: Values) -> list[Names]:
    """Of the combinations that a requirement covers those whose capability gives such a value, unless it names one.

    So a requirement for `accuracy` is for what `evaluate` gives, and not for the area that `robustness` gives. Of a
    metric of which nothing gave such a value, they are the combinations of capabilities that gave nothing at all.
    """
    if requirement.capability is not None:
        return list(places)
    gives = {_kind(names) for names in places if isinstance(_value(requirement, names, values), Measured)}
    gives_others = {_kind(names) for names in places if values.get(names)}

    def rank(names: Names) -> int:
        return 0 if _kind(names) in gives else 2 if _kind(names) in gives_others else 1

    def group(names: Names) -> str:
        return names[_METRIC] if requirement.metric is not None else ""

    best: dict[str, int] = {}
    for names in places:
        best[group(names)] = min(rank(names), best.get(group(names), rank(names)))
    return [names for names in places if rank(names) == best[group(names)]]


def _kind(names: Names) -> tuple[str, str]:
    return names[_CAPABILITY], names[_METRIC]


def _value(requirement: Requirement, names: Names, values: Values) -> Measured | str:
    """The value of a combination that a requirement is for; else why there is none."""
    found = values.get(names)
    if not found:
        return NOT_MEASURED.reason if found is None else ONLY_PARTS
    if requirement.key is not None:
        mine = [one for one in found if one.key == requirement.key]
    else:
        named = [one for one in found if one.key == names[_METRIC]]
        mine = named or [one for one in found if not one.key.endswith(AREA)]
    if len(mine) == 1:
        return mine[0]
    return f"`key` must name one of its values: {', '.join(one.key for one in found)}"


# What is known of them


@dataclass(frozen=True)
class _Known:
    """`values`, `earlier` and `ends`, as `judge` has them."""

    values: Values
    earlier: Mapping[str, Values | None]
    ends: Mapping[Names, str]

    def value(self, requirement: Requirement, names: Names) -> Measured | str:
        """The value of a combination that a requirement is for; else why there is none."""
        if names not in self.values and names in self.ends:
            return self.ends[names]
        return _value(requirement, names, self.values)


@dataclass(frozen=True)
class _Case:
    """One value to be judged, the one that it is compared with, and its limit; or why it cannot be."""

    names: Names
    value: Measured | None = None
    other: Measured | None = None
    limit: Limit | None = None
    datasets: int = 1
    problem: str = ""

    @property
    def needed(self) -> list[Measured]:
        """What has to be read by datum."""
        is_open = self.limit is not None and self.limit.judge == "interval"
        return [one for one in (self.value, self.other) if one is not None] if is_open else []

    @property
    def size(self) -> int:
        """About how many data that are."""
        return sum(one.interval.n for one in self.needed if one.interval is not None)


def _case(requirement: Requirement, names: Names, known: _Known, datasets: int) -> _Case:
    value = known.value(requirement, names)
    if isinstance(value, str):
        return _Case(names, problem=value)
    if problem := _against(value):
        return _Case(names, value, problem=problem)
    if requirement.tolerance is None:
        limit = Limit(requirement.minimum, requirement.maximum, requirement.confidence, requirement.judge)
        return _Case(names, value, limit=limit, datasets=datasets)
    return _compared(requirement, requirement.tolerance, _Case(names, value, datasets=datasets), known)


def _compared(requirement: Requirement, tolerance: float, case: _Case, known: _Known) -> _Case:
    """The case of a value that may be worse than another one by a tolerance."""
    value, which, other = case.value, *_other(requirement, case.names, known)
    if value is None or isinstance(other, str):
        return _Case(case.names, value, problem=f"{which}: {other}")
    if problem := _against(other):
        return _Case(case.names, value, other, problem=f"{which}: {problem}")
    if value.higher_is_better is None:
        return _Case(case.names, value, other, problem=NO_DIRECTION)
    least, most = (-tolerance, None) if value.higher_is_better else (None, tolerance)
    limit = Limit(least, most, requirement.confidence, requirement.judge)
    return _Case(case.names, value, other, limit, case.datasets)


def _other(requirement: Requirement, names: Names, known: _Known) -> tuple[str, Measured | str]:
    """What a value is compared with, in words, and its value; else why there is none."""
    if requirement.than_sweep is None:
        model = requirement.than_model or ""
        return model, known.value(requirement, (*names[:MODEL], model, *names[MODEL + 1 :]))
    which, found = f"sweep {requirement.than_sweep}", known.earlier.get(requirement.than_sweep)
    return which, "there is none before this one" if found is None else _value(requirement, names, found)


def _against(value: Measured) -> str:
    """Why a value cannot be judged by; empty where it can."""
    return value.caveat or ("" if value.is_number else NOT_MEASURED.reason)


# Verdicts


def _judged(
    requirement: Requirement, cases: Sequence[_Case], reader: DataReader
) -> Iterator[tuple[Names, JudgedValue]]:
    """One dataset after another, so that tables that several values are computed from are read once."""
    for some in _portions(sorted(cases, key=lambda case: case.names[_DATASET])):
        data = iter(reader.data_of([one for case in some for one in case.needed]))
        for case in some:
            yield case.names, _of_case(requirement, case, [next(data) for _ in case.needed])


def _portions(cases: Iterable[_Case]) -> Iterator[list[_Case]]:
    portion: list[_Case] = []
    size = 0
    for case in cases:
        size += case.size
        if portion and (len(portion) >= AT_ONCE or size > DATA):
            yield portion
            portion, size = [], case.size
        portion.append(case)
    if portion:
        yield portion


def _of_case(requirement: Requirement, case: _Case, data: Sequence[AnyData | str]) -> JudgedValue:
    value, other = case.value, case.other
    if case.limit is None or value is None:
        found = Verdict("undecided", reason=case.problem)
    else:
        number = (value.value or 0.0) - (other.value or 0.0 if other is not None else 0.0)
        found = verdict(case.limit, number, _bounds(value, data), case.datasets)
    return JudgedValue(
        *(case.names[place] for place in (_CAPABILITY, _DATASET, _METRIC)),
        key=value.key if value is not None else requirement.key or "",
        outcome=found.outcome,
        value=value.value if value is not None else None,
        bound=found.bound,
        n=value.interval.n if value is not None and value.interval is not None else None,
        further=found.further,
        reason=found.reason,
        other=other.value if other is not None else None,
    )


def _bounds(value: Measured, data: Sequence[AnyData | str]) -> Bounds | None:
    """Of the value, or of its difference from another one; `None` where the value alone decides."""
    if not data:
        return None
    return bounds_of(value, data[0]) if len(data) == 1 else bounds_of_difference(*data)
