"""The project with one part of each kind of one's own: the example that ships."""

from __future__ import annotations

from pathlib import Path

from sweeper.config.catalogue import MARK_OF_INIT

_ENDINGS = (".py", ".yaml")


def own_parts() -> dict[str, str]:
    """The texts of its files by their paths."""
    folder = _folder()
    paths = sorted(path for path in folder.rglob("*") if path.suffix in _ENDINGS)
    texts = {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in paths}
    return {name: f"{MARK_OF_INIT}\n{text}" for name, text in texts.items()}


def _folder() -> Path:
    """Inside the installed package, among the examples in a checkout."""
    here = Path(__file__).resolve().parent
    inside = here / "example"
    return inside if inside.is_dir() else here.parents[2] / "examples" / "own_parts"
