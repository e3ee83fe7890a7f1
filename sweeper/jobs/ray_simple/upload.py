"""The user's own modules, on their way to nodes that do not have this machine's folders."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

MB = 1_000_000
NAMED = 3
"""So many folders a message names, the largest."""
_NOT_SENT = {"data", "outputs", "multirun", "node_modules", "__pycache__", "venv", "build", "dist"}
_MARKS = ("pyvenv.cfg", ".sweeper")
"""What a folder has that is a virtual environment, or a store."""


@dataclass(frozen=True)
class OwnFile:
    """A file below one of the folders that this process imports from."""

    path: str
    relative: str
    size: int


def own_files(roots: Sequence[str]) -> list[OwnFile]:
    """The files below the roots that are sent, each under the name by which Python finds it; the first root wins.

    Hidden files, data, outputs, stores and virtual environments are not.
    """
    found: dict[str, OwnFile] = {}
    for root in roots:
        for path in _files(root) if os.path.isdir(root) else ():
            relative = os.path.relpath(path, root)
            found.setdefault(relative, OwnFile(path, relative, os.path.getsize(path)))
    return list(found.values())


def _files(root: str) -> Iterator[str]:
    for folder, below, names in os.walk(root):
        below[:] = sorted(name for name in below if _is_sent(os.path.join(folder, name)))
        paths = (os.path.join(folder, name) for name in sorted(names) if not name.startswith("."))
        yield from (path for path in paths if os.path.isfile(path))


def _is_sent(folder: str) -> bool:
    name = os.path.basename(folder)
    if name.startswith(".") or name in _NOT_SENT or name.endswith(".egg-info"):
        return False
    if has_sweeper(os.path.dirname(folder)) and name == "sweeper":
        return False
    return not any(os.path.exists(os.path.join(folder, mark)) for mark in _MARKS)


def has_sweeper(folder: str) -> bool:
    """Whether a folder is one that this package is imported from, which every node has installed."""
    return os.path.isfile(os.path.join(folder, "sweeper", "_version.py"))


def refuse_too_much(files: Sequence[OwnFile], roots: Sequence[str], limit_mb: float) -> None:
    """Raise a ValueError that names the largest folders, where all files together are larger than the limit."""
    total = sum(file.size for file in files)
    if total <= limit_mb * MB:
        return
    sizes: Counter[str] = Counter()
    for file in files:
        top, _, below = file.relative.partition(os.sep)
        root = file.path.removesuffix(file.relative)
        sizes[os.path.join(root, top) if below else file.path] += file.size
    largest = ", ".join(f"{path} ({size / MB:.1f} MB)" for path, size in sizes.most_common(NAMED))
    raise ValueError(
        f"the nodes of the cluster need your modules, and {', '.join(roots)} hold {total / MB:.1f} MB, more than "
        f"job_backend.upload_limit={limit_mb:g} (MB). The largest are {largest}. Move what is no code elsewhere "
        "(folders named data or outputs, hidden ones, stores and virtual environments are not sent), raise the limit, "
        "or where the nodes have your modules, send nothing: '+job_backend.runtime_env={working_dir: null}'."
    )


def staged(files: Sequence[OwnFile]) -> str:
    """A new folder with all files in one tree; whoever asks for it removes it."""
    folder = Path(tempfile.mkdtemp(prefix="sweeper-upload-"))
    for file in files:
        target = folder / file.relative
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file.path, target)
    return str(folder)


def said(files: Sequence[OwnFile], roots: Sequence[str]) -> str:
    """One line on what is sent."""
    size = sum(file.size for file in files)
    return f"sent to the nodes of the cluster: {len(files)} files ({size / MB:.2f} MB) of {', '.join(roots)}"
