"""A sweep from config to result, for the command line and for Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike, fspath
from typing import Any

from sweeper.config import SweepConfig, by_name, live_parts, load, load_mapping, split_off_objects
from sweeper.errors import ConfigError
from sweeper.messages import bounds
from sweeper.planning.decisions import Plan
from sweeper.running.execute import execute
from sweeper.running.prepare import prepare, resumed
from sweeper.running.progress import Progress, Silent, for_stream
from sweeper.running.result import SweepResult
from sweeper.running.start import StartingBackend

Objects = Mapping[str, object] | None
"""Objects of one axis by name, bare or as `sweeper.Live`."""


def sweep(
    config: Mapping[str, Any] | Sequence[str] = (),
    *,
    progress: bool | Progress = True,
    allow_empty: bool = False,
    capability: Objects = None,
    dataset: Objects = None,
    model: Objects = None,
    metric: Objects = None,
    config_name: str | None = None,
    config_dir: str | PathLike[str] | None = None,
    config_path: str | PathLike[str] | None = None,
    multirun: bool = False,
) -> SweepResult:
    """Run a sweep and return when it has ended.

    Parameters
    ----------
    config
        Hydra overrides as on the command line (`["model=[svm]", "rerun=missing"]`), or a composed config as a mapping,
        on whose axes objects may stand in the place of specs.
    progress
        Whether to show a bar, or an object that is told of everything.
    allow_empty
        Whether the rules of the grid may leave out all combinations; the result is empty then.
    capability, dataset, model, metric
        Objects in the place of specs, by name: `dataset={"mine": my_dataset}`. They take the place of what the config
        selects on their axis, unless an override selects there too. Each is known by its `metadata["id"]` (a capability
        by its `id`) and the revision that `sweeper.Live(my_dataset, revision="3")` gives it.
    **where
        `config_name`, `config_dir`, `config_path` and `multirun`, as on the command line.

    Raises
    ------
    ConfigError
        The config is wrong, an object without a revision is to be reused, or nothing is left of the grid; nothing was
        run and Ray was not started.
    StoreError
        The analytics store cannot be reached.
    """
    shown = progress if not isinstance(progress, bool) else for_stream() if progress else Silent()
    objects = {"capability": capability, "dataset": dataset, "model": model, "metric": metric}
    where = _where(config_name, config_dir, config_path)
    return run_config(_configured(config, allow_empty, objects, where, multirun=multirun), shown)


def plan(
    config: Mapping[str, Any] | Sequence[str] = (),
    *,
    allow_empty: bool = False,
    capability: Objects = None,
    dataset: Objects = None,
    model: Objects = None,
    metric: Objects = None,
    config_name: str | None = None,
    config_dir: str | PathLike[str] | None = None,
    config_path: str | PathLike[str] | None = None,
    multirun: bool = False,
) -> Plan:
    """What `sweep` would run and why; starts nothing and writes nothing. Parameters and errors as for `sweep`."""
    objects = {"capability": capability, "dataset": dataset, "model": model, "metric": metric}
    where = _where(config_name, config_dir, config_path)
    return prepare(_configured(config, allow_empty, objects, where, multirun=multirun)).plan


def _where(
    config_name: str | None, config_dir: str | PathLike[str] | None, config_path: str | PathLike[str] | None
) -> dict[str, str | None]:
    folders = {"config_dir": config_dir, "config_path": config_path}
    named = {key: fspath(path) for key, path in folders.items() if path is not None}
    return {"config_name": config_name, **named}


def _configured(
    config: Mapping[str, Any] | Sequence[str],
    allow_empty: bool,
    objects: Mapping[str, Objects],
    where: Mapping[str, str | None],
    *,
    multirun: bool,
) -> SweepConfig:
    if isinstance(config, str):
        raise ConfigError(_as_list(config))
    if not isinstance(config, Mapping):
        overrides = [*config, *(["allow_empty=true"] if allow_empty else [])]
        return load(overrides, multirun=multirun, live=live_parts(objects), **where)
    if multirun:
        raise ConfigError("multirun needs a list of overrides to sweep over, and got a mapping, which is composed.")
    rest, found = split_off_objects(config)
    both = {axis: {**found.get(axis, {}), **by_name(axis, objects[axis])} for axis in objects}
    return load_mapping({**rest, **({"allow_empty": True} if allow_empty else {})}, live=live_parts(both), **where)


def _as_list(config: str) -> str:
    """What to write in the place of a text, in which a comma or a space may be part of a value."""
    words = [word for word in config.split() if "=" in word]
    file = "" if words else f" A config file is named by config_name={config!r}."
    return (
        f"The config is a list of overrides or a mapping, and got the text {config!r}. Write each override as a text "
        f"of its own, in a list: {words or ['model=[svm]', 'rerun=missing']!r}.{file}"
    )


def run_config(config: SweepConfig, progress: Progress) -> SweepResult:
    """Prepare and execute; Ray starts beside the planning and is stopped if it was started here."""
    config = resumed(config)
    _refuse_unportable(config)
    backend = StartingBackend(config)
    with bounds.applying(config.settings.bounds):
        try:
            prepared = prepare(config, will_run=backend.start)
            for note in prepared.plan.notes:
                progress.note(f"note: {note}")
            return execute(prepared, backend, progress)
        finally:
            backend.close()


def _refuse_unportable(config: SweepConfig) -> None:
    """Refuse an object that cannot travel to a worker, before anything is submitted."""
    if not config.live or config.settings.job_backend.kind == "inline":
        return
    from sweeper.jobs.ray_simple.portable import why_not_portable

    for item in config.live.values():
        if (problem := why_not_portable(item)) is not None:
            raise ConfigError(
                f"The {type(item).__name__} that was given as an object cannot be sent to a worker: {problem}. Let its "
                "__getstate__ leave out what cannot be pickled, or run in this process: job_backend.kind=inline."
            )
