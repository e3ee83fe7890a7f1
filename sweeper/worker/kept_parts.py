"""Parts of an inference pass that are written while it goes on, so that a crash costs no more than the last of them.

They lie beside the stored predictions, in a folder of the same key, and are removed when these are there.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sweeper.errors import StoreError
from sweeper.messages.requests import PredictionCacheEntry
from sweeper.worker.plain_form import NotPlainError, from_file, to_file
from sweeper.worker.prediction_cache import FOLDER
from sweeper.worker.shards import Part
from sweeper.worker.stores import open_store

if TYPE_CHECKING:
    from sweeper.capabilities.predictions import MadeBatch

logger = logging.getLogger(__name__)


def read(entry: PredictionCacheEntry | None, shape: tuple[object, ...], *, hashes: bool) -> list[Part]:
    """The parts that earlier workers left of a pass of this shape; with `hashes` only those that have them."""
    if entry is None:
        return []
    store = open_store(entry.store)
    parts = [
        _part(store.read_artifact(f"{_folder(entry)}/{name}"), name, shape)
        for name in store.artifact_names(_folder(entry))
    ]
    return _apart(part for part in parts if part is not None and (part.hashes is not None or not hashes))


def _apart(parts: Iterable[Part]) -> list[Part]:
    """Those that have no batch of one before, as parts of two sweeps may."""
    kept: list[Part] = []
    there: set[tuple[str, int]] = set()
    for part in parts:
        own = {(label, batch.number) for label, batch in part.all_batches()}
        if own.isdisjoint(there):
            kept.append(part)
            there |= own
    return kept


def write(entry: PredictionCacheEntry | None, shape: tuple[object, ...], part: Part) -> None:
    """Keep a part. What cannot be kept would have to be made again after a crash, and that is all."""
    if entry is None:
        return
    try:
        open_store(entry.store).write_artifact(f"{_folder(entry)}/{uuid4().hex}.npz", to_file(_plain(shape, part)))
    except (NotPlainError, StoreError, OSError) as error:
        logger.warning("A part of the predictions %s is not kept: %s", entry.key, error)


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
        label: [(batch.number, batch.predictions, batch.targets, list(batch.metadata)) for batch in made]
        for label, made in part.batches.items()
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
    from sweeper.capabilities.leakage import ImageHashes
    from sweeper.capabilities.predictions import MadeBatch, MetadataBatch

    made: dict[str, list[MadeBatch]] = {
        label: [
            MadeBatch(number, predictions, targets, MetadataBatch(metadata))
            for number, predictions, targets, metadata in of_label
        ]
        for label, of_label in batches.items()
    }
    return Part(made, seconds, None if hashes is None else ImageHashes(*hashes))
