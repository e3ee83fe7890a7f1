"""What each sweep asked for is written down once, before it runs, and says enough to go on from."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from command_line import typed

import sweeper
import sweeper.errors
from sweeper.common.secrets import redacted
from sweeper.planning.combinations import Planned
from sweeper.store import AttemptRow, DamagedFileWarning, open_store

TWO = ["capability=[evaluate]", "dataset=[digits]", "model=[naive_bayes,logreg]", "metric=[accuracy]"]
INLINE = [*TWO, "job_backend.kind=inline"]

pytestmark = pytest.mark.usefixtures("empty_folder")


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


# What is left of it runs


BROKEN = """
import os
class Model:
    def __init__(self, flag, name='x'):
        self.flag, self.metadata = flag.replace(':', '/'), {'id': name, 'index2label': {i: str(i) for i in range(10)}}
    def __call__(self, batch):
        if os.path.exists(self.flag): raise RuntimeError('weights are gone')
        return [[1.0] + [0.0] * 9] * len(batch)
"""


@pytest.fixture
def broken(empty_folder: Path) -> Path:
    """The flag that makes `broken_model.Model` fail, set."""
    (empty_folder / "broken_model.py").write_text(BROKEN)
    flag = empty_folder / "broken"
    flag.touch()
    return flag


def named(flag: Path, *names: str) -> list[str]:
    """Choices of that model; the flag is no path in their specs, which would make it data of theirs."""
    at = str(flag).replace("/", ":")
    return [f"+model.{name}={{_target_: broken_model.Model, flag: '{at}', name: {name}}}" for name in names]


def mine(flag: Path) -> list[str]:
    grid = ["capability=[evaluate]", "dataset=[digits]", "model=[naive_bayes]", "metric=[accuracy]"]
    return [*grid, *named(flag, "mine"), "job_backend.kind=inline"]


def decisions(doc: dict[str, Any]) -> dict[str, str]:
    return {"+".join(c["models"]): c["decision"] for c in doc["combinations"]}


def resumes(out: str) -> list[str]:
    """The words behind `python -m sweeper` of the command that a sweep printed."""
    (line,) = [line for line in out.splitlines() if "python -m sweeper resume=" in line]
    return shlex.split(line.partition("python -m sweeper ")[2])


def test_what_failed_under_rerun_all_runs_alone_though_it_completed_before(broken: Path):
    broken.unlink()
    assert typed(*mine(broken))[0] == 0
    broken.touch()
    status, out, _ = typed(*mine(broken))
    assert status == 1
    planned = document("plan", *resumes(out))
    assert decisions(planned) == {"naive_bayes": "skip", "mine": "run"}
    broken.unlink()
    again = document(*resumes(out))
    assert (again["counts"]["completed"], again["exit_status"]) == (1, 0)
    assert {row["model"] for row in again["results"]} == {"naive_bayes", "mine"}
    assert set(decisions(document("plan", *resumes(out))).values()) == {"skip"}


@pytest.mark.parametrize("kind", ["inline", "ray-simple"])
def test_what_a_limit_left_runs(broken: Path, kind: str, ray_session: None):
    status, out, _ = typed(
        *mine(broken),
        "max_failures=1",
        "max_in_flight=1",
        "model=[]",
        *named(broken, "m0", "m1", "m2"),
        f"job_backend.kind={kind}",
    )
    assert status == 3
    broken.unlink()
    again = document(*resumes(out))
    assert (again["counts"]["completed"], again["plan"]["run"], again["exit_status"]) == (4, 4, 0)
    assert open_store("analytics_store").asked(again["sweep_id"]).num_rows == 4
    assert {row["model"] for row in again["results"]} == {"mine", "m0", "m1", "m2"}


def test_a_crash_leaves_what_can_be_resumed(empty_folder: Path):
    (empty_folder / "deadly.py").write_text(
        "import os\nclass Model:\n"
        "    metadata = {'id': 'deadly', 'index2label': {i: str(i) for i in range(10)}}\n"
        "    def __call__(self, batch):\n"
        "        if not os.path.exists('mended'): os._exit(9)\n"
        "        return [[1.0] + [0.0] * 9] * len(batch)\n"
    )
    argv = [*INLINE, "model=[naive_bayes]", "+model.deadly={_target_: deadly.Model}"]
    assert subprocess.run([sys.executable, "-m", "sweeper", *argv], capture_output=True, check=False).returncode == 9
    Path("mended").touch()
    (sweep_id,) = [path.stem for path in files()]
    again = document(f"resume={sweep_id}")
    assert again["exit_status"] == 0
    assert {row["model"] for row in again["results"]} == {"naive_bayes", "deadly"}


def test_a_config_that_has_changed_since_changes_nothing(broken: Path):
    conf = broken.parent / "conf"
    (conf / "model").mkdir(parents=True)
    choice = conf / "model" / "mine.yaml"
    choice.write_text(
        f"mine: {{_target_: broken_model.Model, flag: '{str(broken).replace('/', ':')}', _sweep_: {{retries: 0}}}}"
    )
    (conf / "own.yaml").write_text(
        "defaults: [config, {override /model: [mine]}, {override /metric: [accuracy]}, {override /dataset: [digits]},"
        " {override /capability: [evaluate]}, _self_]\n"
        "analytics_store: {uri: ./elsewhere}\njob_backend: {kind: inline}\nretries: 2\n"
    )
    status, out, _ = typed("--config-dir", "conf", "--config-name", "own")
    assert (status, len(open_store("elsewhere").attempts())) == (1, 1)
    (before,) = open_store("elsewhere").asked().to_pylist()
    broken.unlink()
    choice.unlink()
    (conf / "own.yaml").write_text("defaults: [config, {override /model: [mine]}, _self_]\nretries: 7\n")
    assert "analytics_store.uri=./elsewhere" in resumes(out)
    again = document(*resumes(out))
    assert again["exit_status"] == 0
    assert [c["fingerprint"] for c in again["combinations"]] == [before["fingerprint"]]
    header = open_store("elsewhere").asked_sweep(again["sweep_id"]).header
    assert (header.settings["retries"], header.settings["job_backend.kind"], header.name) == (2, "inline", "own")


def test_what_another_sweep_completed_since_is_done(broken: Path):
    _, out, _ = typed(*mine(broken))
    broken.unlink()
    assert typed(*mine(broken), "rerun=missing")[0] == 0
    status, again, _ = typed(*resumes(out))
    assert (status, "nothing to run; 2 skipped" in again) == (0, True)


def test_what_a_sweep_skipped_stays_skipped(broken: Path):
    broken.unlink()
    sweeper.sweep(mine(broken), progress=False)
    broken.touch()
    done = sweeper.sweep([*mine(broken), "rerun=missing", *named(broken, "m0")], progress=False)
    assert done.exit_status == 1
    plan = sweeper.plan([f"resume={done.sweep_id}"])
    assert [(item.combination.models[0].name, item.run) for item in plan.items] == [
        ("naive_bayes", False),
        ("mine", False),
        ("m0", True),
    ]


def test_a_resumed_sweep_can_be_resumed(broken: Path):
    first = sweeper.sweep([*mine(broken), *named(broken, "m0")], progress=False)
    second = sweeper.sweep([f"resume={first.sweep_id}"], progress=False)
    assert (second.counts["failed"], len(second.plan.items)) == (2, 3)
    broken.unlink()
    third = sweeper.sweep([f"resume={second.sweep_id}"], progress=False)
    assert (third.counts["completed"], third.exit_status, len(third.plan.items)) == (2, 0, 3)
    for before in (first, second, third):
        assert not sweeper.plan([f"resume={before.sweep_id}"]).to_run
    assert {r["sweep"] for r in rows()} == {"config"}


def test_what_a_resumed_sweep_completes_later_is_done(broken: Path):
    first = sweeper.sweep([*mine(broken), *named(broken, "m0")], progress=False)
    second = sweeper.sweep([f"resume={first.sweep_id}"], progress=False)
    third = sweeper.sweep([f"resume={second.sweep_id}"], progress=False)
    store = open_store("analytics_store")
    failed = [
        row for row in store.attempts().to_pylist() if row["sweep_id"] == first.sweep_id and row["status"] == "failed"
    ]
    done = failed[0] | {"attempt_id": "late", "status": "completed", "finished_at": datetime.now(UTC)}
    store.write_attempts([AttemptRow(**done)])
    for resumed in (second, third):
        left = sweeper.plan([f"resume={resumed.sweep_id}"]).to_run
        assert [item.fingerprint for item in left] == [failed[1]["fingerprint"]]


def test_two_of_one_fingerprint_are_told_apart_by_their_names(broken: Path):
    twin = named(broken, "mine")[0].replace("+model.mine", "+model.twin")
    done = sweeper.sweep([*mine(broken), twin, "duplicates=keep", "max_failures=1", "max_in_flight=1"], progress=False)
    broken.unlink()
    again = sweeper.sweep([f"resume={done.sweep_id}"], progress=False)
    ran = {item.combination.models[0].name for item in again.plan.to_run}
    assert (ran >= {"mine", "twin"}, again.exit_status) == (True, 0)
    assert not sweeper.plan([f"resume={done.sweep_id}"]).to_run


def test_rules_leave_out_more_of_what_a_sweep_left(broken: Path):
    first = sweeper.sweep([*mine(broken), *named(broken, "m0"), *named(broken, "m1")], progress=False)
    left = {item.combination.models[0].name for item in sweeper.plan([f"resume={first.sweep_id}"]).to_run}
    assert left == {"mine", "m0", "m1"}
    for rule in ("only=[{model: m0}]", "exclude=[{model: mine}, {model: m1}]"):
        plan = sweeper.plan([f"resume={first.sweep_id}", rule])
        assert [item.combination.models[0].name for item in plan.to_run] == ["m0"]
        assert len(plan.items) == len(first.plan.items)
    broken.unlink()
    second = sweeper.sweep([f"resume={first.sweep_id}", "only=[{model: m0}]"], progress=False)
    assert (second.counts["completed"], second.exit_status) == (1, 0)
    assert not sweeper.plan([f"resume={second.sweep_id}"]).to_run
    assert len(sweeper.plan([f"resume={first.sweep_id}"]).to_run) == 2


def test_a_rule_that_matches_nothing_that_is_left_is_refused(broken: Path):
    _, out, _ = typed(*mine(broken))
    status, stdout, err = typed(*resumes(out), "only=[{model: m9}]")
    assert (status, stdout) == (2, "")
    assert "only[0] (model: m9) matches no combination" in err


def test_how_it_runs_can_be_said_anew(broken: Path):
    _, out, _ = typed(*mine(broken), "retries=1")
    argv = [*resumes(out), "retries=0", "max_failures=5", "++job_backend.runtime_env={}"]
    doc = document(*argv)
    header = open_store("analytics_store").asked_sweep(doc["sweep_id"]).header
    assert (header.settings["retries"], header.settings["max_failures"], doc["exit_status"]) == (0, 5, 1)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (["model=[svm]"], "model=[svm]: resume= runs what a sweep asked for and did not complete"),
        (["model.naive_bayes.estimator.var_smoothing=1"], "model cannot be changed"),
        (["--multirun", "model=svm,knn"], "--multirun"),
        (["+sweep=quickstart"], "sweep cannot be changed"),
        (["union=[]"], "union cannot be changed"),
        (["--rerun-only-missing"], "rerun cannot be changed"),
        (["duplicates=keep"], "duplicates cannot be changed"),
        (["+mine=1"], "mine"),
        (["retries=-1"], "retries must be a whole number"),
    ],
)
def test_what_would_change_what_runs_is_refused_beside_resume(broken: Path, said: list[str], message: str):
    _, out, _ = typed(*mine(broken))
    status, stdout, err = typed(*resumes(out), *said)
    assert (status, stdout) == (2, "")
    assert message in err


def test_an_unknown_sweep_names_the_newest(empty_folder: Path):
    status, _, err = typed("resume=20200101T000000-abcdef")
    assert status == 2
    assert err == "sweeper: resume=20200101T000000-abcdef: the store has no such sweep. It has none yet.\n"
    assert list(empty_folder.iterdir()) == []
    ids = [sweeper.sweep(INLINE, progress=False).sweep_id for _ in range(2)]
    status, _, err = typed("resume=20200101T000000-abcdef")
    assert (status, f"The newest it has are {ids[1]}, {ids[0]}." in err) == (2, True)
    status, _, err = typed("resume=20")
    assert (status, f"several sweeps begin so: {ids[1]}, {ids[0]}" in err) == (2, True)
    assert typed("plan", f"resume={ids[1][:-2]}")[0] == 0


def test_a_damaged_file_cannot_be_resumed_and_says_so():
    done = sweeper.sweep(INLINE, progress=False)
    (path,) = files()
    path.write_bytes(path.read_bytes()[:-100])
    status, _, err = typed(f"resume={done.sweep_id}")
    assert (status, "run the sweep again with rerun=missing" in err) == (2, True)


def test_a_config_and_a_mapping_can_name_the_sweep_too(broken: Path):
    done = sweeper.sweep(mine(broken), progress=False)
    broken.unlink()
    assert len(sweeper.plan({"resume": done.sweep_id}).to_run) == 1
    with pytest.raises(sweeper.errors.ConfigError, match="model cannot be changed"):
        sweeper.plan({"resume": done.sweep_id, "model": {"x": {"_target_": "a.b"}}})
    Path("conf").mkdir()
    Path("conf/again.yaml").write_text(f"defaults: [config, _self_]\nresume: {done.sweep_id}\n")
    assert len(sweeper.plan([], config_dir="conf", config_name="again").to_run) == 1


def test_another_working_folder_is_noted(broken: Path, monkeypatch: pytest.MonkeyPatch):
    _, out, _ = typed(*mine(broken))
    (broken.parent / "inner").mkdir()
    monkeypatch.chdir("inner")
    status, _, err = typed("plan", *resumes(out), "analytics_store.uri=../analytics_store")
    assert (status, f"note: that sweep ran in {broken.parent};" in err) == (0, True)


def test_the_command_that_resumes_says_where_the_store_is_and_no_secret(broken: Path):
    secret = "kx9-secret-value"
    odd = "a store (1), =x"
    _, out, err = typed(*mine(broken), f"analytics_store.uri='{odd}'", f"+analytics_store.storage_options.key={secret}")
    assert secret not in out + err
    words = resumes(out)
    assert words[1:] == [f"analytics_store.uri='{odd}'", "+analytics_store.storage_options.key=***"]
    broken.unlink()
    assert typed(*words)[0] == 0
    assert len(open_store(odd).attempts()) == 3


def test_names_that_are_no_unicode_are_escaped():
    from datetime import UTC, datetime

    from sweeper.messages.asked import SweepHeader
    from sweeper.planning.resume import asked_for
    from sweeper.vocabulary import Choice, Combination

    odd = Choice("capability", "caf\udce9", {"_target_": "a.b"}, '{"_target_":"a.b"}', "0" * 64, "x")
    item = Planned(Combination(odd, (), (), ()), "1" * 64, True, "why\udce9")
    store = open_store("analytics_store")
    store.write_asked(asked_for(SweepHeader("20260101T000000-abcdef", "n\udce9", datetime.now(UTC)), [item]))
    (row,) = rows()
    assert (row["capability"], row["reason"], row["sweep"]) == (r"caf\udce9", r"why\udce9", r"n\udce9")
