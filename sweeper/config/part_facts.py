"""What the parts of a sweep say of themselves, asked in the driver before anything runs.

Only classes that can tell it are imported, which none of ours does with ray, torch or scikit-learn. A class of somebody
else is asked if this process has loaded its module already, as a notebook has: the driver imports no module of a user.
"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from sweeper.checks.labels import names_of
from sweeper.common.facts import Facts, KnownBeforehand
from sweeper.errors import ConfigError, PartError, near_match
from sweeper.messages.live import LIVE_TARGET
from sweeper.planning.fingerprint import canonical

TOLD_BY_ITSELF = frozenset(
    {
        "sweeper.datasets.Coco",
        "sweeper.datasets.HuggingFace",
        "sweeper.datasets.ImageCsv",
        "sweeper.datasets.ImageFolder",
        "sweeper.datasets.Yolo",
        "sweeper.models.BrightRegions",
        "sweeper.models.OnnxClassifier",
        "sweeper.models.OnnxDetector",
        "sweeper.models.TorchExport",
        "sweeper.models.TorchvisionClassifier",
        "sweeper.models.TorchvisionDetector",
    }
)
"""Our classes that read their facts from the files that a spec names, or have them in its other arguments."""
TOLD_BY_ANOTHER = {
    "sweeper.datasets.Augmented": "dataset",
    "sweeper.datasets.Reindexed": "dataset",
    "sweeper.datasets.Subset": "dataset",
    "sweeper.models.Reindexed": "model",
}
"""Our classes whose facts are those of a part inside of them, by the argument that it is. They are asked, and imported,
only if the facts of that part are known."""
OF_HYDRA = frozenset({"_target_", "_convert_", "_recursive_"})
"""Keys of a spec that change no argument."""
_HAND_OVER = frozenset({"_args_", "_partial_"})
"""Keys of a spec with which its arguments are not those of a constructor by name."""


class PartFacts:
    """Finds facts, of equal specs once.

    Parameters
    ----------
    live
        Objects in the place of specs, by the digest of their choices.
    """

    def __init__(self, live: Mapping[str, object]) -> None:
        self._live = live
        self._known: dict[str, Facts | None] = {}

    def of(self, spec: Mapping[str, Any], digest: str) -> Facts | None:
        """What the part with this spec says of itself; `None` if it says nothing.

        Raises
        ------
        ConfigError
            An argument is none of those that the class takes, or one is left out.
        PartError
            A file is missing or broken, or an argument has a wrong value.
        """
        if spec.get("_target_") == LIVE_TARGET:
            return _of_object(self._live.get(digest))
        return self._of_spec(spec)

    def _of_spec(self, spec: Mapping[str, Any]) -> Facts | None:
        target = spec.get("_target_")
        if not isinstance(target, str) or not _HAND_OVER.isdisjoint(spec):
            return None
        inner = TOLD_BY_ANOTHER.get(target)
        if inner is not None and not isinstance(self._argument(spec.get(inner)), Facts):
            return None
        ask = _question(target)
        if ask is None:
            return None
        key = canonical(spec)
        if key not in self._known:
            arguments = {name: self._argument(value) for name, value in spec.items() if name not in OF_HYDRA}
            self._known[key] = ask(**arguments)
        return self._known[key]

    def _argument(self, value: object) -> object:
        """A part inside of another as its facts where these are known, everything else as it is."""
        return (self._of_spec(value) or value) if isinstance(value, Mapping) else value


def arguments_of(spec: Mapping[str, Any]) -> frozenset[str]:
    """The names of what the class of a spec takes, if it is loaded, as that of a part with facts is; else none."""
    module, _, name = str(spec.get("_target_")).rpartition(".")
    found = getattr(sys.modules.get(module), name, None)
    return frozenset(inspect.signature(found).parameters) if isinstance(found, type) else frozenset()


def _question(target: str) -> Callable[..., Facts] | None:
    """What tells the facts of a target from its arguments; `None` if nothing does."""
    module, _, name = target.rpartition(".")
    if target in TOLD_BY_ITSELF or target in TOLD_BY_ANOTHER:
        found = getattr(importlib.import_module(module), name, None)
    else:
        found = getattr(sys.modules.get(module), name, None)
    if not isinstance(inspect.getattr_static(found, "facts", None), classmethod):
        return None
    return partial(_asked, found) if isinstance(found, type) and issubclass(found, KnownBeforehand) else None


def _asked(part: type[KnownBeforehand], **arguments: object) -> Facts:
    _refuse_other_arguments(part, arguments)
    return part.facts(**arguments)


def _refuse_other_arguments(part: type, arguments: Mapping[str, object]) -> None:
    """Refuse an argument that the constructor does not take, and the lack of one that it needs."""
    signature = inspect.signature(part)
    try:
        signature.bind(**arguments)
    except TypeError as error:
        other = next((name for name in arguments if name not in signature.parameters), "")
        hint = near_match(other, signature.parameters) if other else ""
        if other and not hint:
            hint = f" It takes {', '.join(signature.parameters)}."
        raise ConfigError(f"{part.__name__}: {error}.{hint}") from error


def _of_object(item: object) -> Facts | None:
    """The classes that an object names; a dataset is not read for more, which may take long."""
    metadata = getattr(item, "metadata", None)
    if not isinstance(metadata, Mapping):
        return None
    try:
        names = names_of(metadata, "Part")
    except PartError:  # said by the run, which knows whether it matters
        return None
    return Facts(f"the {type(item).__name__} that was given", class_names=names) if names else None
