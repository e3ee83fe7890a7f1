"""Replace a Ray worker process that a run has left in a changed state, once the result of its task is stored."""

from __future__ import annotations

from contextlib import suppress

MAX_CALLS = 1 << 30
"""Tasks of one kind after which Ray replaces a worker: never reached, unless `after_this_task` sets the counter."""


def after_this_task() -> None:
    """Have Ray replace this worker when its current task has ended, by setting Ray's task counter to the limit.

    The counter is private to Ray. If a later version renames it, the worker goes on, and the attempts that follow in it
    are stored with a warning.
    """
    with suppress(ImportError, AttributeError, KeyError, TypeError):
        from ray._private.worker import global_worker

        counts = vars(global_worker.function_actor_manager)["_num_task_executions"]
        counts.update(dict.fromkeys(counts, MAX_CALLS - 1))
