"""Stored predictions come back to the bit, and hold nothing that whoever opens them could run."""

from __future__ import annotations

import json
import math
import pickle
import random
import struct
import sys
import types
from collections import OrderedDict
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import typed

from sweeper.store import open_store
from sweeper.worker import prediction_cache
from sweeper.worker.plain_form import NotPlainError, from_file, to_file

DTYPES = ["?", "i1", "u2", "<i4", ">i8", "f2", "<f4", ">f8", "c16", "S3", "U5", "M8[ns]", "m8[s]"]


def array(rng: random.Random) -> np.ndarray[Any, Any]:
    dtype = np.dtype(rng.choice(DTYPES))
    shape = tuple(rng.choice([0, 1, 2, 3]) for _ in range(rng.choice([0, 1, 2, 3])))
    made = np.frombuffer(rng.randbytes(int(np.prod(shape)) * dtype.itemsize or 1), np.uint8)
    if dtype.kind in "?U":  # not every byte is a truth value, or a letter
        made = np.zeros_like(made)
    made = made[: int(np.prod(shape)) * dtype.itemsize].view(dtype).reshape(shape).copy(rng.choice("CF"))
    made.flags.writeable = rng.random() < 0.5
    return made


def value(rng: random.Random, depth: int = 0) -> Any:
    leaves = [
        lambda: None, lambda: rng.random() < 0.5, lambda: rng.getrandbits(100) - (1 << 99),
        lambda: struct.unpack("<d", rng.randbytes(8))[0], lambda: rng.choice([math.inf, -math.inf, -0.0]),
        lambda: "".join(chr(rng.choice([0, 65, 233, 0xD800, 0x1D11E])) for _ in range(3)),
        lambda: rng.randbytes(5), lambda: array(rng), lambda: np.float32(rng.random()), lambda: np.int64(7),
        lambda: np.datetime64("2026-01-01"), lambda: np.str_("é"),
    ]  # fmt: skip
    if depth > 3 or rng.random() < 0.4:
        return rng.choice(leaves)()
    items = [value(rng, depth + 1) for _ in range(rng.choice([0, 1, 3]))]
    keys = [rng.choice([None, True, 3, "a", (1, "b"), 2.5, b"c"]) for _ in items]
    return rng.choice([lambda: items, lambda: tuple(items), lambda: dict(zip(keys, items, strict=True))])()


def same(one: Any, other: Any) -> bool:
    """Equal to the bit, types and layouts included."""
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray | np.generic):
        one_, other_ = np.asarray(one), np.asarray(other)
        flags = [(x.flags.writeable, x.flags.f_contiguous) for x in (one_, other_)]
        alike = (one_.dtype, one_.shape, one_.tobytes()) == (other_.dtype, other_.shape, other_.tobytes())
        return alike and (isinstance(one, np.generic) or flags[0] == flags[1])
    if isinstance(one, float):
        return struct.pack("<d", one) == struct.pack("<d", other)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return same(list(one.items()), list(other.items()))
    return one == other


@pytest.mark.parametrize("seed", range(40))
def test_what_is_written_comes_back_to_the_bit(seed: int):
    rng = random.Random(seed)
    for _ in range(25):
        made = value(rng)
        assert same(from_file(to_file(made)), made), made


def test_arrays_that_are_views_come_back():
    made = np.arange(24).reshape(4, 6)
    for view in (made[::2], made.T, made[::-1, 1:3], np.broadcast_to(np.arange(3), (2, 3))):
        found = from_file(to_file(view))
        assert isinstance(found, np.ndarray)
        assert np.array_equal(found, view)


def test_tensors_come_back():
    torch = pytest.importorskip("torch")
    for name in ("float32", "bfloat16", "float16", "int64", "bool", "uint8"):
        for shape in ((2, 3), (), (0, 4)):
            made = (torch.rand(shape) * 100).to(getattr(torch, name))
            found: Any = from_file(to_file([made]))
            assert (found[0].dtype, found[0].shape) == (made.dtype, made.shape)
            assert torch.equal(found[0], made)
    with pytest.raises(NotPlainError):
        to_file(torch.ones(2, requires_grad=True))


class Named(str):
    """A text that is more than its letters."""


@pytest.mark.parametrize(
    "odd",
    [
        object(), {1, 2}, Named("x"), OrderedDict(), np.array([object()]), np.zeros(2, "i4,f4"), np.ma.zeros(2),
        types.SimpleNamespace(a=1), Path("x"), 1 + 2j, range(3), [[{"a": (object(),)}]], np.matrix([1]),
    ],
    ids=lambda odd: type(odd).__name__,
)  # fmt: skip
def test_what_has_no_plain_form_is_refused(odd: object):
    with pytest.raises(NotPlainError):
        to_file(odd)


def test_what_refers_to_itself_is_refused():
    odd: list[object] = []
    odd.append(odd)
    with pytest.raises(NotPlainError):
        to_file(odd)


# In a store


GRID = ["capability=[evaluate]", "dataset=[digits]", "model=[naive_bayes]", "metric=[accuracy,ece]",
        "job_backend.kind=inline", "predictions.persist=true"]  # fmt: skip


class Attack:
    """What a pickle can do to whoever opens it."""

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path("owned"),)


def objects_npz() -> bytes:
    file = BytesIO()
    np.savez(file, tree=np.array([Attack()], dtype=object), data=np.zeros(0, np.uint8))
    return file.getvalue()


def forged(tree: object, text: bytes | None = None) -> bytes:
    file = BytesIO()
    np.savez(file, tree=np.frombuffer(text or json.dumps(tree).encode(), np.uint8), data=np.zeros(64, np.uint8))
    return file.getvalue()


FORGED = {
    "a pickle": pickle.dumps(Attack()),
    "objects": objects_npz(),
    "an array of objects": forged({"array": ["|O", [1], "C", 0, True]}),
    "an unknown kind": forged({"__reduce__": ["os.system", "touch owned"]}),
    "another method": forged({"value": []}),
    "a tensor of another type": forged({"tensor": ["load", [1], ["|u1", [1], "C", 0]]}),
    "a huge array": forged({"array": ["<f8", [1 << 40], "C", 0, True]}),
    "negative places": forged({"array": ["<f8", [-1], "C", -5, True]}),
    "a deep tree": forged(None, b"[" * 100_000),
    "nothing": b"",
    "garbage": b"PK\x03\x04" + bytes(100),
}


@pytest.mark.parametrize("content", FORGED.values(), ids=FORGED)
def test_what_others_write_into_a_store_runs_nothing(content: bytes, empty_folder: Path):
    assert typed(*GRID)[0] == 0
    (kept,) = Path("analytics_store").rglob("*.npz")
    for name in (kept, kept.with_suffix(".pickle")):
        name.write_bytes(content)
    assert prediction_cache.read(open_store("analytics_store"), kept.stem) is None
    assert typed(*GRID)[0] == 0
    assert not Path("owned").exists()
    assert prediction_cache.read(open_store("analytics_store"), kept.stem) is not None, "made anew"


def test_a_flipped_bit_is_noticed(empty_folder: Path):
    assert typed(*GRID)[0] == 0
    (kept,) = Path("analytics_store").rglob("*.npz")
    whole = kept.read_bytes()
    store = open_store("analytics_store")
    assert prediction_cache.read(store, kept.stem) is not None
    for at in range(60, len(whole) - 200, len(whole) // 50):
        kept.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
        found = prediction_cache.read(store, kept.stem)
        assert found is None or same(prediction_cache._plain(found), from_file(whole))  # type: ignore[reportPrivateUsage]


def test_values_from_stored_predictions_are_the_same_to_the_bit(backend: str, empty_folder: Path):
    grid = [*GRID[:4], GRID[5], "model=[naive_bayes,logreg]", backend]
    assert typed(*grid, "--json")[0] == 0
    first, second = (json.loads(typed(*grid, "--json")[1])["results"] for _ in range(2))
    assert [row["value"] for row in first] == [row["value"] for row in second]
    assert len(first) == 4


def test_predictions_that_have_no_plain_form_are_not_kept_and_that_is_said_once(backend: str, empty_folder: Path):
    models = [f"+model.{name}={{_target_:prediction_parts.Odd,seed:{n},_sweep_:{{task:image_classification}}}}"
              for n, name in enumerate("ab")]  # fmt: skip
    status, _, err = typed(*GRID[:2], *GRID[3:4], "model=[]", *models, backend, GRID[5])
    assert status == 0, err
    said = "note: predictions that hold prediction_parts.Scores are not kept in the store"
    assert err.count(said) == 1
    assert list(Path("analytics_store").rglob("*.npz")) == []


def test_nothing_that_is_read_from_a_store_is_a_pickle():
    """Pickles travel between the processes of one sweep, and copies of live objects are made by them."""
    package = Path(sys.modules["sweeper"].__file__ or "").parent
    users = {p.relative_to(package).as_posix() for p in package.rglob("*.py") if "pickle.load" in p.read_text()}
    near_stores = ("store/", "report/", "config/", "planning/", "revision/", "worker/p")
    assert {user for user in users if user.startswith(near_stores)} == set()
