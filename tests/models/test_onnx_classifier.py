"""Classifiers in ONNX files: what a file says is enforced, the rest is asked for, and its answers come out."""

from __future__ import annotations

import gc
import os
import pickle
import weakref
from typing import Any

import numpy as np
import onnx
import pytest
from maite.protocols import generic as gen
from onnx import TensorProto
from onnx_files import AS_IT_IS, FLAT, NAMES, SIZE, chw, images, jatic_config, network_file, sklearn_file
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neural_network import MLPClassifier
from sklearn.svm import LinearSVC

from sweeper.common.facts import KnownBeforehand
from sweeper.errors import PartError
from sweeper.models import OnnxClassifier
from sweeper.models.onnx_session import make_session, threads

PIXELS, LABELS = images(7, seed=5)
IMAGES = chw(PIXELS)
COLOURS = {**AS_IT_IS, "channels": "RGB", "class_names": [*NAMES]}
LOGITS = {**COLOURS, "softmax": True}


def answers(model: OnnxClassifier, batch: Any = IMAGES) -> np.ndarray:
    return np.stack(model(batch))


def refused(path: object, **given: Any) -> str:
    """What building says, and that the facts say the same before anything is built."""
    with pytest.raises(PartError) as of_building:
        OnnxClassifier(str(path), **given)
    with pytest.raises(PartError) as of_facts:
        OnnxClassifier.facts(path=str(path), **given)
    assert str(of_building.value) == str(of_facts.value)
    return str(of_building.value)


def softmax_of_means(pixels: np.ndarray = PIXELS) -> np.ndarray:
    """What the network of `network_file` answers, by hand."""
    means = 10 * (pixels / 255).mean(axis=(1, 2))[:, ::-1]
    powers = np.exp(means)
    return powers / powers.sum(axis=1, keepdims=True)


# scikit-learn


@pytest.mark.parametrize("zipmap", [True, False])
@pytest.mark.parametrize(
    "estimator",
    [
        LogisticRegression(),
        GaussianNB(),
        RandomForestClassifier(5, random_state=0),
        MLPClassifier((4,), max_iter=2000, random_state=0),
        CalibratedClassifierCV(LinearSVC(), ensemble=False),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_classifiers_of_scikit_learn_answer_as_they_do_there(tmp_path, estimator, zipmap):
    path = sklearn_file(tmp_path / "m.onnx", estimator, zipmap=zipmap)
    told = OnnxClassifier.facts(path=str(path), softmax=False, **FLAT)
    assert told.class_names == dict(enumerate(NAMES))
    model = OnnxClassifier(path, softmax=False, **FLAT)
    by_hand = estimator.predict_proba(np.stack(IMAGES).reshape(len(IMAGES), -1))
    np.testing.assert_allclose(answers(model), by_hand, atol=2e-5)
    assert answers(model).dtype == np.float32
    assert isinstance(model, gen.Model)
    assert isinstance(OnnxClassifier, KnownBeforehand)


def test_numbered_classes_have_to_be_named(tmp_path):
    path = sklearn_file(tmp_path / "m.onnx", names=(3, 5, 8))
    assert "\n  model.onnx_classifier.class_names=names.txt  #" in refused(path, **FLAT)
    assert "class_names has 2 names, and its output" in refused(path, class_names=["a", "b"], **FLAT)
    model = OnnxClassifier(path, class_names=["three", "five", "eight"], **FLAT)
    by_name = OnnxClassifier(sklearn_file(tmp_path / "named.onnx"), **FLAT)
    np.testing.assert_array_equal(answers(model), answers(by_name))


def test_pixel_by_pixel_is_another_layout(tmp_path):
    path = sklearn_file(tmp_path / "m.onnx")
    by_channel = OnnxClassifier(path, **FLAT)
    by_pixel = OnnxClassifier(path, **{**FLAT, "layout": "flat_HWC"})
    shuffled = [image.reshape(*SIZE, 3).transpose(2, 0, 1) for image in IMAGES]
    np.testing.assert_array_equal(answers(by_pixel, shuffled), answers(by_channel))


def test_one_error_lists_all_that_a_file_of_scikit_learn_does_not_say(tmp_path):
    said = refused(sklearn_file(tmp_path / "m.onnx", GaussianNB(), zipmap=False))
    for name in ("layout", "value_range", "mean", "std", "channels", "image_size", "softmax"):
        assert f"model.onnx_classifier.{name}=" in said
    assert "class_names" not in said


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"layout": "NCHW"}, "layout is 'NCHW'; allowed: flat_CHW or flat_HWC"),
        ({"image_size": [5, 5]}, r"takes 90 features, and images of 3 x 5 x 5 \(channels RGB, image_size\) have 75"),
        ({"channels": "GRAY"}, "images of 1 x 6 x 5"),
        ({"class_names": ["red", "green", "blue"]}, r"given as \[red, green, blue\], and it is \[blue, green, red\]"),
        ({"softmax": True}, "given as true, and it is false by the last node of its output 'probabilities', a Norm"),
        ({"resize": "yes"}, "resize is 'yes'; allowed: true or false"),
        ({"output": "scores"}, "has no output 'scores'; it has 'label' .string, N., 'probabilities'"),
    ],
)
def test_what_contradicts_the_file_is_refused(tmp_path, given, said):
    path = sklearn_file(tmp_path / "m.onnx", zipmap=False)
    with pytest.raises(PartError, match=said):
        OnnxClassifier(path, **{**FLAT, **given})
    assert refused(path, **{**FLAT, **given})


# Networks of images


def test_logits_become_probabilities(tmp_path):
    model = OnnxClassifier(network_file(tmp_path / "m.onnx"), **LOGITS)
    np.testing.assert_allclose(answers(model), softmax_of_means(), atol=1e-6)
    assert model.metadata["index2label"] == dict(enumerate(NAMES))


def test_a_last_node_of_softmax_says_that_scores_are_probabilities(tmp_path):
    path = network_file(tmp_path / "m.onnx", softmax=True)
    np.testing.assert_allclose(answers(OnnxClassifier(path, **COLOURS)), softmax_of_means(), atol=1e-6)
    assert "softmax is given as true, and it is false by the last node" in refused(path, **LOGITS)


def test_channels_last_is_read_from_the_shape(tmp_path):
    path = network_file(tmp_path / "m.onnx", shape=(1, *SIZE, 3), channel_axis=3)
    assert OnnxClassifier.facts(path=str(path), **LOGITS).height == 6
    np.testing.assert_allclose(answers(OnnxClassifier(path, **LOGITS)), softmax_of_means(), atol=1e-6)
    assert "layout is given as NCHW, and it is NHWC by the shape of its input" in refused(path, **LOGITS, layout="NCHW")


def test_a_shape_that_may_be_either_asks_for_the_layout(tmp_path):
    first = network_file(tmp_path / "first.onnx", shape=("N", 3, 3, 3))
    last = network_file(tmp_path / "last.onnx", shape=("N", 3, 3, 3), channel_axis=3)
    assert "model.onnx_classifier.layout=NCHW  #" in refused(first, **LOGITS)
    small, square = PIXELS[:, :3, :3], chw(PIXELS[:, :3, :3])
    for path, layout in ((first, "NCHW"), (last, "NHWC")):
        model = OnnxClassifier(path, **LOGITS, layout=layout)
        np.testing.assert_allclose(answers(model, square), softmax_of_means(small), atol=1e-6)
        with pytest.raises(PartError, match=r"takes images of 3 x 3 .* got 6 x 5"):
            model(IMAGES)


@pytest.mark.parametrize("fixed", [1, 3, 7, 10])
def test_a_fixed_batch_size_is_fed_in_pieces(tmp_path, fixed):
    model = OnnxClassifier(network_file(tmp_path / "m.onnx", shape=(fixed, 3, *SIZE)), **LOGITS)
    np.testing.assert_allclose(answers(model), softmax_of_means(), atol=1e-6)
    assert model([]) == []


def test_bytes_go_into_an_input_of_bytes(tmp_path):
    path = network_file(tmp_path / "m.onnx", kind=TensorProto.UINT8, factor=10 / 255)
    model = OnnxClassifier(path, channels="RGB", softmax=True, class_names=[*NAMES])
    np.testing.assert_allclose(answers(model), softmax_of_means(), atol=1e-6)
    assert "value_range is given as [0, 1], and it is [0, 255] by the type" in refused(path, **LOGITS)


@pytest.mark.parametrize("kind", [TensorProto.FLOAT16, TensorProto.DOUBLE])
def test_other_floats_are_fed_as_such(tmp_path, kind):
    model = OnnxClassifier(network_file(tmp_path / "m.onnx", kind=kind), **LOGITS)
    np.testing.assert_allclose(answers(model), softmax_of_means(), atol=5e-3)


def test_blue_first_is_another_order(tmp_path):
    path = network_file(tmp_path / "m.onnx")
    model = OnnxClassifier(path, **{**LOGITS, "channels": "BGR"})
    np.testing.assert_allclose(answers(model), softmax_of_means()[:, ::-1], atol=1e-6)


# What the metadata say

WRITTEN = {
    "names": "{0: 'blue', 1: 'green', 2: 'red'}",
    "value_range": "[0, 1]",
    "mean": "0.1, 0.2, 0.3",
    "std": "1",
    "channels": "RGB",
    "softmax": "true",
}


def test_a_file_that_says_all_needs_nothing_but_its_path(tmp_path):
    path = network_file(tmp_path / "m.onnx", metadata=WRITTEN)
    shifted = PIXELS - 255 * np.array([0.1, 0.2, 0.3])
    np.testing.assert_allclose(answers(OnnxClassifier(path)), softmax_of_means(shifted), atol=1e-6)
    said = refused(path, mean=0, class_names=["red", "green", "blue"])
    assert "mean is given as [0], and it is [0.1, 0.2, 0.3] by its metadata 'mean'" in said
    assert "by its metadata 'names'" in said


def test_the_keys_of_the_standard_are_read(tmp_path):
    standard = {"Image.BitmapPixelFormat": "Bgr8", "Image.NominalPixelRange": "NominalRange_0_255"}
    path = network_file(tmp_path / "m.onnx", metadata=standard)
    said = refused(path, mean=0, std=1, softmax=True, class_names=[*NAMES], channels="RGB", value_range=[0, 1])
    assert "it is BGR by its metadata 'Image.BitmapPixelFormat'" in said
    assert "it is [0, 255] by its metadata" in said


def test_files_of_ultralytics_say_how_they_want_their_images(tmp_path):
    written = {"author": "Ultralytics", "task": "classify", "names": WRITTEN["names"], "channels": "3"}
    path = network_file(tmp_path / "m.onnx", softmax=True, metadata=written)
    np.testing.assert_allclose(answers(OnnxClassifier(path)), softmax_of_means(), atol=1e-6)


def test_metadata_of_other_meaning_state_nothing(tmp_path):
    path = network_file(
        tmp_path / "m.onnx", metadata={"mean": "of all", "channels": "3", "labels": "yes, no", "std": ""}
    )
    assert "model.onnx_classifier.mean=0" in refused(path)
    OnnxClassifier(path, **LOGITS)


# The JATIC interface

INTERFACE = ("image", "scores")


def test_a_model_in_the_jatic_interface_needs_nothing_but_its_path(tmp_path):
    path = network_file(tmp_path / "m.onnx", names=INTERFACE, softmax=True)
    assert "class_names=" in refused(path)
    jatic_config(tmp_path / "model-metadata.json", height=6, width=5)
    model = OnnxClassifier(path)
    np.testing.assert_allclose(answers(model), softmax_of_means(), atol=1e-6)
    assert OnnxClassifier.facts(path=str(path)).width == 5
    with pytest.raises(PartError, match=r"takes images of 6 x 5 .* got 5 x 6"):
        model([image.transpose(0, 2, 1) for image in IMAGES])
    assert "std is given as [2], and it is [1] by its JATIC metadata" in refused(path, std=2)
    np.testing.assert_array_equal(answers(pickle.loads(pickle.dumps(model))), answers(model))


def test_modelmaite_resizes_where_that_is_asked_for(tmp_path):
    modelmaite = pytest.importorskip("modelmaite")
    path = network_file(tmp_path / "m.onnx", names=INTERFACE, softmax=True, shape=(2, 3, 4, 4))
    config = jatic_config(tmp_path / "elsewhere.json", height=4, width=4)
    theirs = modelmaite.OnnxICModel(weights_path=path, config_path=config, device="cpu")
    ours = OnnxClassifier(path, config_path=config, resize=True)
    unlike = [IMAGES[0], IMAGES[1].transpose(0, 2, 1), IMAGES[2]]
    by_hand = [theirs([image, image])[0] for image in unlike]
    np.testing.assert_allclose(answers(ours, unlike), by_hand, atol=1e-6)


def test_metadata_of_another_model_are_refused(tmp_path):
    path = network_file(tmp_path / "m.onnx", names=INTERFACE, softmax=True)
    detector = jatic_config(tmp_path / "d.json", interface="IMAGE_OBJECT_DETECTION")
    assert "of a model for 'IMAGE_OBJECT_DETECTION'" in refused(path, config_path=str(detector))
    other = network_file(tmp_path / "other.onnx")
    config = jatic_config(tmp_path / "c.json")
    assert "its inputs are ['images'] and its outputs ['logits']" in refused(other, config_path=str(config))
    (tmp_path / "broken.json").write_text("{")
    assert "broken.json are no JSON" in refused(path, config_path=str(tmp_path / "broken.json"))
    assert "none.json cannot be read" in refused(path, config_path=str(tmp_path / "none.json"))


# What is wrong


def test_scores_that_are_no_probabilities_are_refused(tmp_path):
    model = OnnxClassifier(network_file(tmp_path / "m.onnx"), **{**LOGITS, "softmax": False})
    with pytest.raises(PartError, match=r"whose sums for one image are 1\d.* Set softmax: true if they are logits"):
        model(IMAGES)


def test_probabilities_do_not_go_through_softmax_again(tmp_path):
    model = OnnxClassifier(sklearn_file(tmp_path / "m.onnx", GaussianNB()), softmax=True, **FLAT)
    with pytest.raises(PartError, match=r"gave probabilities: .* set softmax: false"):
        model(IMAGES)


def test_images_that_are_not_what_the_network_takes_are_refused(tmp_path):
    model = OnnxClassifier(network_file(tmp_path / "m.onnx", shape=("N", 3, *SIZE)), **LOGITS)
    with pytest.raises(PartError, match=r"takes 3 channels \(RGB\); got images of 1 channel"):
        model([image[:1] for image in IMAGES])
    with pytest.raises(PartError, match="takes images of 6 x 5"):
        model([image[:, :4] for image in IMAGES])
    with pytest.raises(PartError, match="floats must lie in"):
        model([255 * image for image in IMAGES])


def test_images_of_another_size_are_resized_where_that_is_asked_for(tmp_path):
    path = network_file(tmp_path / "m.onnx", shape=("N", 3, 3, 3))
    given = {**LOGITS, "layout": "NCHW", "resize": True}
    assert OnnxClassifier.facts(path=str(path), **given).height is None
    assert answers(OnnxClassifier(path, **given)).shape == (7, 3)


def test_grey_images_for_a_network_of_colours_where_that_is_asked_for(tmp_path):
    path = network_file(tmp_path / "m.onnx")
    model = OnnxClassifier(path, **LOGITS, convert_channels=True)
    np.testing.assert_allclose(answers(model, [image[:1] for image in IMAGES]), 1 / 3, atol=1e-6)
    assert OnnxClassifier.facts(path=str(path), **LOGITS, convert_channels=True).channels is None


def test_a_file_that_is_not_there_or_is_damaged_is_named(tmp_path):
    whole = network_file(tmp_path / "m.onnx")
    assert "nowhere.onnx is not there; path must be an ONNX file" in refused(tmp_path / "nowhere.onnx")
    assert "is a folder" in refused(tmp_path)
    for name, content in (("cut", whole.read_bytes()[:-40]), ("text", b"no model at all"), ("empty", b"")):
        (tmp_path / f"{name}.onnx").write_bytes(content)
        assert f"{name}.onnx is no ONNX file, or it is damaged" in refused(tmp_path / f"{name}.onnx", **LOGITS)


def test_weights_beside_the_file_must_be_there(tmp_path):
    path = network_file(tmp_path / "m.onnx", beside="m.data")
    np.testing.assert_allclose(answers(OnnxClassifier(path, **LOGITS)), softmax_of_means(), atol=1e-6)
    (tmp_path / "m.data").write_bytes(b"")
    assert "m.data, which is too short" in refused(path, **LOGITS)
    (tmp_path / "m.data").unlink()
    assert "m.data, which is not there. Put the file" in refused(path, **LOGITS)


def test_operators_that_the_runtime_does_not_know_are_told(tmp_path):
    model = onnx.load(network_file(tmp_path / "m.onnx"))
    model.graph.node[1].op_type = "NoSuchOperator"
    onnx.save(model, tmp_path / "m.onnx")
    with pytest.raises(PartError, match=r"onnxruntime cannot load .*m\.onnx: .*NoSuchOperator"):
        OnnxClassifier(tmp_path / "m.onnx", **LOGITS)


def test_more_than_one_input_or_output_is_told(tmp_path):
    model = onnx.load(network_file(tmp_path / "m.onnx"))
    model.graph.output.append(onnx.helper.make_tensor_value_info("means", TensorProto.FLOAT, ["N", 3]))
    onnx.save(model, tmp_path / "two.onnx")
    said = refused(tmp_path / "two.onnx", **LOGITS)
    assert "has several outputs that may be the scores; it has 'logits' (float32, N x 3), 'means'" in said
    OnnxClassifier(tmp_path / "two.onnx", **LOGITS, output="logits")
    model.graph.input.append(onnx.helper.make_tensor_value_info("more", TensorProto.FLOAT, ["N", 3]))
    onnx.save(model, tmp_path / "three.onnx")
    assert "takes 2 inputs ('images'" in refused(tmp_path / "three.onnx", **LOGITS, output="logits")


def test_wrong_numbers_of_classes_are_refused(tmp_path):
    assert "class_names has 2 names" in refused(
        network_file(tmp_path / "m.onnx"), **{**LOGITS, "class_names": ["a", "b"]}
    )
    model = onnx.load(tmp_path / "m.onnx")
    model.graph.output[0].type.tensor_type.shape.dim[1].dim_param = "K"
    onnx.save(model, tmp_path / "open.onnx")
    four = OnnxClassifier(tmp_path / "open.onnx", **{**LOGITS, "class_names": ["a", "b", "c", "d"]})
    with pytest.raises(PartError, match="gave 3 scores for each image, and class_names has 4"):
        four(IMAGES)


# Sessions


def test_a_copy_makes_its_own_session_and_a_dropped_model_leaves_none(tmp_path):
    model = OnnxClassifier(network_file(tmp_path / "m.onnx"), **LOGITS)
    travelled = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(answers(travelled), answers(model))
    session = weakref.ref(model._scores.network._session)
    assert session() is not None
    del model
    gc.collect()
    assert session() is None


def test_the_size_of_the_file_counts_in_a_cache(tmp_path):
    from sweeper.worker.object_size import estimated_bytes

    path = sklearn_file(tmp_path / "m.onnx", RandomForestClassifier(200, random_state=0))
    assert estimated_bytes(OnnxClassifier(path, softmax=False, **FLAT)) > path.stat().st_size > 50_000


def test_a_session_has_the_threads_of_its_task(tmp_path, monkeypatch):
    path = str(network_file(tmp_path / "m.onnx"))
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert make_session(path, "cpu").get_session_options().intra_op_num_threads == 3
    assert threads(None) == threads("") == threads("0") >= 1
    assert threads(None) <= (os.cpu_count() or 1)


@pytest.mark.parametrize(
    ("device", "said"), [("gpu", "device is 'gpu'; allowed: cpu, cuda"), ("cuda:x", "allowed: cpu")]
)
def test_devices_that_there_are_not_are_refused(tmp_path, device, said):
    with pytest.raises(PartError, match=said):
        OnnxClassifier(network_file(tmp_path / "m.onnx"), device=device, **LOGITS)


def test_a_device_that_this_onnxruntime_has_not_is_refused(tmp_path):
    import onnxruntime

    if "CUDAExecutionProvider" in onnxruntime.get_available_providers():
        pytest.skip("this onnxruntime has CUDA")
    with pytest.raises(PartError, match=r"no CUDA .* Install the extra onnx-gpu"):
        OnnxClassifier(network_file(tmp_path / "m.onnx"), device="cuda", **LOGITS)


@pytest.mark.gpu
def test_a_cuda_device_gives_the_same_answers(tmp_path):
    import onnxruntime

    if "CUDAExecutionProvider" not in onnxruntime.get_available_providers():
        pytest.skip("this onnxruntime has no CUDA")
    model = OnnxClassifier(network_file(tmp_path / "m.onnx"), device="cuda", **LOGITS)
    np.testing.assert_allclose(answers(model), softmax_of_means(), atol=1e-4)


def test_answers_do_not_depend_on_the_number_of_threads(tmp_path, monkeypatch):
    path = sklearn_file(tmp_path / "m.onnx", RandomForestClassifier(50, random_state=0))
    many = chw(images(200, seed=3)[0])
    found = []
    for count in ("1", "4"):
        monkeypatch.setenv("OMP_NUM_THREADS", count)
        found.append(answers(OnnxClassifier(path, softmax=False, **FLAT), many))
    np.testing.assert_allclose(found[0], found[1], atol=1e-6)
