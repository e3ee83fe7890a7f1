"""What a file of `torch.save` holds, read without torch and without running anything that it names.

Such a file is a pickle that builds tensors, beside their numbers. Here it is opened with an unpickler of our own that
knows what builds a tensor and makes only its shape of it. So the names and shapes of a network's weights are known in
milliseconds, before any process has imported torch, and a whole pickled model is found without building it.
"""

from __future__ import annotations

import io
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, TypeAlias

from sweeper.errors import PartError, near_match

Shapes: TypeAlias = Mapping[str, tuple[int, ...]]
_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
"""The first pickle of the files that torch wrote before version 1.6, which are no zip archives."""
_HARMLESS = ("torch", "collections", "builtins", "_codecs", "argparse")
"""Packages whose objects may stand beside tensors, of which nothing is built here. Checkpoints of torchvision's scripts
have their command line as an `argparse.Namespace`."""
_HOW_TO_SAVE = "Save its state dict: torch.save(model.state_dict(), 'weights.pt')."


def weights_shapes(path: Path, entry: str | None = None, prefix: str = "") -> Shapes:
    """The shape of each tensor of a state dict by its name.

    Parameters
    ----------
    path
        A file that `torch.save` wrote.
    entry
        The key of a checkpoint under which the state dict is; `None` if the file is a state dict.
    prefix
        What is taken off the beginning of each name; names that begin otherwise are left out.

    Raises
    ------
    PartError
        The file is not there or not of `torch.save`, or it holds something else than a state dict.
    """
    found = _tensors(_entry_of(_content(path), path, entry), path, entry)
    named = {name.removeprefix(prefix): shape for name, shape in found.items() if name.startswith(prefix)}
    if not named:
        raise PartError(f"No tensor of {path} has a name that begins with prefix {prefix!r}; they are {_few(found)}.")
    return named


def _entry_of(content: object, path: Path, entry: str | None) -> object:
    if entry is None:
        return content
    if not isinstance(content, Mapping) or entry not in content:
        keys = [str(key) for key in content] if isinstance(content, Mapping) else []
        raise PartError(f"{path} has no entry {entry!r}; it has {_few(keys)}.{near_match(entry, keys)}")
    return content[entry]


def _tensors(content: object, path: Path, entry: str | None) -> Shapes:
    if not isinstance(content, Mapping):
        raise PartError(f"{path} holds {_kind(content)}, where a state dict is expected. {_HOW_TO_SAVE}")
    found = {str(name): value.shape for name, value in content.items() if isinstance(value, _Tensor)}
    if found and len(found) == len(content):
        return found
    inside = [str(key) for key, value in content.items() if _is_state_dict(value)]
    if inside and entry is None:
        raise PartError(
            f"{path} is a checkpoint with the entries {_few([str(key) for key in content])}. Say which of them is the "
            f"state dict: entry: {inside[0]}."
        )
    others = [str(name) for name in content if str(name) not in found]
    raise PartError(f"{path} is no state dict: {_few(others) or 'it'} {_is_not(others)}. {_HOW_TO_SAVE}")


def _is_not(others: Sequence[str]) -> str:
    if not others:
        return "is empty"
    return "is no tensor" if len(others) == 1 else "are no tensors"


def _is_state_dict(value: object) -> bool:
    return isinstance(value, Mapping) and bool(value) and all(isinstance(item, _Tensor) for item in value.values())


def _kind(value: object) -> str:
    return "a single tensor" if isinstance(value, _Tensor) else f"a value of the type {type(value).__name__}"


def _few(names: Mapping[str, object] | Sequence[str]) -> str:
    shown = [*names][:4]
    return ", ".join(shown) + (f" and {len(names) - len(shown)} more" if len(names) > len(shown) else "")


# The file


def _content(path: Path) -> object:
    """What the pickle of a file describes, with a `_Tensor` for each tensor."""
    try:
        with path.open("rb") as file:
            return _of_archive(file, path) if zipfile.is_zipfile(file) else _of_legacy(file, path)
    except FileNotFoundError:
        raise PartError(f"There is no file {path}; weights are never downloaded. Check weights_path.") from None
    except OSError as error:
        raise PartError(f"{path} cannot be read: {error.strerror or error}.") from error


def _of_archive(file: IO[bytes], path: Path) -> object:
    try:
        with zipfile.ZipFile(file) as archive:
            names = {name.partition("/")[2]: name for name in archive.namelist()}
            _refuse_programs(names, path)
            pickled = archive.read(names["data.pkl"])
    except (KeyError, zipfile.BadZipFile, EOFError) as error:
        raise PartError(f"{path} is not a whole file of torch.save: {error}. Save or copy it again.") from error
    return _unpickled(io.BytesIO(pickled), path)


def _refuse_programs(names: Mapping[str, str], path: Path) -> None:
    if "constants.pkl" in names:
        raise PartError(f"{path} is a TorchScript program, not a state dict. {_HOW_TO_SAVE}")
    if any(name.startswith("models/") for name in names):
        raise PartError(f"{path} is a program of torch.export. Use model=[torch_export] for it.")


def _of_legacy(file: IO[bytes], path: Path) -> object:
    """Files without an archive begin with three pickles that say how they were written."""
    file.seek(0)
    if _unpickled(file, path) != _LEGACY_MAGIC:
        raise PartError(f"{path} is not a file of torch.save. {_HOW_TO_SAVE}")
    for _ in range(2):
        _unpickled(file, path)
    return _unpickled(file, path)


def _unpickled(file: IO[bytes], path: Path) -> object:
    try:
        return _Unpickler(file).load()
    except _WouldRunCodeError as error:
        raise PartError(
            f"{path} holds an object of {error}, not a state dict: loading it would run code from the file. "
            f"{_HOW_TO_SAVE}"
        ) from None
    except Exception as error:  # a damaged pickle can fail in any way
        raise PartError(f"{path} is not a whole file of torch.save ({type(error).__name__}: {error}).") from error


class _WouldRunCodeError(Exception):
    """The pickle names something that is built by code of another package."""


class _Tensor:
    """The shape of a tensor that the pickle describes."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape


class _Other:
    """In the place of any object whose content does not matter."""

    def __init__(self, *_: object) -> None:
        pass

    def __setstate__(self, _: object) -> None:
        pass


def _rebuilt(_storage: object, _offset: object, size: tuple[int, ...], *_rest: object) -> _Tensor:
    return _Tensor(tuple(size))


def _parameter(data: object, *_rest: object) -> object:
    return data


_KNOWN: Mapping[tuple[str, str], object] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor_v2"): _rebuilt,
    ("torch._utils", "_rebuild_parameter"): _parameter,
}


class _Unpickler(pickle.Unpickler):
    """Builds dictionaries, lists and shapes of tensors, and imports nothing."""

    def find_class(self, module: str, name: str, /) -> object:
        known = _KNOWN.get((module, name))
        if known is not None:
            return known
        if module.partition(".")[0] not in _HARMLESS or module.startswith("torch.nn.modules"):
            raise _WouldRunCodeError(f"{module}.{name}")
        return _Other

    def persistent_load(self, pid: object, /) -> object:
        """A storage of numbers, which is not read."""
        return None
