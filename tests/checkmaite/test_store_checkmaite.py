"""One store, both packages: each reads, plans against and writes to what the other one wrote."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from patience import LIMIT_S
from reader_parts import Rows, assert_all_equal, in_order, reads

import sweeper
from sweeper.store import open_store

pytest.importorskip("checkmaite", reason="needs the extra: pip install '.[checkmaite]'")
pytestmark = pytest.mark.usefixtures("ray_session")

ESTIMATORS = {
    "bayes": {"_target_": "sklearn.naive_bayes.GaussianNB"},
    "near": {"_target_": "sklearn.neighbors.KNeighborsClassifier", "n_neighbors": 3},
}
LOADER = "checkmaite.core.image_classification.dataset_loaders.load_yolo_classification_dataset"
BATCH = 20
TABLES = {
    "maite_evaluation": ("run_uid", "dataset_id", "model_id", "metric_id", "output_key", "output_value", "class_name"),
    "runs": ("run_uid", "capability_id", "entity_type", "entity_id", "user_id", "backend", "run_event_id"),
    "attempts": ("attempt_id", "fingerprint", "model", "status", "error_type", "payload_table", "result_run_uid"),
}
VALUES = "SELECT model_id, output_value FROM maite_evaluation"


@dataclass(frozen=True)
class Live:
    """What is evaluated as objects, and what checkmaite's own capability gives for each model without any store."""

    folder: Path
    dataset: Any
    models: dict[str, Any]
    metric: Any
    expected: dict[str, float]


@dataclass(frozen=True)
class Shared:
    """A store, and both ways to write into it; `written` counts the runs of each side."""

    uri: str
    live: Live
    written: dict[str, list[str]] = field(default_factory=lambda: {"theirs": [], "ours": []})

    def theirs(self, *models: str) -> list[Any]:
        """By checkmaite's ray-simple; what its jobs return."""
        from checkmaite import jobs
        from checkmaite.core.image_classification import MaiteEvaluation, MaiteEvaluationConfig

        config = MaiteEvaluationConfig(batch_size=BATCH)
        common: dict[str, Any] = {"datasets": [self.live.dataset], "metrics": [self.live.metric], "config": config}
        submitted = [
            jobs.submit_capability(MaiteEvaluation(), models=[self.live.models[name]], **common) for name in models
        ]
        self.written["theirs"] += models
        return [job.result(timeout=LIMIT_S) for job in submitted]

    def ours(self, *models: str, rerun: str = "all") -> sweeper.SweepResult:
        """By a sweep over the same parts, each described by a config."""
        result = sweeper.sweep(self.overrides(models, rerun), progress=False)
        assert result.exit_status == 0, result.failures
        self.written["ours"] += [item.combination.models[0].name for item in result.plan.to_run]
        return result

    def plan(self, *models: str) -> dict[str, bool]:
        """Which models a sweep of what is missing would run."""
        planned = sweeper.plan(self.overrides(models, "missing"))
        return {item.combination.models[0].name: item.run for item in planned.items}

    def overrides(self, models: Sequence[str], rerun: str) -> list[str]:
        root = f"root_dir: {self.live.folder}"
        train = f"{{_target_: {LOADER}, {root}, split: train}}"
        made = [f"+model.{name}={_classifier(name, train)}" for name in models]
        return [
            "capability=[checkmaite/ic_evaluation]",
            f"capability.checkmaite.ic_evaluation.config.batch_size={BATCH}",
            "dataset=[]",
            f"+dataset.digits={{_base_: checkmaite/yolo_classification, {root}}}",
            "model=[]",
            *made,
            "metric=[checkmaite/ic_accuracy]",
            "part.checkmaite.classes.number=10",
            f"analytics_store.uri={self.uri}",
            f"rerun={rerun}",
        ]

    def query(self, sql: str) -> Rows:
        """What checkmaite's own store answers."""
        return in_order(self.their_store.query_sql(sql).rows())

    @property
    def their_store(self) -> Any:
        from checkmaite.core.analytics_store import AnalyticsStore, ParquetBackend

        return AnalyticsStore(ParquetBackend(self.uri))

    def values(self, *models: str) -> Rows:
        """Model and value of as many runs."""
        return in_order([(self.live.models[name].metadata["id"], self.live.expected[name]) for name in models])


def _classifier(name: str, train: str) -> str:
    estimator = ", ".join(f"{key}: {value}" for key, value in ESTIMATORS[name].items())
    return (
        f"{{_target_: sweeper.models.SklearnClassifier, estimator: {{{estimator}}}, train: {train}, "
        "_sweep_: {task: image_classification}}"
    )


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Live:
    from checkmaite.core.image_classification import MaiteEvaluation, MaiteEvaluationConfig
    from checkmaite.core.image_classification.dataset_loaders import load_yolo_classification_dataset
    from checkmaite.core.image_classification.metrics import accuracy_multiclass_torch_metric_factory
    from checkmaite_parts import maker
    from hydra.utils import instantiate

    from sweeper.models import SklearnClassifier

    folder, made = tmp_path_factory.mktemp("digits"), maker()
    for split, digits in zip(("train", "test"), made.split_digits(), strict=True):
        made.write_folders(folder / split, made.Digits(digits.images[::4], digits.labels[::4]))
    dataset, train = (load_yolo_classification_dataset(str(folder), split=split) for split in ("test", "train"))
    models = {name: SklearnClassifier(instantiate(spec), train) for name, spec in ESTIMATORS.items()}
    metric, config = accuracy_multiclass_torch_metric_factory(num_classes=10), MaiteEvaluationConfig(batch_size=BATCH)

    def direct(model: Any) -> float:
        run = MaiteEvaluation().run([model], [dataset], [metric], config, use_cache=False)
        (row,) = run.extract()
        return row.output_value

    expected = {name: direct(model) for name, model in models.items()}
    assert len(set(expected.values())) == len(expected)  # otherwise a mix-up would not show
    return Live(folder, dataset, models, metric, expected)


@pytest.fixture
def shared(live: Live, tmp_path: Path) -> Iterator[Shared]:
    from checkmaite import jobs

    uri = str(tmp_path / "store")
    jobs.configure_job_backend(
        "ray-simple", analytics_store={"uri": uri}, artifact_store={"uri": str(tmp_path / "artifacts")}
    )
    yield Shared(uri, live)
    jobs.shutdown_job_backend(wait=False)


def test_checkmaite_reads_what_a_sweep_wrote(shared: Shared) -> None:
    result = shared.ours("bayes", "near")
    theirs = shared.their_store
    assert sorted(theirs.list_tables()) == ["attempts", "maite_evaluation", "runs"]
    assert theirs.describe_table("maite_evaluation")["output_value"] == "Float64"
    assert shared.query(VALUES) == shared.values("bayes", "near")
    joined = (
        "SELECT m.model_id, m.output_value FROM maite_evaluation m JOIN runs r ON m.run_uid = r.run_uid "
        "WHERE r.entity_type = 'dataset'"
    )
    assert shared.query(joined) == shared.values("bayes", "near")
    done = shared.query("SELECT fingerprint FROM attempts WHERE status = 'completed'")
    assert {key for (key,) in done} == {item.fingerprint for item in result.plan.items}
    uid = result.store.table("maite_evaluation")["run_uid"][0].as_py()
    assert Path(theirs.get_run_uri(uid)).parent == Path(shared.uri, "maite_evaluation")


def test_a_sweep_reads_plans_and_runs_against_what_checkmaite_wrote(shared: Shared) -> None:
    shared.theirs("bayes", "near")
    store = open_store(shared.uri)
    assert store.tables() == ["maite_evaluation", "runs"]
    assert in_order([tuple(row.values()) for row in store.sql(VALUES).to_pylist()]) == shared.values("bayes", "near")
    entities = [row["entity_type"] for row in store.table("runs").to_pylist()]
    assert sorted(entities) == ["dataset"] * 2 + ["metric"] * 2 + ["model"] * 2
    assert len(store.results()) == len(store.attempts()) == 0  # these runs belong to no combination of a sweep
    assert store.check().sound

    assert shared.plan("bayes", "near") == {"bayes": True, "near": True}
    assert shared.ours("bayes", rerun="missing").counts["completed"] == 1
    assert shared.plan("bayes", "near") == {"bayes": False, "near": True}
    result = shared.ours("bayes", "near", rerun="missing")
    assert (result.counts["completed"], len(result.plan.items)) == (1, 2)
    assert {row["model"]: row["value"] for row in result.rows} == shared.live.expected
    assert result.shared_ids == []
    assert shared.plan("bayes", "near") == {"bayes": False, "near": False}

    assert store.compact(grace_s=0).merged["maite_evaluation"] == 4
    assert store.check().sound
    assert {row["model"]: row["value"] for row in store.results().to_pylist()} == shared.live.expected
    assert shared.plan("bayes", "near") == {"bayes": False, "near": False}


def test_both_write_in_turns_and_every_reader_sees_all_before_and_after_a_merge(shared: Shared) -> None:
    shared.theirs("bayes")
    shared.ours("bayes")
    shared.ours("near")
    (found,) = shared.theirs("near")
    assert found.store_uri  # its payload was there already: checkmaite keeps one of each run, and finds ours
    payload = ["bayes", "bayes", "near"]
    assert_both_read(shared, payload)

    open_store(shared.uri).compact(grace_s=0)
    assert_both_read(shared, payload)

    shared.theirs("bayes", "near")
    shared.ours("near")
    assert_both_read(shared, [*payload, "near"])
    assert open_store(shared.uri).check().sound


def assert_both_read(shared: Shared, payload: list[str]) -> None:
    """Every reader finds payload rows of these models, `runs` rows of all runs of either side, and attempts of ours."""
    store, runs = open_store(shared.uri), [*shared.written["theirs"], *shared.written["ours"]]
    assert shared.query(VALUES) == shared.values(*payload)
    assert in_order([tuple(row.values()) for row in store.sql(VALUES).to_pylist()]) == shared.values(*payload)
    assert {row["model"]: row["value"] for row in store.results().to_pylist()} == shared.live.expected
    counts = {"maite_evaluation": len(payload), "runs": 3 * len(runs), "attempts": len(shared.written["ours"])}
    for table, columns in TABLES.items():
        theirs = {"checkmaite": shared.query(f"SELECT {', '.join(columns)} FROM {table}")}
        assert_all_equal({**reads(shared.uri, table, columns), **theirs}, counts[table])


JOINED = (
    "SELECT p.model_id, p.output_value FROM maite_evaluation p JOIN runs r ON p.run_uid = r.run_uid "
    "WHERE r.entity_type = 'dataset'"
)
"""As checkmaite's users join."""


def test_after_reruns_an_export_and_the_documented_query_have_each_run_once(shared: Shared, tmp_path: Path) -> None:
    from sweeper.store.latest import export_latest

    for _ in range(2):
        shared.ours("bayes")
    shared.ours("near")
    page = Path(__file__).parents[2] / "docs" / "reading-results.md"
    (documented,) = re.findall(r"says which of them is the newest.*?```sql\n(.*?)```", page.read_text(), re.DOTALL)
    assert len(shared.query(JOINED)) > 2
    values = shared.values("bayes", "near")
    assert in_order([(row[0], row[-1]) for row in shared.query(documented)]) == values

    shared.theirs("bayes", "near")  # a run of theirs beside one of ours
    source, target = open_store(shared.uri), open_store(tmp_path / "latest")
    export_latest(source.files, target.files)
    latest = Shared(target.uri, shared.live)
    assert latest.query(JOINED) == latest.query(VALUES) == values
    assert latest.query("SELECT count(*) AS n FROM runs") == [(6,)]
    assert target.check().sound


def test_an_export_of_what_checkmaite_alone_wrote_has_each_run_once(shared: Shared, tmp_path: Path) -> None:
    from sweeper.store.latest import export_latest

    shared.theirs("bayes", "near")
    shared.theirs("bayes")
    target = open_store(tmp_path / "latest")
    export_latest(open_store(shared.uri).files, target.files)
    latest = Shared(target.uri, shared.live)
    assert latest.query(JOINED) == latest.query(VALUES) == shared.values("bayes", "near")


@pytest.mark.parametrize("kind", ["inline", "ray-simple"])
def test_objects_of_checkmaite_are_swept_as_they_are(shared: Shared, kind: str) -> None:
    from checkmaite.core.image_classification import MaiteEvaluation

    live = shared.live
    result = sweeper.sweep(
        [f"analytics_store.uri={shared.uri}", f"job_backend.kind={kind}"],
        capability={"evaluation": sweeper.Live(MaiteEvaluation(), config={"batch_size": BATCH})},
        dataset={"digits": live.dataset},
        model=live.models,
        metric={"accuracy": live.metric},
        progress=False,
    )
    assert result.exit_status == 0, result.failures
    assert {row["model"]: row["value"] for row in result.rows} == live.expected


def test_checkmaite_keeps_one_row_of_a_mapping_beside_what_a_sweep_wrote(shared: Shared) -> None:
    """It leaves out what is stored only where it can read the whole table; otherwise it stores again without a word."""
    from checkmaite.core.image_classification import MaiteEvaluation, MaiteEvaluationConfig

    live, config = shared.live, MaiteEvaluationConfig(batch_size=BATCH)
    run = MaiteEvaluation().run([live.models["near"]], [live.dataset], [live.metric], config, use_cache=False)
    shared.their_store.write([run])
    shared.ours("bayes")
    for _ in range(2):
        shared.their_store.write([run])
        assert len(open_store(shared.uri).table("runs")) == 6
        assert len(open_store(shared.uri).table("maite_evaluation")) == 2
        open_store(shared.uri).compact(grace_s=0)
