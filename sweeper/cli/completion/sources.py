"""What there is to choose from: configs, choices, keys, sweeps of the store, files. Read anew for each question."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

from sweeper.cli.completion.candidates import Candidate
from sweeper.cli.completion.seen import Seen
from sweeper.config.catalogue import GROUPS, first_comment
from sweeper.config.hydra_session import DEFAULT_CONFIG, config_folders
from sweeper.config.sketch import Sketch, sketch
from sweeper.errors import ConfigError
from sweeper.vocabulary import AXES

SWEEPS = 20
"""So many sweeps of the store are candidates, the newest, as `sweeper status` lists them."""
_BARE = re.compile(r"[\w./+-]+")
"""Names that stand in an override without quotes of Hydra's grammar; others are not offered."""
_STORE = "analytics_store.uri"


class Sources:
    """What a command line may name, as the words before the cursor say where that is."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen

    @cached_property
    def folders(self) -> tuple[Path, ...]:
        """The folders of configs; the shipped one alone where one that is named is not there."""
        given = self._seen.given
        try:
            return config_folders(given.get("--config-dir"), given.get("--config-path"))
        except (ConfigError, OSError):
            return config_folders(None, None)

    @property
    def config_names(self) -> list[Candidate]:
        """Primary configs."""
        paths = {path.stem: path for folder in reversed(self.folders) for path in folder.glob("*.yaml")}
        return [_described(name, path) for name, path in sorted(paths.items())]

    @cached_property
    def groups(self) -> tuple[str, ...]:
        """The config groups: the axes, and every folder of configs."""
        tops = {path.name for folder in self.folders for path in folder.iterdir() if path.is_dir()}
        return (*AXES, *sorted(name for name in tops if name not in AXES and _BARE.fullmatch(name)))

    def choices(self, group: str) -> list[Candidate]:
        """The configs of a group and its sub-folders."""
        paths: dict[str, Path] = {}
        for folder in self.folders:
            top = folder / group
            for path in top.rglob("*.yaml"):
                paths.setdefault(path.relative_to(top).with_suffix("").as_posix(), path)
        return [_described(name, path) for name, path in sorted(paths.items()) if _BARE.fullmatch(name)]

    @property
    def all_choices(self) -> list[Candidate]:
        """The choices of all groups that `ls` lists; a name that several have with its group before it."""
        found = [(group, choice) for group in GROUPS for choice in self.choices(group)]
        names = [choice.text for _, choice in found]
        return [
            choice if names.count(choice.text) == 1 else Candidate(f"{group}/{choice.text}", choice.about)
            for group, choice in found
        ]

    @cached_property
    def config(self) -> Sketch:
        """The composed config, as far as its files tell."""
        name = self._seen.given.get("--config-name", DEFAULT_CONFIG).removesuffix(".yaml")
        return sketch(self.folders, name, self._selections)

    @property
    def _selections(self) -> Mapping[str, tuple[str, ...]]:
        typed = [word.lstrip("+").partition("=") for word in self._seen.overrides]
        return {
            key: tuple(name.strip() for name in value.strip("[]").split(",") if name.strip())
            for key, _, value in typed
            if key in self.groups
        }

    @property
    def sweeps(self) -> list[Candidate]:
        """The newest sweeps of a store in a folder, by id and by name."""
        from sweeper.store.sweep_names import newest_sweeps

        found = list(newest_sweeps(self._store, SWEEPS)) if self._store is not None else []
        ids = [Candidate(sweep_id, name) for sweep_id, name in found]
        names = dict.fromkeys(name for _, name in found if _BARE.fullmatch(name))
        return [*(Candidate(name, "the newest sweep of that name") for name in names), *ids]

    @property
    def _store(self) -> Path | None:
        """The folder of the store; none where it is no folder."""
        typed = [word.partition("=")[2] for word in self._seen.overrides if word.lstrip("+").startswith(f"{_STORE}=")]
        section = self.config.content.get("analytics_store")
        written = section.get("uri") if isinstance(section, dict) else None
        uri = self._seen.given.get("--store") or (typed[-1].strip("'\"") if typed else str(written or ""))
        return Path(os.path.expanduser(uri)) if uri and "://" not in uri and "$" not in uri else None


def paths(typed: str, *, folders_only: bool = False) -> Iterator[Candidate]:
    """Files and folders that a path may name that begins so."""
    head, slash, last = typed.rpartition("/")
    try:
        found = sorted(os.scandir(os.path.expanduser(head + slash) or "."), key=lambda entry: entry.name)
    except (OSError, ValueError):
        return
    for entry in found:
        is_folder = entry.is_dir()
        if entry.name.startswith(last) and (last or not entry.name.startswith(".")) and entry.name.isprintable():
            if is_folder:
                yield Candidate(f"{head}{slash}{entry.name}/", "", False, f"{entry.name}/")
            elif not folders_only:
                yield Candidate(f"{head}{slash}{entry.name}", "", True, entry.name)


def _described(name: str, path: Path) -> Candidate:
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    return Candidate(name, first_comment(text))
