"""torchvision's architectures: known without importing it, recognised by their tensors, never downloaded."""

from __future__ import annotations

import pytest

from sweeper.errors import PartError
from sweeper.models.state_dict_match import number_of_classes
from sweeper.models.torchvision_networks import architectures, check_architecture, tensors_of, untrained
from sweeper.models.torchvision_weights import classes_by_last_layer

torch = pytest.importorskip("torch")
models = pytest.importorskip("torchvision.models")
SMALL = ("alexnet", "googlenet", "maxvit_t", "regnet_x_400mf", "resnet18", "squeezenet1_1", "swin_v2_t", "vit_b_32")
DETECTORS = ("fasterrcnn_mobilenet_v3_large_320_fpn", "fcos_resnet50_fpn", "retinanet_resnet50_fpn", "ssd300_vgg16")


def test_their_names_are_read_from_its_sources():
    assert architectures("classification") == set(models.list_models(module=models))
    assert architectures("detection") == set(models.list_models(module=models.detection))


def test_a_name_that_it_does_not_have_is_refused_with_the_near_match():
    with pytest.raises(
        PartError, match=r"'resnet_18', which is none of .* classification .* Did you mean 'resnet18'\?"
    ):
        check_architecture("resnet_18", "classification")
    with pytest.raises(PartError, match=r"Did you mean 'ssd300_vgg16'\?"):
        check_architecture("ssd_vgg16", "detection")
    with pytest.raises(PartError, match="none of torchvision's"):
        check_architecture("resnet18", "detection")


@pytest.mark.parametrize("name", SMALL)
def test_the_number_of_classes_of_a_classifier_is_read_from_its_tensors(name: str):
    tensors = tensors_of(name, "classification", {})
    shapes = {key: tuple(value.shape) for key, value in untrained(name, "classification", 7, {}).state_dict().items()}
    assert number_of_classes(tensors, shapes, "w.pt") == classes_by_last_layer(shapes) == 7


@pytest.mark.slow
def test_every_classifier_ends_in_a_layer_that_is_known_by_its_name():
    for name in architectures("classification"):
        tensors = tensors_of(name, "classification", {})
        assert (classes_by_last_layer(tensors.of_two), classes_by_last_layer(tensors.of_three)) == (2, 3), name


@pytest.mark.parametrize("name", DETECTORS)
def test_the_number_of_labels_of_a_detector_is_read_from_its_tensors(name: str):
    shapes = {key: tuple(value.shape) for key, value in untrained(name, "detection", 7, {}).state_dict().items()}
    assert number_of_classes(tensors_of(name, "detection", {}), shapes, "w.pt") == 7


def test_arguments_change_the_tensors_and_are_checked():
    with_auxiliary = tensors_of("googlenet", "classification", {})
    without = tensors_of("googlenet", "classification", {"aux_logits": False})
    assert set(without.of_two) < set(with_auxiliary.of_two)
    with pytest.raises(PartError, match=r"cannot build resnet18 with arguments .*unexpected keyword argument 'widht'"):
        tensors_of("resnet18", "classification", {"widht": 1})
    with pytest.raises(PartError, match="arguments of resnet18 has num_classes, weights, which follow from"):
        tensors_of("resnet18", "classification", {"weights": "DEFAULT", "num_classes": 3})


@pytest.mark.parametrize(
    ("name", "kind", "taken", "other"),
    [
        ("mobilenet_v3_small", "classification", {"width_mult": 0.5, "dropout": 0.1}, "drop_out"),
        ("shufflenet_v2_x0_5", "classification", {}, "groups"),
        ("fasterrcnn_mobilenet_v3_large_320_fpn", "detection", {"min_size": 64, "size_divisible": 16}, "min_sise"),
        ("retinanet_resnet50_fpn", "detection", {"score_thresh": 0.1, "fixed_size": (64, 64)}, "box_score_thresh"),
    ],
)
def test_arguments_that_a_network_would_pass_over_are_refused(name, kind, taken, other):
    assert tensors_of(name, kind, taken).of_two
    with pytest.raises(PartError, match=f"'{other}'"):
        tensors_of(name, kind, {**taken, other: 1})
