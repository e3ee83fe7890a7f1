"""Stand-ins for a model and a dataset in one run: what the run does to its arguments reaches no other run.

A stand-in has the class, the attributes and the special methods of the object behind it. The object is loaded when more
than its metadata is needed. A model gets its own copy of each batch, and who reads a dataset or the answers of a model
gets a private copy of them. Attributes that are set on a stand-in stay on it. Other methods are those of the object
itself: whether they changed it is found out after the run, see `sweeper.worker.part_use.PartUse`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import wraps
from types import MethodType
from typing import Any, ClassVar

from sweeper.checks import run_checks
from sweeper.isolation.copies import private_copy
from sweeper.isolation.part_sources import LiveObject, PartSource
from sweeper.isolation.stand_in_base import PICKLED, StandIn, class_for

_OF_ONE_DATUM = ("get_input", "get_target", "get_metadata")
_NO_METADATA: Mapping[str, object] = {}


class _AnyModel:
    metadata: Mapping[str, object] = _NO_METADATA

    def __call__(self, batch: object, /) -> object: ...


class _AnyDataset:
    metadata: Mapping[str, object] = _NO_METADATA

    def __len__(self) -> int: ...

    def __getitem__(self, index: object, /) -> object: ...


def _call(self: StandIn, *args: object, **kwargs: object) -> object:
    model = self.stand_in_source.get()
    answers = model(*map(private_copy, args), **{name: private_copy(value) for name, value in kwargs.items()})
    return _checked_answers(self, next(iter((*args, *kwargs.values())), None), private_copy(answers))


def _item(self: StandIn, *args: object) -> object:
    dataset = self.stand_in_source.get()
    return _checked_datum(self, args[0], private_copy(dataset[args[0]]))


def _items(self: StandIn) -> Iterator[object]:
    dataset = self.stand_in_source.get()
    return (_checked_datum(self, index, private_copy(item)) for index, item in enumerate(dataset))


def _checked_answers(model: StandIn, batch: Any, answers: object) -> object:
    """Every answer of a model passes here, whoever calls it; a `PartError` is raised for one that is not allowed."""
    checks = run_checks.current()
    if checks is not None:
        n_inputs = len(batch) if hasattr(batch, "__len__") else None
        checks.answers(model.stand_in_source.read_only(), n_inputs, answers)
    return answers


def _checked_datum(dataset: StandIn, index: Any, datum: object) -> object:
    """Every datum of a dataset passes here, whoever reads it; a `PartError` is raised for one that is not valid."""
    checks = run_checks.current()
    if checks is not None and hasattr(index, "__index__"):
        checks.datum(dataset.stand_in_source.read_only(), index, datum)
    return datum


def _checked_target(dataset: StandIn, index: Any, target: object) -> object:
    """As `_checked_datum` for a target that is read by itself."""
    checks = run_checks.current()
    if checks is not None:
        checks.target(dataset.stand_in_source.read_only(), int(index), target)
    return target


class ModelStandIn(StandIn):
    """A model in one run: called with copies, and what it answers is checked where it is called."""

    __slots__ = ()
    stand_in_role = "model"
    stand_in_unknown = _AnyModel
    stand_in_special: ClassVar[Mapping[str, Callable[..., object]]] = {"__call__": _call}

    def stand_in_result(self, name: str, value: object) -> object:
        if isinstance(value, MethodType) and not name.startswith("__"):
            return _noting(value, name, self.stand_in_notes)
        return value


class DatasetStandIn(StandIn):
    """A dataset in one run: its data are copies."""

    __slots__ = ()
    stand_in_role = "dataset"
    stand_in_unknown = _AnyDataset
    stand_in_special: ClassVar[Mapping[str, Callable[..., object]]] = {"__getitem__": _item, "__iter__": _items}

    def stand_in_result(self, name: str, value: object) -> object:
        if name not in _OF_ONE_DATUM or not callable(value):
            return value

        @wraps(value)
        def read(*args: object, **kwargs: object) -> object:
            part = private_copy(value(*args, **kwargs))
            return _checked_target(self, next(iter((*args, *kwargs.values())), 0), part) if is_target else part

        is_target = name == "get_target"
        return read


def for_model(item: object, metadata: Mapping[str, object] | None = None) -> Any:
    """The stand-in for a model, given as a `PartSource` or as the object; a stand-in is returned as it is."""
    return _stand_in(ModelStandIn, item, metadata)


def for_dataset(item: object, metadata: Mapping[str, object] | None = None) -> Any:
    """The stand-in for a dataset, given as a `PartSource` or as the object; a stand-in is returned as it is."""
    return _stand_in(DatasetStandIn, item, metadata)


def _stand_in(role: type[StandIn], item: object, metadata: Mapping[str, object] | None) -> object:
    if issubclass(type(item), StandIn):
        return item
    source = item if isinstance(item, PartSource) else LiveObject(item)
    return class_for(role, source.known_class() or role.stand_in_unknown, metadata is not None)(source, metadata)


def unchecked_answers(models: Sequence[object]) -> list[str]:
    """A line for each way in which a run got answers of its models other than by calling them."""
    notes = (
        (each, name) for each in models if isinstance(each, StandIn) for name in dict.fromkeys(each.stand_in_notes)
    )
    return [_unchecked_answer(model.metadata["id"], name) for model, name in notes]


def _unchecked_answer(model_id: str, name: str) -> str:
    if name == PICKLED:
        return f"unchecked: model {model_id} was pickled; what the copy returned was not checked"
    return f"unchecked: {name}() of model {model_id} was called directly; what it returned was not checked"


def unchecked_targets(datasets: Sequence[object], checks: run_checks.RunChecks) -> list[str]:
    """A line for each dataset that a run never read item by item though it called a model."""
    if not checks.called_models:
        return []
    return [
        f"unchecked: dataset {dataset.metadata['id']} was not read item by item; its targets were not checked"
        for dataset in datasets
        if isinstance(dataset, StandIn) and not checks.has_read(dataset.stand_in_source.read_only())
    ]


def _noting(method: MethodType, name: str, notes: list[str]) -> Callable[..., object]:
    """A method of a model that notes if it was given something and returned something, which nobody checked."""

    @wraps(method)
    def called(*args: object, **kwargs: object) -> object:
        answer = method(*args, **kwargs)
        if (args or kwargs) and answer is not None and answer is not method.__self__:
            notes.append(name)
        return answer

    return called
