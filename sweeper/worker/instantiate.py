"""Build the object that a resolved `_target_` mapping describes; outside of `sweeper.config`, only this uses Hydra."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def instantiate(target: Mapping[str, object]) -> Any:
    """Build what a resolved mapping with `_target_` describes, nested ones included.

    Containers become plain lists and dictionaries, unless the mapping has a `_convert_` of its own.
    """
    from hydra.utils import instantiate as hydra_instantiate

    return hydra_instantiate({"_convert_": "all", **target})
