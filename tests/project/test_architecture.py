"""Data flows one way, and importing sweeper is cheap: both are held here."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "sweeper"
LAYERS = (
    {"__main__"},
    {"cli"},
    {"api"},
    {"running"},
    {"config"},
    {"planning", "jobs", "report"},
    {"comparison"},
    {"worker"},
    {"checkmaite", "capabilities", "augmentations"},
    {"datasets", "models", "metrics", "store"},
    {"isolation", "revision"},
    {"messages", "records"},
    {"checks", "vocabulary", "statistics"},
    {"common", "errors", "_version"},
)
"""From the command line down: a module imports from its own package and from the layers below, never from above."""
DEPTH = {name: depth for depth, layer in enumerate(LAYERS) for name in layer}
WITHIN = {"models": {"datasets"}}
"""What a package may import of its own layer."""
HOMES: dict[str, tuple[str, ...]] = {
    "ray": ("jobs/ray_simple", "jobs/checkmaite_ray", "worker"),
    "hydra": ("config", "worker/instantiate.py"),
    "omegaconf": ("config",),
    # Users have data in Parquet and Arrow too, and what the store knows of tables is of no use for them.
    "pyarrow": ("store", "datasets/arrow_tables.py"),
    "obstore": ("store",),
    "duckdb": ("store",),
    "jinja2": ("report",),
    "markdown_it": ("report",),
    "werkzeug": ("report/view",),
    "tqdm": ("running",),
    "onnx": ("models",),
    "onnxruntime": ("models",),
}
"""Where a third-party library may be imported."""
BESIDE_THE_PACKAGES = 8
LINES_OF_A_FILE = 400
LINES_OF_A_FUNCTION = 30
OPEN_TYPES_PER_1000_LINES = 15


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def name_of(path: Path) -> str:
    return ".".join(("sweeper", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__")


MODULES = {name_of(path): path for path in modules()}


def home(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def statements(path: Path) -> Iterator[str]:
    """Every name that a file imports, late and for type checking too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def imported(path: Path) -> set[str]:
    """Modules of sweeper that a file imports."""
    found = {_module(name) for name in statements(path) if name.startswith("sweeper.")}
    return found - {name_of(path), "sweeper"}


def _module(name: str) -> str:
    while name not in MODULES:
        name = name.rpartition(".")[0]
    return name


def test_every_module_has_its_layer():
    assert {home(path) for path in modules()} - {"__init__"} == set(DEPTH)


def test_few_modules_stand_beside_the_packages():
    assert len(list(PACKAGE.glob("*.py"))) <= BESIDE_THE_PACKAGES


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_import_runs_against_the_flow(path: Path):
    here = home(path)
    if here == "__init__":  # the public names, loaded when they are used
        return
    others = {name.split(".")[1] for name in imported(path)} - {here} - WITHIN.get(here, set())
    assert {other for other in others if DEPTH[other] <= DEPTH[here]} == set()


def test_no_imports_go_in_a_circle():
    waiting = {name: imported(path) for name, path in MODULES.items() if name != "sweeper"}
    while done := [name for name in waiting if not waiting[name] & waiting.keys() or not _needed(name, waiting)]:
        for name in done:
            del waiting[name]
    assert waiting == {}


def _needed(name: str, waiting: Mapping[str, set[str]]) -> bool:
    return any(name in needs for needs in waiting.values())


@pytest.mark.parametrize("library", HOMES)
def test_a_library_is_imported_at_home_only(library: str):
    users = {path.relative_to(PACKAGE).as_posix() for path in modules() if library in _libraries(path)}
    assert [user for user in users if not user.startswith(HOMES[library])] == []


def _libraries(path: Path) -> set[str]:
    return {name.split(".")[0] for name in statements(path)}


# Size and types


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_files_and_functions_are_short(path: Path):
    text = path.read_text()
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert len(text.splitlines()) <= LINES_OF_A_FILE
    assert {node.name for node in functions if _body_lines(node) > LINES_OF_A_FUNCTION} == set()


def _body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = function.body[1:] if ast.get_docstring(function) and len(function.body) > 1 else function.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1


def test_few_types_are_left_open():
    text = "\n".join(path.read_text() for path in modules())
    escapes = re.findall(r"\bAny\b(?!\")|(?<![\w.])cast\(|(?:type|pyright): *ignore", _without_imports(text))
    assert len(escapes) * 1000 / len(text.splitlines()) < OPEN_TYPES_PER_1000_LINES


def _without_imports(text: str) -> str:
    return re.sub(r"(?m)^\s*from typing import .*$", "", text)


# What importing costs


def loaded_by(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*{{name.split('.')[0] for name in sys.modules}})"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.parametrize("statement", ["import sweeper", "import sweeper.jobs", "import sweeper.capabilities"])
def test_importing_is_cheap(statement: str):
    assert loaded_by(statement).isdisjoint({"ray", "torch", "sklearn", "scipy", "pandas", "duckdb"})


def test_importing_sweeper_loads_no_arrow_and_no_hydra():
    assert loaded_by("import sweeper").isdisjoint({"pyarrow", "hydra", "omegaconf", "numpy"})


def test_a_plan_needs_neither_ray_nor_scikit_learn(tmp_path: Path):
    statement = f"import sweeper; sweeper.plan(['analytics_store.uri={tmp_path}/s', 'rerun=missing'])"
    assert loaded_by(statement).isdisjoint({"ray", "torch", "sklearn", "pandas"})


def test_what_ray_imports_at_its_first_task_can_be_imported_while_it_starts():
    pytest.importorskip("pydantic")
    pytest.importorskip(
        "ray._common.pydantic_compat", reason="older releases of Ray have it elsewhere, and import it late"
    )
    assert "pydantic" not in loaded_by("import sweeper.jobs.ray_simple")
    assert "pydantic" in loaded_by("import sweeper.jobs; sweeper.jobs.import_ahead('ray-simple')")
    assert "ray" not in loaded_by("import sweeper.jobs; sweeper.jobs.import_ahead('inline')")
