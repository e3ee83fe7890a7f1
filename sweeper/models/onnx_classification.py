"""All that has to be known of a classifier in an ONNX file, from its header and what is given."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sweeper.models.class_names import CLASS_NAMES
from sweeper.models.jatic import find_config, read_config, statements_of
from sweeper.models.onnx_header import OnnxHeader, read_header
from sweeper.models.onnx_images import settle_input
from sweeper.models.onnx_outputs import Scores, find_scores
from sweeper.models.onnx_statements import softmax_of, statements
from sweeper.models.parameters import Settlement, Stated
from sweeper.models.preprocessing import ExpectedImages
from sweeper.models.scores import SOFTMAX

CHOICE = "model.onnx_classifier"
"""How overrides address the choice."""


@dataclass(frozen=True)
class OnnxClassification:
    """All that has to be known of a classifier to run it.

    Parameters
    ----------
    header
        Of the file.
    images
        What it expects.
    scores
        The output that has the scores.
    softmax
        Whether they are logits.
    class_names
        In the order of the scores.
    jatic_config
        The JSON file of a model in the JATIC interface.
    """

    header: OnnxHeader
    images: ExpectedImages
    scores: Scores
    softmax: bool
    class_names: tuple[str, ...]
    jatic_config: Path | None


def described(given: Mapping[str, object]) -> OnnxClassification:
    """What is known of the file at `path`, with what it leaves open given by name.

    Raises
    ------
    PartError
        The file is missing, damaged or no classifier, or something is missing or contradicts it.
    """
    path = str(given.get("path"))
    header = read_header(path)
    scores = find_scores(header, given.get("output"))
    jatic = find_config(path, given.get("config_path"), header, "IMAGE_CLASSIFICATION")
    settlement = Settlement(header.source, CHOICE, given, _stated(header, scores, jatic, given.get("layout")))
    images = settle_input(settlement, header)
    softmax = settlement.needed(SOFTMAX)
    names = settlement.needed(CLASS_NAMES)
    _check_number(settlement, names.found, scores)
    settlement.finish()
    return OnnxClassification(header, images(), scores, softmax.value, names.value, jatic)


def _stated(header: OnnxHeader, scores: Scores, jatic: Path | None, layout: object) -> Mapping[str, Sequence[Stated]]:
    stated = statements(header, layout)
    stated["softmax"] += softmax_of(header, scores.output.name)
    if jatic is not None:
        config = read_config(jatic, "IMAGE_CLASSIFICATION")
        for name, said in statements_of(config, jatic).items():
            stated[name] += said
        stated["softmax"].append(Stated(False, "the JATIC interface"))
    return stated


def _check_number(settlement: Settlement, names: Sequence[str] | None, scores: Scores) -> None:
    if names is not None and scores.n_classes not in (None, len(names)):
        settlement.problem(
            f"class_names has {len(names)} names, and its output {scores.output} has {scores.n_classes} scores for "
            "each image. Name each of its classes."
        )
