"""Models served by Ray Serve, evaluated by a sweep on the cluster that serves them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from small_ray import start_ray

pytest.importorskip("checkmaite", reason="needs the extra: pip install '.[checkmaite]'")

from checkmaite_parts import EXAMPLE, example_data

import sweeper

pytestmark = [
    pytest.mark.usefixtures("ray_session"),
    pytest.mark.filterwarnings("ignore:Using extra keyword arguments on `Field`"),  # of Ray Serve, when it is imported
]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return example_data(tmp_path_factory.getbasetemp())


@pytest.fixture(scope="module")
def served(data: Path) -> Iterator[dict[str, str]]:
    """Names of two Serve applications: the example's classifier and its detector."""
    from checkmaite.core.image_classification.models import OnnxICModel
    from checkmaite.core.object_detection.models import OnnxODModel
    from checkmaite.core.serving.rayserve import RayImageClassificationDeployment, RayObjectDetectionDeployment
    from ray import serve

    start_ray()
    serve.start(proxy_location="Disabled")  # handles need no HTTP
    deployments = {
        "digits": (RayImageClassificationDeployment, OnnxICModel),
        "cells": (RayObjectDetectionDeployment, OnnxODModel),
    }
    for name, (deployment, model) in deployments.items():
        files = {"weights_path": f"{data}/models/{name}.onnx", "config_path": f"{data}/models/{name}.json"}
        idle = deployment.options(ray_actor_options={"num_cpus": 0})
        serve.run(idle.bind(model, {**files, "device": "cpu"}), name=name, route_prefix=None)
    yield {"checkmaite/ic_rayserve": "digits", "checkmaite/od_rayserve": "cells"}
    serve.shutdown()


def test_a_served_model_scores_as_it_does_in_a_worker(data: Path, served: dict[str, str], tmp_path: Path) -> None:
    handles = [f"model.{model.replace('/', '.')}.handle.name={name}" for model, name in served.items()]
    result = sweeper.sweep(
        [
            f"data={data}",
            f"analytics_store.uri={tmp_path}",
            "job_backend.runtime_env=null",
            "capability=[checkmaite/ic_evaluation,checkmaite/od_evaluation]",
            "metric=[checkmaite/ic_accuracy,checkmaite/od_map50]",
            f"model=[{','.join(served)}]",
            *handles,
            "only=[{model: ['*rayserve', '*_onnx'], dataset: [digits, canvases]}]",
        ],
        progress=False,
        config_dir=str(EXAMPLE / "conf"),
        config_name="digits",
    )
    assert result.failures == ()
    scores = {row["model"]: row["value"] for row in result.rows}
    assert scores["checkmaite/ic_rayserve"] == pytest.approx(scores["mlp_onnx"], abs=1e-6)
    assert scores["checkmaite/od_rayserve"] == pytest.approx(scores["cells_onnx"], abs=1e-6)
