"""A network of torch on its device, and the scores that it gives a batch."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from sweeper.errors import PartError
from sweeper.models.devices import inference
from sweeper.models.scores import probabilities

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float32]


class ScoringNetwork:
    """A classifier of torch that takes a batch as an array and answers with an array.

    Parameters
    ----------
    network
        Takes N images and answers with N x K scores; on the device, in evaluation mode.
    device
        Where it works.
    n_classes
        K.
    softmax
        Whether its scores are logits, of which softmax makes probabilities.
    source
        What it comes from, for messages.
    """

    def __init__(self, network: Any, device: Any, *, n_classes: int, softmax: bool, source: str) -> None:
        self._network, self._device = network, device
        self._n_classes, self._softmax, self._source = n_classes, softmax, source

    def scores(self, images: Floats) -> Floats:
        """N x K probabilities, float32, in the memory of the host.

        Raises
        ------
        PartError
            The network cannot take these images, or its answers are not what `softmax` says or no score for each class.
        """
        torch: Any = import_module("torch")

        with inference():
            scores = self._called(torch.from_numpy(images).to(self._device)).float().cpu().numpy()
        return probabilities(scores, self._source, softmax=self._softmax)

    def _called(self, images: Any) -> Any:
        torch: Any = import_module("torch")

        try:
            answers = self._network(images)
        except torch.OutOfMemoryError:
            raise
        except (AssertionError, RuntimeError, ValueError) as error:
            shape = " x ".join(map(str, images.shape))
            raise PartError(f"{self._source} cannot work on a batch of {shape}: {error}") from error
        got = tuple(getattr(answers, "shape", ()))
        if got != (len(images), self._n_classes):
            raise PartError(
                f"{self._source} answered {len(images)} images with {got or type(answers).__name__}; expected are "
                f"{self._n_classes} scores for each."
            )
        return answers
