"""What goes on: how reports of workers become counts and words."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from runner_bench import tiny

from sweeper.messages.doing import Activity, Doing, Phase, Use
from sweeper.running.now import Now, in_use, now


class Pair(SimpleNamespace):
    """A combination of one model and one dataset, as far as it is shown."""

    names = ("evaluate", "digits", "svm", "accuracy")

    def label(self) -> str:
        return " · ".join(self.names)


def active(job: str, predictions: str | None = None, *, predicted: bool = False) -> Any:
    """One that is submitted; the inference that it reads may have ended."""
    inference = None if predictions is None else SimpleNamespace(job_id=predictions, ended=predicted)
    return SimpleNamespace(
        job=SimpleNamespace(job_id=job), predictions=inference, item=SimpleNamespace(combination=Pair())
    )


def test_what_nobody_has_reported_is_submitted_and_not_running():
    assert now([active("a"), active("b")], None) == Now(2)
    assert now([active("a")], Activity({})) == Now(1)
    assert now([], Activity({"of another sweep": Doing()})).counts() == ""


@pytest.mark.parametrize(
    ("doing", "words"),
    [
        (Doing(seconds=35.0), "predictions of svm on digits (35 s)"),
        (Doing(Phase.LOADING, "svm", seconds=2.0), "loading svm (2 s)"),
        (
            Doing(Phase.PREDICTING, "", 1200, 5000, seconds=300.0),
            "predicting svm on digits, 1,200 of 5,000 data (5 min)",
        ),
    ],
)
def test_an_inference_is_told_by_what_it_is_at(doing: Doing, words: str):
    seen = now([active("a", "p"), active("b", "p")], Activity({"p": doing}))
    assert (seen.submitted, seen.running, seen.longest) == (2, 1, words)
    assert seen.counts() == "running 1, submitted 2"


def test_the_one_that_has_been_going_on_for_longest_is_named_and_a_helper_only_counted():
    doing = {"a": Doing(seconds=12.0), "p": Doing(seconds=3.0), "h": Doing(helps="p", seconds=99.0)}
    seen = now([active("a", "p")], Activity(doing))
    assert (seen.running, seen.longest) == (3, "evaluate · digits · svm · accuracy (12 s)")


def test_an_inference_that_is_known_to_have_ended_is_not_said_to_run():
    assert now([active("a", "p", predicted=True)], Activity({"p": Doing(), "h": Doing(helps="p")})).running == 0


@given(st.sets(st.integers(0, 9)), st.sets(st.integers(0, 9)))
def test_no_more_run_than_are_submitted_and_reported(submitted: set[int], reported: set[int]):
    doing = {f"{number}": Doing(seconds=number) for number in reported}
    seen = now([active(f"{number}") for number in submitted], Activity(doing))
    assert (seen.submitted, seen.running) == (len(submitted), len(submitted & reported))
    assert bool(seen.longest) is bool(submitted & reported)


def test_what_of_a_cluster_is_in_use_is_told_where_that_is_known():
    assert in_use(3, [Use("CPU", 10.0, 12.0), Use("GPU", 2.0, 2.0)]) == "3 nodes, 10 of 12 CPUs, 2 of 2 GPUs"
    assert in_use(2, [Use("CPU", 0.5, 1.0)]) == "2 nodes, 0.5 of 1 CPU"
    assert in_use(1, []) == ""


def test_a_combination_without_parts_is_told_by_its_name():
    one = active("a")
    one.item.combination = tiny("naps")
    assert now([one], Activity({"a": Doing(seconds=2.0)})).longest == "naps (2 s)"
