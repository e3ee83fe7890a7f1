"""Which addresses of a Ray can be used."""

from __future__ import annotations

_CLIENT = "ray://"


def refuse_client(address: str | None) -> None:
    """Raise a ValueError for an address of Ray Client, through which no results can be awaited as they must be."""
    if address is not None and address.startswith(_CLIENT):
        host = address.removeprefix(_CLIENT).rpartition(":")[0] or address.removeprefix(_CLIENT)
        raise ValueError(
            f"{address} is an address of Ray Client, which is not supported. Write job_backend.address={host}:6379 "
            "on a machine of the cluster, or submit the sweep as a job: `ray job submit --address http://"
            f"{host}:8265 --working-dir . -- python -m sweeper ...`."
        )
