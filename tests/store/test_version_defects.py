"""What older versions may have measured wrongly is shown as such, is never the best, and is planned again."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image
from store_parts import attempt, fingerprint, record

from sweeper import __version__, open_store, plan
from sweeper.cli.commands import run_command
from sweeper.store import Store
from sweeper.store.version_defects import DEFECTS, is_older, of_spec

OLD = "0.1.0"
ROOT = Path(__file__).resolve().parents[2]
DIGITS = {"_target_": "sweeper.datasets.Digits", "split": "test"}
SVM = {
    "_target_": "sweeper.models.SklearnClassifier",
    "estimator": {"_target_": "sklearn.svm.SVC", "C": 1.0},
    "train": {**DIGITS, "split": "train"},
}
DARK = {
    "_target_": "sweeper.datasets.Augmented",
    "dataset": DIGITS,
    "augmentation": {"_target_": "sweeper.augmentations.LowLight", "severity": 0.5},
}
FOLDER = {"_target_": "sweeper.datasets.ImageFolder", "root": "./images"}
OWN_DATA, OWN_MODEL = {"_target_": "mine.Data"}, {"_target_": "mine.Model"}
IMAGES, TARGETS, SCORES = "image folder", "one-hot", "finite"


def spec(dataset: Any, model: Any = None, capability: str = "sweeper.capabilities.Evaluate", **more: Any) -> str:
    parts = {"datasets": [dataset], "models": [] if model is None else [model], "metrics": [], "version": 1, **more}
    return json.dumps({"capability": {"_target_": capability}, **parts}, sort_keys=True, separators=(",", ":"))


SOUND = [
    spec(DIGITS, SVM),
    spec(DARK, SVM, capability="sweeper.capabilities.Robustness"),
    spec(DIGITS, capability="sweeper.capabilities.DataQuality"),
    spec(DIGITS, SVM, metrics=[{"_target_": "mine.Metric"}]),
    spec(DIGITS, SVM, capability="mine.Capability"),
    spec(OWN_DATA, capability="sweeper.capabilities.Shift"),
    "{}",
    "",
    "no json",
]
SUSPECT = {
    spec(FOLDER, SVM): {IMAGES},
    spec(FOLDER, capability="sweeper.capabilities.Shift"): {IMAGES},
    spec({**DARK, "dataset": FOLDER}, SVM): {IMAGES},
    spec(DIGITS, {**SVM, "train": FOLDER}): {IMAGES},
    spec({**FOLDER, "_target_": "sweeper.datasets.image_folder.ImageFolder"}): {IMAGES},
    spec(OWN_DATA, SVM): {TARGETS},
    spec(OWN_DATA, capability="sweeper.capabilities.DataQuality"): {TARGETS},
    spec(DIGITS, OWN_MODEL): {SCORES},
    spec(DIGITS, {**SVM, "estimator": {"_target_": "mine.Estimator"}}): {SCORES},
    spec(OWN_DATA, OWN_MODEL): {TARGETS, SCORES},
    spec({"non_text_keys": True, "items": [[0, OWN_DATA]]}): {TARGETS},
}


@pytest.mark.parametrize("text", SOUND)
def test_what_cannot_be_wrong_is_not_suspect(text: str):
    assert of_spec(text, OLD) is None


@pytest.mark.parametrize(("text", "why"), SUSPECT.items())
def test_what_an_older_version_may_have_measured_wrongly_says_why(text: str, why: set[str]):
    said = of_spec(text, OLD)
    assert said is not None
    assert {word for word in (IMAGES, TARGETS, SCORES) if word in said} == why
    assert said.startswith("suspect: ")
    assert said.endswith("(measured by sweeper 0.1.0)")


@pytest.mark.parametrize("version", [__version__, None, "", "0.2", "0.2.0", "0.10.0", "1.0", "0.3.0.dev1"])
@pytest.mark.parametrize("text", SUSPECT)
def test_nothing_is_suspect_of_this_version_or_of_one_that_nobody_knows(text: str, version: str | None):
    assert of_spec(text, version) is None


def test_every_row_of_the_table_is_of_a_version_that_this_one_has_put_right():
    assert all(is_older(OLD, row.before) and not is_older(__version__, row.before) for row in DEFECTS)
    assert all(row.why and row.targets for row in DEFECTS)


def test_no_shipped_choice_but_that_of_image_folders_is_suspect():
    words = ["capability=[evaluate,robustness,data_quality,shift]", "exclude=[]", "rerun=missing"]
    choices = {
        axis: [p.stem for p in (ROOT / "conf" / axis).glob("*.yaml") if "???" not in p.read_text()]
        for axis in ("dataset", "model", "metric")
    }
    made = plan([*words, *(f"{axis}=[{','.join(names)}]" for axis, names in choices.items())])
    from sweeper.planning.fingerprint import canonical_text

    assert len(made.items) > 300
    assert {of_spec(canonical_text(item.combination), OLD) for item in made.items} == {None}


# In a store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """The same by two versions: single files of both, and rows that were merged."""
    store = open_store(tmp_path / "store")
    texts = {"sound": SOUND[0], "suspect": spec(OWN_DATA, OWN_MODEL)}
    for name, text in texts.items():
        for version in (OLD, __version__):
            record(store, f"{name} {version}", 1.0, spec=text, sweeper_version=version)
    return store


@pytest.mark.parametrize("state", ["single files", "merged", "waiting"])
def test_results_carry_the_reason_as_their_caveat(tmp_path: Path, state: str):
    store = open_store(tmp_path / "store")
    for name, text in {"sound": SOUND[0], "suspect": spec(OWN_DATA, OWN_MODEL)}.items():
        for version in (OLD, __version__):
            wait = state == "waiting"
            record(store, f"{name} {version}", 1.0, spec=text, sweeper_version=version, may_wait=wait)
    if state == "merged":
        store.compact(grace_s=0)
    said = {row["capability"]: row["caveat"] for row in store.results().to_pylist()}
    assert set(said) == {f"{name} {version}" for name in ("sound", "suspect") for version in (OLD, __version__)}
    reason = said.pop("suspect 0.1.0")
    assert reason is not None
    assert reason.startswith("suspect: ")
    assert set(said.values()) == {None}


def test_a_newer_result_of_the_same_combination_is_not_suspect(tmp_path: Path):
    store = open_store(tmp_path / "store")
    text = spec(OWN_DATA, OWN_MODEL)
    record(store, "x", 1.0, spec=text, sweeper_version=OLD)
    record(store, "x", 2.0, spec=text, sweeper_version=__version__, second=5)
    assert [(row["value"], row["caveat"]) for row in store.results().to_pylist()] == [(2.0, None)]


def test_the_version_is_in_the_name_of_a_file_so_that_only_older_ones_are_opened(
    store: Store, monkeypatch: pytest.MonkeyPatch
):
    from sweeper.store import sealed

    opened: list[str] = []
    real = sealed.opened
    monkeypatch.setattr(sealed, "opened", lambda *a: (opened.append(a[2]), real(*a))[1])
    folder = Path(store.uri, "attempts")
    for path in [*folder.glob(f"*_v{OLD}.parquet")]:  # as sweeper 0.1 wrote and called its files
        data = io.BytesIO()
        pq.write_table(pq.ParquetFile(path).read(), data)
        began, own, _, *rest = path.name.replace(f"_v{OLD}", "").split("_")
        (folder / "_".join([began, own, str(data.tell()), *rest])).write_bytes(data.getvalue())
        path.unlink()
    keys = [fingerprint(f"{name} {version}") for name in ("sound", "suspect") for version in (OLD, __version__)]
    known = store.attempt_states(keys, versions=lambda: [keys[2], keys[3]])
    assert [known[key].sweeper_version for key in keys] == [None, __version__, OLD, __version__]
    assert all(state.completed for state in known.values())
    assert len(opened) == 1
    opened.clear()
    store.attempt_states(keys, versions=lambda: [keys[1], keys[3]])
    assert opened == []


# From the command line


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Images in class folders, and a sweep over them and the digits as version 0.1.0 would have left it."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    for label in ("cat", "dog"):
        (tmp_path / "images" / label).mkdir(parents=True)
        for index in range(6):
            pixels = random.integers(0, 255, (8, 8), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "images" / label / f"{index}.png")
    return tmp_path


GRID = [
    "capability=[data_quality,evaluate]",
    "dataset=[digits,image_folder]",
    "dataset.image_folder.root=./images",
    "exclude=[{capability: evaluate, dataset: image_folder}]",
    "model=[naive_bayes]",
    "metric=[accuracy]",
    "job_backend.kind=inline",
]


def typed(*argv: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    return run_command(argv, out, err), out.getvalue(), err.getvalue()


def decided(*more: str) -> dict[str, tuple[str, str]]:
    status, out, err = typed("plan", *GRID, "--json", *more)
    assert status == 0, err
    return {
        "+".join([c["capability"], *c["datasets"]]): (c["decision"], c["reason"])
        for c in json.loads(out)["combinations"]
    }


def as_of(version: str, store: Path) -> None:
    """Let the attempts of a store be of another version, named as that named them."""
    import pyarrow as pa

    from sweeper.store.attempt_names import attempt_name, parse
    from sweeper.store.parquet import encode

    for path in list((store / "attempts").glob("[1-9]*.parquet")):
        table = pq.read_table(path)
        place = table.column_names.index("sweeper_version")
        table = table.set_column(place, "sweeper_version", pa.array([version] * len(table)))
        data = encode(table).to_pybytes()
        path.unlink()
        if (said := parse(path.name)) is not None:
            path = path.with_name(attempt_name(len(data), said.status, said.fingerprint))
        path.write_bytes(data)


@pytest.mark.parametrize("merged", [False, True])
def test_missing_runs_suspects_again_and_then_they_are_sound(folder: Path, merged: bool):
    assert typed(*GRID)[0] == 0
    assert {decision for decision, _ in decided("rerun=missing").values()} == {"skip"}
    store = folder / "analytics_store"
    as_of(OLD, store)
    if merged:
        open_store(store).compact(grace_s=0)
    found = decided("rerun=missing")
    assert found["data_quality+digits"] == found["evaluate+digits"] == ("skip", "completed")
    decision, reason = found["data_quality+image_folder"]
    assert (decision, reason.split(":")[0]) == ("run", "suspect")
    assert "16 bits" in reason
    assert decided("rerun=failed")["data_quality+image_folder"][0] == "skip"
    caveats = {row["dataset"]: row["caveat"] for row in open_store(store).results().to_pylist()}
    assert caveats["digits"] is None
    assert "16 bits" in caveats["image_folder"]
    status, out, _ = typed(*GRID, "rerun=missing", "--json")
    document = json.loads(out)
    assert (status, document["plan"]["run"], document["counts"]["completed"]) == (0, 1, 1)
    assert {decision for decision, _ in decided("rerun=missing").values()} == {"skip"}
    assert {row["caveat"] for row in open_store(store).results().to_pylist()} == {None}


def test_a_suspect_is_never_the_best_and_says_why_in_terminal_and_report(folder: Path):
    shutil.copytree(ROOT / "examples" / "own_parts", folder / "own")
    words = [
        *("--config-dir", str(folder / "own" / "conf"), "--config-name", "my_sweep"),
        *("capability=[evaluate]", "model=[gradient]", "+model.other={_base_: gradient, sharpness: 1.0}"),
        *("metric=[accuracy]", "job_backend.kind=inline"),
    ]
    import sys

    sys.path.insert(0, str(folder / "own"))
    try:
        status, out, err = typed(*words)
        assert status == 0, err
        as_of(OLD, folder / "analytics_store")
        status, out, err = typed(*words, "rerun=failed")
    finally:
        sys.path.remove(str(folder / "own"))
    assert status == 0, err
    assert "suspect: " in out
    table = out.partition("suspect: ")[0]
    assert "*" not in table
    assert typed("report", "--output", "report.html")[0] == 0
    assert "suspect: " in Path("report.html").read_text()


def test_attempts_without_a_version_are_not_suspect(tmp_path: Path):
    store = open_store(tmp_path / "store")
    record(store, "x", 1.0, spec=spec(OWN_DATA, OWN_MODEL))
    assert attempt("x").sweeper_version == ""
    assert [row["caveat"] for row in store.results().to_pylist()] == [None]
