"""Characters that look like those of a command line, as word processors and web pages put in their place. Pure."""

from __future__ import annotations

import re
import shlex
import unicodedata

_DASHES = "‐‑‒–—―−﹘﹣－"
_LIKE = {
    **dict.fromkeys("“”„‟″«»〝〞＂", '"'),
    **dict.fromkeys("‘’‚‛′‹›＇", "'"),
    **dict.fromkeys(_DASHES, "-"),
    **dict.fromkeys(
        "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000", " "
    ),
    **dict.fromkeys("\u200b\u200c\u200d\u2060\ufeff", ""),
    **{chr(code + 0xFEE0): chr(code) for code in range(0x21, 0x7F) if chr(code) not in "\"'-"},
    "、": ",",
    "。": ".",
}
"""What stands for each of them; full-width forms are those from U+FF01 on."""
_FLAG = re.compile(rf"[{_DASHES}-]+")


def typed_form(text: str) -> str:
    """A text with the characters that a keyboard gives; dashes at its beginning are those of a flag."""
    plain = "".join(_LIKE.get(character, character) for character in text)
    found = _FLAG.match(text)
    if found is None or found[0].isascii():
        return plain
    rest = plain[found.end() :]
    return f"{'-' if len(rest) == 1 else '--'}{rest}"


def copied(text: str) -> str:
    """A sentence on the first such character of a text and how to type it; empty where there is none."""
    found = next((character for character in text if character in _LIKE), None)
    if found is None:
        return ""
    shown = found if found.isprintable() and not found.isspace() else f"U+{ord(found):04X}"
    name = unicodedata.name(found, "a character").lower()
    meant = shlex.quote(typed_form(text).strip())
    return f" It has {shown} in it ({name}), as text copied from a document has; type it anew, `{meant}`."
