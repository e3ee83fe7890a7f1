"""checkmaite's own capability, dataset, model and metric objects, submitted as they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from patience import LIMIT_S

from sweeper import jobs

pytest.importorskip("checkmaite", reason="needs the extra: pip install '.[checkmaite]'")
pytestmark = pytest.mark.usefixtures("ray_session")


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A dataset read from image files, a torchvision model with weights of its own, and torchmetrics' accuracy."""
    import torch
    import torchvision
    from checkmaite.core.image_classification.dataset_loaders import load_yolo_classification_dataset
    from checkmaite.core.image_classification.metrics import accuracy_multiclass_torch_metric_factory
    from checkmaite.core.image_classification.models import TorchvisionICModel
    from PIL import Image

    folder = tmp_path_factory.mktemp("checkmaite")
    rng = np.random.default_rng(0)
    for label in ("cat", "dog"):
        (folder / "test" / label).mkdir(parents=True)
        for n in range(3):
            Image.fromarray(rng.integers(0, 255, (32, 32, 3), dtype=np.uint8)).save(
                folder / "test" / label / f"{n}.png"
            )
    torch.manual_seed(0)
    torch.save(torchvision.models.resnext50_32x4d(weights=None, num_classes=2).state_dict(), folder / "weights.pt")
    (folder / "config.json").write_text(json.dumps({"index2label": {"0": "cat", "1": "dog"}, "num_classes": 2}))
    return {
        "datasets": [load_yolo_classification_dataset(folder, dataset_id="cats-and-dogs")],
        "models": [
            TorchvisionICModel(
                model_name="resnext50_32x4d",
                device="cpu",
                weights_path=folder / "weights.pt",
                config_path=folder / "config.json",
                model_id="resnext",
            )
        ],
        "metrics": [accuracy_multiclass_torch_metric_factory(num_classes=2)],
    }


@pytest.fixture(params=["inline", "ray-simple"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    uri = str(tmp_path / "store")
    jobs.configure_job_backend(request.param, analytics_store={"backend": "parquet", "uri": uri})
    yield uri
    jobs.shutdown_job_backend(wait=False)


def test_a_checkmaite_capability_runs_unchanged_and_checkmaite_reads_its_rows(
    parts: dict[str, Any], store: str
) -> None:
    from checkmaite.core.analytics_store import AnalyticsStore, ParquetBackend
    from checkmaite.core.image_classification.maite_evaluation_capability import MaiteEvaluation

    capability = MaiteEvaluation()
    here = capability.run(**parts, use_cache=False)
    job = jobs.submit_capability(capability, **parts)
    ref = job.result(timeout=LIMIT_S)

    assert (ref.run_uid, ref.capability_id) == (here.run_uid, here.capability_id)
    assert isinstance(ref.report, jobs.Report)
    assert ref.report.content or ref.report.uri
    rows = (
        AnalyticsStore(ParquetBackend(store))
        .query_sql(
            "SELECT m.output_value, m.dataset_id, r.job_id, r.entity_type FROM maite_evaluation m "
            "JOIN runs r ON m.run_uid = r.run_uid ORDER BY r.entity_type"
        )
        .to_dicts()
    )
    expected = here.extract()[0].output_value
    assert [row["entity_type"] for row in rows] == ["dataset", "metric", "model"]
    assert {(row["output_value"], row["dataset_id"], row["job_id"]) for row in rows} == {
        (expected, "cats-and-dogs", job.job_id)
    }
