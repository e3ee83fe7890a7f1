"""How many parts a capability takes, where its choice does not say it: as its class, or an object, says."""

from __future__ import annotations

import importlib
from dataclasses import replace

from sweeper.config.early_checks import check_targets
from sweeper.errors import ConfigError
from sweeper.vocabulary import Arity, Choice


def described_by_class(capability: Choice) -> Choice:
    """A capability whose `_sweep_` is silent on its arity, with that of its class.

    Raises
    ------
    ConfigError
        The class cannot be imported, or says nothing either.
    """
    runtime = capability.runtime
    if runtime.arity is not None:
        return capability
    check_targets([capability])
    target = str(capability.spec["_target_"])
    how = "Add to its choice file: _sweep_: {arity: {datasets: ONE, models: ONE, metrics: ONE}}"
    return described_by(capability, _imported(capability, target), target, how)


def described_by(capability: Choice, described: object, called: str, how: str) -> Choice:
    """A capability with the arity that an object or a class says; `how` is what to do where it says none.

    Raises
    ------
    ConfigError
        It does not say how many parts it takes.
    """
    runtime = capability.runtime
    arity: dict[str, Arity] = {}
    for axis in ("datasets", "models", "metrics"):
        number: object = getattr(getattr(described, f"supports_{axis}", None), "name", None)
        if not isinstance(number, str) or number not in Arity.__members__:
            raise ConfigError(
                f"capability.{capability.base}: how many {axis} {called} takes is not known. {how} "
                "(ZERO, ONE, TWO or MANY of each)."
            )
        arity[axis] = Arity[number]
    reads = runtime.reads_predictions
    reads = bool(getattr(described, "reads_predictions", False)) if reads is None else reads
    return replace(capability, runtime=replace(runtime, arity=arity, reads_predictions=reads))


def _imported(capability: Choice, target: str) -> object:
    module, _, name = target.rpartition(".")
    try:
        return getattr(importlib.import_module(module), name)
    except Exception as error:  # importing runs the user's module, which may raise anything
        raise ConfigError(
            f"capability.{capability.base}: {target} cannot be imported: {type(error).__name__}: {error}. "
            "Fix it, or give its arity in the choice file (_sweep_.arity), so that it is only imported in the workers."
        ) from error
