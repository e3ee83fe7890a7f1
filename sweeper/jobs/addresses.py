"""Which addresses of a Ray can be used, and how those of many nodes are shown."""

from __future__ import annotations

from collections.abc import Sequence

_CLIENT = "ray://"
MOST_LISTED = 4


def refuse_client(address: str | None) -> None:
    """Raise a ValueError for an address of Ray Client, through which no results can be awaited as they must be."""
    if address is not None and address.startswith(_CLIENT):
        host = address.removeprefix(_CLIENT).rpartition(":")[0] or address.removeprefix(_CLIENT)
        raise ValueError(
            f"{address} is an address of Ray Client, which is not supported. Write job_backend.address={host}:6379 "
            "on a machine of the cluster, or submit the sweep as a job: `ray job submit --address http://"
            f"{host}:8265 --working-dir . -- python -m sweeper ...`."
        )


def listed(addresses: Sequence[str]) -> str:
    """The first few of many addresses, and how many more there are."""
    more = len(addresses) - MOST_LISTED
    return ", ".join([*addresses[:MOST_LISTED], *([f"{more} more"] if more > 0 else [])])
