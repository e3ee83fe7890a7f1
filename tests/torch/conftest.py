"""What the tests of torch share: a network that was trained in seconds, as files, and images for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from torch_files import trained, write_images


@pytest.fixture(scope="session")
def network() -> Any:
    """A resnet18 that tells three digits apart."""
    pytest.importorskip("torchvision")
    return trained()


@pytest.fixture(scope="session")
def weights(network: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its state dict."""
    import torch

    path = tmp_path_factory.mktemp("weights") / "digits.pt"
    torch.save(network.state_dict(), path)
    return path


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Class folders with images of the three digits."""
    return write_images(tmp_path_factory.mktemp("data") / "images")


@pytest.fixture(params=["cpu", pytest.param("cuda", marks=pytest.mark.gpu)])
def device(request: pytest.FixtureRequest) -> str:
    """The device of the models: a CUDA device where this machine has one."""
    import torch

    if request.param == "cuda" and not torch.cuda.is_available():
        pytest.skip("there is no CUDA device, or torch was built without CUDA")
    return request.param
