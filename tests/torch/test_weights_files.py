"""Names and shapes of the tensors in a file of torch, read without torch; what is no state dict is told apart."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sweeper.errors import PartError
from sweeper.models.weights_file import weights_shapes

torch = pytest.importorskip("torch")


def small() -> Any:
    return torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.Linear(4, 5))


def shapes_of(state: dict[str, Any]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in state.items()}


def parameters() -> dict[str, Any]:
    return {name: torch.nn.Parameter(value) for name, value in small().named_parameters()}


@pytest.mark.parametrize(
    "state",
    [
        small().state_dict(),
        small().half().state_dict(),
        small().double().state_dict(),
        dict(small().state_dict()),
        parameters(),
        {"transposed": torch.zeros(3, 4).T, "bfloat": torch.zeros(2, dtype=torch.bfloat16), "scalar": torch.tensor(1)},
    ],
)
@pytest.mark.parametrize("zipped", [True, False])
def test_shapes_are_those_of_torch(tmp_path: Path, state: dict[str, Any], zipped: bool):
    torch.save(state, tmp_path / "w.pt", _use_new_zipfile_serialization=zipped)
    assert weights_shapes(tmp_path / "w.pt") == shapes_of(state)


def test_reading_them_loads_no_torch(tmp_path: Path):
    torch.save(small().state_dict(), tmp_path / "w.pt")
    code = (
        "import sys; from pathlib import Path; from sweeper.models.weights_file import weights_shapes as read;"
        f"print(len(read(Path({str(tmp_path / 'w.pt')!r}))), 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.split() == ["9", "False"]


def test_a_checkpoint_has_its_state_dict_in_an_entry_and_names_may_have_a_prefix(tmp_path: Path):
    state = small().state_dict()
    optimizer = torch.optim.SGD(small().parameters(), 0.1, momentum=0.9)
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, [3, 5])
    more = {
        "optimizer": optimizer.state_dict(),
        "lr_scheduler": schedule.state_dict(),
        "epoch": 3,
        "args": argparse.Namespace(lr=1),
    }
    torch.save({"model": {f"module.{name}": value for name, value in state.items()}, **more}, tmp_path / "c.pt")
    assert weights_shapes(tmp_path / "c.pt", "model", "module.") == shapes_of(state)
    for entry, prefix, said in (
        (None, "", "is a checkpoint with the entries model, optimizer, .*: entry: model"),
        ("modle", "", r"has no entry 'modle'; it has model, .* Did you mean 'model'\?"),
        ("epoch", "", "holds a value of the type int, where a state dict is expected"),
        ("model", "net.", r"has a name that begins with prefix 'net\.'; they are module\.0\.weight"),
    ):
        with pytest.raises(PartError, match=said):
            weights_shapes(tmp_path / "c.pt", entry, prefix)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (small(), r"holds an object of torch\.nn\.modules\.container\.Sequential, not a state dict: .* would run code"),
        (
            {"model": small().state_dict(), "path": Path("x")},
            r"an object of pathlib\.\w+, not a state dict",
        ),
        (torch.zeros(3), "holds a single tensor, where a state dict is expected"),
        ([1, 2], "holds a value of the type list, where"),
        ({}, "is no state dict: it is empty"),
        ({"a": torch.zeros(1), "b": "text"}, r"is no state dict: b is no tensor\."),
    ],
)
@pytest.mark.parametrize("zipped", [True, False])
def test_what_is_no_state_dict_is_told_apart(tmp_path: Path, content: object, said: str, zipped: bool):
    torch.save(content, tmp_path / "w.pt", _use_new_zipfile_serialization=zipped)
    with pytest.raises(PartError, match=said):
        weights_shapes(tmp_path / "w.pt")


def test_nothing_that_a_file_names_is_run(tmp_path: Path):
    """A pickle can call any function; this one would leave a file."""

    class Harmful:
        def __reduce__(self) -> Any:
            return Path.touch, (tmp_path / "was here",)

    torch.save({"weight": torch.zeros(1), "other": Harmful()}, tmp_path / "w.pt")
    with pytest.raises(PartError, match="would run code from the file"):
        weights_shapes(tmp_path / "w.pt")
    assert not (tmp_path / "was here").exists()


def test_programs_are_told_apart_from_state_dicts(tmp_path: Path):
    torch.jit.trace(torch.nn.Linear(2, 2), torch.zeros(1, 2)).save(str(tmp_path / "s.pt"))
    with pytest.raises(PartError, match="is a TorchScript program, not a state dict"):
        weights_shapes(tmp_path / "s.pt")
    torch.export.save(torch.export.export(torch.nn.Linear(2, 2), (torch.zeros(1, 2),)), tmp_path / "e.pt2")
    with pytest.raises(PartError, match=r"is a program of torch\.export\. Use model=\[torch_export\]"):
        weights_shapes(tmp_path / "e.pt2")


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("kept", [0, 1, 50, 300])
def test_a_part_of_a_file_is_no_file(tmp_path: Path, zipped: bool, kept: int):
    path = tmp_path / "w.pt"
    torch.save(small().state_dict(), path, _use_new_zipfile_serialization=zipped)
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(PartError, match=r"^.*w\.pt is not a whole file of torch\.save"):
        weights_shapes(path)


def test_what_cannot_be_read_is_told(tmp_path: Path):
    with pytest.raises(PartError, match=r"There is no file .*none\.pt; weights are never downloaded"):
        weights_shapes(tmp_path / "none.pt")
    with pytest.raises(PartError, match="cannot be read: Is a directory"):
        weights_shapes(tmp_path)
    (tmp_path / "text.pt").write_bytes(b"hello, this is a text")
    with pytest.raises(PartError, match=r"is not a (whole )?file of torch\.save"):
        weights_shapes(tmp_path / "text.pt")
