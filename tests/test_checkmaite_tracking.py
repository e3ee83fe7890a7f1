"""Multi-object tracking by checkmaite, as a sweep of the shipped choices, with a tracker of known quality."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("checkmaite", reason="needs the extra: pip install 'sweeper[checkmaite]'")

from checkmaite_parts import maker

import sweeper


def test_a_tracker_that_misses_one_of_six_boxes_scores_five_sixths(tmp_path: Path) -> None:
    made = maker()
    made.write_track(tmp_path / "track", made.split_digits()[1])
    result = sweeper.sweep(
        [
            "capability=[checkmaite/mot_evaluation]",
            "dataset=[checkmaite/mot]",
            "metric=[checkmaite/mot_clear]",
            "model=[]",
            f"dataset.checkmaite.mot.root={tmp_path / 'track'}",
            "+model.tracker={_target_: checkmaite_parts.PerfectButOne, _sweep_: {task: multiobject_tracking}}",
            "job_backend.kind=inline",
            f"analytics_store.uri={tmp_path / 'store'}",
        ],
        progress=False,
    )
    assert result.failures == ()
    values = {row["key"]: row["value"] for row in result.rows}
    assert values["mota"] == pytest.approx(5 / 6)
    assert values["num_switches"] == 0
