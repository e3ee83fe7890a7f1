"""What a file says is enforced, what it does not say is asked for, and one error lists all of it."""

from __future__ import annotations

from dataclasses import astuple

import pytest

from sweeper.errors import PartError
from sweeper.models.class_names import CLASS_NAMES, read_class_names
from sweeper.models.image_parameters import settle_images
from sweeper.models.parameters import Settlement, Stated, settlements

WHOLE = {"layout": "NHWC", "value_range": [0, 255], "mean": [1, 2, 3], "std": 2, "channels": "BGR", "image_size": 8}


def settled(given, stated=()):
    settlement = Settlement("m.onnx", "model.mine", given, dict(stated))
    images = settle_images(settlement)
    settlement.finish()
    return images.expected("m.onnx", resize=False, convert_channels=False)


def refused(given, stated=()):
    with pytest.raises(PartError) as error:
        settled(given, stated)
    return str(error.value)


def test_what_is_given_is_taken():
    taken = settled(WHOLE)
    assert astuple(taken)[1:7] == ("NHWC", (0, 255), (1, 2, 3), (2, 2, 2), "BGR", (8, 8))


def test_what_the_file_states_need_not_be_given():
    stated = {name: [Stated(value, "its metadata")] for name, value in WHOLE.items()}
    assert settled({}, stated) == settled(WHOLE) == settled({**WHOLE, "std": [2.0, 2.0, 2.0]}, stated)


def test_one_error_lists_all_that_is_missing_with_its_override():
    said = refused({"mean": 0.5})
    assert said.startswith("m.onnx: the file does not say all")
    assert "\n  model.mine.layout=NCHW  # the order of the axes" in said
    assert "NCHW, NHWC, flat_CHW or flat_HWC" in said
    assert "\n  'model.mine.value_range=[0,1]'  #" in said
    assert "\n  model.mine.std=1  #" in said
    assert "\n  model.mine.channels=RGB  #" in said
    assert "mine.mean" not in said
    assert "image_size" not in said


def test_what_contradicts_the_file_is_refused_and_told_with_the_rest():
    stated = {"layout": [Stated("NCHW", "the shape of its input")], "channels": [Stated("GRAY", "its shape")]}
    said = refused({**WHOLE, "value_range": [1, 0]}, stated)
    assert "layout is given as NHWC, and it is NCHW by the shape of its input. Leave layout out" in said
    assert "channels is given as BGR, and it is GRAY by its shape" in said
    assert "value_range is [1, 0]; allowed: [low, high]" in said


def test_a_file_that_contradicts_itself_is_refused():
    stated = {"layout": [Stated("NCHW", "its shape"), Stated("NHWC", "its metadata")]}
    assert "contradicts itself: layout is NCHW by its shape, and NHWC by its metadata" in refused(WHOLE, stated)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("layout", "CHW"),
        ("value_range", 255),
        ("value_range", [0, "1"]),
        ("mean", [1, 2]),
        ("mean", float("nan")),
        ("std", 0),
        ("std", [1, -1, 1]),
        ("std", True),
        ("channels", 3),
        ("image_size", 0),
        ("image_size", [8, 8, 8]),
        ("image_size", 8.5),
    ],
)
def test_values_that_mean_nothing_are_refused(name, value):
    said = refused({**WHOLE, name: value})
    assert f"{name} is {value!r}; allowed: " in said
    assert said.endswith(" A parameter is set by model.mine.NAME=VALUE.")


def test_means_of_three_channels_do_not_go_with_grey():
    assert "mean has 3 numbers, and channels is GRAY" in refused({**WHOLE, "channels": "GRAY"})


# Names of classes


def test_names_come_from_a_list_a_mapping_or_a_file(tmp_path):
    (tmp_path / "names.txt").write_text("\ufeffcat\ndog \n\n", encoding="utf-8")
    assert read_class_names(str(tmp_path / "names.txt")) == ("cat", "dog")
    assert read_class_names({"1": "dog", 0: "cat"}) == ("cat", "dog")
    assert read_class_names(["cat", 7]) == ("cat", "7")


@pytest.mark.parametrize("content", ['["cat", "dog"]', '{"1": "dog", "0": "cat"}', '{"index2label": ["cat", "dog"]}'])
def test_names_come_from_a_json_file(tmp_path, content):
    (tmp_path / "names.json").write_text(content)
    assert read_class_names(str(tmp_path / "names.json")) == ("cat", "dog")


@pytest.mark.parametrize(("content", "said"), [("{", "not JSON"), ('"cat"', "neither a list nor a mapping")])
def test_json_that_names_nothing_is_refused(tmp_path, content, said):
    (tmp_path / "names.json").write_text(content)
    with pytest.raises(ValueError, match=said):
        read_class_names(str(tmp_path / "names.json"))


def test_names_of_no_class_may_be_there_twice():
    assert read_class_names(["N/A", "cat", "N/A"]) == ("N/A", "cat", "N/A")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (["cat", "cat"], "'cat' is there twice"),
        (["cat", ""], "a name is empty"),
        ([], "a name is empty"),
        ([["cat"]], r"\[\['cat'\]\]"),
        ([True, "cat"], "True"),
        ({1: "cat"}, "not 0 to 0"),
        (3, "3"),
        ("nowhere.txt", r"cannot be read \(No such file"),
    ],
)
def test_what_names_no_classes_is_refused(value, said):
    settlement = Settlement("m.onnx", "model.mine", {"class_names": value}, {})
    settlement.needed(CLASS_NAMES)
    with pytest.raises(PartError, match=rf"^m.onnx: class_names is .*{said}.*; allowed: a list, or the path"):
        settlement.finish()


def test_who_wants_to_know_is_told_what_a_file_states_and_leaves_open():
    stated = {"layout": [Stated("NCHW", "its shape")], "mean": [Stated("no number", "its metadata")]}
    with settlements() as made:
        refused({"std": 1, "channels": "RGB"}, stated)
    refused({})
    (settlement,) = made
    assert [parameter.name for parameter in settlement.missing] == ["value_range"]
    assert settlement.stated == stated
    assert settlement.is_finished
    (problem,) = settlement.problems
    assert problem.startswith("its metadata says that mean is ")
