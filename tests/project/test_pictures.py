"""Each picture of the docs is one that a script draws, and shows what the script draws today."""

from __future__ import annotations

import json
import runpy
from pathlib import Path

import architecture_picture
import conditions_picture
import pytest
import report_picture
from browser import BROWSER, DRIVER
from doc_pages import PAGES, ROOT
from PIL import Image
from report_parts import fill

DOCS = ROOT / "docs"
DRAWN = {architecture_picture.PLACE, conditions_picture.PLACE, report_picture.PLACE, DOCS / "overhead.svg"}
"""conditions.png is compared in test_conditions_page.py."""


def test_every_picture_is_drawn_by_a_script_and_shown_with_words():
    pictures = {path for ending in ("png", "svg", "jpg", "gif") for path in DOCS.rglob(f"*.{ending}")}
    assert pictures == DRAWN
    for path in pictures:
        assert [page for page in PAGES if f"{path.name})" in page.read_text()], f"no page shows {path}"


def test_the_architecture_is_what_its_script_draws():
    """Otherwise run `python tests/helpers/architecture_picture.py`."""
    assert architecture_picture.PLACE.read_text() == architecture_picture.picture()


def test_the_overhead_is_what_its_script_draws_of_the_measured_figures():
    """Otherwise run `python tests/benchmarks/chart.py docs/overhead.json`."""
    chart = runpy.run_path(str(ROOT / "tests" / "benchmarks" / "chart.py"))
    costs = json.loads((DOCS / "overhead.json").read_text())
    assert (DOCS / "overhead.svg").read_text() == chart["svg"](costs)


@pytest.mark.skipif(not (BROWSER and DRIVER), reason="no chromium and chromedriver on the PATH")
def test_the_report_can_be_drawn_again(tmp_path: Path):
    pytest.importorskip("selenium", reason="needs selenium: pip install '.[dev]'")
    from sweeper.report import html

    drawn = report_picture.picture(html(fill(tmp_path)))
    with Image.open(report_picture.PLACE) as there:
        assert drawn.size == there.size
    assert len(drawn.getcolors(256) or ()) > 20
