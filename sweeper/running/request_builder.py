"""From a planned combination to the request that travels to a worker. Pure."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sweeper.checks.rules import Rules, strictest
from sweeper.messages.requests import (
    AttemptInfo,
    ObjectSpec,
    OutcomesRequest,
    PredictionCacheEntry,
    Provenance,
    RunRequest,
    StoreLocation,
)
from sweeper.planning.combinations import Planned
from sweeper.planning.fingerprint import canonical, canonical_text, digest
from sweeper.revision.revisions import Revisions
from sweeper.vocabulary import Choice, Combination


@dataclass(frozen=True)
class SweepInfo:
    """What every request of one sweep has in common."""

    sweep_id: str
    name: str
    store: StoreLocation
    provenance: Provenance = field(default_factory=Provenance)
    sweeper_version: str = ""
    revisions: Revisions | None = None
    """Of what is recorded with each attempt beside its specs; a job outside a sweep has none."""
    log_dir: str | None = None
    boot_id: str | None = None
    newest_seen: datetime | None = None
    """The newest time of an attempt that planning saw."""
    persist_predictions: bool = False
    """Whether predictions outlive the sweep, in its store."""
    outcomes: OutcomesRequest | None = None
    """What is kept of each datum of an inference."""
    live: Mapping[str, object] = field(default_factory=dict[str, object], repr=False)
    """Objects that travel in the place of specs, by the digest of their choices."""


def rules_of(combination: Combination) -> Rules:
    """What its choices allow together: the strictest label space that one says, soft targets if one says so."""
    return rules_of_choices(combination.choices)


def rules_of_choices(choices: Sequence[Choice]) -> Rules:
    """As `rules_of`, for choices that meet in a run."""
    runtimes = [choice.runtime for choice in choices]
    return Rules(
        label_space=strictest([runtime.label_space for runtime in runtimes]),
        soft_targets=any(runtime.soft_targets for runtime in runtimes),
        task=next((runtime.task for runtime in runtimes if runtime.task is not None), None),
    )


class RequestBuilder:
    """Makes requests, and each part's `ObjectSpec` once however many combinations share it."""

    def __init__(self, sweep: SweepInfo) -> None:
        self._sweep = sweep
        self._specs: dict[Choice, ObjectSpec] = {}

    def build(self, item: Planned, number: int) -> RunRequest:
        """The request for the `number`-th submission of a combination in this sweep, counted from 1."""
        capability, datasets, models, metrics = item.combination
        return RunRequest(
            capability=self.spec(capability),
            datasets=tuple(map(self.spec, datasets)),
            models=tuple(map(self.spec, models)),
            metrics=tuple(map(self.spec, metrics)),
            config=capability.spec.get("config"),
            store=self._sweep.store,
            provenance=self._sweep.provenance,
            attempt=self._attempt(item, number),
            log_dir=self._sweep.log_dir,
            boot_id=self._sweep.boot_id,
            report_threshold=capability.runtime.report,
            rules=rules_of(item.combination),
            newest_seen=self._sweep.newest_seen,
        )

    def cache_entry(self, key: tuple[str, ...], combination: Combination) -> PredictionCacheEntry | None:
        """Where the predictions of a pair are kept, if they are: by what they depend on, files and code included."""
        if not self._sweep.persist_predictions:
            return None
        revisions = self._sweep.revisions.predictions(combination) if self._sweep.revisions is not None else ()
        return PredictionCacheEntry(self._sweep.store, digest(canonical([*key, *revisions])))

    @property
    def outcomes(self) -> OutcomesRequest | None:
        """What is kept of each datum of an inference."""
        return self._sweep.outcomes

    def inference_log(self, key: tuple[str, ...]) -> str | None:
        """Where what an inference prints goes."""
        if self._sweep.log_dir is None:
            return None
        return f"{self._sweep.log_dir}/inference-{digest(canonical([*key]))[:12]}-{uuid.uuid4().hex[:8]}.log"

    def spec(self, choice: Choice) -> object:
        """What a worker builds, or the object that was given; a capability's `config` goes to `run`, not into it."""
        if choice.digest in self._sweep.live:
            return self._sweep.live[choice.digest]
        found = self._specs.get(choice)
        if found is None:
            target = {k: v for k, v in choice.spec.items() if k != "config" or choice.axis != "capability"}
            found = self._specs[choice] = ObjectSpec(target, choice.digest, choice.name, *self._state(choice))
        return found

    def _state(self, choice: Choice) -> tuple[str, ...]:
        revisions = self._sweep.revisions
        if revisions is None:
            return ()
        data, code = revisions.data, revisions.code
        return data.content([choice]), code.of_choice(choice), data.folder([choice])

    def inference(self, capability: Choice) -> object:
        """What says how inference for a capability is made: itself, or where its `config` names a batch size, that."""
        config = capability.spec.get("config")
        if not isinstance(config, Mapping) or "batch_size" not in config:
            return self.spec(capability)
        target = {"_target_": "types.SimpleNamespace", "batch_size": config["batch_size"]}
        return ObjectSpec(target, f"batches of {config['batch_size']}", capability.name)

    def _attempt(self, item: Planned, number: int) -> AttemptInfo:
        capability, dataset, model, metric = item.combination.names
        revisions, combination = self._sweep.revisions, item.combination
        return AttemptInfo(
            attempt_id=uuid.uuid4().hex,
            fingerprint=item.fingerprint,
            sweep_id=self._sweep.sweep_id,
            sweep_name=self._sweep.name,
            capability=capability,
            dataset=dataset,
            model=model,
            metric=metric,
            spec=canonical_text(item.combination),
            sweeper_version=self._sweep.sweeper_version,
            code_revision=revisions and revisions.code.text(combination),
            data_revision=revisions and revisions.data.text(combination),
            libraries_revision=revisions and revisions.libraries.text(combination),
            working_folder=revisions and revisions.data.here,
            number=number,
        )
