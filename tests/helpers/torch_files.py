"""Files of torch for tests: images of three digits in class folders, and a network that was trained on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits

CLASSES = ("one", "two", "zero")
"""In the order of an image folder."""
DIGITS = {"zero": 0, "one": 1, "two": 2}
SIZE = 16
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def pixels(name: str, count: int, skip: int = 0) -> np.ndarray:
    """Some images of one digit, N x 16 x 16 x 3, uint8; red is dark and blue bright, so that their order matters."""
    digits = load_digits()
    images = digits.images[digits.target == DIGITS[name]][skip : skip + count]
    grown = (images * (255 / 16)).repeat(2, axis=1).repeat(2, axis=2)
    return (grown[..., None] * np.array([0.6, 0.8, 1.0])).astype(np.uint8)


def write_images(root: Path, count: int = 12) -> Path:
    """Class folders with so many images of each digit, which no training has seen."""
    for name in CLASSES:
        (root / name).mkdir(parents=True)
        for number, image in enumerate(pixels(name, count, skip=100)):
            Image.fromarray(image).save(root / name / f"{number:02}.png")
    return root


def network_input(images: np.ndarray) -> Any:
    """N x H x W x 3, uint8, as ImageNet's normalisation has it, N x 3 x H x W."""
    import torch

    values = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
    mean, std = (torch.tensor(each)[:, None, None] for each in (MEAN, STD))
    return (values - mean) / std


def trained(architecture: str = "resnet18", steps: int = 15) -> Any:
    """A network of torchvision that knows the three digits, in evaluation mode."""
    import torch
    import torchvision

    torch.manual_seed(0)
    torch.set_num_threads(1)  # on a busy machine, threads that wait for each other take a hundred times as long
    images = network_input(np.concatenate([pixels(name, 40) for name in CLASSES]))
    labels = torch.arange(len(CLASSES)).repeat_interleave(40)
    network = torchvision.models.get_model(architecture, weights=None, num_classes=len(CLASSES)).train()
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
    for _ in range(steps):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(network(images), labels).backward()
        optimizer.step()
    return network.eval()


def by_hand(network: Any, root: Path) -> tuple[np.ndarray, np.ndarray]:
    """Probabilities and labels of the images in class folders, with torch and Pillow alone."""
    import torch

    files = [path for name in CLASSES for path in sorted((root / name).iterdir())]
    images = np.stack([np.asarray(Image.open(path).convert("RGB")) for path in files])
    with torch.no_grad():
        probabilities = torch.softmax(network(network_input(images)), dim=1).numpy()
    return probabilities, np.array([CLASSES.index(path.parent.name) for path in files])
