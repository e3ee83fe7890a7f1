"""Random damage to any file of a store: nobody fails with more than a message, and no count changes unseen."""

from __future__ import annotations

import os
import random
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from damage_parts import after_repair, contents, every_kind

from sweeper.errors import StoreError
from sweeper.report import html
from sweeper.store import DamagedFileWarning, open_store

pytestmark = pytest.mark.faults

SEED = 17
FEW = 20
MANY = int(os.environ.get("SWEEPER_DAMAGES", "2000"))
Damage = Callable[[Path, random.Random, list[Path]], None]


def flip(path: Path, chance: random.Random, others: list[Path]) -> None:
    data = bytearray(path.read_bytes() or b"\0")
    for _ in range(chance.choice((1, 1, 1, 8))):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    path.write_bytes(data)


def cut(path: Path, chance: random.Random, others: list[Path]) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: chance.randrange(len(data) + 1)])


def empty(path: Path, chance: random.Random, others: list[Path]) -> None:
    path.write_bytes(b"")


def garbage(path: Path, chance: random.Random, others: list[Path]) -> None:
    path.write_bytes(chance.randbytes(chance.choice((1, 100, 5000))))


def delete(path: Path, chance: random.Random, others: list[Path]) -> None:
    path.unlink()


def swap(path: Path, chance: random.Random, others: list[Path]) -> None:
    other = chance.choice(others)
    one, two = path.read_bytes(), other.read_bytes()
    path.write_bytes(two)
    other.write_bytes(one)


DAMAGES: tuple[Damage, ...] = (flip, flip, cut, empty, garbage, delete, swap)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return every_kind(tmp_path_factory.mktemp("whole") / "store")


def cannot_be_missed(path: Path, before: bytes) -> bool:
    """A file of rows, or whole lines of one, that are gone altogether: nothing in a store refers to them.

    Payload rows are missed, since an attempt refers to them.
    """
    if not path.exists():
        return path.suffix in (".parquet", ".jsonl") and path.parent.name != "scores"
    now = path.read_bytes()
    return path.suffix == ".jsonl" and before.startswith(now) and now[-1:] in (b"", b"\n")


def read(store: Path) -> tuple[dict[str, Any] | None, bool]:
    """What readers count, and whether they warned or refused."""
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", DamagedFileWarning)
        try:
            seen = contents(store)
            html(open_store(store))
        except StoreError:
            return None, True
    return seen, any(issubclass(warning.category, DamagedFileWarning) for warning in said)


def harm(whole: Path, before: dict[str, Any] | None, store: Path, chance: random.Random) -> str:
    """Damage one file of a copy, look at everything, repair; returns what was not as it should be."""
    shutil.copytree(whole, store)
    files = sorted(path for path in store.rglob("*") if path.is_file() and "logs" not in path.parts)
    path, damage = chance.choice(files), chance.choice(DAMAGES)
    original = path.read_bytes()
    damage(path, chance, files)
    seen, warned = read(store)
    what = f"{damage.__name__} {path.relative_to(store)}"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DamagedFileWarning)
        report = open_store(store).check()
        cut_off = any("cut off" in place for place in report.leftovers)
        named = not report.sound or cut_off
        if seen != before and not (warned or named or cannot_be_missed(path, original)):
            return f"{what}: counts changed unseen"
        open_store(store).compact(grace_s=0)
        open_store(store).check(repair=True)
        after = contents(store)
        if not open_store(store).check().sound:
            return f"{what}: not sound after the repair"
    if seen is not None:
        by_name = {"states": None} if "attempts" in path.parts else {}  # a plan knew it by its name
        if {**after, **by_name} != {**after_repair(seen), **by_name}:
            return f"{what}: counts changed by the repair"
    if read(store) != (after, False):
        return f"{what}: a warning is left after the repair"
    return ""


def harmed(whole: Path, folder: Path, count: int) -> list[str]:
    before, _ = read(Path(shutil.copytree(whole, folder / "before")))
    wrong: list[str] = []
    for number in range(count):
        store = folder / str(number)
        if said := harm(whole, before, store, random.Random(f"{SEED}-{number}")):
            wrong.append(f"{number}: {said}")
            print(wrong[-1])
        shutil.rmtree(store)
        if (number + 1) % 100 == 0:
            print(f"{number + 1} damages, {len(wrong)} wrong", flush=True)
    return wrong


def test_some_random_damages_are_named_and_change_no_count_unseen(whole: Path, tmp_path: Path):
    assert harmed(whole, tmp_path, FEW) == []


@pytest.mark.soak
def test_many_random_damages_are_named_and_change_no_count_unseen(whole: Path, tmp_path: Path):
    assert harmed(whole, tmp_path, MANY) == []
