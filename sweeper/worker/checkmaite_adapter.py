"""Run a checkmaite capability in a worker: type its config, count its parts, replay predictions that are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, get_args

from sweeper.checkmaite.check import unknown_key
from sweeper.errors import PartError
from sweeper.isolation.copies import private_copy
from sweeper.worker.instantiate import instantiate

if TYPE_CHECKING:
    from sweeper.capabilities.predictions import Predictions

_COUNTS = {"ZERO": 0, "ONE": 1, "TWO": 2}


class Capability(Protocol):
    """A capability of checkmaite."""

    def run(
        self,
        *,
        models: list[object],
        datasets: list[object],
        metrics: list[object],
        config: object,
        use_cache: bool,
    ) -> object:
        """Measure."""
        ...


class Part(Protocol):
    """A MAITE model or dataset."""

    @property
    def metadata(self) -> Mapping[str, object]:
        """At least its `id`."""
        ...


def adapted(capability: Any) -> Any:
    """An `Adapter` for a capability that is derived from checkmaite's base class; any other capability itself."""
    return Adapter(capability) if _config_class(capability) is not None else capability


class Adapter:
    """Runs a checkmaite capability on a config of plain data, and on predictions if they are there already."""

    def __init__(self, capability: Capability) -> None:
        self._capability = capability

    def run(
        self,
        models: Sequence[Any],
        datasets: Sequence[Any],
        metrics: Sequence[object],
        config: object = None,
        use_cache: bool = False,
        predictions: Mapping[str, Predictions] | None = None,
    ) -> object:
        """The capability's own run.

        Raises
        ------
        PartError
            The number of parts is not what the class takes, or the config has a key that its class does not have.
        pydantic.ValidationError
            A value of the config is of the wrong kind.
        """
        for axis, parts in (("models", models), ("datasets", datasets), ("metrics", metrics)):
            self._count(axis, len(parts))
        typed = typed_config(self._capability, config)
        if predictions is not None:
            models = [_ReplayedModel(predictions[""], models[0])]
            datasets = [_ReplayedDataset(predictions[""], datasets[0])]
        return self._capability.run(
            models=list(models), datasets=list(datasets), metrics=list(metrics), config=typed, use_cache=use_cache
        )

    def _count(self, axis: str, got: int) -> None:
        number = getattr(self._capability, f"supports_{axis}").name
        if got < 1 if number == "MANY" else got != _COUNTS[number]:
            raise PartError(
                f"{type(self._capability).__name__} takes {number} of its {axis}; got {got}. "
                f"_sweep_.arity.{axis} of its choice disagrees with the class: fix it there."
            )


def typed_config(capability: object, config: object) -> object:
    """A config of plain data as the pydantic model of a capability; anything else, and `None`, as it is.

    What has a `_target_` at any depth is built first. Other objects may be given as dictionaries, if the model takes
    them.
    """
    if not isinstance(config, Mapping):
        return config
    model = _config_class(capability)
    built = _built(config)
    _refuse_unknown(f"config of {type(capability).__name__}", built, model)
    return model.model_validate(built)


def _built(value: object) -> object:
    if isinstance(value, Mapping):
        if "_target_" in value:
            return instantiate(value)
        return {key: _built(item) for key, item in value.items()}
    return [_built(item) for item in value] if isinstance(value, list) else value


def _refuse_unknown(where: str, config: object, model: object) -> None:
    fields = getattr(model, "model_fields", None)
    if not isinstance(config, Mapping) or fields is None:
        return
    for key, value in config.items():
        if key not in fields:
            raise PartError(unknown_key(where, key, fields))
        _refuse_unknown(f"{where}.{key}", value, _model_class(fields[key].annotation))


def _config_class(capability: object) -> Any:
    """The pydantic model of a capability's config; `None` if it is not derived from checkmaite's base class."""
    run_type = getattr(type(capability), "_RUN_TYPE", None)
    field = getattr(run_type, "model_fields", {}).get("config")
    return None if field is None else _model_class(field.annotation)


def _model_class(annotation: object) -> object:
    """The class in an annotation: of a type variable its default, else its bound; of a union its first model."""
    for attribute in ("__default__", "__bound__"):
        if isinstance(default := getattr(annotation, attribute, None), type):
            return default
    models = [each for each in get_args(annotation) if hasattr(each, "model_fields")]
    return models[0] if models and not hasattr(annotation, "model_fields") else annotation


class _ReplayedDataset:
    """A dataset whose inputs are their own positions, for a `_ReplayedModel`; targets and metadata are real."""

    def __init__(self, predictions: Predictions, dataset: Part) -> None:
        self.metadata = dataset.metadata
        self._targets = [target for batch in predictions.target_batches for target in batch]
        self._metadata = [datum for batch in predictions.metadata_batches for datum in batch]

    def __len__(self) -> int:
        return len(self._targets)

    def __getitem__(self, index: int) -> tuple[int, object, object]:
        return index, private_copy(self._targets[index]), private_copy(self._metadata[index])


class _ReplayedModel:
    """A model that answers a position with the prediction that was made for it."""

    def __init__(self, predictions: Predictions, model: Part) -> None:
        self.metadata = model.metadata
        self._answers = [answer for batch in predictions.prediction_batches for answer in batch]

    def __call__(self, batch: Sequence[int]) -> list[object]:
        return [private_copy(self._answers[index]) for index in batch]
