"""Plain data written in Hydra's override grammar."""

from __future__ import annotations

import re


def override_text(value: object) -> str:
    """Plain data in Hydra's grammar, so that it reads as what it is."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list):
        return f"[{','.join(map(override_text, value))}]"
    if isinstance(value, dict):
        return f"{{{','.join(f'{_key(key)}:{override_text(item)}' for key, item in value.items())}}}"
    return _quoted(value) if isinstance(value, str) else str(value)


def _key(key: object) -> str:
    return _escaped(key) if isinstance(key, str) else override_text(key)


def _escaped(text: str) -> str:
    return re.sub(r"[\\()\[\]{}:=, \t]", r"\\\g<0>", text)


def _quoted(text: str) -> str:
    """Text that begins as a name does is read as text, unless it is one of the constants."""
    from hydra.core.override_parser.types import Quote, QuotedString

    is_name = re.fullmatch(r"[A-Za-z_./][\w./-]*", text, re.ASCII) and re.search("[A-Za-z_]", text)
    if is_name and text.lower() not in ("null", "true", "false", "nan", "inf"):
        return text
    return QuotedString(text, Quote.single).with_quotes()
