"""What must be there before a sweep goes through checkmaite, looked at before anything is imported or connected."""

from __future__ import annotations

import os
from importlib.util import find_spec

from sweeper.common.extras import how_to_install
from sweeper.errors import ConfigError, MissingExtraError


def refuse_without(address: str | None) -> None:
    """See that checkmaite is installed, and that a cluster is named which outlives the driver.

    Raises
    ------
    MissingExtraError
        checkmaite is not installed.
    ConfigError
        The address names no cluster.
    """
    if find_spec("checkmaite") is None:
        raise MissingExtraError(
            f"job_backend.kind=ray submits through checkmaite, which is not installed. {how_to_install('checkmaite')} "
            "Or leave job_backend.kind out: ray-simple needs no checkmaite."
        )
    if address == "local" or (address is None and not os.environ.get("RAY_ADDRESS")):
        raise ConfigError(
            f"job_backend.kind=ray needs a Ray cluster that outlives the driver, and job_backend.address={address} "
            "names none. Start one with `ray start --head` and write job_backend.address=host:6379, or set "
            "RAY_ADDRESS. For a Ray of the sweep's own, use job_backend.kind=ray-simple."
        )
