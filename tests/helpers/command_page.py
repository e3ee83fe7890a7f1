"""The screens of docs/command-line.md, made of the table of commands.

python tests/helpers/command_page.py    # write them into the page
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "command-line.md"
SCREENS = re.compile(r"^## sweeper$.*", re.DOTALL | re.MULTILINE)


def screens() -> str:
    """The help of each command under a heading, then Hydra's flags."""
    from sweeper.cli.command_table import COMMANDS, HYDRA
    from sweeper.cli.help import help_of, overview

    parts = [("sweeper", overview()), *((f"sweeper {name}", help_of(command)) for name, command in COMMANDS.items())]
    shown = "\n".join(f"## {title}\n\n```text\n{text}```\n" for title, text in parts)
    rows = [
        f"| {', '.join(f'`{flag}`' for flag in option.flags)} | {option.value or ''} | {option.meaning} |\n"
        for option in HYDRA
    ]
    return f"{shown}\n## Hydra's flags\n\n| flag | value | what it does |\n|---|---|---|\n{''.join(rows)}"


def main() -> None:
    PAGE.write_text(SCREENS.sub(lambda _: screens(), PAGE.read_text()))


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
