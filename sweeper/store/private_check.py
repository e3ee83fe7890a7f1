"""Whether the files that are no tables, those under `.sweeper/`, are what they should be."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from sweeper.common import small_json
from sweeper.common.small_json import Damaged, Shape
from sweeper.store import (
    accepted_files,
    endings,
    formats,
    job_files,
    journal,
    journal_lines,
    json_files,
    live_files,
    merge_lock,
    outcome_files,
    sweep_files,
)
from sweeper.store.files import PRIVATE, QUARANTINE, Files, UnreadableFileError
from sweeper.store.finding import Finding, Kind
from sweeper.store.local_files import TEMPORARY, LocalFiles
from sweeper.store.schema import ATTEMPTS, RUN_TABLE

MERGED = f"{PRIVATE}/merged"
CODE = f"{PRIVATE}/code"
ARTIFACTS = (f"{PRIVATE}/reports", f"{PRIVATE}/predictions")
"""Folders with a folder for each job or version, which hold the files."""
_FOLDERS = (
    PRIVATE,
    MERGED,
    CODE,
    TEMPORARY,
    *ARTIFACTS,
    journal.FOLDER,
    sweep_files.FOLDER,
    endings.FOLDER,
    job_files.FOLDER,
    outcome_files.FOLDER,
    accepted_files.FOLDER,
    f"{PRIVATE}/logs",
    QUARANTINE,
)
CUT_OFF = "its last line is cut off, that of a run that was not recorded"
LEFT_BEHIND_S = 3600.0
"""A temporary file this old belongs to a writer that died."""


def no_folders(files: Files) -> list[Finding]:
    """What is in the place of a folder of the store and is none; an object store has no folders."""
    if not isinstance(files, LocalFiles):
        return []
    places = [*_FOLDERS, *(f"{MERGED}/{name}" for name in files.names(MERGED, "")), ATTEMPTS, RUN_TABLE]
    wrong = [place.rpartition("/") for place in places if files.is_no_folder(place)]
    return [Finding(folder, name, "it must be a folder") for folder, _, name in wrong]


def damaged(files: Files) -> Iterator[Finding]:
    """Files whose content is not what it should be."""
    if reason := formats.damage(files):
        yield Finding(PRIVATE, formats.NAME, reason)
    yield from _lock(files)
    for table in files.names(MERGED, ""):
        yield from _wrong_json(files, live_files.notes_folder(table), _names_in_note)
    yield from _wrong_json(files, CODE, lambda name: small_json.texts_of(name.removesuffix(".json")))
    yield from _wrong_json(files, job_files.FOLDER, lambda _: job_files.shape)
    for module in (sweep_files, endings, outcome_files, accepted_files):
        for name, reason in module.damaged(files).items():
            yield Finding(module.FOLDER, name, reason)
    for folder in ARTIFACTS:
        for inner in files.names(folder, ""):
            yield from _unreadable(files, f"{folder}/{inner}")


def _names_in_note(name: str) -> Shape[list[str]]:
    return json_files.file_names(live_files.merged_name(name))


def _wrong_json(files: Files, folder: str, shape: Callable[[str], Shape[object]]) -> Iterator[Finding]:
    """Files of a folder that do not have the shape that belongs to their name."""
    for name in files.names(folder, ""):
        said = json_files.read(files, folder, name, shape(name))
        if said is None or isinstance(said, Damaged):
            yield Finding(folder, name, said.reason if said else "it is empty")


def _lock(files: Files) -> Iterator[Finding]:
    try:
        token = files.get(PRIVATE, merge_lock.NAME)
    except UnreadableFileError as error:
        yield Finding(PRIVATE, merge_lock.NAME, error.reason)
        return
    if not merge_lock.is_token(token):
        yield Finding(PRIVATE, merge_lock.NAME, "it is no lock that a merge wrote")
    elif token != merge_lock.FREE and files.age_s(PRIVATE, merge_lock.NAME) > merge_lock.EXPIRES_S:
        yield Finding(PRIVATE, merge_lock.NAME, "its merge died", Kind.LEFT_BEHIND)


def _unreadable(files: Files, folder: str) -> Iterator[Finding]:
    for name in files.names(folder, ""):
        try:
            if not files.get(folder, name):
                yield Finding(folder, name, "it is empty")
        except UnreadableFileError as error:
            yield Finding(folder, name, error.reason)


def segments(files: Files) -> Iterator[Finding]:
    """Segments of journals that cannot be read whole."""
    for name in files.names(journal.FOLDER, ""):
        try:
            data = files.get(journal.FOLDER, name)
        except UnreadableFileError as error:
            yield Finding(journal.FOLDER, name, error.reason)
            continue
        if lines := journal_lines.parsed(data).damaged:
            yield Finding(journal.FOLDER, name, f"{lines} lines")
        if journal_lines.is_cut_off(data):
            yield Finding(journal.FOLDER, name, CUT_OFF, Kind.LEFT_BEHIND)


def left_behind(files: Files) -> Iterator[Finding]:
    """Files of writers and merges that died; they are never read."""
    for name in files.names(TEMPORARY, ""):
        if files.age_s(TEMPORARY, name) > LEFT_BEHIND_S:
            yield Finding(TEMPORARY, name, "", Kind.LEFT_BEHIND)
    for table in files.names(MERGED, ""):
        for note in live_files.abandoned(files, table, LEFT_BEHIND_S):
            yield Finding(live_files.notes_folder(table), note, "", Kind.LEFT_BEHIND)
