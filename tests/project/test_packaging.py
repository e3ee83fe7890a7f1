"""The wheel and the sdist: what is in them, that they work where they are installed, and the types they ship."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import venv
import zipfile
from email import message_from_string
from email.message import Message
from pathlib import Path

import pytest

pytest.importorskip("build", reason="needs build and hatchling: pip install '.[dev]'")
pytest.importorskip("hatchling", reason="needs build and hatchling: pip install '.[dev]'")

ROOT = Path(__file__).parents[2]
CONSUMER = ROOT / "tests" / "data" / "consumer" / "latency_project.py"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
pytestmark = pytest.mark.slow


def run(*command: str | Path, cwd: Path) -> str:
    """The output of a command that sees nothing of this checkout by `PYTHONPATH`."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run([*map(str, command)], cwd=cwd, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def built(source: Path, folder: Path, *formats: str) -> list[Path]:
    """What `python -m build` makes, without a network."""
    run(sys.executable, "-m", "build", "--no-isolation", *formats, "--outdir", folder, source, cwd=folder)
    return sorted(folder.iterdir())


def names_in(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from the checkout."""
    (path,) = built(ROOT, tmp_path_factory.mktemp("wheel"), "--wheel")
    return path


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    (path,) = built(ROOT, tmp_path_factory.mktemp("sdist"), "--sdist")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the commands of a fresh environment with the wheel in it.

    The dependencies come from the environment of the tests. Its own `.pth` files do not count in the new one, so
    that an editable install of sweeper is not seen there.
    """
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=True)
    commands = folder / "bin"
    python = commands / "python"
    run(
        sys.executable,
        "-m",
        "pip",
        "--python",
        python,
        "install",
        "--quiet",
        "--no-index",
        "--no-deps",
        wheel,
        cwd=folder,
    )
    site = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip())
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return commands


def test_the_wheel_holds_the_package_its_configs_and_its_types(wheel: Path):
    names = names_in(wheel)
    configs = {f"sweeper/{path.relative_to(ROOT)}" for path in (ROOT / "conf").rglob("*.yaml")}
    modules = {str(path.relative_to(ROOT)) for path in (ROOT / "sweeper").rglob("*.py")}
    templates = (ROOT / "sweeper/report/page/templates").rglob("*")
    pages = {str(path.relative_to(ROOT)) for path in templates if path.is_file()}
    assert configs | modules | pages | {"sweeper/py.typed"} <= names
    assert {name.split("/")[0].split("-")[0] for name in names} == {"sweeper", "maite_sweeper"}
    assert not [name for name in names if "/test_" in name or "__pycache__" in name]


def test_the_metadata_says_what_the_project_says(wheel: Path):
    metadata = metadata_of(wheel)
    assert metadata["Name"] == "maite-sweeper"
    assert metadata["License-Expression"] == "MIT"
    assert metadata["Requires-Python"] == "<3.14,>=3.11"
    assert metadata["Description-Content-Type"] == "text/markdown"
    assert set(metadata.get_all("Provides-Extra", [])) == set(PROJECT["optional-dependencies"])
    classifiers = set(metadata.get_all("Classifier", []))
    assert {f"Programming Language :: Python :: 3.{minor}" for minor in (11, 12, 13)} <= classifiers
    assert "Typing :: Typed" in classifiers


def metadata_of(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return message_from_string(archive.read(name).decode())


def test_the_sdist_holds_what_developers_need(sdist: Path):
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    pages = {path.name for path in ROOT.glob("*.md")} | {"LICENSE", "pyproject.toml", "conftest.py"}
    files = [path for path in (ROOT / "docs").rglob("*.*") if path.is_file() and path.suffix != ".pyc"]
    documents = {str(path.relative_to(ROOT)) for path in files}
    assert pages | documents | {"mkdocs.yml", "sweeper/py.typed", ".ci/run", "tests/project/test_packaging.py"} <= names
    assert not [name for name in names if "__pycache__" in name or name.startswith((".git/", "dist"))]


def test_the_wheel_from_the_sdist_is_the_wheel_from_the_checkout(sdist: Path, wheel: Path, tmp_path: Path):
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path / "source", filter="data")
    (source,) = (tmp_path / "source").iterdir()
    (tmp_path / "out").mkdir()
    (again,) = built(source, tmp_path / "out", "--wheel")
    assert (again.name, names_in(again)) == (wheel.name, names_in(wheel))


def test_the_installed_wheel_plans_from_an_empty_folder(installed: Path, tmp_path: Path):
    home = run(installed / "python", "-c", "import sweeper; print(sweeper.__file__)", cwd=tmp_path)
    assert Path(home).is_relative_to(installed.parent)
    assert run(installed / "sweeper", "--version", cwd=tmp_path).startswith("sweeper ")
    plan = run(installed / "python", "-m", "sweeper", "plan", "capability=[evaluate]", "dataset=[digits]", cwd=tmp_path)
    assert "to run" in plan
    assert list(tmp_path.iterdir()) == []


def test_the_installed_metadata_names_the_packages_of_an_extra(installed: Path, tmp_path: Path):
    code = "from sweeper.common.extras import how_to_install; print(how_to_install('report'))"
    packages = " ".join(f"'{requirement}'" for requirement in PROJECT["optional-dependencies"]["report"])
    assert f"pip install {packages}" in run(installed / "python", "-c", code, cwd=tmp_path)


def test_a_project_that_uses_sweeper_has_no_type_error(installed: Path, tmp_path: Path):
    shutil.copy(CONSUMER, tmp_path)
    misspelt = (
        "import sweeper\n\nsweeper.swep()  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]\n"
    )
    (tmp_path / "misspelt.py").write_text(misspelt)  # the comment is an error of its own where the name is accepted
    settings = {"typeCheckingMode": "strict", "reportUnnecessaryTypeIgnoreComment": True, "include": ["*.py"]}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    pyright = Path(sys.executable).with_name("pyright")
    checked = run(pyright, "--pythonpath", installed / "python", cwd=tmp_path)
    assert "0 errors, 0 warnings" in checked
