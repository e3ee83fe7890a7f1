"""An ONNX file as a network that runs."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from sweeper.common.processors import usable_processors
from sweeper.common.text import escaped
from sweeper.errors import PartError

if TYPE_CHECKING:
    import numpy.typing as npt
    import onnxruntime

_ERRORS_ONLY = 3
DEVICES = "cpu, cuda, cuda:0, cuda:1, ..."
"""The allowed devices, for messages."""


class Network:
    """A network that onnxruntime runs. A copy or pickle has no session, and makes its own when it is first run.

    Parameters
    ----------
    path
        The ONNX file.
    device
        `cpu`, or `cuda` for the first GPU that the process sees, or `cuda:1`.
    nbytes
        How much memory the weights take, for a cache that keeps an eye on it.

    Raises
    ------
    PartError
        There is no such device, or onnxruntime cannot load the file.
    """

    def __init__(self, path: str, device: str, nbytes: int) -> None:
        self._path, self._device, self.nbytes = path, device, nbytes
        self._session: onnxruntime.InferenceSession | None = None
        self._loaded()

    def run(self, outputs: Sequence[str], inputs: Mapping[str, npt.NDArray[Any]]) -> list[Any]:
        """The values of some outputs.

        Raises
        ------
        PartError
            The network cannot take these inputs.
        """
        session = self._loaded()
        try:
            return list(session.run(list(outputs), dict(inputs)))
        except Exception as error:  # onnxruntime has a family of errors for each of its causes
            fed = ", ".join(f"{name!r} of {array.dtype} {array.shape}" for name, array in inputs.items())
            raise PartError(f"{escaped(self._path)} failed on the input {fed}: {error}") from error

    def _loaded(self) -> onnxruntime.InferenceSession:
        if self._session is None:
            self._session = make_session(self._path, self._device)
        return self._session

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_session": None}


def make_session(path: str, device: str) -> onnxruntime.InferenceSession:
    """A session with as many threads as the task has processors.

    Raises
    ------
    PartError
        There is no such device, or onnxruntime cannot load the file.
    """
    import onnxruntime

    providers = _providers(device, onnxruntime.get_available_providers())
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads(os.environ.get("OMP_NUM_THREADS"))
    options.log_severity_level = _ERRORS_ONLY
    try:
        session = onnxruntime.InferenceSession(os.path.expanduser(path), options, providers=providers)
    except Exception as error:  # as above
        raise PartError(f"onnxruntime cannot load {escaped(path)}: {error}") from error
    if device != "cpu" and "CUDAExecutionProvider" not in session.get_providers():
        raise PartError(
            f"device is {device}, and onnxruntime could not start it and would run on the CPU. Check the driver and "
            "the libraries of CUDA, or use device: cpu."
        )
    return session


def threads(told: str | None) -> int:
    """How many threads a session has: as many as Ray tells a task that it has processors, else all that are usable."""
    return int(told) if told is not None and told.isdigit() and int(told) > 0 else usable_processors()


def _providers(device: str, available: Sequence[str]) -> list[Any]:
    kind, _, number = device.partition(":")
    if device == "cpu":
        return ["CPUExecutionProvider"]
    if kind != "cuda" or (number and not number.isdigit()) or device.endswith(":"):
        raise PartError(f"device is {device!r}; allowed: {DEVICES}.")
    if "CUDAExecutionProvider" not in available:
        raise PartError(
            f"device is {device}, and this onnxruntime has no CUDA (it has {', '.join(available)}). Install the extra "
            "onnx-gpu in place of onnx, or use device: cpu."
        )
    return [("CUDAExecutionProvider", {"device_id": int(number or 0)}), "CPUExecutionProvider"]


def in_pieces(rows: npt.NDArray[Any], fixed: int | None) -> list[tuple[npt.NDArray[Any], int]]:
    """Rows in pieces of a batch size that a network has fixed, each with how many of its rows count.

    The last one is filled up with its last row. With no fixed batch size all rows are one piece.
    """
    if fixed is None:
        return [(rows, len(rows))]
    pieces = [rows[start : start + fixed] for start in range(0, len(rows), fixed)]
    return [(_filled(piece, fixed), len(piece)) for piece in pieces]


def _filled(piece: npt.NDArray[Any], length: int) -> npt.NDArray[Any]:
    missing = length - len(piece)
    return piece if not missing else np.concatenate([piece, np.repeat(piece[-1:], missing, axis=0)])
