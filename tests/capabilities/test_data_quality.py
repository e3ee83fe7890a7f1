"""Checks of data find what was planted, and leave clean data alone."""

from __future__ import annotations

import numpy as np
import pytest
from capability_parts import DIGITS, dataset, with_images
from hypothesis import given
from hypothesis import strategies as st

from sweeper.capabilities import DataQuality
from sweeper.capabilities.data_quality_checks import class_balance, exact_duplicates, near_duplicates
from sweeper.datasets import Digits, as_arrays
from sweeper.errors import PartError


def found(run, check):
    return [finding.item_id for finding in run.findings[check]]


@given(st.lists(st.integers(0, 539), min_size=1, max_size=5))
def test_exact_duplicates_are_found_with_their_originals(copied):
    findings = exact_duplicates(as_arrays(with_images(DIGITS.images[copied], DIGITS.labels[copied])))
    assert [finding.item_id for finding in findings] == [540 + i for i in range(len(copied))]
    assert [finding.detail for finding in findings] == [str(i) for i in copied]


def test_near_duplicates_are_found_and_are_no_exact_ones():
    images = np.random.default_rng(0).random((30, 1, 32, 32)).astype(np.float32)
    near = np.clip(images[:3] + np.float32(0.004), 0, 1)
    run = DataQuality().run(datasets=[dataset(np.concatenate([images, near, images[:1]]), [0, 1] * 17)])
    assert sorted(found(run, "near_duplicates")) == [30, 31, 32]
    assert sorted(f.detail for f in run.findings["near_duplicates"]) == ["0", "1", "2"]
    assert found(run, "exact_duplicates") == [33]


@pytest.mark.parametrize(("scale", "shift"), [(255, 0), (2, -1), (1 / 64, 0)])
def test_near_duplicates_do_not_depend_on_the_range_of_the_images(scale, shift):
    images = np.random.default_rng(0).random((40, 1, 32, 32), dtype=np.float32)
    images[39] = images[0] + 0.01
    (expected,) = near_duplicates(as_arrays(dataset(images, np.zeros(40, int))), 2)
    (twin,) = near_duplicates(as_arrays(dataset(images * scale + shift, np.zeros(40, int))), 2)
    assert (twin.item_id, twin.detail) == (expected.item_id, expected.detail) == (39, "0")


def test_near_duplicates_do_not_depend_on_blocks(monkeypatch):
    data = as_arrays(DIGITS)
    whole = near_duplicates(data, 6)
    monkeypatch.setattr("sweeper.capabilities.duplicates.BLOCK", 7)
    assert near_duplicates(data, 6) == whole
    assert len(whole) > 10


def test_mislabelled_images_are_found():
    rng = np.random.default_rng(0)
    train = Digits("train")
    wrong = rng.choice(len(train), 40, replace=False)
    labels = train.labels.copy()
    labels[wrong] = (labels[wrong] + rng.integers(1, 10, 40)) % 10
    run = DataQuality().run(datasets=[dataset(train.images, labels)])
    issues = found(run, "label_issues")
    hits = set(issues) & set(wrong.tolist())
    assert len(hits) >= 0.75 * 40
    assert len(hits) >= 0.75 * len(issues)
    right = {f.item_id: f.detail for f in run.findings["label_issues"] if f.item_id in hits}
    told = sum(detail.endswith(f"-> class {train.labels[i]}") for i, detail in right.items())
    assert told >= 0.9 * len(hits)


def test_clean_labels_are_mostly_left_alone():
    assert len(found(DataQuality().run(datasets=[Digits("train")]), "label_issues")) <= 0.005 * 1257


def test_dark_bright_and_flat_images_are_found():
    odd = np.stack([np.zeros((1, 8, 8)), np.ones((1, 8, 8)), np.full((1, 8, 8), 0.3)]).astype(np.float32)
    run = DataQuality().run(datasets=[with_images(odd, [0, 1, 2])])
    assert set(found(run, "brightness_outliers")) == {540, 541}
    assert set(found(run, "contrast_outliers")) == {540, 541, 542}
    assert not found(DataQuality().run(datasets=[DIGITS]), "brightness_outliers")


def test_one_odd_image_among_equal_ones_is_found():
    images = np.full((50, 1, 4, 4), 0.5, dtype=np.float32)
    images[7] = 0.9
    run = DataQuality().run(datasets=[dataset(images, [0, 1] * 25)])
    assert found(run, "brightness_outliers") == [7]
    assert found(run, "contrast_outliers") == []


@pytest.mark.parametrize(
    ("labels", "n_classes", "evenness", "ratio", "empty"),
    [
        ([0, 0, 1, 1], 2, 1.0, 1.0, 0),
        ([0, 0, 0, 1], 2, 0.8112781, 3.0, 0),
        ([0, 0, 1, 1], 4, 0.5, 1.0, 2),
        ([1, 1, 1, 1], 3, 0.0, 1.0, 2),
    ],
)
def test_class_balance(labels, n_classes, evenness, ratio, empty):
    data = as_arrays(dataset(np.zeros((4, 1, 2, 2)), labels, n_classes))
    balance = class_balance(data, [str(i) for i in range(n_classes)])
    assert balance.evenness == pytest.approx(evenness)
    assert (balance.imbalance_ratio, balance.empty_classes) == (ratio, empty)
    assert sum(balance.counts.values()) == 4


def test_small_classes_are_not_checked_and_that_is_said():
    kept = np.flatnonzero((DIGITS.labels != 3) | (np.cumsum(DIGITS.labels == 3) <= 4))
    run = DataQuality().run(datasets=[dataset(DIGITS.images[kept], DIGITS.labels[kept])])
    assert run.labels_checked == len(kept) - 4
    tiny = DataQuality().run(datasets=[dataset(DIGITS.images[:3], DIGITS.labels[:3])])
    assert (tiny.labels_checked, tiny.findings["label_issues"]) == (0, ())


def test_data_quality_rows():
    run = DataQuality().run(datasets=[with_images(DIGITS.images[:2], DIGITS.labels[:2])])
    rows = run.extract()
    assert {row.dataset_id for row in rows} == {"made"}
    by_scope = {scope: [row for row in rows if row.scope == scope] for scope in ("overall", "class", "item")}
    assert sum(map(len, by_scope.values())) == len(rows)
    shares = {row.output_key: row.output_value for row in by_scope["overall"]}
    assert shares["exact_duplicates.share"] == pytest.approx(2 / 542)
    assert [row.class_name for row in by_scope["class"]] == [f"class {i}" for i in range(10)]
    assert sum(row.output_value for row in by_scope["class"]) == 542
    exact = [row for row in by_scope["item"] if row.check == "exact_duplicates"]
    assert [(row.item_id, row.detail) for row in exact] == [("540", "0"), ("541", "1")]


@pytest.mark.parametrize("wrong", [{"near_distance": -1}, {"outlier_z": 0}, {"side": 0}, {"folds": 1}])
def test_data_quality_refuses_what_is_not_allowed(wrong):
    with pytest.raises(PartError, match=next(iter(wrong))):
        DataQuality(**wrong)
