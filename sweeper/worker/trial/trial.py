"""Build parts and try them on one batch, by the checks that a run makes."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from sweeper.checks import findings, returned, rules, run_checks
from sweeper.checks.findings import Findings
from sweeper.checks.labels import names_of
from sweeper.checks.rules import Rules
from sweeper.checks.targets import summarize_targets
from sweeper.common.facts import Facts
from sweeper.errors import ConfigError
from sweeper.isolation import process_state, stand_ins
from sweeper.messages.requests import ObjectSpec
from sweeper.worker import part_use
from sweeper.worker.object_cache import new_instance
from sweeper.worker.object_size import estimated_bytes
from sweeper.worker.part_use import PartUse
from sweeper.worker.trial.capability import CapabilitySpec, run_on_one_batch
from sweeper.worker.trial.seen import array_text, keys_text, names_text, predictions_text, target_text
from sweeper.worker.trial.tried import Tried, Trouble

T = TypeVar("T")
_SIDE = 32
"""Height and width of a made image where a model takes any."""
_MADE = 2
"""Images in a made batch."""


@dataclass(frozen=True)
class NamedSpec:
    """A part to be tried."""

    axis: str
    name: str
    spec: ObjectSpec
    facts: Facts | None = None
    """What a model says of itself before it is built."""
    capability: CapabilitySpec | None = None
    """Of a capability, what it takes."""

    def tried(self) -> Tried:
        """An account of it to be filled in."""
        return Tried(self.axis, self.name, str(self.spec.target.get("_target_")))


@dataclass
class Trial:
    """Tries parts, in the order dataset, model, metric, capability: each is given what was tried before it.

    Parameters
    ----------
    allowed
        What the choices allow their parts to return.
    batch_size
        How many data of a dataset are read.
    """

    allowed: Rules
    batch_size: int
    accounts: list[Tried] = field(default_factory=list[Tried])
    _datasets: list[tuple[NamedSpec, Any]] = field(default_factory=list[tuple[NamedSpec, Any]])
    _sound: list[NamedSpec] = field(default_factory=list[NamedSpec])
    _predictions: Any = None

    def run(self, parts: Iterable[NamedSpec]) -> list[Tried]:
        """Try all parts, and give an account of each. A part that fails ends only its own trial."""
        for part in sorted(parts, key=lambda part: _ORDER.index(part.axis)):
            account = part.tried()
            self.accounts.append(account)
            with _telling(account), self._checked():
                getattr(self, f"_{part.axis}")(part, account)
                self._sound.append(part)
        return self.accounts

    @contextmanager
    def _checked(self) -> Generator[None]:
        allowed = self.allowed
        with process_state.isolated("try"), rules.applying(allowed), run_checks.checking(allowed) as checks:
            yield
            checks.finish()

    def _dataset(self, part: NamedSpec, account: Tried) -> None:
        use = PartUse(part.spec)
        built: Any = _timed(account, "built_s", use.get)
        _describe(account, built)
        returned.dataset(built)
        account.seen |= {"length": len(built), "bytes": estimated_bytes(built)}
        dataset = stand_ins.for_dataset(use)
        data = _timed(account, "batch_s", lambda: [dataset[i] for i in range(min(self.batch_size, len(dataset)))])
        if not data:
            account.notes.append("It is empty: there is no batch to try.")
            return
        names = names_of(built.metadata, "Dataset")
        inputs, targets, metadata = data[0]
        account.seen["input"] = array_text(inputs)
        account.seen["target"] = target_text(targets, names)
        account.seen["metadata_of_a_datum"] = keys_text(metadata)
        account.notes += _verified_targets(built, data, self.allowed)
        self._datasets.append((part, dataset))

    def _model(self, part: NamedSpec, account: Tried) -> None:
        use = PartUse(part.spec)
        with part_use.finishing([use]):
            built: Any = _timed(account, "built_s", use.get)
            _describe(account, built)
            returned.model(built)
            account.seen["bytes"] = estimated_bytes(built)
            model, names = stand_ins.for_model(use), names_of(built.metadata, "Model")
            if self._datasets:
                self._predict(account, model, names)
            elif (made := _made_batch(part.facts)) is not None:
                answers = _timed(account, "batch_s", lambda: model(made))
                account.seen["made_input"] = array_text(made[0])
                account.seen["prediction"] = predictions_text(answers, names)
            else:
                account.notes.append(
                    "It was not called: nothing says which images it takes. Name a dataset beside it, e.g. "
                    f"sweeper try {part.name} digits."
                )

    def _predict(self, account: Tried, model: Any, names: Mapping[int, str]) -> None:
        from sweeper.capabilities.batches import MemoryBlock
        from sweeper.capabilities.predictions import predict_batches, put_together

        named, dataset = self._datasets[0]
        size = min(self.batch_size, len(dataset))
        made = _timed(account, "batch_s", lambda: predict_batches(model, dataset, None, size, [0]))
        predictions = put_together(model, dataset, [MemoryBlock(made)])
        account.seen["on"] = f"{size} data of {named.name}"
        account.seen["prediction"] = predictions_text(predictions.prediction_batches[0], names)
        account.notes += predictions.verify()
        self._predictions = self._predictions or predictions

    def _metric(self, part: NamedSpec, account: Tried) -> None:
        metric = _timed(account, "built_s", lambda: new_instance(part.spec))
        _describe(account, metric)
        returned.part_id(metric, "metric")
        for name in ("takes", "higher_is_better"):
            if hasattr(metric, name):
                account.seen[name] = str(getattr(metric, name))
        if self._predictions is None:
            account.notes.append(
                f"It was not computed: name a model and a dataset beside it, e.g. sweeper try svm digits {part.name}."
            )
            return
        predictions = self._predictions
        values = _timed(account, "batch_s", lambda: predictions.own().score(metric))
        account.seen["values"] = ", ".join(f"{key}: {value:.6g}" for key, value in values.items())

    def _capability(self, part: NamedSpec, account: Tried) -> None:
        assert part.capability is not None
        capability = _timed(account, "built_s", lambda: new_instance(part.spec))
        account.seen["class"] = _class_of(capability)
        account.seen["id"] = str(getattr(capability, "id", type(capability).__name__))
        account.seen["takes"] = part.capability.text
        by_axis = {axis: [one.spec for one in self._sound if one.axis == axis] for axis in _ORDER}
        lacking = part.capability.lacking({axis: len(specs) for axis, specs in by_axis.items()})
        if lacking:
            account.notes.append(f"It was not run: it takes {part.capability.text}. Name {lacking} beside it.")
            return
        given = part.capability, part.spec, by_axis, self.allowed, self.batch_size
        found = _timed(account, "run_s", lambda: run_on_one_batch(*given))
        account.seen["rows"] = found.rows
        account.notes += found.warnings


_ORDER = ("dataset", "model", "metric", "capability")


@contextmanager
def _telling(account: Tried) -> Generator[None]:
    """Write down what a part raises. What the user does not allow is no failure of a part."""
    try:
        yield
    except (ConfigError, KeyboardInterrupt):
        raise
    except BaseException as error:  # noqa: BLE001 - whatever a part raises is what its trial is to tell
        account.trouble = Trouble.of(error)


def _timed(account: Tried, name: str, call: Callable[[], T]) -> T:
    began = time.perf_counter()
    result = call()
    account.seen[name] = round(time.perf_counter() - began, 4)
    return result


def _describe(account: Tried, built: object) -> None:
    account.seen["class"] = _class_of(built)
    metadata = getattr(built, "metadata", None)
    if isinstance(metadata, Mapping):
        account.seen["id"] = str(metadata.get("id"))
        others = {key: value for key, value in metadata.items() if key not in ("id", "index2label")}
        if others:
            account.seen["metadata"] = keys_text(others)
        if "index2label" in metadata:
            account.seen["index2label"] = names_text(metadata["index2label"])


def _class_of(built: object) -> str:
    return f"{type(built).__module__}.{type(built).__qualname__}"


def _verified_targets(dataset: Any, data: Sequence[Any], allowed: Rules) -> tuple[str, ...]:
    """Refuse targets that a run would refuse; return the warnings that it would store."""
    _, targets, metadata = zip(*data, strict=True)
    found = summarize_targets([targets], [metadata])
    name = returned.part_id(dataset, "dataset")
    return findings.verify(
        Findings("", name, wrong_truth=found.boxes, wrong_target=found.wrong, soft_target=found.soft), allowed
    )


def _made_batch(facts: Facts | None) -> list[object] | None:
    """Images of the shape that a model says it takes, with values in [0, 1]; `None` where it says none."""
    if facts is None or facts.channels is None:
        return None
    shape = facts.channels, facts.height or _SIDE, facts.width or _SIDE
    random = np.random.default_rng(0)
    return [random.random(shape, dtype=np.float32) for _ in range(_MADE)]
