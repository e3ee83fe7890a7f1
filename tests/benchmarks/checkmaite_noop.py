"""A checkmaite capability that does nothing and measures one number; needs checkmaite."""

from __future__ import annotations

from typing import Any

from checkmaite.core.analytics_store import BaseRecord
from checkmaite.core.capability_core import (
    Capability,
    CapabilityConfigBase,
    CapabilityOutputsBase,
    CapabilityRunBase,
    Number,
)


class NoopRecord(BaseRecord, table_name="noop"):
    value: float


class Outputs(CapabilityOutputsBase):
    value: float = 1.0


class Run(CapabilityRunBase[CapabilityConfigBase, Outputs]):
    def extract(self) -> list[NoopRecord]:
        return [NoopRecord(run_uid=self.run_uid, value=self.outputs.value)]

    def collect_md_report(self, threshold: float) -> Any:
        raise NotImplementedError


class Dataset:
    """Has an id, so that each run has a uid of its own."""

    def __init__(self, name: str) -> None:
        self.metadata = {"id": name}


class Noop(Capability[Outputs, Any, Any, Any, CapabilityConfigBase]):
    _RUN_TYPE = Run
    supports_datasets = Number.ONE
    supports_models = Number.ZERO
    supports_metrics = Number.ZERO

    @classmethod
    def _create_config(cls) -> CapabilityConfigBase:
        return CapabilityConfigBase()

    def _run(self, *args: Any, **kwargs: Any) -> Outputs:
        return Outputs()
