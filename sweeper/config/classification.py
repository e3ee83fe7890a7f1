"""Every key that a config may have, and whether it is part of identities or says only how things run."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from sweeper.config.grid_rules import GRID_RULES
from sweeper.config.limit import LIMIT
from sweeper.config.settings import SETTINGS
from sweeper.config.sweep_section import SWEEP, SWEEP_FIELDS
from sweeper.vocabulary import AXES


class Kind(Enum):
    """What a key is for."""

    IDENTITY = "identity"
    """It is hashed into fingerprints."""
    RUNTIME = "runtime"
    """It says how, where or whether to run."""


CLASSIFICATION: Mapping[str, Kind] = {
    **dict.fromkeys((*AXES, LIMIT), Kind.IDENTITY),
    **dict.fromkeys((*SETTINGS, *GRID_RULES), Kind.RUNTIME),
    **{f"{SWEEP}.{name}": Kind.RUNTIME for name in SWEEP_FIELDS},
}
"""Every key of a config; those under `_sweep_` stand in a choice."""
ROOT_FIELDS = tuple(dict.fromkeys(key.partition(".")[0] for key in (*AXES, *SETTINGS, *GRID_RULES, LIMIT)))
"""Keys that may stand in the root of a config."""
SETTING_FIELDS = tuple(dict.fromkeys(key.partition(".")[0] for key in SETTINGS))
"""Those of them that hold settings."""
