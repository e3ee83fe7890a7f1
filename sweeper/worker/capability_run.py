"""Build the parts of one request, run the capability on them, and check what the parts returned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sweeper.checks import returned, rules, run_checks
from sweeper.isolation import process_state, stand_ins
from sweeper.messages.requests import RunRequest
from sweeper.worker import checkmaite_adapter, part_use
from sweeper.worker.inferred import Inference
from sweeper.worker.instantiate import instantiate
from sweeper.worker.leakage import leakage_warnings
from sweeper.worker.object_cache import new_instance
from sweeper.worker.part_use import PartUse


class RunOutput(NamedTuple):
    """What a capability returned, and the warnings that are stored beside its values."""

    run: Any
    warnings: tuple[str, ...]


def run_capability(request: RunRequest, inference: Inference | None) -> RunOutput:
    """Run the capability of a request; with an inference, its predictions are read instead of computed.

    Raises
    ------
    BaseException
        Whatever a part raises, and `PartError` where a part returned what is not allowed.
    """
    built = new_instance(request.capability)
    capability = checkmaite_adapter.adapted(built)
    keywords = {name: new_instance(value) for name, value in request.extra.items()}
    metrics = [new_instance(metric) for metric in request.metrics]
    model_uses, dataset_uses = [*map(PartUse, request.models)], [*map(PartUse, request.datasets)]
    allowed = rules.allowed_by(request.rules, built, metrics)
    uses = [*model_uses, *dataset_uses]
    with part_use.finishing(uses), rules.applying(allowed), run_checks.checking(allowed) as checks:
        warnings = () if inference is None else _verified(inference)
        if inference is None:
            _load(uses)
        else:
            keywords["predictions"] = inference.predictions
        models = [stand_ins.for_model(use, inference and inference.model_metadata) for use in model_uses]
        datasets = [stand_ins.for_dataset(use, inference and inference.dataset_metadata) for use in dataset_uses]
        keywords |= {"config": _config(request.config), "use_cache": False}
        if request.attempt is None:
            _seed(request, (*models, *datasets, *metrics))
        run = capability.run(models=models, datasets=datasets, metrics=metrics, **keywords)
        warnings = (*warnings, *_warnings(checks, models, datasets))
        if checks.called_models:
            warnings = (*warnings, *leakage_warnings(request.models, request.datasets, dataset_uses))
    returned.run(run, built)
    return RunOutput(run, (*warnings, *_own_warnings(run)))


def _verified(inference: Inference) -> tuple[str, ...]:
    """Refuse predictions that the run may not read; return the warnings for what is computed from the others."""
    warnings = (line for predictions in inference.predictions.values() for line in predictions.verify())
    return (*inference.warnings, *warnings)


def _load(uses: Iterable[PartUse]) -> None:
    """If a run reads no predictions, a part that cannot be built fails it, even if the capability never uses it."""
    for use in uses:
        use.load()


def _config(config: object) -> object:
    """Build a run's config if a choice file describes an object; if it is data, hand it on as it is."""
    if isinstance(config, Mapping) and "_target_" in config:
        return instantiate(config)
    return new_instance(config)


def _seed(request: RunRequest, items: tuple[object, ...]) -> None:
    """Seed a run that has no fingerprint from its parts. One without parts has its seed from `isolated` already."""
    if parts := (*request.models, *request.datasets, *request.metrics):
        process_state.seed(" ".join(map(part_use.identity, parts, items)))


def _warnings(checks: run_checks.RunChecks, models: Sequence[object], datasets: Sequence[object]) -> Iterator[str]:
    """What was found in a run that has ended, and what could not be checked.

    Raises
    ------
    PartError
        A part returned what is not allowed.
    """
    yield from checks.finish()
    yield from stand_ins.unchecked_answers(models)
    yield from stand_ins.unchecked_targets(datasets, checks)
    for name in process_state.not_restored():
        yield f"unchecked: a run before it in its process left {name} changed"


def _own_warnings(run: object) -> tuple[str, ...]:
    """The `warnings` of the run itself. In a foreign class an attribute of that name may be anything else."""
    own = getattr(run, "warnings", ())
    return tuple(map(str, own)) if isinstance(own, list | tuple) else ()
