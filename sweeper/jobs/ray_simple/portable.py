"""Whether an object can travel to a worker, found out before anything is submitted."""

from __future__ import annotations

import pickle

from ray.cloudpickle.cloudpickle import dumps


def why_not_portable(item: object) -> str | None:
    """Why an object cannot be pickled, in one line; `None` where it can. Large arrays in it are not copied for that."""
    buffers: list[pickle.PickleBuffer] = []
    try:
        dumps(item, protocol=5, buffer_callback=buffers.append)
    except Exception as error:  # noqa: BLE001 - pickling runs the code of a foreign class, which may raise anything
        return f"{type(error).__name__}: {error}"
    return None
