"""A capability of checkmaite in a worker: its config typed, its parts counted, its predictions read instead of made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, get_args

from sweeper.checkmaite.check import unknown_key
from sweeper.errors import PartError
from sweeper.isolation.copies import private
from sweeper.worker import object_cache

if TYPE_CHECKING:
    from sweeper.capabilities.predictions import Predictions

_COUNTS = {"ZERO": 0, "ONE": 1, "TWO": 2}


def adapted(capability: Any) -> Any:
    """The capability itself, or where it is derived from checkmaite's base class, what runs it as a worker does."""
    return Adapter(capability) if _config_class(capability) is not None else capability


class Adapter:
    """Runs a checkmaite capability on a config of plain data, and on predictions where they are there already."""

    def __init__(self, capability: Any) -> None:
        self._capability = capability

    def run(
        self,
        models: Sequence[Any],
        datasets: Sequence[Any],
        metrics: Sequence[Any],
        config: Any = None,
        use_cache: bool = False,
        predictions: Mapping[str, Predictions] | None = None,
    ) -> Any:
        """The capability's own run.

        Raises
        ------
        PartError
            The number of parts is not what the class takes, or the config has a key that its class has not.
        pydantic.ValidationError
            A value of the config is of the wrong kind.
        """
        for axis, parts in (("models", models), ("datasets", datasets), ("metrics", metrics)):
            self._count(axis, len(parts))
        typed = typed_config(self._capability, config)
        if predictions is not None:
            models, datasets = _replay(models[0], datasets[0], predictions[""])
        return self._capability.run(
            models=list(models), datasets=list(datasets), metrics=list(metrics), config=typed, use_cache=use_cache
        )

    def _count(self, axis: str, got: int) -> None:
        number = getattr(self._capability, f"supports_{axis}").name
        if got < 1 if number == "MANY" else got != _COUNTS[number]:
            raise PartError(
                f"{type(self._capability).__name__} takes {number} of its {axis}; got {got}. "
                f"_sweep_.arity.{axis} of its choice says otherwise than the class: mend it there."
            )


def typed_config(capability: Any, config: Any) -> Any:
    """A config of plain data as the pydantic model of a capability; anything else, and `None`, as it is.

    What has a `_target_` at any depth is built first; other objects may be given in their own dictionary form, where
    the model takes that.
    """
    if not isinstance(config, Mapping):
        return config
    model: Any = _config_class(capability)
    built = _built(config)
    _refuse_unknown(f"config of {type(capability).__name__}", built, model)
    return model.model_validate(built)


def _built(value: Any) -> Any:
    if isinstance(value, Mapping):
        if "_target_" in value:
            return object_cache.instantiate(value)
        return {key: _built(item) for key, item in value.items()}
    return [_built(item) for item in value] if isinstance(value, list) else value


def _refuse_unknown(where: str, given: Any, model: Any) -> None:
    if not isinstance(given, Mapping) or not hasattr(model, "model_fields"):
        return
    for key, value in given.items():
        if key not in model.model_fields:
            raise PartError(unknown_key(where, key, model.model_fields))
        _refuse_unknown(f"{where}.{key}", value, _plain(model.model_fields[key].annotation))


def _config_class(capability: Any) -> Any:
    """The pydantic model of a capability's config; `None` where it is not derived from checkmaite's base class."""
    run_type = getattr(type(capability), "_RUN_TYPE", None)
    field = getattr(run_type, "model_fields", {}).get("config")
    return None if field is None else _plain(field.annotation)


def _plain(annotation: Any) -> Any:
    """The class in an annotation: of a type variable its default, else its bound; of a union its first model."""
    for attribute in ("__default__", "__bound__"):
        if isinstance(said := getattr(annotation, attribute, None), type):
            return said
    candidates = [each for each in get_args(annotation) if hasattr(each, "model_fields")]
    return candidates[0] if candidates and not hasattr(annotation, "model_fields") else annotation


class _Targets:
    """A dataset whose inputs are their own positions: enough for a model that answers from memory."""

    def __init__(self, predictions: Predictions, metadata: Any) -> None:
        self.metadata = metadata
        self._targets = [target for batch in predictions.target_batches for target in batch]
        self._metadata = [datum for batch in predictions.metadata_batches for datum in batch]

    def __len__(self) -> int:
        return len(self._targets)

    def __getitem__(self, index: int) -> tuple[int, Any, Any]:
        return index, private(self._targets[index]), private(self._metadata[index])


class _Answers:
    """A model that answers a position with the prediction that was made for it."""

    def __init__(self, predictions: Predictions, metadata: Any) -> None:
        self.metadata = metadata
        self._answers = [answer for batch in predictions.prediction_batches for answer in batch]

    def __call__(self, batch: Sequence[int]) -> list[Any]:
        return [private(self._answers[index]) for index in batch]


def _replay(model: Any, dataset: Any, predictions: Predictions) -> tuple[list[Any], list[Any]]:
    """Stand-ins with which any capability that only scores gives what it would give with the parts themselves."""
    return [_Answers(predictions, model.metadata)], [_Targets(predictions, dataset.metadata)]
