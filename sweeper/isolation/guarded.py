"""Stand-ins for a model and a dataset in one run: what the run does to its arguments reaches no other run.

A stand-in has the class, the attributes and the special methods of the object behind it, and loads that object when
somebody asks for more than its metadata. A model gets its own copy of each batch, and whoever reads a dataset or a
model's answers gets a private copy of them. Attributes that are set on a stand-in stay on it. Methods other than those
are the object's own: whether they changed it is seen afterwards, see `sweeper.worker.object_cache.Use`.
"""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial, wraps
from types import MethodType
from typing import Any, ClassVar, cast

from sweeper.checks import watch
from sweeper.isolation.copies import private

_NOT_FORWARDED = frozenset(
    {
        "__class__",
        "__del__",
        "__delattr__",
        "__dict__",
        "__doc__",
        "__getattr__",
        "__getattribute__",
        "__init__",
        "__init_subclass__",
        "__module__",
        "__new__",
        "__reduce__",
        "__reduce_ex__",
        "__repr__",
        "__setattr__",
        "__slots__",
        "__subclasshook__",
        "__weakref__",
        "__getnewargs__",
        "__getnewargs_ex__",
        "__getstate__",
        "__setstate__",
        "__copy__",
        "__deepcopy__",
    }
)
_OF_ONE_DATUM = ("get_input", "get_target", "get_metadata")
_DESCRIPTIONS = ("metadata", "label_space")
"""What a part says of itself; to read it is no use of the part, after which one would have to look for changes."""
_PICKLED = ""
"""Stands for no method, but for a pickle that was made of a model."""
_NO_METADATA: Mapping[str, Any] = {}


class Source(ABC):
    """Where the object behind a stand-in comes from."""

    @abstractmethod
    def get(self) -> Any:
        """The object, for whatever the run does with it."""

    @abstractmethod
    def peek(self) -> Any:
        """The object, to read its metadata."""

    @abstractmethod
    def kind(self) -> type[Any] | None:
        """Its class, `None` while that is not known without loading it."""


class Live(Source):
    """An object that is there, and belongs to the caller."""

    def __init__(self, item: Any) -> None:
        self._item = item

    def get(self) -> Any:
        return self._item

    def peek(self) -> Any:
        return self._item

    def kind(self) -> type[Any]:
        return type(self._item)


class Copied(Live):
    """A copy that a run made of an object for itself; it is told apart from other parts by the original."""

    def __init__(self, original: Source, item: Any) -> None:
        super().__init__(item)
        self._original = original

    def peek(self) -> Any:
        return self._original.peek()


class Guarded:
    """Base of the stand-ins. Their classes are made for each class of objects, so that protocols hold or do not."""

    __slots__ = ("__weakref__", "guard_notes", "guard_own", "guard_source")

    guard_role: ClassVar[str]
    guard_shape: ClassVar[type[Any]]
    """What is known of an object that is not loaded."""
    guard_special: ClassVar[Mapping[str, Callable[..., Any]]]
    """Special methods that are not merely forwarded."""

    def __init__(self, source: Source, metadata: Mapping[str, Any] | None) -> None:
        object.__setattr__(self, "guard_source", source)
        object.__setattr__(self, "guard_own", {} if metadata is None else {"metadata": private(metadata)})
        object.__setattr__(self, "guard_notes", [])

    @property
    def __class__(self) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride] - what isinstance asks
        return self.guard_source.kind() or type(self)

    def __getattr__(self, name: str) -> Any:
        # What pickle, copy and inspect look for does not load an object.
        if name.startswith("__") and self.guard_source.kind() is None:
            raise AttributeError(name)
        return _attribute(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        self.guard_own[name] = value

    def __delattr__(self, name: str) -> None:
        if name not in self.guard_own:
            raise AttributeError(
                f"{name!r} belongs to the {self.guard_role} that other runs share; it cannot be deleted."
            )
        del self.guard_own[name]

    def __repr__(self) -> str:
        return (
            f"<a {self.guard_role}, not loaded>" if self.guard_source.kind() is None else repr(self.guard_source.get())
        )

    def __copy__(self) -> Any:
        return self._twin(copy.copy)

    def __deepcopy__(self, memo: Any) -> Any:
        return self._twin(partial(copy.deepcopy, memo=memo))

    def _twin(self, copied: Callable[[Any], Any]) -> Any:
        """The stand-in for a copy of the object: what it returns is checked as well."""
        twin = type(self)(Copied(self.guard_source, copied(self.guard_source.get())), None)
        object.__setattr__(twin, "guard_own", private(self.guard_own))
        object.__setattr__(twin, "guard_notes", self.guard_notes)
        return twin

    def __reduce_ex__(self, protocol: Any, /) -> Any:
        """A pickle is one of the object itself: nobody sees what is done with it elsewhere."""
        self.guard_notes.append(_PICKLED)
        return _itself, (self.guard_source.get(),)

    def guard_handed_out(self, name: str, value: Any) -> Any:
        """What the run gets for an attribute of the object."""
        return value


class _AnyModel:
    metadata: Mapping[str, Any] = _NO_METADATA

    def __call__(self, batch: Any, /) -> Any: ...


class _AnyDataset:
    metadata: Mapping[str, Any] = _NO_METADATA

    def __len__(self) -> int: ...

    def __getitem__(self, index: Any, /) -> Any: ...


def _call(self: Guarded, *args: Any, **kwargs: Any) -> Any:
    answers = self.guard_source.get()(*map(private, args), **{name: private(value) for name, value in kwargs.items()})
    return checked_answers(self, next(iter((*args, *kwargs.values())), None), private(answers))


def _item(self: Guarded, *args: Any) -> Any:
    return checked_datum(self, args[0], private(self.guard_source.get()[args[0]]))


def _items(self: Guarded) -> Iterator[Any]:
    return (checked_datum(self, index, private(item)) for index, item in enumerate(self.guard_source.get()))


def checked_answers(model: Guarded, batch: Any, answers: Any) -> Any:
    """Every answer of a model passes here, whoever calls it; what must not count is raised as a `PartError`."""
    looking = watch.active()
    if looking is not None:
        asked = len(batch) if hasattr(batch, "__len__") else None
        looking.answer(model.guard_source.peek(), asked, answers)
    return answers


def checked_datum(dataset: Guarded, index: Any, datum: Any) -> Any:
    """Every datum of a dataset passes here, whoever reads it; what is none is raised as a `PartError`."""
    looking = watch.active()
    if looking is not None and hasattr(index, "__index__"):
        looking.datum(dataset.guard_source.peek(), index, datum)
    return datum


def checked_target(dataset: Guarded, index: Any, target: Any) -> Any:
    """As `checked_datum` for a target that is read by itself."""
    looking = watch.active()
    if looking is not None:
        looking.target(dataset.guard_source.peek(), int(index), target)
    return target


class GuardedModel(Guarded):
    """A model in one run: called with copies, and what it answers is checked where it is called."""

    __slots__ = ()
    guard_role = "model"
    guard_shape = _AnyModel
    guard_special: ClassVar[Mapping[str, Callable[..., Any]]] = {"__call__": _call}

    def guard_handed_out(self, name: str, value: Any) -> Any:
        is_own = isinstance(value, MethodType) and not name.startswith("__")
        return _noted(value, name, self.guard_notes) if is_own else value


class GuardedDataset(Guarded):
    """A dataset in one run: its data are copies."""

    __slots__ = ()
    guard_role = "dataset"
    guard_shape = _AnyDataset
    guard_special: ClassVar[Mapping[str, Callable[..., Any]]] = {"__getitem__": _item, "__iter__": _items}

    def guard_handed_out(self, name: str, value: Any) -> Any:
        if name not in _OF_ONE_DATUM or not callable(value):
            return value

        @wraps(cast("Any", value))
        def read(*args: Any, **kwargs: Any) -> Any:
            given = private(value(*args, **kwargs))
            return checked_target(self, next(iter((*args, *kwargs.values())), 0), given) if is_target else given

        is_target = name == "get_target"
        return read


def model(item: Any, metadata: Mapping[str, Any] | None = None) -> Any:
    """The stand-in for a model, which is a `Source` or the object itself; a stand-in is returned as it is."""
    return _guarded(GuardedModel, item, metadata)


def dataset(item: Any, metadata: Mapping[str, Any] | None = None) -> Any:
    """The stand-in for a dataset, which is a `Source` or the object itself; a stand-in is returned as it is."""
    return _guarded(GuardedDataset, item, metadata)


def unchecked(parts: Sequence[Any]) -> list[str]:
    """What must be said of a run that got answers of its models by other ways than calling them, a line each."""
    notes = [(part, name) for part in parts if isinstance(part, Guarded) for name in dict.fromkeys(part.guard_notes)]
    return [
        f"unchecked: model {part.metadata['id']} was pickled; what the copy returned was not checked"
        if name == _PICKLED
        else f"unchecked: {name}() of model {part.metadata['id']} was called directly; what it returned was not checked"
        for part, name in notes
    ]


def unread(datasets: Sequence[Any], looking: watch.Watch) -> list[str]:
    """What must be said of datasets that a run never read item by item though it asked a model, a line each."""
    if not looking.asked_models:
        return []
    return [
        f"unchecked: dataset {part.metadata['id']} was not read item by item; its targets were not checked"
        for part in datasets
        if isinstance(part, Guarded) and not looking.has_read(part.guard_source.peek())
    ]


def _guarded(role: type[Guarded], item: Any, metadata: Mapping[str, Any] | None) -> Any:
    if issubclass(cast("type[Any]", type(item)), Guarded):
        return item
    source = item if isinstance(item, Source) else Live(item)
    return _class_for(role, source.kind() or role.guard_shape, metadata is not None)(source, metadata)


@cache
def _class_for(role: type[Guarded], kind: type[Any], is_known: bool) -> Any:
    """A role's class for objects of one class: whatever that class defines is found on it."""
    body: dict[str, Any] = {"__slots__": (), "__doc__": kind.__doc__, "__module__": kind.__module__}
    for name in dir(kind):
        found = getattr(kind, name, None)
        if name in _NOT_FORWARDED or found is getattr(object, name, _NOT_FORWARDED):
            continue
        is_method = name.startswith("__") and callable(found)
        body[name] = _method(role, name, found) if is_method else _Forward(name, kind)
    body["metadata"] = _Forward("metadata", kind)
    if is_known and "__len__" in body:  # asking whether there is a dataset must not load it for its length
        body.setdefault("__bool__", lambda self: True)
    return type(kind.__name__, (role,), body)


def _method(role: type[Guarded], name: str, original: Any) -> Any:
    """A special method: to ask for it, as protocols do, loads nothing."""
    own = role.guard_special.get(name)

    @wraps(original)
    def method(self: Guarded, *args: Any, **kwargs: Any) -> Any:
        if own is not None:
            return own(self, *args, **kwargs)
        return getattr(self.guard_source.get(), name)(*args, **kwargs)

    return method


class _Forward:
    """An attribute that the class of the object has: special methods and protocols look for it on the class."""

    def __init__(self, name: str, kind: type[Any]) -> None:
        self._name, self._kind = name, kind

    def __get__(self, guard: Guarded | None, owner: Any = None) -> Any:
        return getattr(self._kind, self._name) if guard is None else _attribute(guard, self._name)


def _attribute(guard: Guarded, name: str) -> Any:
    own: dict[str, Any] = guard.guard_own
    if name in own:
        return own[name]
    if name in _DESCRIPTIONS:
        own[name] = private(getattr(guard.guard_source.peek(), name))
        return own[name]
    return guard.guard_handed_out(name, getattr(guard.guard_source.get(), name))


def _noted(method: Any, name: str, notes: list[str]) -> Any:
    """A method of a model that notes when something went in and something else came out, which nobody checked."""

    @wraps(method)
    def called(*args: Any, **kwargs: Any) -> Any:
        answer = method(*args, **kwargs)
        if (args or kwargs) and answer is not None and answer is not method.__self__:
            notes.append(name)
        return answer

    return called


def _itself(item: Any) -> Any:
    return item
