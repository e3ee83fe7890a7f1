"""The settings and generators of torch that a part can change; nothing here imports torch."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from types import ModuleType

_DEFAULTS: Mapping[str, object] = {
    "gradients": True,
    "device": None,
    "deterministic": (False, False),
    "precision": "highest",
    "cudnn.benchmark": False,
    "cudnn.deterministic": False,
}
"""Settings right after the import of torch, for a run that imported it; the others stay as that run left them."""


def _device(torch: ModuleType) -> object:
    """The default device; asking by torch's own function takes a hundred times as long."""
    context = getattr(vars(torch).get("_GLOBAL_DEVICE_CONTEXT"), "device_context", None)
    return None if context is None else context.device


_SETTINGS: Mapping[str, tuple[Callable[[ModuleType], object], Callable[..., object]]] = {
    "gradients": (lambda t: t.is_grad_enabled(), lambda t, value: t.set_grad_enabled(value)),
    "dtype": (lambda t: t.get_default_dtype(), lambda t, value: t.set_default_dtype(value)),
    "device": (_device, lambda t, value: t.set_default_device(value)),
    "threads": (lambda t: t.get_num_threads(), lambda t, value: t.set_num_threads(value)),
    "deterministic": (
        lambda t: (t.are_deterministic_algorithms_enabled(), t.is_deterministic_algorithms_warn_only_enabled()),
        lambda t, value: t.use_deterministic_algorithms(value[0], warn_only=value[1]),
    ),
    "precision": (lambda t: t.get_float32_matmul_precision(), lambda t, value: t.set_float32_matmul_precision(value)),
    "cudnn.benchmark": (
        lambda t: t.backends.cudnn.benchmark,
        lambda t, value: setattr(t.backends.cudnn, "benchmark", value),
    ),
    "cudnn.deterministic": (
        lambda t: t.backends.cudnn.deterministic,
        lambda t, value: setattr(t.backends.cudnn, "deterministic", value),
    ),
}


def _loaded() -> ModuleType | None:
    """torch, once its import has ended; `None` before."""
    torch = sys.modules.get("torch")
    return torch if torch is not None and hasattr(torch, "manual_seed") else None


def read() -> Mapping[str, object] | None:
    """The value of each setting; `None` if torch is not loaded."""
    torch = _loaded()
    return None if torch is None else {name: _value(torch, name) for name in _SETTINGS}


def _value(torch: ModuleType, name: str) -> object:
    try:
        return _SETTINGS[name][0](torch)
    except (AttributeError, RuntimeError):  # not in every version
        return None


def changed(before: Mapping[str, object] | None, after: Mapping[str, object] | None) -> dict[str, object]:
    """The settings that differ, with their later value."""
    return {name: value for name, value in (after or {}).items() if value != _earlier(before, name, value)}


def restore(before: Mapping[str, object] | None) -> None:
    """Put settings back; if torch was not loaded then, to its defaults."""
    torch = _loaded()
    for name in changed(before, read()):
        with suppress(RuntimeError):  # the caller finds that it is still different
            _SETTINGS[name][1](torch, _earlier(before, name, None))


def _earlier(before: Mapping[str, object] | None, name: str, otherwise: object) -> object:
    return (_DEFAULTS if before is None else before).get(name, otherwise)


def seed(number: int) -> None:
    """Seed the generators of all devices, if torch is loaded."""
    if (torch := _loaded()) is not None:
        torch.manual_seed(number)


def generators() -> tuple[object, object] | None:
    """The states of the generators in use; `None` if torch is not loaded."""
    if (torch := _loaded()) is None:
        return None
    return torch.get_rng_state(), torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None


def set_generators(states: tuple[object, object] | None) -> None:
    """Put back what `generators` returned."""
    torch = _loaded()
    if torch is None or states is None:
        return
    torch.set_rng_state(states[0])
    if states[1] is not None:
        torch.cuda.set_rng_state_all(states[1])
