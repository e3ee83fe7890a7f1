"""What each sweep asked for is written down once, before it runs, and says enough to go on from."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

import sweeper
from sweeper.cli import run_command
from sweeper.planning import Planned
from sweeper.redact import redacted
from sweeper.store import DamagedFileWarning, open_store

TWO = ["capability=[evaluate]", "dataset=[digits]", "model=[naive_bayes,logreg]", "metric=[accuracy]"]
INLINE = [*TWO, "job_backend.kind=inline"]


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def typed(*argv: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    status = run_command(argv, out, err)
    return status, out.getvalue(), err.getvalue()


def document(*argv: str) -> dict[str, Any]:
    status, out, err = typed(*argv, "--json")
    assert out, (status, err)
    return json.loads(out)


def files() -> list[Path]:
    return sorted(Path("analytics_store/.sweeper/sweeps").glob("*"))


def rows(sweep_id: str | None = None) -> list[dict[str, Any]]:
    return open_store("analytics_store").asked(sweep_id).to_pylist()


# What is written


def test_a_sweep_writes_one_file_with_every_combination_that_it_covers():
    done = sweeper.sweep([*INLINE, "model=[naive_bayes]"], progress=False)
    assert [(r["model"], r["decision"]) for r in rows()] == [("naive_bayes", "run")]
    again = sweeper.sweep([*INLINE, "rerun=missing"], progress=False)
    assert [path.stem for path in files()] == [done.sweep_id, again.sweep_id]
    asked = rows(again.sweep_id)
    assert [(r["model"], r["decision"], r["reason"]) for r in asked] == [
        ("naive_bayes", "skip", "completed"),
        ("logreg", "run", "no attempt yet"),
    ]
    assert {r["sweep_id"] for r in asked} == {again.sweep_id}
    assert {(r["capability"], r["dataset"], r["metric"], r["sweep"]) for r in asked} == {
        ("evaluate", "digits", "accuracy", "config")
    }
    assert [r["fingerprint"] for r in asked] == [item.fingerprint for item in again.plan.items]
    assert all(r["began"] is not None for r in asked)


def test_a_sweep_with_nothing_to_run_has_asked_too():
    sweeper.sweep(INLINE, progress=False)
    sweeper.sweep([*INLINE, "rerun=missing"], progress=False)
    assert [r["decision"] for r in rows()] == ["run", "run", "skip", "skip"]


def test_pairs_and_sets_are_named_as_attempts_names_them():
    sweeper.sweep(
        ["capability=[shift]", "dataset=[digits,digits_dark]", "model=[]", "metric=[]", "job_backend.kind=inline"],
        progress=False,
    )
    store = open_store("analytics_store")
    named = {(r["dataset"], r["model"], r["metric"]) for r in rows()}
    assert named == {("digits + digits_dark", "", "")} | {
        (r["dataset"], r["model"], r["metric"]) for r in store.attempts().to_pylist()
    }


def test_a_choice_is_written_once_with_its_spec():
    sweeper.sweep(INLINE, progress=False)
    (path,) = files()
    with pq.ParquetFile(path) as file:
        choices = file.read_row_group(0).to_pylist()
        assert file.metadata.num_row_groups == 2
    assert sorted(c["name"] for c in choices) == ["accuracy", "digits", "evaluate", "logreg", "naive_bayes"]
    assert all(json.loads(c["spec"])["_target_"] for c in choices)


@pytest.mark.parametrize("words", [["plan"], ["--dry-run"], ["plan", "--json"]])
def test_a_plan_writes_nothing(words: list[str], empty_folder: Path):
    argv = [*words, *INLINE] if words[0] == "plan" else [*INLINE, *words]
    assert typed(*argv)[0] == 0
    assert list(empty_folder.iterdir()) == []


def test_what_is_refused_has_not_asked(empty_folder: Path):
    assert typed(*INLINE, "+model.mine={_target_: nowhere.Model}")[0] == 2
    assert files() == []


def test_no_secret_is_written(empty_folder: Path):
    secret = "kx9-secret-value"
    status, out, err = typed(
        *INLINE,
        f"+analytics_store.storage_options.key={secret}",
        f"++job_backend.runtime_env={{env_vars: {{TOKEN: {secret}}}}}",
        f"+hydra.job.env_set={{TOKEN: {secret}}}",
    )
    assert status == 0, err
    assert not [p for p in empty_folder.rglob("*") if p.is_file() and secret.encode() in p.read_bytes()]
    assert secret not in out + err
    status, out, err = typed(*INLINE, f"analytics_store.storage_options.key={secret}")
    assert (status, "there is no 'key'" in err, secret in err) == (2, True, False)


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("+analytics_store.storage_options.key=abc", "+analytics_store.storage_options.key=***"),
        ("++analytics_store={uri: a, storage_options: {k: v}}", "++analytics_store=***"),
        ("analytics_store.uri=s3://key:pass@bucket/x", "analytics_store.uri=s3://***@bucket/x"),
        ("analytics_store.uri=abfs://container@account/x", "analytics_store.uri=abfs://container@account/x"),
        ("job_backend.runtime_env.env_vars.A=b", "job_backend.runtime_env.env_vars.A=***"),
        ("job_backend.runtime_env.working_dir=.", "job_backend.runtime_env.working_dir=."),
        ("+mine=the-value", "+mine=***"),
        ("model=[svm]", "model=[svm]"),
    ],
)
def test_a_command_line_is_kept_without_secrets(line: str, shown: str):
    assert redacted([line], ["the-value"]) == (shown,)


# What is damaged


def test_a_damaged_file_is_warned_of_and_set_aside():
    sweeper.sweep(INLINE, progress=False)
    sweeper.sweep([*INLINE, "rerun=missing"], progress=False)
    torn, whole = files()
    torn.write_bytes(torn.read_bytes()[:100])
    with pytest.warns(DamagedFileWarning, match=torn.name):
        assert {r["sweep_id"] for r in rows()} == {whole.stem}
    status, out, _ = typed("check")
    assert (status, f"damaged: .sweeper/sweeps/{torn.name}" in out) == (1, True)
    assert typed("check", "--repair")[0] == 0
    assert typed("check")[0] == 0
    assert files() == [whole]
    assert Path(f"analytics_store/.sweeper/quarantine/sweeps/{torn.name}").is_file()


def test_a_file_of_another_kind_in_its_place_is_damaged():
    sweeper.sweep(INLINE, progress=False)
    (path,) = files()
    pq.write_table(open_store("analytics_store").attempts(), path)
    with pytest.warns(DamagedFileWarning, match=path.name):
        assert rows() == []


def test_names_that_are_no_unicode_are_escaped():
    from datetime import UTC, datetime

    from sweeper.asked import About
    from sweeper.resume import asked_for
    from sweeper.spec import Choice, Combination

    odd = Choice("capability", "caf\udce9", {"_target_": "a.b"}, '{"_target_":"a.b"}', "0" * 64, "x")
    item = Planned(Combination(odd, (), (), ()), "1" * 64, True, "why\udce9")
    store = open_store("analytics_store")
    store.write_asked(asked_for(About("20260101T000000-abcdef", "n\udce9", datetime.now(UTC)), [item]))
    (row,) = rows()
    assert (row["capability"], row["reason"], row["sweep"]) == (r"caf\udce9", r"why\udce9", r"n\udce9")
