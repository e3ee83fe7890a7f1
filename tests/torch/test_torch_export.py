"""A classifier in a file of torch.export: what the file says is enforced, and its scores are those of the network."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torch_files import MEAN, STD, network_input, pixels

from sweeper.common.facts import Facts
from sweeper.errors import PartError
from sweeper.models import TorchExport
from sweeper.models.exported_program import Axis, pieces_of, read_program

torch = pytest.importorskip("torch")
NAMES = ["a", "b", "c", "d", "e"]
KNOWN: dict[str, Any] = {
    "class_names": NAMES,
    "value_range": [0, 1],
    "mean": list(MEAN),
    "std": list(STD),
    "channels": "RGB",
    "softmax": True,
}


def network(channels: int = 3, *, last: Any = None) -> Any:
    torch.manual_seed(0)
    torch.set_num_threads(1)
    layers = [torch.nn.Conv2d(channels, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.ReLU(), torch.nn.AdaptiveAvgPool2d(1)]
    end = [torch.nn.Flatten(), torch.nn.Dropout(0.5), torch.nn.Linear(4, 5), *([] if last is None else [last])]
    return torch.nn.Sequential(*layers, *end).eval()


def exported(path: Path, model: Any, shape: tuple[int, ...] = (3, 3, 16, 16), **dynamic: Any) -> Path:
    """The network in a file; `b`, `h` and `w` are dimensions that stay open."""
    axes = {axis: dynamic[name] for axis, name in ((0, "b"), (2, "h"), (3, "w")) if name in dynamic}
    program = torch.export.export(model, (torch.zeros(shape),), dynamic_shapes=(axes,) if axes else None, strict=False)
    torch.export.save(program, path)
    return path


def many(name: str = "b", **bounds: int) -> Any:
    return torch.export.Dim(name, **bounds)


def refused(path: Path, **arguments: Any) -> str:
    with pytest.raises(PartError) as caught:
        TorchExport(path, **{**KNOWN, **arguments})
    return str(caught.value)


@pytest.mark.parametrize("batch", [None, {"min": 1, "max": 4}, {"min": 3}, {}])
def test_scores_are_those_of_the_network_whatever_it_takes_at_once(tmp_path: Path, batch: dict[str, int] | None):
    plain = network()
    path = exported(tmp_path / "m.pt2", plain, **({} if batch is None else {"b": many(**batch)}))
    images = np.concatenate([pixels("one", 4), pixels("two", 5)])
    with torch.no_grad():
        expected = torch.softmax(plain(network_input(images)), dim=1).numpy()
    model = TorchExport(path, **KNOWN)
    for count in (1, 5, 9):
        got = np.stack([*model([*images.transpose(0, 3, 1, 2)[:count]])])
        np.testing.assert_allclose(got, expected[:count], atol=1e-6)
    assert model([]) == []


def test_what_the_file_says_is_taken_from_it(tmp_path: Path):
    path = exported(tmp_path / "m.pt2", network(), b=many())
    facts = TorchExport.facts(path=str(path), **KNOWN)
    assert facts == Facts(str(path), 3, 16, 16, 5, dict(enumerate(NAMES)))
    open_size = exported(tmp_path / "open.pt2", network(), b=many(), h=many("h", min=8), w=many("w", min=8))
    assert TorchExport.facts(path=str(open_size), **KNOWN).height is None
    assert len(TorchExport(open_size, **KNOWN)([np.zeros((3, 20, 30), dtype=np.float32)])) == 1
    grey = exported(tmp_path / "grey.pt2", network(1), (2, 1, 16, 16))
    assert TorchExport.facts(path=str(grey), **{**KNOWN, "mean": 0, "std": 1, "channels": None}).channels == 1


def test_facts_need_no_torch(tmp_path: Path):
    path = exported(tmp_path / "m.pt2", network())
    code = (
        "import sys; from sweeper.models import TorchExport as T; "
        f"print(T.facts(path={str(path)!r}, **{KNOWN!r}).n_classes, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.split() == ["5", "False"]


def test_all_that_the_file_does_not_say_is_asked_for_at_once(tmp_path: Path):
    path = exported(tmp_path / "m.pt2", network())
    with pytest.raises(PartError) as caught:
        TorchExport(path)
    asked = re.findall(r"model\.torch_export\.(\w+)=", str(caught.value))
    assert asked == ["value_range", "mean", "std", "channels", "softmax", "class_names"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"layout": "NHWC"}, "layout is given as NHWC, and it is NCHW by the shape of its input"),
        ({"image_size": 32}, r"image_size is given as \[32, 32\], and it is \[16, 16\] by the shape"),
        ({"channels": "GRAY", "mean": 0, "std": 1}, "channels is GRAY, which is 1, and its input .* has 3"),
        ({"class_names": ["a", "b"]}, "holds a network of 5 classes, and class_names has 2"),
        ({"device": "gpu"}, "device is 'gpu', and torch cannot use it here"),
    ],
)
def test_what_contradicts_the_file_is_refused(tmp_path: Path, arguments: dict[str, Any], said: str):
    assert re.search(said, refused(exported(tmp_path / "m.pt2", network()), **arguments))


def test_a_softmax_in_the_network_is_seen(tmp_path: Path):
    path = exported(tmp_path / "m.pt2", network(last=torch.nn.Softmax(dim=1)))
    assert "softmax is given as true, and it is false by its last operator, aten.softmax.int" in refused(path)
    model = TorchExport(path, **{**KNOWN, "softmax": None})
    np.testing.assert_allclose(model([np.zeros((3, 16, 16), dtype=np.float32)])[0].sum(), 1, atol=1e-6)


def test_logits_are_no_probabilities(tmp_path: Path):
    model = TorchExport(exported(tmp_path / "m.pt2", network()), **{**KNOWN, "softmax": False})
    with pytest.raises(PartError, match="with softmax: false they must be probabilities"):
        model([np.zeros((3, 16, 16), dtype=np.float32)])


def test_names_may_be_in_a_json_file_beside_it(tmp_path: Path):
    path = exported(tmp_path / "m.pt2", network())
    (tmp_path / "m.json").write_text(json.dumps({"index2label": NAMES}))
    assert TorchExport(path, **{**KNOWN, "class_names": None}).metadata["index2label"] == dict(enumerate(NAMES))


class Two(torch.nn.Module):
    """Has two inputs and two outputs."""

    def forward(self, images: Any, other: Any) -> Any:
        return images + other, other


def test_what_is_no_classifier_is_refused(tmp_path: Path):
    cases: list[tuple[Any, tuple[Any, ...], str]] = [
        (Two(), (torch.zeros(1, 3, 4, 4),) * 2, "has 2 inputs; a classifier has one"),
        (torch.nn.Conv2d(3, 4, 3), (torch.zeros(1, 3, 4, 4),), "4 axes and answers with one of 4"),
        (network().double(), (torch.zeros(1, 3, 16, 16, dtype=torch.float64),), "an input that is not float32"),
        (network().train(), (torch.zeros(2, 3, 16, 16),), r"exported in training mode: .* Export it after model\.eval"),
    ]
    for number, (model, inputs, said) in enumerate(cases):
        path = tmp_path / f"{number}.pt2"
        torch.export.save(torch.export.export(model, inputs), path)
        assert re.search(said, refused(path)), said


def test_a_file_of_something_else_is_refused(tmp_path: Path):
    whole = exported(tmp_path / "m.pt2", network()).read_bytes()
    (tmp_path / "cut.pt2").write_bytes(whole[: len(whole) // 2])
    assert "is not a whole file of torch.export.save" in refused(tmp_path / "cut.pt2")
    torch.save(network().state_dict(), tmp_path / "weights.pt2")
    assert "is no file with one program of torch.export.save: it has none" in refused(tmp_path / "weights.pt2")
    assert "There is no file" in refused(tmp_path / "nowhere.pt2")
    assert "cannot be read: Is a directory" in refused(tmp_path)
    with zipfile.ZipFile(tmp_path / "other.pt2", "w") as archive:
        archive.writestr("m/models/m.json", json.dumps({"graph_module": {"graph": {}, "signature": {}}}))
    assert "has a form that is not known here" in refused(tmp_path / "other.pt2")


@pytest.mark.parametrize(
    ("count", "axis", "lengths"),
    [
        (5, Axis(1, None), [(5, 5)]),
        (5, Axis(2, 2), [(2, 2), (2, 2), (2, 1)]),
        (1, Axis(4, None), [(4, 1)]),
        (7, Axis(3, 4), [(4, 4), (3, 3)]),
        (5, Axis(3, 4), [(4, 4), (3, 1)]),
    ],
)
def test_pieces_are_as_long_as_the_network_takes(count: int, axis: Axis, lengths: list[tuple[int, int]]):
    rows = np.arange(count)[:, None]
    pieces = pieces_of(rows, axis)
    assert [(len(piece), counted) for piece, counted in pieces] == lengths
    np.testing.assert_array_equal(np.concatenate([piece[:counted] for piece, counted in pieces]), rows)


def test_bounds_of_the_batch_are_read(tmp_path: Path):
    assert read_program(exported(tmp_path / "a.pt2", network(), b=many(min=2, max=8))).batch == Axis(2, 8)
    assert read_program(exported(tmp_path / "b.pt2", network())).batch == Axis(3, 3)
