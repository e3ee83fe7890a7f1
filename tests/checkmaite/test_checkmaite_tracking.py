"""Multi-object tracking by checkmaite, as a sweep of the shipped choices, with a tracker of known quality."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("checkmaite", reason="needs the extra: pip install '.[checkmaite]'")

from checkmaite_parts import maker

import sweeper


def tracked(folder: Path, *model: str) -> dict[str, float]:
    """What checkmaite measures of one tracker on the example's video, by key."""
    made = maker()
    made.write_track(folder / "track", made.split_digits()[1])
    result = sweeper.sweep(
        [
            "capability=[checkmaite/mot_evaluation]",
            "dataset=[checkmaite/mot]",
            "metric=[checkmaite/mot_clear]",
            f"dataset.checkmaite.mot.root={folder / 'track'}",
            *model,
            "job_backend.kind=inline",
            f"analytics_store.uri={folder / 'store'}",
        ],
        progress=False,
    )
    assert result.failures == ()
    return {row["key"]: row["value"] for row in result.rows}


def test_a_tracker_that_misses_one_of_six_boxes_scores_five_sixths(tmp_path: Path) -> None:
    tracker = "+model.tracker={_target_: checkmaite_parts.PerfectButOne, _sweep_: {task: multiobject_tracking}}"
    values = tracked(tmp_path, "model=[]", tracker)
    assert values["mota"] == pytest.approx(5 / 6)
    assert values["num_switches"] == 0


def test_bytetrack_follows_what_a_detector_finds(tmp_path: Path) -> None:
    pytest.importorskip("trackers", reason="needs: pip install 'modelmaite[mot]'")
    detector = "model.checkmaite.bytetrack.detector={_target_: checkmaite_parts.CellDetector}"
    values = tracked(tmp_path, "model=[checkmaite/bytetrack]", detector)
    assert values["mota"] > 0.8
    assert values["num_switches"] == 0
