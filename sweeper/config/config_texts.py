"""Mistakes in the text of a config file, each with how to write it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from sweeper.config.choice_files import parsed
from sweeper.config.choices import not_a_mapping
from sweeper.config.grid_rules import GRID_RULES
from sweeper.vocabulary import AXES

_LISTS = (*GRID_RULES, "requirements", "rerun_triggers", "aggregate")
_CURES = {
    "found character '\\t'": "YAML takes blanks where this line has a tab: write blanks.",
    "found duplicate key": "Write that key once, with all that belongs to it.",
    "could not find expected ':'": "A key is followed by a colon and a blank: `key: value`.",
    "expected <block end>, but found '<block mapping start>'": "Keys that belong together begin in the same column.",
    "expected ',' or ']'": "A ] or a comma is missing.",
    "expected ',' or '}'": "A } or a comma is missing.",
    "found unexpected end of stream": "A quote is not closed.",
    "must be a DictConfig, got ListConfig": "It has to be a mapping, lines of `key: value`, and is a list.",
    "mapping values are not allowed": "A text with a colon and a blank in it is written in quotes.",
    "defaults must be a list": "Write it as `defaults: [config, _self_]`, or as lines that begin with a dash.",
    "Overrides must be at the end": "Move the lines with `override` to its end, behind `_self_` if it is there.",
}
"""What a message of YAML or Hydra has in it, and the sentence that is added to it."""


def with_cure(message: str) -> str:
    """A message of YAML or Hydra with what to do about it, where that is known."""
    cure = next((cure for part, cure in _CURES.items() if part in message), "")
    return f"{message.rstrip('.')}. {cure}" if cure else message


def wrong_kind(folders: Sequence[Path], name: str) -> str:
    """What is said of a config file that has a list where a mapping belongs, or the reverse; else empty."""
    path = next((path for folder in folders if (path := folder / f"{name}.yaml").is_file()), None)
    content = parsed(path.read_text(encoding="utf-8", errors="replace")) if path else None
    for key, value in content.items() if isinstance(content, Mapping) else ():
        if key in AXES and isinstance(value, list):
            return f"{path}: {not_a_mapping(str(key), value)}"
        if key in _LISTS and isinstance(value, Mapping):
            return f"{path}: {key} must be a list, and is a mapping. Write it as {key}: [{{...}}]."
    return ""
