"""What travels from the driver to a worker: one request per capability run. Plain, frozen, picklable."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from sweeper.checks.rules import DEFAULTS, Rules
from sweeper.common.pickled_once import PickledOnce
from sweeper.messages.bounds import Bounds, current

_NONE: Mapping[str, object] = {}


@dataclass(frozen=True)
class ObjectSpec(PickledOnce):
    """An object that is built where it is used: a resolved `_target_` mapping and its identity."""

    target: Mapping[str, object]
    digest: str
    """SHA-256 of the canonical JSON of `target`."""
    name: str = ""
    files: str = ""
    """Names and contents of the files that the spec names; empty where it names none."""
    code: str = ""
    """Digest of the user's own modules that the spec runs; empty where all are installed."""
    folder: str = ""
    """The driver's working folder, where the spec names relative paths."""

    @property
    def key(self) -> str:
        """What a worker keeps the built object under."""
        if not (self.code or self.folder or self.files):  # most, and it is asked for several times in each run
            return self.digest
        return " ".join(filter(None, (self.digest, self.code, self.folder, self.files)))


class PackedObject(ABC):
    """A live object packed for its way to a worker."""

    key: str
    """Identity of the object that was packed: equal keys open to equal objects."""

    @abstractmethod
    def unpack(self) -> object:
        """A fresh copy of what was packed."""


@dataclass(frozen=True)
class AttemptInfo:
    """What the `attempts` row of this submission says before it ran; a job outside a sweep has none."""

    attempt_id: str
    fingerprint: str
    sweep_id: str
    sweep_name: str
    capability: str
    dataset: str
    """Names of the choices, joined by `" + "` where there are several, empty where the axis is not crossed."""
    model: str
    metric: str
    spec: str
    """The resolved specs as canonical JSON, as they were hashed."""
    sweeper_version: str = ""
    code_revision: str | None = None
    data_revision: str | None = None
    libraries_revision: str | None = None
    working_folder: str | None = None
    """Absolute folder that relative paths in the specs were resolved in."""
    number: int = 1
    """1 for the first submission of a combination in this sweep, counted up by retries."""


PROCESS, MACHINE = "process", "machine"
"""What a run that was recorded outlives: the process that wrote it, or also the machine."""


@dataclass(frozen=True)
class StoreLocation(PickledOnce):
    """Where an analytics store is. `storage_options` may hold secrets, so they are in no repr."""

    uri: str
    storage_options: Mapping[str, object] = field(default_factory=dict[str, object], repr=False)
    durability: str = PROCESS

    @cached_property
    def key(self) -> str:
        """What a worker keeps the opened store under."""
        return repr((self.uri, self.durability, sorted(self.storage_options.items())))


@dataclass(frozen=True)
class Provenance:
    """The flat provenance columns of `runs`; all optional. Times are timezone-aware UTC."""

    user_id: str | None = None
    workspace_id: str | None = None
    job_id: str | None = None
    backend: str | None = None
    submitted_at: datetime | None = None
    completed_at: datetime | None = None
    environment: str | None = None
    executor: str | None = None
    cluster_id: str | None = None
    request_id: str | None = None
    run_event_id: str | None = None

    def of_job(self, *, job_id: str, backend: str, submitted_at: datetime, completed_at: datetime) -> Provenance:
        """The same for one job that has ended; its id is also the key of the event in the run history."""
        return replace(
            self,
            job_id=job_id,
            run_event_id=job_id,
            backend=backend,
            submitted_at=submitted_at,
            completed_at=completed_at,
        )


@dataclass(frozen=True)
class RunRequest:
    """One capability run. Every part is a live object, an `ObjectSpec` or `PackedObject`."""

    capability: object
    datasets: tuple[object, ...]
    models: tuple[object, ...]
    metrics: tuple[object, ...]
    config: object
    store: StoreLocation
    provenance: Provenance
    attempt: AttemptInfo | None = None
    log_dir: str | None = None
    """Local folder for what this run prints; `None` leaves stdout and stderr alone."""
    boot_id: str | None = None
    """Boot of the driver, where it flushes journals: on the same one, rows of quick runs may wait in them."""
    report_threshold: float | None = None
    """Handed to the run's `collect_md_report`; `None` asks for no report."""
    extra: Mapping[str, object] = field(default_factory=lambda: _NONE)
    """Further keyword arguments of this capability's `run`."""
    rules: Rules = DEFAULTS
    """What the choices allow of what the parts return."""
    bounds: Bounds = field(default_factory=current)
    newest_seen: datetime | None = None
    """The newest time in the store when the sweep was planned; what is submitted now is later, whatever clocks say."""
    artifacts: StoreLocation | None = None
    """Where a report goes that is too large for the receipt; `None` for a folder of the store."""


@dataclass(frozen=True)
class PredictionCacheEntry:
    """Where predictions are kept beyond their sweep, and under which key: everything that they depend on, hashed."""

    store: StoreLocation
    key: str


OUTCOME_COLUMNS = (
    *("inference_id", "condition", "datum_id"),
    *("label", "prediction", "boxes", "boxes_found", "confidence", "log_loss", "brier"),
)
"""The columns that every table by datum has; those of metadata have other names."""


@dataclass(frozen=True)
class OutcomesRequest:
    """Where the table by datum of an inference goes, and which keys of the metadata of each datum are columns of it."""

    store: StoreLocation
    keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class InferenceRequest:
    """One inference pass: what a capability will read of a model on a dataset."""

    model: object
    dataset: object
    capability: object
    """Says by `augmentations()` which passes are made, and by `batch_size` how; each a live object or a spec."""
    cache_entry: PredictionCacheEntry | None = None
    sweeper_version: str = ""
    """Of the driver; a worker of another version refuses it."""
    of_sweep: bool = False
    """Whether a sweep asks for it: then a cancellation without force takes it back from a queue, and if it runs, it
    finishes."""
    log: str | None = None
    """Local file for what it prints; `None` leaves stdout and stderr alone."""
    bounds: Bounds = field(default_factory=current)
    outcomes: OutcomesRequest | None = None
    """Where what became of each datum is written; `None` where it is not."""
    shard_board: str | None = None
    """The name under which a board is found once other workers may help; `None` where they may not."""
    read_ahead: int | None = None
    """How many threads read the dataset ahead of the model; `None` leaves that to its class."""
    processors: int = 1
    """How many it asks for."""


class JobInfo(NamedTuple):
    """What a backend adds to a request when it is submitted."""

    job_id: str
    submitted_at: datetime
    backend: str
    paths: tuple[str, ...] = ()
    """Import paths of the driver that a worker does not have by itself."""


def log_path(request: RunRequest) -> str | None:
    """Where a run's output goes, if it prints anything: `<log_dir>/<fingerprint>-<attempt>.log`, both shortened."""
    if request.log_dir is None or request.attempt is None:
        return None
    return f"{request.log_dir}/{request.attempt.fingerprint[:12]}-{request.attempt.attempt_id[:8]}.log"
