"""How much memory this machine has left."""

from __future__ import annotations


def available_bytes() -> int | None:
    """What processes can still take before the machine swaps, as Linux estimates it; `None` on other systems."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:
            lines = dict(line.split(":", 1) for line in file)
        return int(lines["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return None
