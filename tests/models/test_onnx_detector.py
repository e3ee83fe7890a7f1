"""Detectors in ONNX files: boxes come back in pixels of the image as it was, and nothing about them is guessed."""

from __future__ import annotations

import json
import pickle
from typing import Any

import numpy as np
import onnx
import pytest
from maite.protocols import generic as gen
from onnx_files import AS_IT_IS, fixed_answers, jatic_config
from PIL import Image

import sweeper
from sweeper.common.facts import KnownBeforehand
from sweeper.errors import PartError
from sweeper.models import OnnxDetector

BOXES = np.array([[1, 2, 5, 8], [0, 0, 4, 4], [2, 2, 9, 6]], dtype=np.float32)
SCORES = np.array([0.9, 0.4, 0.05], dtype=np.float32)
LABELS = np.array([2, 1, 0], dtype=np.int64)
OUTPUTS = {"boxes": BOXES, "labels": LABELS, "scores": SCORES}
IMAGES = {**AS_IT_IS, "channels": "RGB"}
GIVEN = {**IMAGES, "class_names": ["cat", "dog"], "first_label": 1, "box_format": "xyxy", "box_units": "pixels"}
BRIGHT = np.ones((3, 10, 20), dtype=np.float32)


def refused(path: object, **given: Any) -> str:
    """What building says, and that the facts say the same before anything is built."""
    with pytest.raises(PartError) as of_building:
        OnnxDetector(str(path), **given)
    with pytest.raises(PartError) as of_facts:
        OnnxDetector.facts(path=str(path), **given)
    assert str(of_building.value) == str(of_facts.value)
    return str(of_building.value)


@pytest.mark.parametrize("shape", [("N", 3, "H", "W"), (1, 3, 10, 20), (2, 3, 10, 20), (3, 10, 20), (3, "H", "W")])
def test_boxes_labels_and_scores_are_read_for_each_image(tmp_path, shape):
    model = OnnxDetector(fixed_answers(tmp_path / "m.onnx", OUTPUTS, shape=shape, dimmed=["scores"]), **GIVEN)
    found = model([BRIGHT, BRIGHT / 2, BRIGHT])
    assert len(found) == 3
    for one, factor in zip(found, (1, 0.5, 1), strict=True):
        np.testing.assert_allclose(one.boxes, BOXES[:2])
        np.testing.assert_array_equal(one.labels, [1, 0])  # label 0 is the background
        np.testing.assert_allclose(one.scores, SCORES[:2] * factor, atol=1e-6)
    assert (one.boxes.dtype, one.labels.dtype, one.scores.dtype) == (np.float32, np.int64, np.float32)
    assert model.metadata["index2label"] == {0: "cat", 1: "dog"}
    assert isinstance(model, gen.Model)
    assert isinstance(OnnxDetector, KnownBeforehand)
    assert model([]) == []


def test_images_of_unlike_sizes_and_outputs_of_one_image(tmp_path):
    path = fixed_answers(tmp_path / "m.onnx", OUTPUTS, axis_of_images=False)
    found = OnnxDetector(path, **GIVEN)([BRIGHT, BRIGHT[:, :, :9], BRIGHT])
    assert [len(one.boxes) for one in found] == [2, 2, 2]


def test_a_detector_that_finds_nothing(tmp_path):
    path = fixed_answers(tmp_path / "m.onnx", {name: values[:0] for name, values in OUTPUTS.items()})
    (one,) = OnnxDetector(path, **GIVEN)([BRIGHT])
    assert (one.boxes.shape, one.labels.shape, one.scores.shape) == ((0, 4), (0,), (0,))


def test_scores_of_each_class_and_shares_of_the_image(tmp_path):
    per_class = np.array([[0.1, 0.9], [0.4, 0.2], [0.0, 0.05]], dtype=np.float32)
    shares = np.array([[0.1, 0.2, 0.2, 0.2], [0.5, 0.5, 1, 1], [0.5, 0.5, 0, 0]], dtype=np.float32)
    path = fixed_answers(tmp_path / "m.onnx", {"pred_boxes": shares, "scores": per_class})
    form = {"box_format": "cxcywh", "box_units": "normalised", "boxes": "pred_boxes", "min_score": 0.2}
    (one,) = OnnxDetector(path, class_names=["cat", "dog"], **form, **IMAGES)([BRIGHT])
    np.testing.assert_allclose(one.boxes, [[0, 1, 4, 3], [0, 0, 20, 10]], atol=1e-6)
    np.testing.assert_array_equal(one.labels, [1, 0])
    np.testing.assert_allclose(one.scores, [0.9, 0.4])


@pytest.mark.parametrize(
    ("letterbox", "expected"),
    [
        (False, [2, 2, 10, 8]),  # across, 20 pixels went in as 10
        (True, [2, 0, 10, 12]),  # 10 x 20 went in as 5 x 10, below two rows of grey
    ],
)
def test_boxes_come_back_in_pixels_of_the_image_as_it_was(tmp_path, letterbox, expected):
    one_box = {"boxes": np.array([[1, 2, 5, 8]], np.float32), "labels": LABELS[:1], "scores": SCORES[:1]}
    path = fixed_answers(tmp_path / "m.onnx", one_box, shape=("N", 3, 10, 10))
    (one,) = OnnxDetector(path, resize=True, letterbox=letterbox, **GIVEN)([BRIGHT])
    np.testing.assert_allclose(one.boxes, [expected])
    assert "model.onnx_detector.letterbox=true" in refused(path, resize=True, **GIVEN)
    with pytest.raises(PartError, match=r"takes images of 10 x 10 .* got 10 x 20"):
        OnnxDetector(path, **GIVEN)([BRIGHT])
    assert OnnxDetector.facts(path=str(path), **GIVEN).width == 10


def test_one_error_lists_all_that_is_missing(tmp_path):
    said = refused(fixed_answers(tmp_path / "m.onnx", OUTPUTS))
    for name in (*AS_IT_IS, "channels", "class_names", "first_label", "box_format", "box_units"):
        assert f"model.onnx_detector.{name}=" in said
    assert "nms_iou" not in said
    assert "min_score" not in said


def test_class_names_may_have_the_background_and_labels_of_nothing(tmp_path):
    path = fixed_answers(tmp_path / "m.onnx", {**OUTPUTS, "labels": np.array([3, 1, 2])})
    given = {**GIVEN, "class_names": ["__background__", "cat", "N/A", "dog"], "first_label": None}
    model = OnnxDetector(path, **given)
    (one,) = model([BRIGHT])
    assert model.metadata["index2label"] == {0: "cat", 1: "dog"}
    np.testing.assert_array_equal(one.labels, [1, 0])
    assert "first_label is given as 1, and it is 0 by class_names" in refused(path, **{**given, "first_label": 1})


@pytest.mark.parametrize(
    ("outputs", "given", "said"),
    [
        ({**OUTPUTS, "labels": LABELS + 1}, {}, "label 3, and class_names names the labels 0 to 2"),
        ({**OUTPUTS, "scores": 20 * SCORES}, {}, "scores from 1 to 18; scores of detections are confidences"),
        (OUTPUTS, {"box_units": "normalised"}, "box_units must be pixels"),
        ({**OUTPUTS, "boxes": BOXES / 20}, {}, "box_units must be normalised"),
        ({**OUTPUTS, "boxes": BOXES[:, [2, 3, 0, 1]]}, {}, "none in the box_format xyxy"),
        ({**OUTPUTS, "boxes": BOXES[:2]}, {}, r"boxes \(2, 4\), scores \(3,\), labels \(3,\) for an image"),
        ({"boxes": BOXES, "scores": SCORES}, {"first_label": None}, "or scores of each class"),
    ],
)
def test_answers_that_are_not_what_they_are_said_to_be_are_refused(tmp_path, outputs, given, said):
    model = OnnxDetector(fixed_answers(tmp_path / "m.onnx", outputs), **{**GIVEN, **given})
    with pytest.raises(PartError, match=rf"m\.onnx gave .*{said}"):
        model([BRIGHT])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"nms_iou": 0.5}, "nms_iou is given, and this file has no use for it"),
        ({"box_format": "yxyx"}, "box_format is 'yxyx'; allowed: xyxy, xywh or cxcywh"),
        ({"first_label": 2}, "first_label is 2; allowed: 0, or 1"),
        ({"min_score": 2}, "min_score is 2; allowed: a number from 0 to 1"),
        ({"boxes": "box"}, r"has no output 'box', which boxes names; .*Did you mean 'boxes'"),
        ({"resize": True, "letterbox": True}, "resize is true, and its input 'images' .* takes any size"),
    ],
)
def test_what_cannot_be_given_is_refused(tmp_path, given, said):
    path = fixed_answers(tmp_path / "m.onnx", OUTPUTS)
    assert refused(path, **{**GIVEN, **given})
    with pytest.raises(PartError, match=said):
        OnnxDetector(path, **{**GIVEN, **given})


def test_files_without_boxes_are_told(tmp_path):
    path = fixed_answers(tmp_path / "m.onnx", {"dets": BOXES, "classes": LABELS})
    assert "has no outputs named boxes and scores; it has 'dets' (float32, N x 3 x 4)" in refused(path, **GIVEN)


# Ultralytics

WRITTEN = {"author": "Ultralytics", "task": "detect", "names": "{0: 'cat', 1: 'dog'}", "args": "{'nms': False}"}
CANDIDATES = np.array(
    [  # centre, size, cat, dog
        [5, 5, 4, 4, 0.1, 0.8],
        [5.5, 5, 4, 4, 0.0, 0.9],
        [5, 5, 4, 4, 0.7, 0.1],
        [50, 5, 10, 30, 0.6, 0.2],
        [5, 5, 4, 4, 0.001, 0.002],
    ],
    dtype=np.float32,
)
BOTH = {"min_score": 0.25, "nms_iou": 0.5}


def yolo(path, **metadata):
    return fixed_answers(path, {"output0": CANDIDATES.T}, shape=(1, 3, 10, 60), metadata={**WRITTEN, **metadata})


def test_a_file_of_ultralytics_needs_only_what_suppression_is_to_do(tmp_path):
    path = yolo(tmp_path / "m.onnx")
    said = refused(path)
    assert said.count("model.onnx_detector.") == 2
    assert "model.onnx_detector.nms_iou=0.7" in said
    assert "model.onnx_detector.min_score=0.001" in said
    model = OnnxDetector(path, **BOTH)
    (one,) = model([np.ones((3, 10, 60))])
    np.testing.assert_allclose(one.boxes, [[3.5, 3, 7.5, 7], [3, 3, 7, 7], [45, 0, 55, 10]])  # cut off at the edges
    np.testing.assert_array_equal(one.labels, [1, 0, 0])
    np.testing.assert_allclose(one.scores, [0.9, 0.7, 0.6])
    assert model.metadata["index2label"] == {0: "cat", 1: "dog"}
    assert "class_names is given as [dog, cat]" in refused(path, class_names=["dog", "cat"], **BOTH)


@pytest.mark.parametrize("written", [{"args": "{'nms': True}"}, {"end2end": "True"}])
def test_a_file_of_ultralytics_with_suppression_needs_nothing_but_its_path(tmp_path, written):
    rows = np.array([[1, 2, 5, 8, 0.9, 1], [0, 0, 4, 4, 0.4, 0], [0, 0, 0, 0, 0, 0]], dtype=np.float32)
    path = fixed_answers(tmp_path / "m.onnx", {"output0": rows}, shape=(1, 3, 10, 20), metadata={**WRITTEN, **written})
    (one,) = OnnxDetector(path)([BRIGHT])
    np.testing.assert_allclose(one.boxes, rows[:2, :4])
    np.testing.assert_array_equal(one.labels, [1, 0])
    assert "nms_iou is given, and this file has no use" in refused(path, nms_iou=0.5)


def test_other_tasks_and_shapes_of_ultralytics_are_refused(tmp_path):
    assert "for the task 'segment'" in refused(yolo(tmp_path / "s.onnx", task="segment"), **BOTH)
    model = OnnxDetector(yolo(tmp_path / "m.onnx", names="{0: 'cat', 1: 'dog', 2: 'eel'}"), **BOTH)
    with pytest.raises(PartError, match=r"output of shape \(6, 5\) for an image; by its metadata it is 7 x A"):
        model([np.ones((3, 10, 60))])


# The JATIC interface


def jatic(tmp_path, **images):
    per_class = np.array([[0.1, 0.7, 0.2], [0.6, 0.3, 0.1], [0, 0, 0.05]], dtype=np.float32)
    answers = {"boxes": BOXES / 20, "scores": per_class}
    path = fixed_answers(tmp_path / "m.onnx", answers, taken="image", shape=(2, 3, 10, 20))
    jatic_config(tmp_path / "m.json", interface="IMAGE_OBJECT_DETECTION", **images)
    return path


def test_a_detector_in_the_jatic_interface_needs_nothing_but_its_path(tmp_path):
    path = jatic(tmp_path, height=10, width=20)
    model = OnnxDetector(path, min_score=0.1)
    found = model([BRIGHT] * 3)
    assert len(found) == 3
    np.testing.assert_allclose(found[2].boxes, BOXES[:2] * [1, 0.5, 1, 0.5], rtol=1e-6)
    np.testing.assert_array_equal(found[2].labels, [1, 0])
    np.testing.assert_allclose(found[2].scores, [0.7, 0.6])
    assert "box_format is given, and this file has no use" in refused(path, box_format="xyxy")
    resized = OnnxDetector(path, resize=True)
    np.testing.assert_allclose(resized([BRIGHT.repeat(2, axis=1)])[0].boxes, BOXES, rtol=1e-6)
    with pytest.raises(PartError, match="takes images of 10 x 20"):
        model([BRIGHT.repeat(2, axis=1)])


# Sessions and files


def test_a_copy_gives_the_same_boxes(tmp_path):
    model = OnnxDetector(fixed_answers(tmp_path / "m.onnx", OUTPUTS), **GIVEN)
    (copied,), (own,) = pickle.loads(pickle.dumps(model))([BRIGHT]), model([BRIGHT])
    np.testing.assert_array_equal(copied.boxes, own.boxes)


def test_damaged_files_and_more_inputs_are_told(tmp_path):
    path = fixed_answers(tmp_path / "m.onnx", OUTPUTS)
    (tmp_path / "cut.onnx").write_bytes(path.read_bytes()[:-30])
    assert "is no ONNX file, or it is damaged" in refused(tmp_path / "cut.onnx", **GIVEN)
    model = onnx.load(path)
    model.graph.input.append(onnx.helper.make_tensor_value_info("more", onnx.TensorProto.FLOAT, ["N", 3]))
    onnx.save(model, path)
    assert "takes 2 inputs" in refused(path, **GIVEN)


# A sweep


def test_a_detector_and_data_in_the_format_of_coco_need_no_code(tmp_path):
    for number in (1, 2):
        Image.new("RGB", (20, 10), (255, 255, 255)).save(tmp_path / f"{number}.png")
    images = [{"id": n, "file_name": f"{n}.png", "height": 10, "width": 20} for n in (1, 2)]
    objects = [
        {"id": 1, "image_id": 1, "category_id": 7, "bbox": [1, 2, 4, 6]},
        {"id": 2, "image_id": 2, "category_id": 3, "bbox": [0, 0, 4, 4]},
    ]
    categories = [{"id": 3, "name": "cat"}, {"id": 7, "name": "dog"}]
    truth = {"images": images, "annotations": objects, "categories": categories}
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    path = fixed_answers(tmp_path / "m.onnx", OUTPUTS)
    given = {**GIVEN, "path": path, "class_names": "[cat,dog]", "value_range": "[0,1]"}
    overrides = [
        "capability=[evaluate]",
        "dataset=[coco]",
        f"dataset.coco.root={tmp_path}",
        "model=[onnx_detector]",
        *(f"model.onnx_detector.{name}={value}" for name, value in given.items()),
        "metric=[coco_map]",
        f"analytics_store.uri={tmp_path / 'store'}",
        "job_backend.kind=inline",
    ]
    result = sweeper.sweep(overrides, progress=False)
    assert result.exit_status == 0, result.failures
    values = {row["key"]: row["value"] for row in result.table.to_pylist()}
    # Both boxes of each image are the truth of one image, and false in the other, with equal scores in both: of equally
    # sure detections that of the first image counts first. So a dog is found at once, and a cat after a false one.
    assert values["map_50"] == pytest.approx((1 + 0.5) / 2, abs=1e-6)
