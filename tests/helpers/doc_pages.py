"""The pages for readers, and the examples in them: the one place that finds them.

An example is what stands between fences. A comment on the line before, which a reader does not see, may say that it
cannot run here, `<!-- test: needs a bucket -->`, or how its commands end, `<!-- test: exit status 2 -->`. What has a
prompt with the name of a machine, as `head$ ray start` has, cannot run here either.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")])
FENCE = re.compile(
    r"^(?P<indent> *)(?:<!-- test: (?P<mark>.*?) -->\n *)?```(?P<language>\w*)\n(?P<text>.*?)^ *```$",
    re.DOTALL | re.MULTILINE,
)
OWN_FILE = re.compile(r"# ([\w/]+\.(?:py|yaml))\n")
"""The first line of an example that is a file of the reader's own."""
ELSEWHERE = re.compile(r"\w+\$ ")
"""A prompt with the name of a machine."""


@dataclass(frozen=True)
class Example:
    """One fenced block of a page."""

    page: Path
    line: int
    language: str
    text: str
    mark: str
    """What its comment says; empty if there is none."""

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def own_file(self) -> str | None:
        """The path of the file that the reader is to write; none where it is something else."""
        match = OWN_FILE.match(self.text) if self.language in ("python", "yaml") else None
        return match[1] if match else None

    @property
    def status(self) -> int:
        """How each of its commands ends."""
        return int(self.mark.removeprefix("exit status ")) if self.mark.startswith("exit status ") else 0

    @property
    def needs(self) -> str | None:
        """What it takes to run it and is not here."""
        if self.mark.startswith("needs "):
            return self.mark.removeprefix("needs ")
        return "another machine" if ELSEWHERE.match(self.text) else None


def examples_of(page: Path) -> Iterator[Example]:
    """Every example of a page, in their order."""
    text = page.read_text()
    for match in FENCE.finditer(text):
        lines = [line.removeprefix(match["indent"]) for line in match["text"].splitlines(keepends=True)]
        number = text.count("\n", 0, match.start("language")) + 1
        yield Example(page, number, match["language"], "".join(lines), match["mark"] or "")


def examples(page: Path, language: str) -> list[str]:
    """The texts of a page's examples in one language."""
    return [example.text for example in examples_of(page) if example.language == language]


def own_files(page: Path) -> dict[str, str]:
    """The files that a page tells its reader to write, by their paths."""
    return {example.own_file: example.text for example in examples_of(page) if example.own_file}


def prose(page: Path) -> str:
    """The text of a page without its examples."""
    return FENCE.sub("", page.read_text())
