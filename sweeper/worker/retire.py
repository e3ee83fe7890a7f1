"""How a Ray worker that a run has spoiled ends, once the result of its task is stored."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

MAX_CALLS = 1 << 30
"""Tasks of one kind after which Ray replaces a worker: never, unless `after_this_task` says that it is reached."""


def after_this_task() -> None:
    """Have Ray replace this worker when the task that it runs has ended, by counting to that task's `MAX_CALLS`.

    The counter is Ray's own and may go by another name one day; then the worker goes on, and attempts that follow in it
    are stored with a warning.
    """
    with suppress(ImportError, AttributeError, KeyError, TypeError):
        from ray._private.worker import global_worker

        counts: Any = vars(global_worker.function_actor_manager)["_num_task_executions"]
        counts.update(dict.fromkeys(counts, MAX_CALLS - 1))
