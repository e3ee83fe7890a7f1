"""What one parsed override is: its key, its line, its kind of value."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sweeper.common.quoting import as_text
from sweeper.config.override_text import override_text
from sweeper.config.variant_names import value_label

if TYPE_CHECKING:
    from hydra.core.override_parser.types import Override


def full_key(override: Override) -> str:
    """Its key with the package, as in `model@part.left`, without the signs that add or delete."""
    return override.get_key_element().lstrip("+~")


def line_of(override: Override) -> str:
    """The override as it was written."""
    return str(override.input_line)


def label_of(override: Override) -> str:
    """Its value as it stands in the name of a variant."""
    value = override.value()
    return value_label(value) if isinstance(value, str) else override_text(value)


def with_value(override: Override, value: object) -> Override:
    """The override with one plain value."""
    from hydra.core.override_parser.types import ValueType

    line = f"{override.get_key_element()}={override_text(value)}"
    return replace(override, value_type=ValueType.ELEMENT, _value=value, input_line=line)


def is_mapping(override: Override) -> bool:
    """Whether a config group is given a mapping, which is merged into it; an empty one would select nothing."""
    return isinstance(override.value(), dict) and bool(override.value())


def is_glob(override: Override) -> bool:
    """Whether its value is `glob(...)`."""
    from hydra.core.override_parser.types import ValueType

    return override.value_type is ValueType.GLOB_CHOICE_SWEEP


def quoting_hint(line: str) -> str:
    """What to copy where the value of an override looks like one path that the grammar takes apart."""
    key, _, value = line.partition("=")
    is_path = "/" in value or value.startswith("~") or key.endswith((".uri", ".root"))
    return f" If that is one text: {as_text(line)}" if is_path and value[:1] not in ("'", '"', "[", "{") else ""
