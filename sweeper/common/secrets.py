"""What must not be shown or stored of a command line: credentials, and the environment of workers. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

HIDDEN = "***"
SECRET = ("analytics_store.storage_options", "job_backend.runtime_env.env_vars", "hydra.job.env_set")
"""Config keys under which everything is secret."""
_SHORTEST = 6
"""Values shorter than this are looked for nowhere else: they are words like `true` or `auto`."""
_USER_AND_PASSWORD = re.compile(r"(?<=://)[^/@:\s]+:[^/@\s]+(?=@)")
_KEY, _WORD = re.compile(r"[\w.-]+\s*:(?=\s)"), re.compile(r"[^\s{}\[\],'\"]+")
"""Keys and words of a value as Hydra's grammar writes it."""


def redacted(overrides: Iterable[str], secrets: Sequence[str] = ()) -> tuple[str, ...]:
    """Overrides of a command line without what is secret in them.

    Parameters
    ----------
    secrets
        Values that are secret wherever they stand.
    """
    return tuple(_without(_override(line), secrets) for line in overrides)


def without_secrets(text: str, argv: Iterable[str]) -> str:
    """A message without what the command line that it is about says under `SECRET`."""
    values = [value for key, _, value in map(_split, argv) if _is_secret(key, value)]
    words = {word for value in values for word in (value, *_WORD.findall(_KEY.sub(" ", value)))}
    return _without(text, sorted((word for word in words if len(word) >= _SHORTEST), key=len, reverse=True))


def _split(line: str) -> tuple[str, str, str]:
    key, equals, value = line.partition("=")
    return key.lstrip("+~").split("@")[0], equals, value


def _override(line: str) -> str:
    key, equals, value = _split(line)
    return f"{line.partition('=')[0]}={HIDDEN}" if equals and _is_secret(key, value) else line


def _is_secret(key: str, value: str) -> bool:
    below = any(key == secret or key.startswith(f"{secret}.") for secret in SECRET)
    above = any(secret.startswith(f"{key}.") for secret in SECRET)
    return below or (above and "{" in value)


def hidden(text: str, secrets: Iterable[str]) -> str:
    """A text without these secrets, the longest first."""
    for secret in secrets:
        text = text.replace(secret, HIDDEN)
    return text


def mask(secret: object) -> object:
    """A secret value as it is shown: its keys, and nothing of what they hold."""
    if isinstance(secret, Mapping):
        return {key: mask(item) for key, item in secret.items()}
    if isinstance(secret, list | tuple):
        return [mask(item) for item in secret]
    return secret if secret is None else HIDDEN


def _without(text: str, secrets: Sequence[str]) -> str:
    return _USER_AND_PASSWORD.sub(HIDDEN, hidden(text, secrets))


def secret_values(root: Mapping[str, Any]) -> list[str]:
    """Texts that the resolved root of a config holds under `SECRET`, the longest first."""
    return sorted({text for key in SECRET for text in _texts(_at(root, key)) if len(text) >= _SHORTEST}, key=len)[::-1]


def _at(root: Any, key: str) -> Any:
    for step in key.split("."):
        root = root.get(step) if isinstance(root, Mapping) else None
    return root


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str | int | float) and not isinstance(value, bool):
        yield str(value)
