"""Every command and every example of the docs runs, in the order of its page, in a folder that is empty before."""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from doc_pages import PAGES, ROOT, examples_of
from doc_runner import INLINE, Reader

import sweeper

OWN_TESTS = {
    "CONTRIBUTING.md": "tests/project/test_docs.py",
    "docs/conditions.md": "tests/project/test_conditions_page.py",
    "docs/detection-capabilities.md": "tests/running/test_detection_capabilities.py",
    "docs/error-analysis.md": "tests/project/test_error_analysis_page.py",
    "docs/live-objects.md": "tests/project/test_live_objects_page.py",
    "docs/own-data.md": "tests/project/test_own_data_page.py",
    "docs/requirements.md": "tests/project/test_requirements_page.py",
    "docs/torch-models.md": "tests/torch/test_torch_models_page.py",
}
"""Pages whose examples another test runs, since it looks closer at what they leave."""
NEEDS = {"another machine", "a bucket", "a cluster", "an older store", "torch", "mlflow", "checkmaite"}
"""What an example may need that is not here."""
RUNNABLE = ("bash", "python", "sql", "yaml", "text")
NAMES = [str(page.relative_to(ROOT)) for page in PAGES if any(e.language in RUNNABLE for e in examples_of(page))]


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Reader]:
    """Somebody in an empty folder, but for the examples of the clone; sweeps from Python run in this process."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    run = sweeper.sweep

    @functools.wraps(run)
    def inline(config: object = None, **more: object) -> object:
        return run([*config, INLINE] if isinstance(config, list) else config, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(sweeper, "sweep", inline)
    before = set(sys.modules)
    yield Reader(monkeypatch)
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]  # another page may have a module of this name


@pytest.mark.parametrize("name", sorted({*NAMES} - {*OWN_TESTS}))
def test_what_a_page_says_can_be_typed(name: str, reader: Reader):
    for example in examples_of(ROOT / name):
        reader.follow(example)


@pytest.mark.parametrize("name", OWN_TESTS)
def test_the_other_test_reads_its_page(name: str):
    assert name in NAMES
    assert Path(name).name in (ROOT / OWN_TESTS[name]).read_text()


def test_what_is_left_out_says_what_it_needs():
    left_out = {example.place: example.needs for page in PAGES for example in examples_of(page) if example.needs}
    assert left_out
    assert set(left_out.values()) <= NEEDS
    assert {place.partition(":")[0] for place, what in left_out.items() if what == "another machine"} <= {
        "docs/clusters.md"
    }


def test_every_mark_is_one_that_is_read():
    marks = {example.mark for page in PAGES for example in examples_of(page)}
    assert {mark for mark in marks if not re.fullmatch(r"|needs .+|exit status \d+", mark)} == set()
    written = sum(len(re.findall(r"^ *<!-- test:", page.read_text(), re.MULTILINE)) for page in PAGES)
    assert written == sum(bool(example.mark) for page in PAGES for example in examples_of(page))
