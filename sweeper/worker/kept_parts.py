"""Parts of an inference pass that are written while it goes on, so that a crash costs no more than the last of them.

They lie beside the stored predictions, in a folder of the same key, and are removed when these are there.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any
from uuid import uuid4

from sweeper.errors import StoreError
from sweeper.messages.requests import PredictionCacheEntry
from sweeper.worker.blocks import BlockStore
from sweeper.worker.plain_form import NotPlainError, from_file, to_file
from sweeper.worker.prediction_cache import FOLDER
from sweeper.worker.shards import Part
from sweeper.worker.stores import open_store

logger = logging.getLogger(__name__)


class Folder:
    """The parts of one pass, in a store.

    Parameters
    ----------
    entry
        Where its predictions outlive their sweep; with `None` nothing is written or read.
    shape
        Of the pass: parts of another one are of no use.
    """

    def __init__(self, entry: PredictionCacheEntry | None, shape: tuple[object, ...]) -> None:
        self._entry, self._shape = entry, shape
        self._there: set[tuple[str, int]] = set()
        """The batches that are kept."""

    @property
    def is_there(self) -> bool:
        """Whether parts are kept at all."""
        return self._entry is not None

    def read(self, blocks: BlockStore, *, hashes: bool) -> Iterator[Part]:
        """The parts that earlier workers left, each kept in `blocks`; with `hashes` only those that have them.

        Of parts with a batch in common, as those of two sweeps may have, one is left out.
        """
        if self._entry is None:
            return
        store, folder = open_store(self._entry.store), _folder(self._entry)
        for name in store.artifact_names(folder):
            part = _part(store.read_artifact(f"{folder}/{name}"), name, self._shape)
            if part is None or (part.hashes is None and hashes) or not self._there.isdisjoint(part.numbers()):
                continue
            self._there.update(part.numbers())
            yield _kept(part, blocks)

    def write(self, part: Part) -> None:
        """Keep a part. What cannot be kept would have to be made again after a crash, and that is all."""
        if self._entry is None:
            return
        path = f"{_folder(self._entry)}/{uuid4().hex}.npz"
        try:
            open_store(self._entry.store).write_artifact(path, to_file(_plain(self._shape, part)))
            self._there.update(part.numbers())
        except (NotPlainError, StoreError, OSError) as error:
            logger.warning("A part of the predictions %s is not kept: %s", self._entry.key, error)

    def complete(self, parts: Iterable[Part]) -> None:
        """Keep those of the parts that are not kept yet."""
        for part in parts:
            if not part.is_empty and self._there.isdisjoint(part.numbers()):
                self.write(part)


def _kept(part: Part, blocks: BlockStore) -> Part:
    kept = {label: [blocks.keep(block.batches()) for block in made] for label, made in part.blocks.items()}
    return replace(part, blocks=kept)


def remove(entry: PredictionCacheEntry) -> None:
    """Remove all parts, which nobody needs once the whole is stored."""
    with suppress(StoreError, OSError):
        store = open_store(entry.store)
        if names := store.artifact_names(_folder(entry)):
            store.remove_artifacts(_folder(entry), names)


def _folder(entry: PredictionCacheEntry) -> str:
    return f"{FOLDER}-{entry.key}"


def _plain(shape: tuple[object, ...], part: Part) -> dict[str, object]:
    batches = {
        label: [
            (batch.number, batch.predictions, batch.targets, list(batch.metadata))
            for block in made
            for batch in block.batches()
        ]
        for label, made in part.blocks.items()
    }
    hashes = None if part.hashes is None else tuple(part.hashes)
    return {"shape": shape, "batches": batches, "seconds": part.seconds, "hashes": hashes}


def _part(content: bytes | None, name: str, shape: tuple[object, ...]) -> Part | None:
    if content is None:
        return None
    try:
        plain: Any = from_file(content)
        return _opened(**plain) if plain.pop("shape") == shape else None
    except Exception as error:  # noqa: BLE001 - a damaged file raises anything; its batches are made again
        logger.warning("The part %s of predictions cannot be opened and is made again: %s", name, error)
        return None


def _opened(batches: Mapping[str, Any], seconds: float, hashes: Any) -> Part:
    from sweeper.capabilities.batches import MadeBatch, MemoryBlock, MetadataBatch
    from sweeper.capabilities.leakage import ImageHashes

    made = {
        label: [MadeBatch(number, predicted, targets, MetadataBatch(data)) for number, predicted, targets, data in each]
        for label, each in batches.items()
    }
    blocks = {label: [MemoryBlock(each)] if each else [] for label, each in made.items()}
    return Part(blocks, seconds, None if hashes is None else ImageHashes(*hashes))
