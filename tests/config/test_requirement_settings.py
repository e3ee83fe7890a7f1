"""`requirements` in a config: what they become, and with which words each mistake is refused before anything starts."""

from __future__ import annotations

import dataclasses
import json

import pytest
from command_line import typed

from sweeper.config import load
from sweeper.errors import ConfigError
from sweeper.messages.requirements import Requirement, from_plain

SMALL = ["capability=[evaluate]", "dataset=[digits,digits_dark]", "model=[svm,knn]", "metric=[accuracy,ece]"]

pytestmark = pytest.mark.usefixtures("empty_folder")


def loaded(text: str) -> tuple[Requirement, ...]:
    return load([*SMALL, f"requirements=[{text}]"]).settings.requirements


def test_what_is_left_out_has_its_default():
    (found,) = loaded("{metric: accuracy, min: 1}")
    assert found == Requirement("accuracy >= 1", metric=("accuracy",), minimum=1.0)
    assert (found.confidence, found.judge, found.optional) == (0.95, "interval", False)
    assert loaded("") == ()
    assert load(["requirements=null"]).settings.requirements == ()


def test_everything_can_be_said():
    (found,) = loaded(
        "{name: day, metric: [acc*, ece], dataset: digits*, model: '*', capability: evaluate, key: area, max: 0.5, "
        "confidence: 0.9, judge: value, optional: true}"
    )
    assert found == Requirement(
        "day",
        capability=("evaluate",),
        dataset=("digits*",),
        model=("*",),
        metric=("acc*", "ece"),
        key="area",
        maximum=0.5,
        confidence=0.9,
        judge="value",
        optional=True,
    )


@pytest.mark.parametrize(
    ("text", "name", "asks"),
    [
        ("{metric: accuracy, min: 0.95}", "accuracy >= 0.95", "accuracy >= 0.95, 95 %"),
        ("{name: day, metric: ece, max: 0.1}", "day", "ece <= 0.1, 95 %"),
        (
            "{metric: ece, dataset: [a, b], model: 's*', max: 0.1, judge: value}",
            "ece <= 0.1 on a, b of s*",
            "ece <= 0.1 on a, b of s*, by value",
        ),
        (
            "{metric: accuracy, key: accuracy.area, capability: robustness, min: 0.5, confidence: 0.995}",
            "accuracy accuracy.area >= 0.5 by robustness",
            "accuracy accuracy.area >= 0.5 by robustness, 99.5 %",
        ),
        (
            "{metric: accuracy, tolerance: 0.02, than: {model: svm}}",
            "accuracy at most 0.02 worse than svm",
            "accuracy at most 0.02 worse than svm, 95 %",
        ),
        (
            "{key: map, tolerance: 0.02, than: {sweep: 2026}}",
            "map at most 0.02 worse than sweep 2026",
            "map at most 0.02 worse than sweep 2026, 95 %",
        ),
    ],
)
def test_each_has_a_name_and_says_what_it_asks_for(text: str, name: str, asks: str):
    (found,) = loaded(text)
    assert (found.name, found.asks) == (name, asks)


MISTAKES = [
    (
        "{metrics: accuracy, min: 0.9}",
        "It takes name, capability, dataset, model, metric, key, min, max,",
    ),
    ("{metrics: accuracy, min: 0.9}", "requirements[0] has no 'metrics'. Did you mean 'metric'?"),
    ("{metric: accuracy}", "requirements[0] must have one of min, max and tolerance; it has none."),
    ("{metric: accuracy, min: 0.1, max: 0.9}", "it has min and max. For a range write two requirements."),
    ("{metric: accuracy, min: 0.9, max: 0.1}", "it has min and max."),
    ("{metric: accuracy, min: 0.9, tolerance: 0.1, than: {model: svm}}", "it has min and tolerance"),
    ("{metric: accuracy, min: high}", "requirements[0].min must be a finite number, got 'high' (str)."),
    ("{metric: accuracy, max: true}", "requirements[0].max must be a finite number, got True (bool)."),
    ("{metric: accuracy, min: .inf}", "requirements[0].min must be a finite number, got"),
    ("{metric: accuracy, min: nan}", "requirements[0].min must be a finite number, got"),
    ("{metric: accuracy, min: 0.9, confidence: 95}", "must be a number above 0.5 and below 1, such as 0.95, got 95"),
    ("{metric: accuracy, min: 0.9, confidence: 0.5}", "must be a number above 0.5 and below 1"),
    (
        "{metric: accuracy, min: 0.9, judge: bound}",
        "requirements[0].judge cannot be 'bound'. It must be one of interval, value.",
    ),
    ("{metric: accuracy, min: 0.9, optional: 1}", "requirements[0].optional must be true or false"),
    ("{min: 0.9}", "requirements[0] names no value: give a `metric`, a `key` or both"),
    ("{metric: 3, min: 0.9}", "requirements[0].metric[0] must be text, got 3 (int)."),
    ("{metric: accuracy, key: 3, min: 0.9}", "requirements[0].key must be text, got 3 (int)."),
    ("{metric: accuracy, name: [a], min: 0.9}", "requirements[0].name must be text, got ['a'] (list)."),
    ("{metric: accuracy, min: 0.9, than: {model: svm}}", "requirements[0].than goes with tolerance; with min leave it"),
    ("{metric: accuracy, tolerance: 0.1}", "requirements[0].tolerance needs what to compare with: than: {model: NAME}"),
    ("{metric: accuracy, tolerance: -0.1, than: {model: svm}}", "tolerance must be a number, 0 or more, got -0.1"),
    ("{metric: accuracy, tolerance: 0.1, than: svm}", "requirements[0].than must be a mapping, got 'svm' (str)."),
    (
        "{metric: accuracy, tolerance: 0.1, than: {modl: svm}}",
        "than has no 'modl'. Did you mean 'model'? It takes mod",
    ),
    ("{metric: accuracy, tolerance: 0.1, than: {}}", "requirements[0].than must name one of model and sweep, got {}."),
    ("{metric: accuracy, tolerance: 0.1, than: {model: a, sweep: b}}", "must name one of model and sweep"),
    ("accuracy", "requirements[0] must be a mapping, got 'accuracy' (str)."),
    (
        "{name: a, metric: accuracy, min: 0.9},{name: a, metric: ece, max: 0.1}",
        "requirements[0] and requirements[1] are both called 'a'; give one of them another `name`.",
    ),
    ("{metric: ece, max: 0.1},{metric: ece, max: 0.1, judge: value}", "are both called 'ece <= 0.1'"),
]


@pytest.mark.parametrize(("text", "words"), MISTAKES)
def test_a_mistake_is_one_clear_message(text: str, words: str):
    with pytest.raises(ConfigError) as error:
        loaded(text)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_what_is_no_list_is_refused():
    with pytest.raises(ConfigError, match=r"requirements must be a list, such as \[\{metric: accuracy, min: 0.95\}\]"):
        load([*SMALL, "requirements=daylight"])
    with pytest.raises(ConfigError, match="enforce must be true or false, got 'yes'"):
        load([*SMALL, "enforce='yes'"])


NOT_THERE = [
    (
        "{metric: acuracy, min: 0.9}",
        "requirements[0].metric: 'acuracy' matches nothing. Did you mean 'accuracy'? The sweep has ece, accuracy.",
    ),
    (
        "{metric: ece, max: 0.1},{metric: accuracy, dataset: [digits, night*], min: 0.9}",
        "requirements[1].dataset: 'night*' matches nothing. A requirement that need not match takes `optional: true`. "
        "The sweep has digits, digits_dark.",
    ),
    ("{metric: accuracy, model: forest, min: 0.9}", "requirements[0].model: 'forest' matches nothing."),
    ("{metric: accuracy, capability: robust*, min: 0.9}", "requirements[0].capability: 'robust*' matches nothing"),
    (
        "{metric: accuracy, dataset: digits, min: 0.9}",
        "requirements[0] (accuracy >= 0.9 on digits, 95 %) matches no combination of the sweep with a model.",
    ),
    (
        "{metric: ece, tolerance: 0.1, than: {model: smv}}",
        "requirements[0].than.model: no model is called 'smv'. Did you mean 'svm'? The sweep has svm, knn.",
    ),
    ("{metric: ece, model: svm, tolerance: 0.1, than: {model: svm}}", "matches no combination of the sweep with a mod"),
    (
        "{metric: ece, tolerance: 0.1, than: {sweep: baseline}}",
        "requirements: than.sweep: no sweep in the store has the id or name 'baseline'. It has none yet.",
    ),
]


@pytest.mark.parametrize("how", [[], ["--dry-run"]], ids=["run", "plan"])
@pytest.mark.parametrize(("text", "words"), NOT_THERE)
def test_what_the_sweep_does_not_have_is_refused_before_anything_runs(text: str, words: str, how: list[str]):
    rules = ["exclude=[{metric: accuracy, dataset: digits}]", "job_backend.kind=inline"]
    status, out, err = typed(*SMALL, *rules, *how, f"requirements=[{text}]")
    assert (status, out) == (2, "")
    assert words in err
    assert "Traceback" not in err


def test_an_optional_one_may_match_nothing():
    status, out, err = typed("plan", *SMALL, "requirements=[{metric: f1*, min: 0.9, optional: true}]")
    assert (status, err) == (0, "")
    assert "8 combinations" in out


def test_where_rules_leave_out_everything_nothing_has_to_match():
    argv = ["plan", *SMALL, "only=[{model: nothing, optional: true}]", "--allow-empty"]
    assert typed(*argv, "requirements=[{metric: f1, min: 0.9}]")[0] == 0


def test_the_store_gives_back_what_it_was_given_and_passes_over_what_it_does_not_know():
    found = loaded("{metric: [acc*, ece], dataset: digits, min: 0.9}, {key: k, tolerance: 0.1, than: {sweep: a}}")
    plain = json.loads(json.dumps([dataclasses.asdict(one) for one in found]))
    assert from_plain(plain) == found
    assert from_plain([{**plain[0], "weather": "rain"}, plain[1]]) == found[1:]
