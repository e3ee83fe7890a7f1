"""The settings and generators of torch that a part can change; nothing here imports torch."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

_DEFAULTS: Mapping[str, Any] = {
    "gradients": True,
    "device": None,
    "deterministic": (False, False),
    "precision": "highest",
    "cudnn.benchmark": False,
    "cudnn.deterministic": False,
}
"""What a setting is when torch is imported, for a run in which it was; the others are as that run left them."""


def _device(torch: Any) -> Any:
    """The default device; asking by torch's own function takes a hundred times as long."""
    context = getattr(vars(torch).get("_GLOBAL_DEVICE_CONTEXT"), "device_context", None)
    return None if context is None else context.device


_SETTINGS: Mapping[str, tuple[Callable[[Any], Any], Callable[[Any, Any], Any]]] = {
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


def _loaded() -> Any:
    """torch, once its import has ended."""
    torch = sys.modules.get("torch")
    return torch if torch is not None and hasattr(torch, "manual_seed") else None


def read() -> Mapping[str, Any] | None:
    """The value of each setting; `None` where torch is not loaded."""
    torch = _loaded()
    return None if torch is None else {name: _value(torch, name) for name in _SETTINGS}


def _value(torch: Any, name: str) -> Any:
    try:
        return _SETTINGS[name][0](torch)
    except (AttributeError, RuntimeError):  # not in every version
        return None


def changed(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> dict[str, Any]:
    """The settings that differ, with their later value."""
    return {name: value for name, value in (after or {}).items() if value != _earlier(before, name, value)}


def restore(before: Mapping[str, Any] | None) -> None:
    """Put settings back; where torch was not loaded then, to what they are when it is."""
    torch = _loaded()
    for name in changed(before, read()):
        with suppress(RuntimeError):  # whoever asks sees that it is still different
            _SETTINGS[name][1](torch, _earlier(before, name, None))


def _earlier(before: Mapping[str, Any] | None, name: str, otherwise: Any) -> Any:
    return (_DEFAULTS if before is None else before).get(name, otherwise)


def seed(number: int) -> None:
    """Seed the generators of all devices, where torch is loaded."""
    if (torch := _loaded()) is not None:
        torch.manual_seed(number)


def generators() -> Any:
    """The states of the generators in use; `None` where torch is not loaded."""
    if (torch := _loaded()) is None:
        return None
    return torch.get_rng_state(), torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None


def set_generators(states: Any) -> None:
    """Put back what `generators` gave."""
    torch = _loaded()
    if torch is None or states is None:
        return
    torch.set_rng_state(states[0])
    if states[1] is not None:
        torch.cuda.set_rng_state_all(states[1])
