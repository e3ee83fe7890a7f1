"""A capability whose runs and records are what a test asks for, importable by workers."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np

SURROGATES = "caf\udce9"
"""What Python makes of the name of a file that is no UTF-8."""
ESCAPED = "caf\\udce9"


class Loose:
    """A record with no declared columns: what it is made of."""

    table_name = "loose"

    def __init__(self, run_uid: Any, values: Mapping[str, Any]) -> None:
        self.run_uid = run_uid
        self.created_at = datetime(2026, 1, 1, tzinfo=UTC)
        self._values = values

    def model_dump(self) -> dict[str, Any]:
        return {"run_uid": self.run_uid, "created_at": self.created_at, **self._values}


@dataclass
class Run:
    """What `Recorded` returns."""

    run_uid: Any
    values: list[dict[str, Any]]
    capability_id: str = "recorded"
    metadata: list[dict[str, Any]] = field(default_factory=list)

    def extract(self) -> list[Loose]:
        return [Loose(self.run_uid, values) for values in self.values]


class Recorded:
    """A capability that records these values; its run number `bad` has the `run_uid` that is asked for."""

    id = "recorded"

    def __init__(self, values: Any = (), number: int = 0, bad: int = -1, uid: Any = None, error: str = "") -> None:
        self._values, self._error = values, error
        self._uid = uid if number == bad else uuid.uuid4().hex
        self._number = number

    def run(self, models: Any, datasets: Any, metrics: Any, config: Any, use_cache: bool) -> Run:
        if self._error == "surrogates":
            raise ValueError(f"no such file: {SURROGATES}.png")
        return Run(self._uid, [dict(row) for row in self._values] or [{"value": float(self._number)}])


class Scalars:
    """Values as numpy gives them, and one that no encoding has."""

    id = "recorded"

    def run(self, models: Any, datasets: Any, metrics: Any, config: Any, use_cache: bool) -> Run:
        row = {
            "f32": np.float32(0.5),
            "i64": np.int64(3),
            "yes": np.bool_(True),
            "cell": np.array(0.25),
            "text": np.str_("a"),
            "name": SURROGATES,
            SURROGATES: 1,
            "a.b": 2.0,
        }
        return Run(uuid.uuid4().hex, [row])
