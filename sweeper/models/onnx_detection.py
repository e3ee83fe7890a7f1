"""All that has to be known of a detector in an ONNX file, from its header and what is given."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from sweeper.models.detected_classes import BACKGROUND, DETECTED_NAMES, DetectedClasses
from sweeper.models.detector_outputs import Form, has_labels, settle_form
from sweeper.models.image_parameters import truth
from sweeper.models.jatic import find_config, read_config, statements_of
from sweeper.models.onnx_header import OnnxHeader, read_header
from sweeper.models.onnx_images import settle_input
from sweeper.models.onnx_statements import statements
from sweeper.models.parameters import Parameter, Settled, Settlement, Stated
from sweeper.models.preprocessing import ExpectedImages

CHOICE = "model.onnx_detector"
"""How overrides address the choice."""


def _label(value: object) -> int:
    if isinstance(value, bool) or value not in (0, 1):
        raise ValueError(repr(value))
    return 1 if value else 0


FIRST_LABEL = Parameter(
    "first_label", _label, "0, or 1 where 0 is the background", "the label that the file gives to the first class", "1"
)
LETTERBOX = Parameter(
    "letterbox",
    truth,
    "true (the aspect is kept, with grey at the edges, as Ultralytics does) or false (stretched)",
    "how images are resized",
    "true",
)


@dataclass(frozen=True)
class OnnxDetection:
    """All that has to be known of a detector to run it.

    Parameters
    ----------
    header
        Of the file.
    images
        What it expects.
    letterbox
        Whether images that are resized keep their aspect.
    has_batches
        Whether its input has an axis for several images; else it takes one, C x H x W.
    form
        What its outputs are.
    classes
        What its labels stand for.
    """

    header: OnnxHeader
    images: ExpectedImages
    letterbox: bool
    has_batches: bool
    form: Form
    classes: DetectedClasses


def described(given: Mapping[str, object]) -> OnnxDetection:
    """What is known of the file at `path`, with what it leaves open given by name.

    Raises
    ------
    PartError
        The file is missing, damaged or no detector, or something is missing or contradicts it.
    """
    path = str(given.get("path"))
    header, has_batches = _with_batches(read_header(path))
    jatic = find_config(path, given.get("config_path"), header, "IMAGE_OBJECT_DETECTION")
    stated = statements(header, given.get("layout"))
    if jatic is not None:
        for name, said in statements_of(read_config(jatic, "IMAGE_OBJECT_DETECTION"), jatic).items():
            stated[name] += said
        stated["letterbox"].append(Stated(False, "the JATIC interface"))
    settlement = Settlement(header.source, CHOICE, given, stated)
    images = settle_input(settlement, header)
    letterbox = settlement.needed(LETTERBOX) if given.get("resize") is True else settlement.wanted(LETTERBOX)
    form = settle_form(settlement, header, given, jatic)
    classes = _settle_classes(settlement, stated, given, with_labels=jatic is None and has_labels(header, given))
    settlement.finish()
    return OnnxDetection(header, images(), letterbox.found is True, has_batches, form(), classes())


def _with_batches(header: OnnxHeader) -> tuple[OnnxHeader, bool]:
    """The header as if its input had an axis of images, and whether it has: torchvision's detectors take one image."""
    value = header.only_input
    if value.shape is None or len(value.shape) != 3:
        return header, True
    return replace(header, inputs=(replace(value, shape=(1, *value.shape), denotations=()),)), False


def _settle_classes(
    settlement: Settlement, stated: defaultdict[str, list[Stated]], given: Mapping[str, object], *, with_labels: bool
) -> Callable[[], DetectedClasses]:
    names = settlement.needed(DETECTED_NAMES)
    first: Settled[int] = Settled(0)
    if with_labels:
        if names.found is not None and names.found[0] == BACKGROUND:
            stated["first_label"].append(Stated(0, f"class_names, which begin with {BACKGROUND}"))
        first = settlement.needed(FIRST_LABEL)
    elif given.get("first_label") is not None:
        settlement.problem("first_label is given, and the file has no output of labels. Leave it out.")
    return lambda: DetectedClasses((BACKGROUND,) * first.value + names.value)
