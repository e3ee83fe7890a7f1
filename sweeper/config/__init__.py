"""Hydra and OmegaConf end here: overrides and files come in, plain data leaves."""

from sweeper.config.early_checks import check_targets
from sweeper.config.live_parts import by_name, live_parts, refuse_absent, split_off_objects
from sweeper.config.loading import load, load_mapping, overrides_to_show
from sweeper.config.settings import DEFAULT_STORE, BackendSettings, Settings
from sweeper.config.sweep_config import SweepConfig

__all__ = [
    "DEFAULT_STORE",
    "BackendSettings",
    "Settings",
    "SweepConfig",
    "by_name",
    "check_targets",
    "live_parts",
    "load",
    "load_mapping",
    "overrides_to_show",
    "refuse_absent",
    "split_off_objects",
]
