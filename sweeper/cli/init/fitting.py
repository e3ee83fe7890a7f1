"""Brings a drafted dataset to what a drafted model takes, where an argument does that and nothing is guessed. Pure."""

from __future__ import annotations

from sweeper.cli.init.drafts import Argument, Draft
from sweeper.common.facts import Facts


def fitted(dataset: Draft, model: Draft) -> Draft:
    """The dataset with images of the size and number of channels, and with the order of classes, of the model.

    A class that the model does not know is left alone: the first run says what does not fit.
    """
    if model.facts is None or dataset.facts is None:
        return dataset
    wanted, given = model.facts, dataset.facts
    for argument in (*_size(wanted, given), *_channels(wanted, given), *_order(wanted, given)):
        dataset = dataset.with_argument(argument)
    return dataset


def _size(model: Facts, dataset: Facts) -> list[Argument]:
    wanted, given = (model.height, model.width), (dataset.height, dataset.width)
    if None in wanted or wanted == given:
        return []
    return [Argument("size", list(wanted), f"height and width that the model takes; the first image has {_by(given)}")]


def _by(size: tuple[int | None, int | None]) -> str:
    return " x ".join(map(str, size))


def _channels(model: Facts, dataset: Facts) -> list[Argument]:
    if model.channels == 1 and dataset.channels == 3:
        return [Argument("grayscale", True, "the model takes one channel")]
    return []


def _order(model: Facts, dataset: Facts) -> list[Argument]:
    """The classes as the model has them, where it knows all of the data and has another order or further ones."""
    wanted, given = model.class_names or {}, dataset.class_names or {}
    names = [wanted[index] for index in sorted(wanted)]
    if wanted == given or not given or not set(given.values()) <= set(names) or len(set(names)) < len(names):
        return []
    return [Argument("classes", names, "in the order of the model")]
