"""The base class of the stand-ins, and how their classes are made.

A class is made for each class of objects, so that `isinstance` and MAITE's protocols answer as for the object itself.
All special methods and attributes of that class are found on it, and are forwarded to the object.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from functools import cache, partial, wraps
from typing import Any, ClassVar

from sweeper.isolation.copies import private_copy
from sweeper.isolation.part_sources import CopiedObject, PartSource

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
_DESCRIPTIONS = ("metadata", "label_space")
"""How a part describes itself. To read one of these does not count as a use, after which changes are looked for."""
PICKLED = ""
"""In the notes of a stand-in: no name of a method, but that the object was pickled."""


class StandIn:
    """Stands for a model or a dataset in one run; the object itself is loaded when it is needed."""

    __slots__ = ("__weakref__", "stand_in_attributes", "stand_in_notes", "stand_in_source")

    stand_in_role: ClassVar[str]
    stand_in_unknown: ClassVar[type]
    """The class that is assumed for an object that is not loaded."""
    stand_in_special: ClassVar[Mapping[str, Callable[..., object]]]
    """Special methods that are more than forwarded."""
    stand_in_source: PartSource
    stand_in_attributes: dict[str, object]
    """Attributes that the run has set, and copies of descriptions; they never reach the object."""
    stand_in_notes: list[str]
    """Names of the model's methods whose results nobody checked."""

    def __init__(self, source: PartSource, metadata: Mapping[str, object] | None) -> None:
        own = {} if metadata is None else {"metadata": private_copy(metadata)}
        object.__setattr__(self, "stand_in_source", source)
        object.__setattr__(self, "stand_in_attributes", own)
        object.__setattr__(self, "stand_in_notes", [])

    @property
    def __class__(self) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride] - what isinstance asks
        return self.stand_in_source.known_class() or type(self)

    def __getattr__(self, name: str) -> Any:
        # What pickle, copy and inspect look for does not load an object.
        if name.startswith("__") and self.stand_in_source.known_class() is None:
            raise AttributeError(name)
        return _attribute(self, name)

    def __setattr__(self, name: str, value: object) -> None:
        self.stand_in_attributes[name] = value

    def __delattr__(self, name: str) -> None:
        if name not in self.stand_in_attributes:
            raise AttributeError(
                f"{name!r} belongs to the {self.stand_in_role} that other runs share; it cannot be deleted."
            )
        del self.stand_in_attributes[name]

    def __repr__(self) -> str:
        if self.stand_in_source.known_class() is None:
            return f"<a {self.stand_in_role}, not loaded>"
        return repr(self.stand_in_source.get())

    def __copy__(self) -> StandIn:
        return self._of_copy(copy.copy)

    def __deepcopy__(self, memo: dict[int, object]) -> StandIn:
        return self._of_copy(partial(copy.deepcopy, memo=memo))

    def _of_copy(self, copier: Callable[[object], object]) -> StandIn:
        """The stand-in for a copy of the object: what the copy returns is checked as well."""
        twin = type(self)(CopiedObject(self.stand_in_source, copier(self.stand_in_source.get())), None)
        object.__setattr__(twin, "stand_in_attributes", private_copy(self.stand_in_attributes))
        object.__setattr__(twin, "stand_in_notes", self.stand_in_notes)
        return twin

    def __reduce_ex__(self, protocol: object, /) -> tuple[Callable[[object], object], tuple[object]]:
        """A pickle is one of the object itself; what is done with it elsewhere is not checked."""
        self.stand_in_notes.append(PICKLED)
        return _itself, (self.stand_in_source.get(),)

    def stand_in_result(self, name: str, value: object) -> object:
        """What the run gets for an attribute of the object."""
        return value


@cache
def class_for(role: type[StandIn], kind: type, has_metadata: bool) -> type[StandIn]:
    """The class of the stand-ins of one role for objects of one class: whatever that class defines is found on it."""
    body: dict[str, object] = {"__slots__": (), "__doc__": kind.__doc__, "__module__": kind.__module__}
    for name in dir(kind):
        value = getattr(kind, name, None)
        if name in _NOT_FORWARDED or value is getattr(object, name, _NOT_FORWARDED):
            continue
        body[name] = _method(role, name, value) if name.startswith("__") and callable(value) else _Forward(name, kind)
    body["metadata"] = _Forward("metadata", kind)
    if has_metadata and "__len__" in body:  # asking whether there is a dataset must not load it for its length
        body.setdefault("__bool__", lambda self: True)
    return type(kind.__name__, (role,), body)


def _method(role: type[StandIn], name: str, original: Callable[..., object]) -> Callable[..., object]:
    """A special method: to ask whether it exists, as protocols do, loads nothing."""
    special = role.stand_in_special.get(name)

    @wraps(original)
    def method(self: StandIn, *args: object, **kwargs: object) -> object:
        if special is not None:
            return special(self, *args, **kwargs)
        return getattr(self.stand_in_source.get(), name)(*args, **kwargs)

    return method


class _Forward:
    """An attribute that the class of the object has: special methods and protocols look for it on the class."""

    def __init__(self, name: str, kind: type) -> None:
        self._name, self._kind = name, kind

    def __get__(self, stand_in: StandIn | None, owner: type | None = None) -> object:
        return getattr(self._kind, self._name) if stand_in is None else _attribute(stand_in, self._name)


def _attribute(stand_in: StandIn, name: str) -> object:
    own = stand_in.stand_in_attributes
    if name in own:
        return own[name]
    if name in _DESCRIPTIONS:
        own[name] = private_copy(getattr(stand_in.stand_in_source.read_only(), name))
        return own[name]
    return stand_in.stand_in_result(name, getattr(stand_in.stand_in_source.get(), name))


def _itself(item: object) -> object:
    return item
