"""The pages of the API reference: one for each public package, with the names in its `__all__`.

mkdocs calls `on_files` while it builds. What the pages say is in the docstrings, which mkdocstrings reads.
"""

from __future__ import annotations

import importlib
from types import ModuleType

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

PACKAGES = (
    "sweeper",
    "sweeper.jobs",
    "sweeper.store",
    "sweeper.errors",
    "sweeper.datasets",
    "sweeper.models",
    "sweeper.metrics",
    "sweeper.capabilities",
    "sweeper.augmentations",
)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page for each package."""
    for name in PACKAGES:
        files.append(File.generated(config, f"api/{name}.md", content=_page(name)))
    return files


def _page(package: str) -> str:
    module = importlib.import_module(package)
    introduction = f"# {package}\n\n{module.__doc__}\n"
    return introduction + "".join(f"\n::: {package}.{name}\n" for name in _names(module))


def _names(module: ModuleType) -> list[str]:
    """What a package exports; of a module without `__all__`, the classes that it defines."""
    own = [name for name, value in vars(module).items() if getattr(value, "__module__", None) == module.__name__]
    return [name for name in getattr(module, "__all__", own) if not name.startswith("_")]
