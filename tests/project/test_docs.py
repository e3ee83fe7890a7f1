"""The pages for contributors name what there is, and their examples run as they are written."""

from __future__ import annotations

import io
import json
import pkgutil
import re
import shlex
from collections.abc import Sequence
from pathlib import Path

import pytest
import settings_page
import yaml
from doc_pages import OWN_FILE, PAGES, ROOT, examples, own_files, prose
from places import OLD_STORES

from sweeper import __version__
from sweeper.cli.commands import run_command
from sweeper.config.settings import MEANINGS
from sweeper.store import open_store

EACH_PAGE = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
FOLDERS = ("sweeper/", "tests/", "docs/", "conf/", "examples/", ".ci/")
"""How the path of a file or folder of this repository begins."""


def quoted(page: Path) -> set[str]:
    """What a page has in backticks."""
    return set(re.findall(r"`([^`\n]+)`", prose(page)))


def headings(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.*)$", prose(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@EACH_PAGE
def test_relative_links_lead_somewhere(page: Path):
    for link in re.findall(r"\]\((?!https?:)([^)]+)\)", prose(page)):
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        assert not anchor or anchor in headings(target), link


@EACH_PAGE
def test_files_and_folders_that_are_named_exist(page: Path):
    named = {word for word in quoted(page) if word.startswith(FOLDERS) and not re.search(r"[\s<>,{]", word)}
    assert {word for word in named if not any(list(base.glob(word)) for base in (ROOT, page.parent))} == set()


@EACH_PAGE
def test_scripts_that_are_named_without_a_folder_exist(page: Path):
    named = {word for word in quoted(page) if re.fullmatch(r"\w+\.py", word)}
    own = {Path(name).name for name in own_files(page)}
    assert {word for word in named - own if not list(ROOT.rglob(word))} == set()


@EACH_PAGE
def test_modules_and_what_is_in_them_exist(page: Path):
    for word in quoted(page):
        if match := re.fullmatch(r"(sweeper(?:\.\w+)+)(?:\.\*)?(?:\(.*\))?", word):
            pkgutil.resolve_name(match[1])


# The examples


def command_lines(page: Path) -> list[list[str]]:
    lines = "\n".join(examples(page, "bash")).splitlines()
    return [words for line in lines if (words := shlex.split(line, comments=True))]


CONTRIBUTING = ROOT / "CONTRIBUTING.md"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that CONTRIBUTING.md shows."""
    for name, text in own_files(CONTRIBUTING).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def sweeps(page: Path) -> list[list[str]]:
    return [words[3:] for words in command_lines(page) if words[:3] == ["python", "-m", "sweeper"]]


def test_the_parts_of_the_guide_run(folder: Path):
    commands = sweeps(CONTRIBUTING)
    assert commands
    for argv in commands:
        out, err = io.StringIO(), io.StringIO()
        assert run_command([*argv, "job_backend.kind=inline"], out, err) == 0, err.getvalue()
        assert "0 skipped" in out.getvalue()


def test_the_backend_of_the_guide_runs(folder: Path, capsys: pytest.CaptureFixture[str]):
    (code,) = [text for text in examples(CONTRIBUTING, "python") if not OWN_FILE.match(text)]
    exec(code, {})
    assert "submitted" in capsys.readouterr().err


@EACH_PAGE
def test_files_in_commands_exist(page: Path):
    words = [word for line in command_lines(page) for word in line if word.startswith(FOLDERS)]
    assert [word for word in words if not (ROOT / word.partition("::")[0]).exists()] == []


def test_set_up_is_that_of_the_readme():
    def install(page: Path) -> Sequence[str]:
        return [line.split("#")[0].strip() for text in examples(page, "bash") for line in text.splitlines()]

    lines = install(CONTRIBUTING)
    assert "pip install -e '.[dev]' && pytest" in lines
    assert "pip install -e '.[dev]' && pytest" in install(ROOT / "README.md")


def test_hooks_run_the_lint_and_types_of_ci():
    configured = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    commands = [hook["entry"] for repository in configured for hook in repository["hooks"]]
    assert {repository["repo"] for repository in configured} == {"local"}  # nothing is fetched
    assert {hook["language"] for repository in configured for hook in repository["hooks"]} == {"system"}
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    assert commands == [line for line in lines if line.startswith(("ruff", "pyright"))]


def test_the_newest_version_has_its_changes():
    versions = re.findall(r"^## \[?(\d[\d.]*)\]?", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert versions[0] == __version__


def test_every_decision_is_in_their_list():
    pages = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
    listed = re.findall(
        r"^- \[(\d{4}): .*\]\((\1-.*\.md)\)$", (ROOT / "docs" / "decisions" / "README.md").read_text(), re.M
    )
    assert [name for _, name in listed] == [page.name for page in pages]


# The pages and the code say the same


STORE = ROOT / "docs" / "store-format.md"


def table_of(page: Path, heading: str) -> list[str]:
    """What the first column of the table under a heading has in backticks."""
    section = re.split(r"^#+ ", page.read_text().split(f"\n{heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
    rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("|")]
    return [name for row in rows for name in re.findall(r"`([^`]+)`", row)]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store as a small sweep and a merge leave it."""
    uri = tmp_path_factory.mktemp("described")
    grid = ["capability=[evaluate]", "dataset=[digits]", "model=[logreg,naive_bayes]", "metric=[accuracy,ece]"]
    where = f"analytics_store.uri={uri}"
    for argv in ([*grid, "job_backend.kind=inline", "predictions.persist=true", where], ["compact", where]):
        assert run_command(argv, io.StringIO(), io.StringIO()) == 0
    return uri


def test_the_columns_of_a_store_are_those_that_are_described(store: Path):
    tables = open_store(store)
    assert table_of(STORE, "### `attempts`") == tables.attempts().column_names
    assert table_of(STORE, "### `runs`") == tables.table("runs").column_names
    assert table_of(STORE, "### `results`") == tables.results().column_names
    assert sorted(table_of(STORE, "### `asked`")) == sorted(tables.asked().column_names)


def test_the_format_number_is_the_one_that_is_described(store: Path):
    written = (store / ".sweeper" / "format.json").read_text()
    shown = written.replace(json.loads(written)["crc"], "...")
    assert f"`{shown}`" in STORE.read_text()
    assert f"The number is {json.loads(written)['format']}." in STORE.read_text()


@pytest.mark.parametrize("place", [*OLD_STORES.glob("*/attempts"), None], ids=lambda place: place and place.parent.name)
def test_a_store_has_nothing_that_is_not_described(place: Path | None, request: pytest.FixtureRequest):
    root = request.getfixturevalue("store") if place is None else place.parent
    described = {re.split(r"[<*]", name)[0] for name in table_of(STORE, "## Files and folders")} - {""}
    found = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    private = {name for name in found if name.startswith(".")}
    assert {name for name in private if not name.startswith(tuple(described))} == set()
    data = {Path(name).name for name in found - private} - {"0_schema.parquet"}
    assert {name for name in data if not any(re.fullmatch(form, name) for form in forms_of_names())} == set()
    assert len(data) > 2


def forms_of_names() -> list[str]:
    """The names of data files that the page describes, as regular expressions."""
    parts = {"ms": r"\d{13}", "hex": "[0-9a-f]{16}", "bytes": r"\d+", "fingerprint": "[0-9a-f]{64}", "status": "[a-z]+"}
    names = table_of(STORE, "### Names of files")
    forms = [*names, *(name.replace("_v<version>", "") for name in names)]
    return [re.sub(r"<(\w+)>", lambda match: parts.get(match[1], r"[\d.]+"), form) for form in forms]


def test_the_layers_are_those_that_are_described():
    from test_architecture import LAYERS

    rows = (ROOT / "docs" / "architecture.md").read_text().split("## Layers\n", 1)[1].splitlines()
    described = [set(re.findall(r"`(\w+)`", row.split("|")[1])) for row in rows if row.startswith("| `")]
    assert described == list(LAYERS)


# Settings


def test_the_page_of_settings_is_made_from_their_declarations():
    """Otherwise run `python tests/helpers/settings_page.py`."""
    assert settings_page.table() in settings_page.PAGE.read_text()


def test_every_setting_says_what_it_is_for():
    assert [key for key, meaning in MEANINGS.items() if not meaning] == []


def test_the_page_of_policies_has_the_same_settings_and_defaults():
    page = (ROOT / "docs" / "policies.md").read_text()
    rows = re.findall(r"^\| `([a-z_.]+)` \|.*\| ([^|]+) \|$", page, re.MULTILINE)
    table = dict(re.findall(r"^\| `([a-z_.]+)` \|.*\| ([^|]+) \|$", settings_page.table(), re.MULTILINE))
    shown = {key: default.strip("`") for key, default in rows if key in table}
    assert len(shown) > 8
    assert shown == {key: table[key].strip("`") for key in shown}
