"""Files of a store that are no tables, such as the reports of runs, by their URIs. Pure."""

from __future__ import annotations

from sweeper.store.files import PRIVATE


def artifact_path(uri: str) -> str | None:
    """The path that `Store.write_artifact` was given for this URI; `None` where it is not the URI of an artifact."""
    _, below, path = uri.rpartition(f"/{PRIVATE}/")
    return path if below and not {"", ".", ".."} & set(path.split("/")) else None
