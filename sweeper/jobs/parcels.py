"""Each large live object is packed once, however often it is submitted, and let go with the object."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")

MAX_STRONG = 64
"""Objects that take no weak reference are held, so that their ids stay theirs; at most so many, oldest let go first."""


class OncePerObject(Generic[T]):
    """Remembers what was made of an object, by identity.

    An id is used again once its object is gone, so an entry counts only while its object is known to be alive: by a
    weak reference that removes the entry, or by holding the object.
    """

    def __init__(self, make: Callable[[Any], T], worth_it: Callable[[T], bool]) -> None:
        self._make, self._worth_it = make, worth_it
        self._weak: dict[int, tuple[weakref.ref[Any], T]] = {}
        self._strong: OrderedDict[int, tuple[Any, T]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._weak) + len(self._strong)

    def of(self, item: Any) -> T:
        """What was made of this very object; made now if it was not before, or was not worth remembering."""
        key = id(item)
        weak = self._weak.get(key)
        if weak is not None and weak[0]() is item:
            return weak[1]
        if key in self._strong:
            return self._strong[key][1]
        made = self._make(item)
        if self._worth_it(made):
            self._remember(key, item, made)
        return made

    def forget(self, item: Any) -> None:
        """Make it anew next time, because the object has changed."""
        self._weak.pop(id(item), None)
        self._strong.pop(id(item), None)

    def clear(self) -> None:
        """Forget everything."""
        self._weak.clear()
        self._strong.clear()

    def _remember(self, key: int, item: Any, made: T) -> None:
        try:
            reference = weakref.ref(item, lambda dead: self._drop(key, dead))
        except TypeError:  # tuples, slotted classes
            self._strong[key] = (item, made)
            if len(self._strong) > MAX_STRONG:
                self._strong.popitem(last=False)
        else:
            self._weak[key] = (reference, made)

    def _drop(self, key: int, dead: weakref.ref[Any]) -> None:
        if (entry := self._weak.get(key)) is not None and entry[0] is dead:
            del self._weak[key]
