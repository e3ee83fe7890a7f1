"""What to install where a package of an extra is missing."""

from __future__ import annotations

from typing import Literal

DISTRIBUTION = "maite-sweeper"
"""The name that pip knows; the import name is `sweeper`."""

Extra = Literal[
    "azure", "checkmaite", "data", "detection", "gcs", "mlflow", "nrtk", "onnx", "report", "s3", "sql", "torch", "view"
]
"""The extras that messages name."""


def how_to_install(extra: Extra) -> str:
    """The next step for a user who lacks an extra: `Run pip install 'jinja2>=3.1', or pip install '.[report]' in ...`.

    The packages come from the metadata of the installed distribution. Where sweeper runs from a source tree without
    any, only the command for the checkout is named.
    """
    in_checkout = f"pip install '.[{extra}]' in a checkout of sweeper."
    packages = " ".join(f"'{package}'" for package in requirements(extra))
    return f"Run pip install {packages}, or {in_checkout}" if packages else f"Run {in_checkout}"


def requirements(extra: str) -> list[str]:
    """What an extra adds to the dependencies on this Python, as pip takes it; nothing where there is no metadata."""
    from importlib import metadata

    from packaging.requirements import Requirement

    try:
        declared = [Requirement(line) for line in metadata.requires(DISTRIBUTION) or ()]
    except metadata.PackageNotFoundError:
        return []
    return [
        f"{one.name}{_options(one.extras)}{one.specifier}"
        for one in declared
        if one.marker and one.marker.evaluate({"extra": extra}) and not one.marker.evaluate({"extra": ""})
    ]


def _options(extras: set[str]) -> str:
    return f"[{','.join(sorted(extras))}]" if extras else ""
