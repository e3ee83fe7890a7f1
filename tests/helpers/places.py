"""Folders of the project that tests read or run."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HELPERS = Path(__file__).resolve().parent
CONF = ROOT / "conf"
EXAMPLES = ROOT / "examples"
OLD_STORES = ROOT / "tests" / "data" / "stores"
