"""Whether a model was trained on what it is tested on, counted once per worker and pair of datasets.

A model's spec names its training data where a mapping with a `_target_`, or the path of a folder with a folder of
images for each class, stands under a key `train`, `training`, or one that begins so and has `data`, `set`, `root`,
`dir`, `folder`, `path` or `images` in it, at any depth: `train: {_target_: sweeper.datasets.Digits, split: train}`,
`train_root: ./images`. Images of those datasets are looked for in the test data, and what is found is a warning beside
each value. Where that cannot be looked for, as the training data are no images or cannot be built by themselves,
nothing is said, and no run fails for it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

from sweeper.common.text import escaped
from sweeper.messages.requests import ObjectSpec
from sweeper.worker import object_cache

if TYPE_CHECKING:
    from sweeper.capabilities.leakage import ImageHasher, ImageHashes

logger = logging.getLogger(__name__)
IMAGE_FOLDER = "sweeper.datasets.ImageFolder"
"""What reads a folder that stands there by its path alone."""
KEPT = 32
"""Datasets whose prints a worker keeps, about 1.4 KB for each large image, 50 bytes for each small one."""
_TRAINING = re.compile(r"train(ing)?|train.*(data|set|root|dir|folder|path|images).*", re.IGNORECASE)
_prints: OrderedDict[str, _Known] = OrderedDict()
_lines: OrderedDict[tuple[str, str], str | None] = OrderedDict()


class _Known(NamedTuple):
    """A dataset's id and prints; `None` where it has none."""

    id: str
    prints: ImageHashes | None


def leaks(models: Iterable[Any], datasets: Iterable[Any], uses: Iterable[object_cache.Use]) -> tuple[str, ...]:
    """The lines of every model and dataset of a run that called its models itself; `uses` are of the datasets."""
    pairs = product(models, zip(datasets, uses, strict=True))
    return tuple(line for model, (dataset, use) in pairs for line in Look(model, dataset).read(use.peek))


class Look:
    """Looks for the training data of a model in a test set, whose batches it sees as they are read."""

    def __init__(self, model: Any, dataset: Any) -> None:
        self._state = getattr(model, "state", "")
        self._train = list(_training(model.target)) if isinstance(model, ObjectSpec) else []
        self._key: str | None = getattr(dataset, "key", None)
        self._printer: ImageHasher | None = None

    def watcher(self) -> Callable[[Sequence[Any]], None] | None:
        """What is to see each batch of images; `None` where there is nothing to look for, or they are known."""
        if not self._train or (self._key is not None and self._key in _prints):
            return None
        from sweeper.capabilities.leakage import ImageHasher

        self._printer = ImageHasher()
        return self._see

    def _see(self, images: Sequence[Any]) -> None:
        if self._printer is None:
            return
        try:
            self._printer.add(images)
        except Exception:  # noqa: BLE001 - no images, or of a library that does as it likes: then nothing is looked for
            self._printer = None

    def read(self, get: Callable[[], Any]) -> tuple[str, ...]:
        """As `warnings`, where no batches came by: the dataset is read, if there is something to look for."""
        if not self._train:
            return ()
        try:
            dataset = get()
            see = self.watcher()
            if see is not None:
                see([dataset[i][0] for i in range(len(dataset))])
            return self.warnings(dataset.metadata["id"])
        except Exception:  # noqa: BLE001 - as below
            return ()

    def warnings(self, id: Any) -> tuple[str, ...]:
        """A line for each training set that shares images with the test set, which calls itself `id`."""
        if not self._train:
            return ()
        try:
            test = self._test(str(id))
            found = [self._line(test, target) for target in self._train]
        except Exception:
            logger.debug("the training data could not be compared with the test data", exc_info=True)
            return ()
        return tuple(line for line in found if line)

    def _test(self, id: str) -> tuple[str, _Known]:
        if self._key is not None and self._key in _prints:
            return self._key, _prints[self._key]
        known = _Known(id, None if self._printer is None else self._printer.hashes())
        key = self._key or f"unnamed {uuid4().hex}"
        return key, _keep(_prints, key, known)

    def _line(self, test: tuple[str, _Known], target: Mapping[str, Any]) -> str | None:
        key, known = test
        if known.prints is None:
            return None
        train_key = _identity(target, self._state)
        if (key, train_key) not in _lines:
            _keep(_lines, (key, train_key), _said(known, _of_training(train_key, target)))
        return _lines[key, train_key]


def _training(spec: Any) -> Iterator[Mapping[str, Any]]:
    """Specs of training data in the spec of a model."""
    if isinstance(spec, list | tuple):
        for item in spec:
            yield from _training(item)
    elif isinstance(spec, Mapping):
        for key, value in spec.items():
            if _TRAINING.fullmatch(str(key)):
                yield from _targets(value)
            else:
                yield from _training(value)


def _targets(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, str):
        if os.path.isdir(os.path.expanduser(value)):
            yield {"_target_": IMAGE_FOLDER, "root": value}
    elif isinstance(value, Mapping) and "_target_" in value:
        if not value.get("_partial_"):
            yield value
    elif isinstance(value, Mapping | list | tuple):
        for item in value.values() if isinstance(value, Mapping) else value:
            if isinstance(value, list | tuple) or not isinstance(item, str):
                yield from _targets(item)


def _identity(target: Mapping[str, Any], state: str) -> str:
    text = json.dumps(target, sort_keys=True, default=repr)
    return f"train {hashlib.sha256(text.encode(errors='backslashreplace')).hexdigest()} {state}"


def _of_training(key: str, target: Mapping[str, Any]) -> _Known:
    if key in _prints:
        return _prints[key]
    try:
        known = _read(object_cache.instantiate(target))
    except Exception:
        logger.debug("no prints of %s", target.get("_target_"), exc_info=True)
        known = _Known("", None)
    return _keep(_prints, key, known)


def _read(dataset: Any) -> _Known:
    from sweeper.capabilities.leakage import dataset_hashes

    return _Known(str(dataset.metadata["id"]), dataset_hashes(dataset))


def _said(test: _Known, train: _Known) -> str | None:
    from sweeper.capabilities.leakage import overlap

    if test.prints is None or train.prints is None:
        return None
    images, exact, near = overlap(test.prints, train.prints)
    if not exact and not near:
        return None
    return (
        f"train/test leakage: {exact} of {images} test images of {escaped(test.id)} are exact duplicates of training "
        f"images of {escaped(train.id)}, {near} near duplicates"
    )


def _keep(cache: OrderedDict[Any, Any], key: Any, value: Any) -> Any:
    cache[key] = value
    while len(cache) > KEPT * (KEPT if cache is _lines else 1):
        cache.popitem(last=False)
    return value
