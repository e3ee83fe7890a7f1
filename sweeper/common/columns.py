"""Long sequences in columns: what they hold is stored compactly, and an item is made when it is asked for.

A million combinations as objects take hundreds of megabytes, and in columns fifty. The numbers are in arrays of the
standard library, since a plan begins before numpy is imported: Ray is to start first.
"""

from __future__ import annotations

from abc import abstractmethod
from array import array
from binascii import hexlify
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import chain, compress
from math import prod
from struct import iter_unpack
from typing import Any, Generic, Self, TypeVar, overload

T = TypeVar("T")
U = TypeVar("U")
Places = Sequence[int]
"""Which rows, each as its place counted from 0."""


class Rows(Sequence[T]):
    """A sequence of which a part is a sequence of the same kind. It equals every sequence with equal items."""

    @abstractmethod
    def item(self, place: int) -> T:
        """The item of one row; `place` is from 0 on and below the length."""

    @abstractmethod
    def take(self, places: Places) -> Self:
        """The items of these rows, in this order."""

    @overload
    def __getitem__(self, at: int) -> T: ...
    @overload
    def __getitem__(self, at: slice) -> Self: ...
    def __getitem__(self, at: int | slice) -> T | Self:
        places = range(len(self))[at]
        return self.item(places) if isinstance(places, int) else self.take(places)

    def __iter__(self) -> Iterator[T]:
        return map(self.item, range(len(self)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str):
            return NotImplemented
        return len(self) == len(other) and all(mine == yours for mine, yours in zip(self, other, strict=True))

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {len(self)}>"

    def where(self, flags: Iterable[Any]) -> Self:
        """The items of the rows whose flag is true; there is a flag for each row."""
        places = array("i", compress(range(len(self)), flags))
        return self if len(places) == len(self) else self.take(places)


class Column(Rows[T], Generic[T]):
    """Values of which many are equal: different ones once, and for each row the place of its value among them."""

    def __init__(self, values: Sequence[T], codes: Sequence[int]) -> None:
        self.values, self.codes = values, codes

    @classmethod
    def of(cls, values: Iterable[T]) -> Column[T]:
        """The column of these values, which can be hashed; they are numbered in the order in which they first come."""
        places: dict[T, int] = {}
        codes = array("i", (places.setdefault(value, len(places)) for value in values))
        return Column(list(places), codes)

    @classmethod
    def joined(cls, columns: Iterable[Column[T]]) -> Column[T]:
        """The rows of several columns, one after the other."""
        places: dict[T, int] = {}
        codes = array("i")
        for column in columns:
            new = [places.setdefault(value, len(places)) for value in column.values]
            codes.extend(column.codes if new == list(range(len(new))) else column.translated(new))
        return Column(list(places), codes)

    def __len__(self) -> int:
        return len(self.codes)

    def __iter__(self) -> Iterator[T]:
        return map(self.values.__getitem__, self.codes)

    def item(self, place: int) -> T:
        return self.values[self.codes[place]]

    def take(self, places: Places) -> Column[T]:
        return Column(self.values, array("i", map(self.codes.__getitem__, places)))

    def translated(self, values: Iterable[U]) -> Iterator[U]:
        """For each row what stands in the place of its value; `values` has as many as the column."""
        return map(list(values).__getitem__, self.codes)

    def mapped(self, function: Callable[[T], U]) -> Column[U]:
        """What a function makes of each row; it is asked once for each value."""
        return Column([function(value) for value in self.values], self.codes)

    def used(self) -> list[T]:
        """The values that occur, in the order in which they first come."""
        return [self.values[code] for code in dict.fromkeys(self.codes)]

    def compact(self) -> Column[T]:
        """The same rows with the values that occur, in the order in which they first come."""
        return Column(self.used(), Column.of(self.codes).codes)

    def counts(self) -> Counter[T]:
        """How many rows each value has; such as have none are left out."""
        found = Counter[T]()
        for code, count in Counter(self.codes).items():
            found[self.values[code]] += count
        return found


class Digests(Rows[str]):
    """SHA-256 digests, 32 bytes each in one buffer; an item is hexadecimal text."""

    SIZE = 32

    def __init__(self, buffer: bytes | bytearray) -> None:
        self._buffer = buffer

    @classmethod
    def of(cls, digests: Iterable[str]) -> Digests:
        """The digests that are given as hexadecimal text.

        Raises
        ------
        ValueError
            One is no digest.
        """
        if isinstance(digests, Digests):
            return digests
        buffer = bytearray()
        for count, digest in enumerate(digests, 1):
            buffer += bytes.fromhex(digest)
            if len(buffer) != count * cls.SIZE:
                raise ValueError(f"{digest!r} is no SHA-256 digest")
        return cls(buffer)

    def __len__(self) -> int:
        return len(self._buffer) // self.SIZE

    def __iter__(self) -> Iterator[str]:
        return map(bytes.hex, self.raw())

    def item(self, place: int) -> str:
        return self._buffer[place * self.SIZE : (place + 1) * self.SIZE].hex()

    def take(self, places: Places) -> Digests:
        size, whole = self.SIZE, memoryview(self._buffer)
        return Digests(b"".join(whole[place * size : (place + 1) * size] for place in places))

    def raw(self) -> Iterator[bytes]:
        """The digests as they are."""
        return chain.from_iterable(iter_unpack(f"{self.SIZE}s", self._buffer))

    def text(self) -> bytes:
        """All of them, one after the other, each of twice `SIZE` characters of ASCII."""
        return hexlify(self._buffer)

    def first_places(self) -> Places:
        """For each of them the place of the first one that equals it."""
        beginnings = memoryview(self._buffer).cast("Q")[:: self.SIZE // 8]
        if len(set(beginnings)) == len(self):  # no two begin alike: soon seen, and the rule
            return range(len(self))
        return first_places(self.raw())


def first_places(keys: Iterable[Hashable]) -> Places:
    """For each key the place of the first one that equals it."""
    places: dict[Hashable, int] = {}
    return array("i", (places.setdefault(key, place) for place, key in enumerate(keys)))


def product_codes(sizes: Sequence[int]) -> list[array[int]]:
    """The columns of a product: for each factor, which of its items stands in each row; the last changes fastest."""
    found: list[array[int]] = []
    outer, inner = 1, prod(sizes)
    for size in sizes:
        inner = inner // size if size else 0
        once = array("i")
        for code in range(size):
            once.extend(array("i", [code]) * inner)
        found.append(once * outer)
        outer *= size
    return found
