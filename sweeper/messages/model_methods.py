"""The methods of pydantic's models that code written for checkmaite calls on what a job returns."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any, Self, cast


class ModelMethods(ABC):
    """For frozen dataclasses; a subclass says what its plain data are, and checks those that it is made from."""

    @abstractmethod
    def _plain(self) -> dict[str, Any]:
        """What it holds, as JSON can carry it."""

    @classmethod
    @abstractmethod
    def _checked(cls, plain: Mapping[str, Any]) -> Self:
        """One with this content; ValueError where that is none of it."""

    def model_dump(
        self,
        *,
        mode: str = "python",
        include: Collection[str] | None = None,
        exclude: Collection[str] | None = None,
        exclude_none: bool = False,
    ) -> dict[str, Any]:
        """Its content as plain data, the same in each `mode`, without what is left out by name or for being `None`."""
        left_out = set(exclude or ())
        return {
            name: value
            for name, value in self._plain().items()
            if name not in left_out and (include is None or name in include) and not (exclude_none and value is None)
        }

    def model_dump_json(self, *, indent: int | None = None, **chosen: Any) -> str:
        """The same as JSON; `chosen` as for `model_dump`."""
        separators = (",", ":") if indent is None else None
        return json.dumps(self.model_dump(**chosen), indent=indent, separators=separators, ensure_ascii=False)

    @classmethod
    def model_validate(cls, obj: object) -> Self:
        """One from what `model_dump` gives, also checkmaite's, or from a model; `obj` itself where it is one of these.

        Raises
        ------
        ValueError
            Something is missing or of another type.
        """
        if isinstance(obj, cls):
            return obj
        dump = getattr(obj, "model_dump", None)
        content = dump() if callable(dump) else obj
        if not isinstance(content, Mapping):
            raise ValueError(f"a {cls.__name__.lower()} is made of a mapping; got {obj!r}.")
        return cls._checked(cast("Mapping[str, Any]", content))

    @classmethod
    def model_validate_json(cls, json_data: str | bytes) -> Self:
        """One from what `model_dump_json` gave; errors as those of `model_validate`."""
        return cls.model_validate(json.loads(json_data))

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with some fields replaced."""
        copied: Any = deepcopy(self) if deep else self
        return replace(copied, **(update or {}))


def text(owner: str, content: Mapping[str, Any], name: str, *, optional: bool = False) -> Any:
    """A text of a mapping, or `None` where that is allowed; ValueError where it is neither."""
    value = content.get(name)
    if isinstance(value, str) or (optional and value is None):
        return value
    found = repr(value) if name in content else "nothing"
    raise ValueError(f"{owner} needs a text as {name}{' or None' if optional else ''}; got {found}.")
