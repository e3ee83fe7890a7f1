"""A JSON object that is read through a window is the one that `json` reads whole, wherever the window cuts it."""

from __future__ import annotations

import json
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeper.datasets import json_items
from sweeper.errors import PartError

PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
VALUES = st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3))


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("json") / "x.json"


def read(path: Path, window: int) -> dict[str, object]:
    """The object that the pieces make."""
    whole: dict[str, object] = {}
    with mock.patch.object(json_items, "_CHARACTERS", window):
        for key, place, value in json_items.items_of(path):
            if place is None:
                whole[key] = value
            else:
                column = whole.setdefault(key, [])
                assert isinstance(column, list)
                assert len(column) == place
                column.append(value)
    return whole


@given(st.dictionaries(st.text(), VALUES, max_size=4), st.integers(1, 9), st.sampled_from([None, 0, 2]), st.booleans())
def test_the_pieces_are_those_of_the_whole(path: Path, content, window, indent, ascii_only):
    path.write_text(json.dumps(content, indent=indent, ensure_ascii=ascii_only), encoding="utf-8", newline="")
    assert read(path, window) == content


@given(st.dictionaries(st.text("abc", min_size=1), VALUES, min_size=1, max_size=3), st.integers(1, 9), st.data())
def test_a_text_that_ends_too_early_is_refused(path: Path, content, window, data):
    text = json.dumps(content)
    path.write_text(text[: data.draw(st.integers(0, len(text) - 1))], encoding="utf-8")
    with pytest.raises(PartError, match="no whole JSON object"):
        read(path, window)
