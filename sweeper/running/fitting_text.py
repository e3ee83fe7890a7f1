"""What is said of models and datasets that do not fit, and of files that cannot be read: one message each. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sweeper.checks.fit import Misfit
from sweeper.checks.labels import OTHER_ORDER
from sweeper.common.facts import Facts
from sweeper.common.quoting import quoted
from sweeper.vocabulary import Choice

MAX_SHOWN = 3
"""How many pairs or parts a message names."""
MAX_CLASSES = 12
"""So many classes are written out in an override."""


@dataclass(frozen=True)
class Pair:
    """A model and a dataset that meet in a combination."""

    model: Choice
    dataset: Choice
    of_model: Facts
    of_dataset: Facts
    misfits: tuple[Misfit, ...]
    dataset_takes: frozenset[str] = frozenset()
    """The arguments of the class of the dataset, whether or not its choice names them."""

    def can_set(self, key: str) -> bool:
        """Whether an override can set this argument of the dataset."""
        return key in self.dataset.spec or key in self.dataset_takes


def misfits_text(pairs: Sequence[Pair]) -> str:
    """All pairs that do not fit, what each side has, and what to do."""
    head = "A model does not fit a dataset" if len(pairs) == 1 else f"{len(pairs)} models and datasets do not fit"
    lines = [line for pair in pairs[:MAX_SHOWN] for line in _lines(pair)]
    rule = f"{{model: {quoted(pairs[0].model.name)}, dataset: {quoted(pairs[0].dataset.name)}}}"
    return "\n".join(
        [
            f"{head}, so nothing was run:",
            *lines,
            *([f"  and {len(pairs) - MAX_SHOWN} more of them"] if len(pairs) > MAX_SHOWN else []),
            f"A rule leaves combinations out: 'exclude=[{rule}]'.",
        ]
    )


def unreadable_text(parts: Sequence[tuple[Choice, str]]) -> str:
    """All parts whose files cannot be read, each with the error and the key that names the file."""
    shown = [_unreadable(choice, error) for choice, error in parts[:MAX_SHOWN]]
    more = [f"and {len(parts) - MAX_SHOWN} more parts like that"] if len(parts) > MAX_SHOWN else []
    return "\n".join([*shown, *more])


def _lines(pair: Pair) -> list[str]:
    model, dataset = pair.model.name, pair.dataset.name
    about = f"  model {model} ({pair.of_model.source}), dataset {dataset} ({pair.of_dataset.source}):"
    return [about, *(f"    {one.kind}: {one.text} {_advice(one, pair)}".rstrip() for one in pair.misfits)]


def _advice(misfit: Misfit, pair: Pair) -> str:
    if misfit.kind == "size":
        return _size_advice(pair)
    if misfit.kind == "channels":
        return _channels_advice(pair)
    order = _model_order(pair)
    return f"Give the data the order of the model: {order}." if order else OTHER_ORDER


def _size_advice(pair: Pair) -> str:
    height, width = pair.of_model.height, pair.of_model.width
    if pair.can_set("size") and height is not None and width is not None:
        return f"Resize the images: {_override(pair.dataset, 'size', f'[{height},{width}]')}."
    return "Resize the images, or export the model for their size."


def _channels_advice(pair: Pair) -> str:
    wanted = pair.of_model.channels
    if pair.can_set("grayscale") and wanted in (1, 3):
        return f"Read the images so: {_override(pair.dataset, 'grayscale', str(wanted == 1).lower())}."
    return "Give both the same number of channels."


def _model_order(pair: Pair) -> str:
    """The override that orders the classes of a dataset as the model does; empty if none does that."""
    wanted, given = pair.of_model.class_names or {}, pair.of_dataset.class_names or {}
    names = [wanted[index] for index in sorted(wanted)]
    if not pair.can_set("classes") or not given or not set(given.values()) <= set(names):
        return ""
    if len(names) > MAX_CLASSES:
        return f"{_key(pair.dataset, 'classes')}=[...], with the {len(names)} classes of the model"
    return _override(pair.dataset, "classes", f"[{','.join(map(quoted, names))}]")


def _override(choice: Choice, key: str, value: str) -> str:
    """An override as a shell takes it."""
    return f"'{_key(choice, key)}={value}'"


def _key(choice: Choice, key: str) -> str:
    """How an override addresses an argument: with a plus where the choice does not name it."""
    return f"{'' if key in choice.spec else '+'}{choice.axis}.{choice.base}.{key}"


def _unreadable(choice: Choice, error: str) -> str:
    """The error with the keys of this choice: a class knows its parameters, and not what its choice is called."""
    where = f"{choice.axis}.{choice.base}"
    name = str(choice.spec.get("_target_", "")).rpartition(".")[2]
    usual = f"{choice.axis}.{re.sub('(?<!^)(?=[A-Z])', '_', name).lower()}."
    said = error.replace(usual, f"{where}.")
    return f"{where}: {said}{'' if f'{where}.' in said else _set_by(choice, said)}"


def _set_by(choice: Choice, error: str) -> str:
    """Which key sets the file or the word that an error is about, where its value is part of the message."""
    found = next(((key, value) for key, value in _texts(choice.spec).items() if value in error), None)
    return f" {found[1]} is set by {choice.axis}.{choice.base}.{found[0]}=VALUE." if found else ""


def _texts(spec: Mapping[str, object]) -> dict[str, str]:
    """Texts of a spec by their keys, the longest first: a folder is part of the path of what is in it."""
    texts = {key: value for key, value in spec.items() if isinstance(value, str) and value and key != "_target_"}
    return dict(sorted(texts.items(), key=lambda item: -len(item[1])))
