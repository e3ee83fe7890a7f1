"""What must be known beside a value travels from the inference and the run into `attempts.warnings`."""

from __future__ import annotations

from pathlib import Path

import pytest

import sweeper
from sweeper.worker.inferred import Inference


@pytest.mark.parametrize("kind", ["inline", "ray-simple"])
def test_warnings_of_a_run_are_stored_with_its_attempt(tmp_path: Path, kind: str, request: pytest.FixtureRequest):
    if kind == "ray-simple":
        request.getfixturevalue("ray_session")
    said = {"_target_": "check_parts.Warned", "lines": ["first", "second", "first"], "_sweep_": NOTHING_NEEDED}
    result = sweeper.sweep(
        {
            "capability": {"warned": said, "quiet": {**said, "lines": []}},
            "dataset": {},
            "model": {},
            "metric": {},
            "analytics_store": {"uri": str(tmp_path)},
            "job_backend": {"kind": kind},
        },
        progress=False,
    )
    assert result.exit_status == 0
    rows = result.store.attempts().to_pylist()
    assert {row["capability"]: row["warnings"] for row in rows} == {"warned": "first\nsecond", "quiet": None}


def test_an_inference_says_nothing_unless_asked():
    assert Inference({}, {}, {}, 0.0).warnings == ()


NOTHING_NEEDED = {"arity": {"datasets": "ZERO", "models": "ZERO", "metrics": "ZERO"}}
