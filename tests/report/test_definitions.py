"""What the report says of its quantities: read from docstrings, of every one that the shipped parts give."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sweeper.capabilities.box_checks import BOX_CHECKS
from sweeper.common.docstrings import docstring_of, summary_of, values_of
from sweeper.report.definitions import Definitions, PartDefinition
from sweeper.report.leaderboard import Leaderboard, Line
from sweeper.report.provenance import NamedSpec
from sweeper.report.reading.definitions import read_definitions
from sweeper.statistics.average_precision import KEYS
from sweeper.statistics.detection_errors import DETECTION_KINDS, OBJECT_KINDS

SHIFT = ("shifted", "classifier.auc")
BALANCE = ("class_balance.evenness", "class_balance.imbalance_ratio", "class_balance.empty_classes")
DUPLICATES = ("exact_duplicates.share", "near_duplicates.share")
GIVEN = {
    "sweeper.capabilities.Robustness": ("accuracy area", "coco_map map_50.area", "f1@0.5"),
    "sweeper.capabilities.DataQuality": (
        *BALANCE,
        *DUPLICATES,
        *("brightness_outliers.share", "contrast_outliers.share", "label_issues.share", "label_issues.checked_share"),
    ),
    "sweeper.capabilities.Shift": (*SHIFT, "ks.shifted_share", "ks.max_statistic", "ks.statistic[brightness]"),
    "sweeper.capabilities.ErrorAnalysis": ("precision[3]", "recall[3]", "f1[3]", "accuracy[site=A]"),
    "sweeper.capabilities.DetectionErrors": (
        *(f"object.{kind}" for kind in OBJECT_KINDS),
        *(f"detection.{kind}" for kind in DETECTION_KINDS),
    ),
    "sweeper.capabilities.DetectionQuality": (
        *BALANCE,
        *DUPLICATES,
        *(f"{check}.share" for check in (*BOX_CHECKS, "no_boxes", "crowds")),
        *(f"contents.{what}" for what in ("images", "boxes", "boxes_per_image")),
    ),
    "sweeper.capabilities.DetectionShift": (
        *SHIFT,
        *(f"{of}.{key}" for of in ("images", "boxes") for key in ("shifted_share", "max_statistic")),
    ),
    "sweeper.metrics.CocoMap": KEYS,
    "sweeper.metrics.DetectionF1": tuple(
        f"{key}{of}" for key in ("f1", "precision", "recall") for of in ("", "_macro")
    ),
}


@pytest.mark.parametrize("target", GIVEN)
def test_each_quantity_of_the_shipped_parts_is_defined(target: str):
    part = PartDefinition("", values_of(docstring_of(target)))
    assert [key for key in GIVEN[target] if not part.of(key)] == []


def test_each_shipped_metric_has_a_summary():
    from omegaconf import OmegaConf

    for file in sorted((Path(__file__).parents[2] / "conf/metric").glob("*.yaml")):
        loaded = OmegaConf.to_container(OmegaConf.load(file))
        assert isinstance(loaded, dict)
        spec = {key: value for key, value in loaded[file.stem].items() if key != "_sweep_"}
        named = NamedSpec("metric", file.stem, file.stem, json.dumps(spec))
        assert read_definitions([named]).metrics[file.stem].summary, file


def test_a_section_ends_where_the_next_begins_and_keys_of_a_line_share_a_meaning():
    text = """Something.

    Values
    ------
    a, b[<class>]
        First line
        and second.
    c
        Another.

    Notes
    -----
    d
        Not a value.
    """
    lines = "\n".join(line.removeprefix("    ") for line in text.splitlines())
    assert values_of(lines) == {"a": "First line and second.", "b[<class>]": "First line and second.", "c": "Another."}
    assert summary_of(lines) == "Something."
    assert values_of("No such section.") == values_of("") == {}


def test_a_name_between_angles_stands_for_any_text_and_all_else_for_itself():
    part = PartDefinition("", {"x.y": "exact", "f[<class>]": "of a class"})
    assert part.of("x.y") == "exact"
    assert part.of("xzy") == ""
    assert part.of("f[a.b]") == "of a class"
    assert part.of("f[]") == ""


def test_own_parts_define_their_values_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "parts_with_values.py").write_text(
        'raise ImportError("never imported")\n\n'
        'class Glare:\n    """Glare of a dataset.\n\n'
        '    Values\n    ------\n    glare.share\n        Too bright.\n    """\n'
    )
    monkeypatch.syspath_prepend(tmp_path)
    spec = NamedSpec("capability", "glare", "glare", json.dumps({"_target_": "parts_with_values.Glare"}))
    found = read_definitions([spec])
    line = Line("glare.share", (0.5,))
    board = Leaderboard("glare", "", "key", "dataset", ("digits",), (line,), None, (None,))
    assert found.of(board) == (("glare.share", "Too bright."),)
    assert Definitions().of(board) == ()


def test_what_a_function_is_told_belongs_to_the_quantity():
    spec = {
        "_target_": "sweeper.metrics.SklearnMetric",
        "function": "sklearn.metrics.f1_score",
        "kwargs": {"average": "macro"},
    }
    (part,) = read_definitions([NamedSpec("metric", "f1", "f1", json.dumps(spec))]).metrics.values()
    assert "F1 score" in part.summary
    assert part.summary.endswith("(average: macro)")
