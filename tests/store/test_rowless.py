"""A completed attempt whose rows are gone is named by `check`, and counts as not completed after `--repair`."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import typed
from invariant import assert_nothing_lost
from places import OLD_STORES
from store_parts import fail, fingerprint, record, values

from sweeper.store import Store, open_store
from sweeper.store.attempt_states import AttemptState


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Five combinations, `a` twice, one failed, and one that measured nothing."""
    store = open_store(tmp_path / "store")
    for second, name in enumerate("aabcd"):
        record(store, name, float(second), 0.5, second=second)
    fail(store, "f")
    record(store, "empty")
    return store


def payload(store: Store) -> list[Path]:
    return sorted(Path(store.uri, "scores").glob("[1-9]*.parquet"))


def quarantined(store: Store) -> list[str]:
    return [path.name for path in Path(store.uri, ".sweeper", "quarantine").rglob("*.parquet")]


def states(store: Store) -> dict[str, AttemptState]:
    names = {fingerprint(name): name for name in ("a", "b", "c", "d", "f", "empty")}
    return {names[key]: state for key, state in store.attempt_states(list(names)).items()}


def delete(path: Path) -> None:
    path.unlink()


def spoil(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:100])


@pytest.mark.parametrize("lose", [delete, spoil])
def test_one_whose_file_is_gone_is_named_and_moved_aside_and_no_other(store: Store, lose: Callable[[Path], None]):
    before, kept = states(store), values(store)
    lose(payload(store)[3])  # of c
    report = store.check()
    (said,) = report.rowless
    assert not report.sound
    assert said.startswith("attempts/")
    assert said.endswith(".parquet: c · data · model completed, and the rows in scores are gone")
    assert f"without its rows: {said}" in str(report)
    assert states(store) == before
    repaired = store.check(repair=True)
    assert repaired.rowless == (said,)
    assert f"{said} -> .sweeper/quarantine" in str(repaired)
    assert store.check().sound
    assert states(store) == {name: state for name, state in before.items() if name != "c"}
    assert values(store) == [row for row in kept if row[0] != "c"]
    assert said.partition("/")[2].partition(":")[0] in quarantined(store)
    assert_nothing_lost(store, [fingerprint(name) for name in ("a", "b", "d", "f", "empty")])


def test_of_many_attempts_in_one_file_only_those_without_rows_are_taken_out(store: Store):
    lost = payload(store)[2:5]
    for path in lost[1:]:
        path.unlink()
    store.compact(grace_s=0)
    (merged,) = Path(store.uri, "attempts").glob("*.parquet")
    (said,) = store.check().rowless
    assert (
        said == f"attempts/{merged.name}: c · data · model, d · data · model completed, and the rows in scores are gone"
    )
    before = store.attempts().to_pylist()
    store.check(repair=True)
    assert store.check().sound
    assert store.attempts().to_pylist() == [row for row in before if row["capability"] not in "cd"]
    assert set(states(store)) == {"a", "b", "f", "empty"}
    assert merged.name in quarantined(store)


def test_an_older_attempt_that_has_its_rows_counts_again(store: Store):
    payload(store)[1].unlink()  # of the newer one of a
    assert values(store)[0][0] == "b"
    store.check(repair=True)
    assert states(store)["a"].completed
    assert values(store)[:2] == [("a", "k0", 0.0), ("a", "k1", 0.5)]


def test_a_table_that_is_gone_takes_all_its_attempts_along(store: Store):
    shutil.rmtree(Path(store.uri, "scores"))
    assert len(store.check().rowless) == 5
    store.check(repair=True)
    assert set(states(store)) == {"f", "empty"}
    assert store.check().sound


def test_rows_that_wait_in_a_journal_are_not_missed(store: Store, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sweeper.store.recorder.MOMENT_S", float("inf"))
    record(store, "b", 1.0)
    for _ in range(3):
        record(store, "e", 1.0, may_wait=True)
    assert list(Path(store.uri, ".sweeper", "journal").iterdir())
    assert store.check().sound


def test_a_table_that_cannot_be_read_whole_just_now_is_not_judged_by_a_repair(
    store: Store, monkeypatch: pytest.MonkeyPatch
):
    """The file appears damaged after the repair has looked at all files: whose rows it has is not known."""
    from sweeper.store import check as module

    real = module._repair  # type: ignore[reportPrivateUsage]

    def meanwhile(*asked: object) -> None:
        real(*asked)  # type: ignore[reportArgumentType]
        spoil(payload(store)[4])

    monkeypatch.setattr(module, "_repair", meanwhile)
    before = states(store)
    assert store.check(repair=True).rowless == ()
    assert states(store) == before


@pytest.mark.parametrize("name", sorted(path.name for path in OLD_STORES.iterdir() if path.is_dir()))
def test_stores_of_older_versions_have_all_their_rows(tmp_path: Path, name: str):
    store = open_store(shutil.copytree(OLD_STORES / name, tmp_path / "store"))
    assert store.check().rowless == ()


def test_missing_runs_again_what_lost_its_rows_after_the_repair(empty_folder: Path):
    grid = ["capability=[evaluate]", "dataset=[digits]", "model=[logreg,naive_bayes]", "metric=[accuracy]",
            "job_backend.kind=inline", "rerun=missing"]  # fmt: skip
    assert typed(*grid)[0] == 0
    store = open_store("analytics_store")
    store.compact(grace_s=0)
    expected = values(store)
    (merged,) = Path("analytics_store/maite_evaluation").glob("[1-9]*_merged.parquet")
    merged.unlink()
    status, out, _ = typed("check")
    assert (status, "evaluate · digits · logreg · accuracy" in out) == (1, True)
    assert "0 to run" in typed("plan", *grid)[1]
    assert typed("check", "--repair")[0] == 0
    assert typed("check")[0] == 0
    assert "2 to run" in typed("plan", *grid)[1]
    assert typed(*grid)[0] == 0
    assert values(open_store("analytics_store")) == expected
    assert_nothing_lost("analytics_store", store.attempts()["fingerprint"].unique().to_pylist())
