"""Warn if a model was trained on images that it is tested on; counted once per worker and pair of datasets.

Where does a model's spec name its training data? Under a key `train`, `training`, or one that begins so and contains
`data`, `set`, `root`, `dir`, `folder`, `path` or `images`, at any depth. The value is a mapping with a `_target_`, or
the path of a folder with one folder of images for each class: `train: {_target_: sweeper.datasets.Digits, split:
train}`, `train_root: ./images`. The images of those datasets are looked for in the test data, and a warning with their
number is stored beside each value. If the training data are not images, or cannot be built on their own, there is no
warning; no run fails because of this check.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import re
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from uuid import uuid4

from sweeper.common.text import escaped
from sweeper.messages.requests import ObjectSpec
from sweeper.worker.instantiate import instantiate
from sweeper.worker.part_use import PartUse

if TYPE_CHECKING:
    from sweeper.capabilities.leakage import ImageHasher, ImageHashes

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

logger = logging.getLogger(__name__)
IMAGE_FOLDER = "sweeper.datasets.ImageFolder"
"""The class that reads a folder which a spec names by its path alone."""
BATCH = 64
"""Images of a dataset that are in memory at once, where it is read for this check alone."""
MAX_DATASETS = 32
"""Datasets whose hashes a worker keeps: about 1.4 KB for each large image, 50 bytes for each small one."""
MAX_PAIRS = MAX_DATASETS**2
"""Pairs of datasets whose warning a worker keeps."""
_TRAINING = re.compile(r"train(ing)?|train.*(data|set|root|dir|folder|path|images).*", re.IGNORECASE)
_hashes: OrderedDict[str, _DatasetHashes] = OrderedDict()
_pair_warnings: OrderedDict[tuple[str, str], str | None] = OrderedDict()


class _DatasetHashes(NamedTuple):
    """A dataset's id and the hashes of its images; `None` if it has none."""

    id: str
    hashes: ImageHashes | None


def leakage_warnings(
    models: Iterable[object], datasets: Iterable[object], dataset_uses: Iterable[PartUse]
) -> tuple[str, ...]:
    """The warnings for every model and dataset of a run that called its models itself."""
    pairs = product(models, zip(datasets, dataset_uses, strict=True))
    return tuple(line for model, (dataset, use) in pairs for line in LeakageCheck(model, dataset).read(use.read_only))


class ImageObserver:
    """Hashes images as they are read, as far as they are images."""

    def __init__(self) -> None:
        from sweeper.capabilities.leakage import ImageHasher

        self._hasher: ImageHasher | None = ImageHasher()

    def add(self, images: Sequence[object]) -> None:
        """Take a batch."""
        if self._hasher is None:
            return
        try:
            self._hasher.add(images)
        except Exception:  # noqa: BLE001 - not images, or of a library that raises anything: then there is no check
            self._hasher = None

    def join(self, others: Iterable[ImageHashes | None]) -> None:
        """Take what other workers hashed."""
        for hashes in others:
            if hashes is None:
                self._hasher = None
            elif self._hasher is not None:
                self._hasher.join(hashes)

    def hashes(self) -> ImageHashes | None:
        """Those of all images that were read; `None` if something was no image."""
        return None if self._hasher is None else self._hasher.hashes()


class LeakageCheck:
    """Looks for the training data of one model in one test set, whose batches it sees as they are read."""

    def __init__(self, model: object, dataset: object) -> None:
        self._state = getattr(model, "state", "")
        self._training = list(_training_targets(model.target)) if isinstance(model, ObjectSpec) else []
        self._key: str | None = getattr(dataset, "key", None)
        self._observer: ImageObserver | None = None

    def observer(self) -> ImageObserver | None:
        """What is to see each batch of images; `None` if none is needed."""
        if not self._training or (self._key is not None and self._key in _hashes):
            return None
        self._observer = ImageObserver()
        return self._observer

    def read(self, get_dataset: Callable[[], Any]) -> tuple[str, ...]:
        """As `warnings`, for a dataset whose batches were not observed: it is read, if there is something to check."""
        if not self._training:
            return ()
        try:
            dataset = get_dataset()
            observer = self.observer()
            if observer is not None:
                for start in range(0, len(dataset), BATCH):
                    observer.add([dataset[i][0] for i in range(start, min(start + BATCH, len(dataset)))])
            return self.warnings(dataset.metadata["id"])
        except Exception:  # noqa: BLE001 - as below
            return ()

    def warnings(self, dataset_id: object) -> tuple[str, ...]:
        """A line for each training set that shares images with the test set."""
        if not self._training:
            return ()
        try:
            test = self._test_hashes(str(dataset_id))
            lines = [self._pair_warning(test, target) for target in self._training]
        except Exception:
            logger.debug("the training data could not be compared with the test data", exc_info=True)
            return ()
        return tuple(line for line in lines if line)

    def _test_hashes(self, dataset_id: str) -> tuple[str, _DatasetHashes]:
        if self._key is not None and self._key in _hashes:
            return self._key, _hashes[self._key]
        test = _DatasetHashes(dataset_id, None if self._observer is None else self._observer.hashes())
        key = self._key or f"unnamed {uuid4().hex}"
        return key, _remember(_hashes, MAX_DATASETS, key, test)

    def _pair_warning(self, test: tuple[str, _DatasetHashes], target: Mapping[str, object]) -> str | None:
        key, test_hashes = test
        if test_hashes.hashes is None:
            return None
        pair = key, _target_key(target, self._state)
        if pair not in _pair_warnings:
            training = _training_hashes(pair[1], target)
            _remember(_pair_warnings, MAX_PAIRS, pair, _overlap_warning(test_hashes, training))
        return _pair_warnings[pair]


def _training_targets(spec: object) -> Iterator[Mapping[str, object]]:
    """Specs of training data in the spec of a model."""
    if isinstance(spec, list | tuple):
        for item in spec:
            yield from _training_targets(item)
    elif isinstance(spec, Mapping):
        for key, value in spec.items():
            if _TRAINING.fullmatch(str(key)):
                yield from _targets(value)
            else:
                yield from _training_targets(value)


def _targets(value: object) -> Iterator[Mapping[str, object]]:
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


def _target_key(target: Mapping[str, object], state: str) -> str:
    text = json.dumps(target, sort_keys=True, default=repr)
    return f"train {hashlib.sha256(text.encode(errors='backslashreplace')).hexdigest()} {state}"


def _training_hashes(key: str, target: Mapping[str, object]) -> _DatasetHashes:
    if key in _hashes:
        return _hashes[key]
    try:
        training = _read_hashes(instantiate(target))
    except Exception:
        logger.debug("no hashes of %s", target.get("_target_"), exc_info=True)
        training = _DatasetHashes("", None)
    return _remember(_hashes, MAX_DATASETS, key, training)


def _read_hashes(dataset: Any) -> _DatasetHashes:
    from sweeper.capabilities.leakage import dataset_hashes

    return _DatasetHashes(str(dataset.metadata["id"]), dataset_hashes(dataset))


def _overlap_warning(test: _DatasetHashes, training: _DatasetHashes) -> str | None:
    from sweeper.capabilities.leakage import overlap

    if test.hashes is None or training.hashes is None:
        return None
    images, exact, near = overlap(test.hashes, training.hashes)
    if not exact and not near:
        return None
    return (
        f"train/test leakage: {exact} of {images} test images of {escaped(test.id)} are exact duplicates of training "
        f"images of {escaped(training.id)}, {near} near duplicates"
    )


def _remember(known: OrderedDict[K, V], most: int, key: K, value: V) -> V:
    known[key] = value
    while len(known) > most:
        known.popitem(last=False)
    return value
