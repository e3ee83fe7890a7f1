"""Multi-object tracking by checkmaite's evaluation, through a sweep's worker, with a tracker of known quality."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("checkmaite", reason="needs the extra: pip install 'sweeper[checkmaite]'")

from checkmaite_parts import maker

from sweeper.checkmaite import adapted

FRAMES = 12


class Perfect:
    """Finds the example's three digits where they are; in every second frame it misses one."""

    def __init__(self) -> None:
        self.metadata = {"id": "perfect-but-one", "index2label": {1: "digit"}}

    def __call__(self, batch: Any) -> list[Any]:
        return [SimpleNamespace(frame_tracks=[_frame(n) for n, _ in enumerate(stream)]) for stream in batch]


def _frame(number: int) -> Any:
    tracks = [0, 1] if number % 2 else [0, 1, 2]
    boxes = np.array([[2 * number + t, t * 24, 2 * number + t + 24, t * 24 + 24] for t in tracks], np.float32)
    return SimpleNamespace(
        boxes=boxes, labels=np.ones(len(tracks), int), scores=np.ones(len(tracks)), track_ids=np.array(tracks) + 1
    )


def test_a_tracker_that_misses_one_of_six_boxes_scores_five_sixths(tmp_path: Path) -> None:
    from checkmaite.core.multiobject_tracking import MaiteEvaluation, load_mot_dataset
    from checkmaite.core.multiobject_tracking.metrics import clear_mot_metrics_factory

    made = maker()
    made.write_track(tmp_path, made.split_digits()[1], frames=FRAMES)
    dataset = load_mot_dataset(str(tmp_path), "motchallenge")
    run = adapted(MaiteEvaluation()).run([Perfect()], [dataset], [clear_mot_metrics_factory()], {"batch_size": 1})
    values = {row.output_key: row.output_value for row in run.extract()}
    assert values["mota"] == pytest.approx(5 / 6)
    assert values["num_switches"] == 0
