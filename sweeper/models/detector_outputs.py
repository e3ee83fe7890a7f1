"""What the outputs of an ONNX detector are: stated by its metadata or by their names, or given."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from sweeper.errors import PartError, near_match
from sweeper.models.box_formats import BOX_FORMAT, BOX_UNITS, BoxFormat, BoxUnits
from sweeper.models.onnx_header import OnnxHeader, Value
from sweeper.models.onnx_statements import is_of_ultralytics
from sweeper.models.parameters import Parameter, Settlement

DETECT = "detect"
"""The task of a detector in the metadata of Ultralytics."""


def _share(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError(repr(value))
    return float(value)


MIN_SCORE = Parameter(
    "min_score", _share, "a number from 0 to 1", "detections with a lower score are left out", "0.001"
)
NMS_IOU = Parameter(
    "nms_iou",
    _share,
    "a number from 0 to 1",
    "of boxes of one class that overlap by more, only the surest is kept",
    "0.7",
)


@dataclass(frozen=True)
class JaticOutputs:
    """Those of the JATIC interface, which modelmaite reads; `config` is its JSON file."""

    config: Path
    min_score: float


@dataclass(frozen=True)
class SeparateOutputs:
    """Boxes, scores and, unless there are scores of each class, labels in outputs of their own.

    Parameters
    ----------
    boxes, scores, labels
        Names of the outputs. Boxes are D x 4 or N x D x 4, labels and scores D or N x D; scores of each class have one
        more axis.
    box_format, box_units
        What the numbers of a box are.
    min_score
        Detections with a lower score are left out.
    """

    boxes: str
    scores: str
    labels: str | None
    box_format: BoxFormat
    box_units: BoxUnits
    min_score: float
    is_of_one_image: bool
    """Whether the outputs have no axis for several images, or may have none."""


@dataclass(frozen=True)
class UltralyticsOutput:
    """One output as Ultralytics exports it: N x (4 + K) x A, centres and sizes in pixels and a score of each class.

    If suppression is part of the network it is N x D x 6: corners in pixels, score, label.
    """

    output: str
    is_suppressed: bool
    min_score: float
    most_overlap: float


Form: TypeAlias = JaticOutputs | SeparateOutputs | UltralyticsOutput


def settle_form(
    settlement: Settlement, header: OnnxHeader, given: Mapping[str, object], jatic: Path | None
) -> Callable[[], Form]:
    """Take what says what the outputs are; what is given and of no use is a problem.

    Returns
    -------
    Callable
        What gives the form once the settlement is finished.

    Raises
    ------
    PartError
        The file has no outputs that could be those of a detector.
    """
    least = settlement.wanted(MIN_SCORE)
    if jatic is not None:
        _refuse_unused(settlement, given, "box_format", "box_units", "nms_iou", "boxes", "scores", "labels")
        return lambda: JaticOutputs(jatic, least.found or 0.0)
    if is_of_ultralytics(header):
        _refuse_unused(settlement, given, "box_format", "box_units", "boxes", "scores", "labels")
        return _of_ultralytics(settlement, header, given)
    _refuse_unused(settlement, given, "nms_iou")
    boxes, scores, labels = (output_named(header, given, name) for name in ("boxes", "scores", "labels"))
    form, units = settlement.needed(BOX_FORMAT), settlement.needed(BOX_UNITS)
    if boxes is None or scores is None:
        listed = ", ".join(map(str, header.outputs))
        raise PartError(
            f"{header.source} has no outputs named boxes and scores; it has {listed}. Say which is which: boxes=NAME, "
            "scores=NAME and, unless there is a score for each class, labels=NAME."
        )
    of_labels = None if labels is None else labels.name
    one = boxes.shape is None or len(boxes.shape) == 2
    return lambda: SeparateOutputs(boxes.name, scores.name, of_labels, form.value, units.value, least.found or 0.0, one)


def has_labels(header: OnnxHeader, given: Mapping[str, object]) -> bool:
    """Whether there is an output of labels, as in a file that is neither of Ultralytics nor of the JATIC interface."""
    return not is_of_ultralytics(header) and output_named(header, given, "labels") is not None


def output_named(header: OnnxHeader, given: Mapping[str, object], name: str) -> Value | None:
    """The output that is given under a name, else the one of this name; `None` if there is none.

    Raises
    ------
    PartError
        There is no output of the name that is given.
    """
    outputs = {value.name: value for value in header.outputs}
    wanted = given.get(name)
    if wanted is None:
        return outputs.get(name)
    if wanted not in outputs:
        listed = ", ".join(map(str, header.outputs))
        raise PartError(
            f"{header.source} has no output {wanted!r}, which {name} names; it has {listed}."
            f"{near_match(str(wanted), outputs)}"
        )
    return outputs[str(wanted)]


def _of_ultralytics(
    settlement: Settlement, header: OnnxHeader, given: Mapping[str, object]
) -> Callable[[], UltralyticsOutput]:
    task = header.metadata["task"]
    if task != DETECT or len(header.outputs) != 1:
        raise PartError(
            f"{header.source} is a model of Ultralytics for the task {task!r} with {len(header.outputs)} outputs; this "
            f"choice takes those for {DETECT!r}, with one."
        )
    output, is_suppressed = header.outputs[0], _is_suppressed(header.metadata)
    if is_suppressed:
        _refuse_unused(settlement, given, "nms_iou")
        least = settlement.wanted(MIN_SCORE)
        return lambda: UltralyticsOutput(output.name, True, least.found or 0.0, 1.0)
    needed, most = settlement.needed(MIN_SCORE), settlement.needed(NMS_IOU)
    return lambda: UltralyticsOutput(output.name, False, needed.value, most.value)


def _is_suppressed(metadata: Mapping[str, str]) -> bool:
    """Whether non-maximum suppression is part of the network, or its head needs none."""
    try:
        arguments = ast.literal_eval(metadata.get("args", "{}"))
    except (ValueError, SyntaxError):
        arguments = {}
    exported = isinstance(arguments, Mapping) and arguments.get("nms") is True
    return exported or metadata.get("end2end") == "True"


def _refuse_unused(settlement: Settlement, given: Mapping[str, object], *names: str) -> None:
    for name in names:
        if given.get(name) is not None:
            settlement.problem(f"{name} is given, and this file has no use for it. Leave it out.")
