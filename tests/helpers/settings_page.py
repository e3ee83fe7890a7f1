"""The table of docs/settings.md, made of the declarations and of the shipped config.

python tests/helpers/settings_page.py    # write it into the page
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "settings.md"
TABLE = re.compile(r"\| setting \|.*?\n(?=\n|\Z)", re.DOTALL)


def table() -> str:
    """A row for each setting: its key, what it is for, and what the shipped config says."""
    from sweeper.config.settings import MEANINGS

    shipped = yaml.safe_load((ROOT / "conf" / "config.yaml").read_text())
    rows = [f"| `{key}` | {meaning} | {_default(shipped, key)} |" for key, meaning in MEANINGS.items()]
    return "\n".join(["| setting | what it is for | default |", "|---|---|---|", *rows]) + "\n"


def _default(shipped: dict[str, object], key: str) -> str:
    value: object = shipped
    for word in key.split("."):
        value = value.get(word) if isinstance(value, dict) else None
    if value is None or value == {}:
        return "none"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return f"`[{', '.join(value)}]`" if isinstance(value, list) else f"`{text}`"


def main() -> None:
    PAGE.write_text(TABLE.sub(lambda _: table(), PAGE.read_text()))


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
