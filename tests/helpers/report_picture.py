"""Draws docs/report.png: the first answers of the report of a sweep on digits, in the chromium of this machine.

python tests/helpers/report_picture.py    # a minute
"""

from __future__ import annotations

import io
import os
import tempfile
from pathlib import Path

from browser import resize, started
from PIL import Image

PLACE = Path(__file__).parents[2] / "docs" / "report.png"
SWEEP = (
    "+sweep=quickstart",
    "model=[logreg,svm,knn,forest,naive_bayes,mlp]",
    "dataset=[digits,digits_dark,digits_noisy,digits_rotated,digits_occluded]",
    "job_backend.kind=inline",
)
WIDTH, HEIGHT, PIXELS = 1240, 1320, 1.5
"""CSS pixels, and how many pixels of the picture each has."""

SCROLL = "scrollTo(0, document.querySelector('h2').getBoundingClientRect().top - 24)"


def report() -> str:
    """The report of the sweep, whose store is in a folder of a reader."""
    from sweeper import sweep
    from sweeper.report import html

    with tempfile.TemporaryDirectory() as folder:
        result = sweep([*SWEEP, f"analytics_store.uri={folder}/analytics_store"], progress=False)
        return html(result.store).replace(folder, "/home/you")


def picture(page: str) -> Image.Image:
    """A page from its first heading below the title on, in few colours."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.html"
        path.write_text(page, encoding="utf-8")
        with started(Path(folder) / "profile") as browser:
            resize(browser, WIDTH, HEIGHT, PIXELS)
            browser.execute_cdp_cmd("Emulation.setScrollbarsHidden", {"hidden": True})
            browser.get(path.as_uri())
            browser.execute_script(SCROLL)
            shown = browser.get_screenshot_as_png()
    return Image.open(io.BytesIO(shown)).convert("RGB").quantize(256)


if __name__ == "__main__":
    os.chdir(PLACE.parents[1])
    picture(report()).save(PLACE, optimize=True)
