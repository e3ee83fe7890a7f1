"""Columns hold what plain lists hold: whatever is done to them gives what it gives of the list of their items."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeper.common.columns import Column, Digests, Rows, first_places, product_codes

FEW = st.lists(st.sampled_from("abcd"), max_size=12)
MADE = {
    "column": lambda texts: Column.of(texts),
    "joined": lambda texts: Column.joined([Column.of(texts[:3]), Column.of(texts[3:])]),
    "digests": lambda texts: Digests.of(texts),
}


def digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


@given(st.data(), st.sampled_from(sorted(MADE)), FEW)
def test_a_part_of_the_rows_is_that_part_of_the_list(data: st.DataObject, kind: str, texts: list[str]):
    texts = [*map(digest, texts)]
    rows: Rows[str] = MADE[kind](texts)
    at = data.draw(st.slices(len(texts)))
    flags = data.draw(st.lists(st.booleans(), min_size=len(texts), max_size=len(texts)))
    places = data.draw(st.lists(st.integers(0, len(texts) - 1)) if texts else st.just([]))
    assert (list(rows), rows, len(rows)) == (texts, texts, len(texts))
    assert [rows[place] for place in range(-len(texts), len(texts))] == texts * 2
    assert rows[at] == texts[at]
    assert rows.where(flags) == [text for text, flag in zip(texts, flags, strict=True) if flag]
    assert rows.take(places) == [texts[place] for place in places]


@given(FEW, FEW)
def test_rows_are_equal_where_their_items_are(one: list[str], other: list[str]):
    assert (Column.of(one) == Column.of(other)) == (one == other)
    assert (Column.of(one) == other) == (one == other)


def test_an_item_that_is_not_there():
    with pytest.raises(IndexError):
        Column.of("ab")[2]
    assert Column.of("a") != "a"


@given(FEW, st.sampled_from(["", "a", "bd", "abcd"]))
def test_a_column_counts_maps_and_forgets(texts: list[str], kept: str):
    column = Column.of(texts)
    part = column.where(text in kept for text in texts)
    rest = [text for text in texts if text in kept]
    assert part.counts() == Counter(rest)
    assert part.used() == list(dict.fromkeys(rest)) == list(part.compact().values)
    assert part.compact() == part == rest
    assert column.mapped(str.upper) == [text.upper() for text in texts]
    assert list(column.translated(map(str.upper, column.values))) == [text.upper() for text in texts]


@given(FEW)
def test_the_first_of_equal_ones_is_found(texts: list[str]):
    expected = [texts.index(text) for text in texts]
    assert list(first_places(texts)) == list(Digests.of(map(digest, texts)).first_places()) == expected


def test_digests_that_begin_alike_are_told_apart():
    alike = ["0" * 63 + "1", "0" * 63 + "2", "0" * 63 + "1"]
    assert list(Digests.of(alike).first_places()) == [0, 1, 0]
    assert Digests.of(alike).text() == "".join(alike).encode()


@pytest.mark.parametrize("wrong", ["", "ab", "0" * 62, "0" * 66, "x" * 64])
def test_what_is_no_digest_is_refused(wrong: str):
    with pytest.raises(ValueError, match=r"digest|hexadecimal"):
        Digests.of([digest("a"), wrong])


@given(st.lists(st.integers(0, 4), max_size=4))
def test_the_columns_of_a_product(sizes: list[int]):
    assert list(zip(*product_codes(sizes), strict=True)) == (list(product(*map(range, sizes))) if sizes else [])
