"""What an inference returns: predictions, and what its readers have to know of the parts that they are of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sweeper.capabilities.predictions import Predictions


@dataclass(frozen=True, eq=False)
class Inference:
    """What one inference task returns."""

    predictions: Mapping[str, Predictions]
    """By the label of the augmentation that was applied, `""` for none."""
    model_metadata: Mapping[str, object]
    dataset_metadata: Mapping[str, object]
    seconds: float
    """Time of the passes alone, without loading the parts; for stored predictions, the time when they were computed."""
    warnings: tuple[str, ...] = ()
    """Warnings for every value that is computed from these predictions."""
    inference_id: str | None = None
    """Of the table by datum in the store; `None` where there is none."""
    note: str = ""
    """What the user should know of this inference, and who reads the values need not."""

    log: str | None = None
    """The file with what it printed; `None` where it printed nothing, or was made earlier."""

    @property
    def is_in_blocks(self) -> bool:
        """Whether some of its batches are not in the memory of this process."""
        return any(each.is_in_blocks for each in self.predictions.values())

    def own(self) -> Inference:
        """The same for another reader, which may write into what is not read-only."""
        return replace(self, predictions={label: each.own() for label, each in self.predictions.items()})
