"""Files of a store that are no tables, such as the reports of runs, by their URIs."""

from __future__ import annotations

from sweeper.store.files import PRIVATE, Files, UnreadableFileError
from sweeper.store.parquet import warn_of_damage


def artifact_path(uri: str) -> str | None:
    """The path that `Store.write_artifact` was given for this URI; `None` where it is not the URI of an artifact."""
    _, below, path = uri.rpartition(f"/{PRIVATE}/")
    return path if below and not {"", ".", ".."} & set(path.split("/")) else None


def read_artifact(files: Files, path: str) -> bytes | None:
    """What is under this path; `None` where there is nothing that can be read."""
    folder, _, name = path.rpartition("/")
    try:
        return files.get(f"{PRIVATE}/{folder}", name) or None
    except UnreadableFileError as error:
        warn_of_damage(files, f"{PRIVATE}/{folder}", name, error.reason)
        return None
