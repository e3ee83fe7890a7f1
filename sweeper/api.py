"""A sweep from config to result, for the command line and for Python."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sweeper.config import SweepConfig, load, load_mapping
from sweeper.messages import bounds
from sweeper.planning.decisions import Plan
from sweeper.running.execute import execute
from sweeper.running.prepare import prepare, resumed
from sweeper.running.progress import Progress, Silent, for_stream
from sweeper.running.result import SweepResult
from sweeper.running.start import StartingBackend

if TYPE_CHECKING:
    pass


def sweep(
    config: Mapping[str, Any] | Sequence[str] = (),
    *,
    progress: bool | Progress = True,
    allow_empty: bool = False,
    **where: Any,
) -> SweepResult:
    """Run a sweep and return when it has ended.

    Parameters
    ----------
    config
        Hydra overrides as on the command line (`["model=[svm]", "rerun=missing"]`), or a composed config as a mapping.
    progress
        Whether to show a bar, or an object that is told of everything.
    allow_empty
        Whether the rules of the grid may leave out all combinations; the result is empty then.
    **where
        `config_name`, `config_dir`, `config_path` and `multirun`, as on the command line.

    Raises
    ------
    ConfigError
        The config is wrong, or nothing is left of the grid; nothing was run and Ray was not started.
    StoreError
        The analytics store cannot be reached.
    """
    shown = progress if not isinstance(progress, bool) else for_stream() if progress else Silent()
    return run_config(_configured(config, allow_empty, where), shown)


def plan(config: Mapping[str, Any] | Sequence[str] = (), *, allow_empty: bool = False, **where: Any) -> Plan:
    """What `sweep` would run and why; starts nothing and writes nothing. Parameters and errors as for `sweep`."""
    return prepare(_configured(config, allow_empty, where)).plan


def _configured(config: Mapping[str, Any] | Sequence[str], allow_empty: bool, where: Mapping[str, Any]) -> SweepConfig:
    if isinstance(config, Mapping):
        return load_mapping({**config, **({"allow_empty": True} if allow_empty else {})}, **where)
    return load([*config, *(["allow_empty=true"] if allow_empty else [])], **where)


def run_config(config: SweepConfig, progress: Progress) -> SweepResult:
    """Prepare and execute; Ray starts beside the planning and is stopped if it was started here."""
    config = resumed(config)
    backend = StartingBackend(config)
    with bounds.applying(config.settings.bounds):
        try:
            prepared = prepare(config, will_run=backend.start)
            for note in prepared.plan.notes:
                progress.note(f"note: {note}")
            return execute(prepared, backend, progress)
        finally:
            backend.close()
