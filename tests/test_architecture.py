"""Data flows one way, and importing sweeper is cheap: both are held here."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "sweeper"

LAYERS = [
    {"__main__"},
    {"cli"},
    {"arguments", "hydra_flags", "render", "output"},
    {"api"},
    {"config", "near_twins"},
    {"grid"},
    {"runner"},
    {"pairs", "progress"},
    {"queue", "schedule"},
    {"requests", "resume"},
    {"standing"},
    {"planning"},
    {"fingerprint"},
    {"jobs"},
    {"checkmaite", "reuse", "capabilities", "guarded", "datasets", "models", "metrics", "augmentations"},
    {"report"},
    {"store"},
    {"copies", "digests", "process_state", "torch_state"},
    {"identifiers", "limits", "suspects", "revision", "leaderboard", "outcome", "processors", "records"},
    {"request"},
    {"checks"},
    {"head_start", "interrupts", "spec", "asked", "redact", "quoting", "errors", "garbage", "text", "_version"},
]
"""From the command line down: a module imports from its own layer and from those below it, never from above."""
DEPTH = {name: depth for depth, layer in enumerate(LAYERS) for name in layer}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def home(path: Path) -> str:
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported(path: Path) -> set[str]:
    """Parts of sweeper that a file imports when it is run, type checking apart."""
    found: set[str] = set()
    for node in ast.walk(_without_type_checking(ast.parse(path.read_text()))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "sweeper":
            parts = (node.module or "").split(".")
            found |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("sweeper.")}
    return found


def _without_type_checking(tree: ast.Module) -> ast.Module:
    class Drop(ast.NodeTransformer):
        def visit_If(self, node: ast.If) -> ast.AST | None:
            is_guard = isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
            return None if is_guard else self.generic_visit(node)

    return Drop().visit(tree)


def test_every_module_has_its_layer():
    assert {home(path) for path in modules()} - {"__init__"} <= set(DEPTH)


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_no_import_runs_against_the_flow(path: Path):
    if home(path) == "__init__":  # the public names, loaded when they are used
        return
    upwards = {name for name in imported(path) if name in DEPTH and DEPTH[name] < DEPTH[home(path)]}
    assert not upwards


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
    assert "pydantic" not in loaded_by("import sweeper.jobs.ray_simple")
    assert "pydantic" in loaded_by("import sweeper.jobs; sweeper.jobs.import_ahead('ray-simple')")
    assert "ray" not in loaded_by("import sweeper.jobs; sweeper.jobs.import_ahead('inline')")
