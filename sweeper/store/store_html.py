"""A store as a notebook shows it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from sweeper.common.html_text import paragraph


def store_html(uri: str, sweeps: Sequence[str], tables: Sequence[str]) -> str:
    """Where it is and what is in it, and how to read that; `sweeps` are ids, the newest last."""
    if not tables:
        return paragraph(f"Analytics store {uri}: nothing is stored yet")
    newest = f", the newest {sweeps[-1]}" if sweeps else ""
    lines = [
        f"Analytics store {uri}",
        f"sweeps: {len(sweeps):,}{newest}",
        f"tables: {', '.join(tables)}",
        "Every value: .results().to_pandas(); SQL: .sql('SELECT * FROM results')",
    ]
    return paragraph("\n".join(lines))
