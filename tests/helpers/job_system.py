"""A job system under the contract of its page: `sweeper.jobs` or `checkmaite.jobs`, with parts that both take."""

from __future__ import annotations

import itertools
import sys
import time
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

LIMIT_S = 300.0
"""What takes longer than this hangs. This module travels to workers by value, so it imports no other helper."""
LARGE = "x" * 400_000


@contextmanager
def parts_by_value() -> Generator[None]:
    """Let the parts of this module travel to workers by value, as those of a notebook do."""
    from ray import cloudpickle

    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    yield
    cloudpickle.unregister_pickle_by_value(sys.modules[__name__])


def until(condition: Any) -> None:
    """Wait until a condition holds; one that never does fails."""
    gives_up = time.monotonic() + LIMIT_S
    while not condition():
        assert time.monotonic() < gives_up, "what was waited for did not happen"
        time.sleep(0.02)


def row_class(theirs: bool) -> Any:
    """The class of rows, made where it is used: a worker of the one system need not have the other."""
    if theirs:
        from checkmaite.core.analytics_store import BaseRecord as Base
    else:
        from sweeper.records import Record as Base
    return type(
        "Row", (Base,), {"__annotations__": {"value": float}, "__module__": __name__}, table_name="contract_rows"
    )


@dataclass
class Run:
    """What the capability returns."""

    theirs: bool
    values: list[float]
    report: str | None
    run_uid: str = field(default_factory=lambda: uuid.uuid4().hex)
    capability_id: str = "contract"
    dataset_metadata: list[Any] = field(default_factory=lambda: [{"id": "data"}])
    model_metadata: list[Any] = field(default_factory=list)
    metric_metadata: list[Any] = field(default_factory=list)

    def extract(self) -> list[Any]:
        row = row_class(self.theirs)
        return [row(run_uid=self.run_uid, value=value) for value in self.values]

    def collect_md_report(self, threshold: float) -> Any:
        if self.report is None:
            raise NotImplementedError
        text = self.report.replace("{threshold}", str(threshold))
        if not self.theirs:
            return SimpleNamespace(content=text, media_type="text/markdown", filename="report.md")
        from checkmaite.core.report import InlineTextReport

        return InlineTextReport(content=text, media_type="text/markdown", filename="report.md")


class TwoPartsError(Exception):
    """An error whose pickle cannot be opened."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(f"{first} {second}")


class Does:
    """A capability that says that it began, waits for leave, raises or measures what it is told to."""

    id = "contract"

    def __init__(self, theirs: bool, **does: Any) -> None:
        self.theirs, self.does = theirs, does

    def run(
        self,
        models: Any = None,
        datasets: Any = None,
        metrics: Any = None,
        config: Any = None,
        use_cache: bool = False,
        scale: float = 1.0,
    ) -> Run:
        does = self.does
        if "started" in does:
            Path(does["started"]).touch()
        if "sleeps" in does:
            time.sleep(does["sleeps"])
        if "go" in does:
            until(Path(does["go"]).exists)
        if "raises" in does:
            raise does["raises"]
        if "says" in does:
            raise TwoPartsError(*does["says"])
        values = does.get("values", [1.0])
        if does.get("looks"):
            said = (models, datasets, metrics)
            values = [float(len(parts or ())) for parts in said] + [float(use_cache), float(config["x"])]
        return Run(self.theirs, [value * scale for value in values], does.get("report"))


@dataclass
class System:
    """One system, configured anew for each sentence of its contract."""

    name: str
    jobs: ModuleType
    kind: str
    folder: Path
    numbers: Any = field(default_factory=itertools.count)

    @property
    def theirs(self) -> bool:
        return self.name == "checkmaite"

    @property
    def on_ray(self) -> bool:
        return self.kind != "inline"

    @property
    def uri(self) -> str:
        return str(self.folder / "store")

    def configure(self, **kwargs: Any) -> None:
        stores = {"analytics_store": {"backend": "parquet", "uri": self.uri}}
        stores |= {"artifact_store": {"uri": str(self.folder / "artifacts")}}
        self.jobs.configure_job_backend(self.kind, **(stores | kwargs))

    def does(self, **does: Any) -> Does:
        return Does(self.theirs, **does)

    def submit(self, does: dict[str, Any] | None = None, /, **kwargs: Any) -> Any:
        return self.jobs.submit_capability(self.does(**(does or {})), **kwargs)

    def ended(self, does: dict[str, Any] | None = None, /, **kwargs: Any) -> Any:
        job = self.submit(does, **kwargs)
        assert job.wait(LIMIT_S).is_terminal
        return job

    def path(self, name: str) -> Path:
        return self.folder / f"{name}{next(self.numbers)}"

    def held(self, **does: Any) -> Held:
        return Held(self, **does)

    def values(self, table: str = "contract_rows", column: str = "value") -> list[Any]:
        """What the store holds, read as anybody reads it: the Parquet files of a folder."""
        import pyarrow.parquet as pq

        files = sorted((self.folder / "store" / table).rglob("*.parquet"))
        found = [row for file in files for row in pq.ParquetFile(file).read().to_pylist()]
        return [row[column] for row in found]


class Held:
    """A job that cannot end before it is let go."""

    def __init__(self, system: System, **does: Any) -> None:
        self.started, self.go = system.path("started"), system.path("go")
        self.job = system.submit({"started": str(self.started), "go": str(self.go), **does})

    def wait_for_start(self) -> None:
        until(lambda: self.started.exists() or self.job.status.is_terminal)
        assert self.started.exists(), self.job.exception()

    def let_go(self) -> Any:
        self.go.touch()
        assert self.job.wait(LIMIT_S).is_terminal
        return self.job
