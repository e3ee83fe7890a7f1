"""Models and datasets that do not fit are one error before anything starts: from the command line and from Python."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import fitting_parts
import pytest
from command_line import typed
from fitting_parts import write

import sweeper
from sweeper.config.part_facts import TOLD_BY_ANOTHER, TOLD_BY_ITSELF
from sweeper.config.settings import BackendSettings, Settings
from sweeper.errors import ConfigError
from sweeper.running.fitting import may_run_elsewhere

NAMES = {0: "cat", 1: "dog"}
PHOTOS = {"channels": 3, "height": 8, "width": 8, "n_classes": 2, "class_names": NAMES}
TASK = "_sweep_: {task: image_classification}"
COMMON = [
    "capability=[evaluate]",
    "metric=[accuracy]",
    "job_backend.kind=inline",
    "~model.naive_bayes",
    "~dataset.digits",
]


def grid(models: dict[str, str], datasets: dict[str, str], *more: str) -> list[str]:
    """Overrides for these models and datasets, each by its name with the body of its spec."""
    parts = [("model", "Network", models), ("dataset", "Photos", datasets)]
    choices = [
        f"+{axis}.{name}={{{body if '_target_' in body else f'_target_: fitting_parts.{part}, {body}'}, {TASK}}}"
        for axis, part, named in parts
        for name, body in named.items()
    ]
    return ["model=[naive_bayes]", "dataset=[digits]", *COMMON, *choices, *more]


@pytest.fixture(autouse=True)
def files(empty_folder: Path) -> None:
    fitting_parts.asked.clear()
    write("photos", **PHOTOS)
    write("right", **PHOTOS)
    write("wrong", channels=1, height=16, width=16, n_classes=2, class_names={0: "dog", 1: "cat"})


def test_what_fits_runs():
    status, out, _ = typed(*grid({"net": "path: right"}, {"photos": "path: photos"}))
    assert status == 0, out
    assert fitting_parts.asked == ["photos", "right"]


@pytest.mark.parametrize("command", [[], ["plan"]])
def test_all_that_does_not_fit_is_one_error_with_what_to_do(command: list[str]):
    body = "path: photos, size: null, grayscale: false, classes: null"
    status, out, err = typed(*command, *grid({"net": "path: wrong"}, {"photos": body}))
    assert (status, out) == (2, "")
    assert not Path("analytics_store").exists()
    assert err.startswith("sweeper: A model does not fit a dataset, so nothing was run:\n")
    lines = err.splitlines()
    assert lines[1] == "  model net (wrong), dataset photos (photos):"
    assert lines[2].endswith("takes 1 channel, the images have 3. Read the images so: 'dataset.photos.grayscale=true'.")
    assert lines[3].endswith("and the first image has 8 x 8. Resize the images: 'dataset.photos.size=[16,16]'.")
    assert lines[4].endswith("Give the data the order of the model: 'dataset.photos.classes=[dog,cat]'.")
    assert lines[5] == "A rule leaves combinations out: 'exclude=[{model: net, dataset: photos}]'."


def test_the_rule_that_is_told_is_taken():
    models = {"net": "path: wrong", "good": "path: right"}
    rule = "exclude=[{model: net, dataset: photos}]"
    status, _, err = typed("plan", *grid(models, {"photos": "path: photos"}, rule))
    assert status == 0, err


def test_advice_does_not_name_keys_that_a_dataset_does_not_have():
    _, _, err = typed("plan", *grid({"net": "path: wrong"}, {"photos": "_target_: fitting_parts.Fixed, path: photos"}))
    assert "dataset.photos." not in err
    assert "sweeper.models.Reindexed" in err


def test_what_is_advised_can_be_given_where_the_choice_does_not_name_it():
    selected = grid({"net": "path: wrong"}, {"photos": "path: photos"})
    _, _, err = typed("plan", *selected)
    advised = re.findall(r"'(\+dataset\.photos\.\w+=\S+)'", err)
    assert advised == [
        "+dataset.photos.grayscale=true",
        "+dataset.photos.size=[16,16]",
        "+dataset.photos.classes=[dog,cat]",
    ]
    assert "there is no" not in typed("plan", *selected, *advised)[2]


def test_each_spec_is_asked_once_and_many_pairs_are_counted():
    models = {f"net{number}": f"path: wrong, _convert_: {['none', 'all'][number % 2]}" for number in range(6)}
    for number in range(6):
        write(f"wrong{number}", channels=number + 4)
        models[f"other{number}"] = f"path: wrong{number}"
    metrics = "metric=[accuracy,ece,brier]"
    _, _, err = typed("plan", *grid(models, {"a": "path: photos", "b": "path: right"}, metrics))
    assert len(fitting_parts.asked) == len(set(fitting_parts.asked)) + 1  # `wrong`, by two different specs
    assert err.startswith("sweeper: 16 models and datasets do not fit, so nothing was run:")
    assert "and 13 more of them" in err


def test_a_part_that_says_nothing_is_not_compared():
    silent = {"net": "_target_: fitting_parts.Silent, path: wrong"}
    assert typed("plan", *grid(silent, {"photos": "path: photos"}))[0] == 0


def test_a_missing_file_is_named_with_its_key():
    datasets = {"photos": "path: nowhere/photos.json", "more": "path: elsewhere.json"}
    status, out, err = typed(*grid({"net": "path: right"}, datasets))
    assert (status, out) == (2, "")
    assert err.splitlines() == [
        "sweeper: dataset.photos: There is no file nowhere/photos.json. nowhere/photos.json is set by "
        "dataset.photos.path=VALUE.",
        "dataset.more: There is no file elsewhere.json. elsewhere.json is set by dataset.more.path=VALUE.",
    ]


def test_a_wrong_word_that_is_no_file_is_named_with_its_own_key():
    write("photos", needed="another size than gigantic.")
    _, _, err = typed("plan", *grid({"net": "path: right"}, {"photos": "path: photos, size: gigantic"}))
    assert err.endswith(" than gigantic. gigantic is set by dataset.photos.size=VALUE.\n")


def test_what_a_class_calls_its_usual_choice_is_told_as_the_choice_that_it_is():
    Path("photos").write_text('{"needed": "dataset.photos.size=8"}')
    _, _, err = typed("plan", *grid({"net": "path: right"}, {"mine": "path: photos"}))
    assert err == "sweeper: dataset.mine: photos needs dataset.mine.size=8\n"


def test_a_broken_file_is_named():
    Path("broken").write_text("{")
    _, _, err = typed("plan", *grid({"net": "path: broken"}, {"photos": "path: photos"}))
    assert err.startswith("sweeper: model.net: JSONDecodeError: ")


def test_an_argument_that_is_none_is_told_with_the_near_one():
    body = "path: photos, grayscal: true"
    status, _, err = typed("plan", *grid({"net": "path: right"}, {"photos": body}))
    assert status == 2
    assert "dataset.photos.grayscal: Photos takes no 'grayscal'. Did you mean 'grayscale'?" in err
    _, _, err = typed("plan", *grid({"net": "path: right"}, {"photos": "path: photos, zoom: 2"}))
    assert "Photos takes no 'zoom'. It takes path, size, grayscale, classes." in err


def test_files_that_are_on_other_machines_are_left_to_the_workers():
    elsewhere = ["job_backend.kind=ray-simple", "job_backend.address=10.0.0.1:6379"]
    parts = {"net": "path: right"}, {"photos": "path: nowhere"}
    assert typed("plan", *grid(*parts, *elsewhere))[0] == 0
    assert typed("plan", *grid(*parts))[0] == 2


def test_where_jobs_run():
    def elsewhere(kind: str, address: str | None = None, **environment: str) -> bool:
        return may_run_elsewhere(Settings(job_backend=BackendSettings(kind=kind, address=address)), environment)

    assert not elsewhere("inline", RAY_ADDRESS="10.0.0.1:6379")
    assert not elsewhere("ray-simple")
    assert not elsewhere("ray-simple", "local", RAY_ADDRESS="10.0.0.1:6379")
    assert elsewhere("ray-simple", RAY_ADDRESS="10.0.0.1:6379")
    assert elsewhere("ray", "auto")


# Parts inside of parts


def wrapped(target: str, key: str, inner: str, more: str) -> str:
    return f"_target_: sweeper.{target}, {key}: {{_target_: fitting_parts.{inner}}}, {more}"


DARK = "augmentation: {_target_: sweeper.augmentations.LowLight, severity: 0.5}"
INSIDE = [
    (wrapped("datasets.Subset", "dataset", "Photos, path: photos", "limit: 1"), {"channels", "size", "classes"}),
    (wrapped("datasets.Augmented", "dataset", "Photos, path: photos", DARK), {"classes"}),
    (wrapped("datasets.Reindexed", "dataset", "Photos, path: photos", "classes: [dog, cat]"), {"channels", "size"}),
]


@pytest.mark.parametrize(("body", "kinds"), INSIDE)
def test_a_dataset_around_another_says_what_that_one_says(body: str, kinds: set[str]):
    _, _, err = typed("plan", *grid({"net": "path: wrong"}, {"photos": body}))
    assert {kind for kind in ("channels", "size", "classes") if f"    {kind}: " in err} == kinds


def test_a_limit_is_no_way_around():
    _, _, err = typed("plan", *grid({"net": "path: wrong"}, {"photos": "path: photos"}, "limit=1"))
    assert "dataset photos[limit=1]" in err


def test_a_model_in_another_order_fits():
    for name, classes in {"names": "[cat, dog]", "data": "{_target_: fitting_parts.Photos, path: photos}"}.items():
        write("turned", **{**PHOTOS, "class_names": {0: "dog", 1: "cat"}})
        body = wrapped("models.Reindexed", "model", "Network, path: turned", f"classes: {classes}")
        assert typed("plan", *grid({name: body}, {"photos": "path: photos"}))[0] == 0


def test_what_a_classifier_learns_from_is_not_compared_before_the_sweep():
    train = "_target_: sweeper.models.SklearnClassifier, estimator: {_target_: sklearn.svm.SVC}, train: "
    body = f"{train}{{_target_: fitting_parts.Photos, path: wrong}}"
    assert typed("plan", *grid({"net": body}, {"photos": "path: photos"}))[0] == 0


# Python, and what is imported


def test_classes_of_objects_are_compared():
    overrides = grid({"net": "path: right"}, {})
    photos = fitting_parts.Photos("wrong")
    with pytest.raises(ConfigError, match=r"dataset mine \(the Photos that was given\)"):
        sweeper.plan(overrides, dataset={"mine": sweeper.Live(photos, sweep={"task": "image_classification"})})


def test_every_class_of_ours_that_has_facts_is_asked():
    import sweeper.datasets
    import sweeper.models

    with_facts = {
        f"{package.__name__}.{name}"
        for package in (sweeper.datasets, sweeper.models)
        for name in package.__all__
        if hasattr(getattr(package, name), "facts")
    }
    assert with_facts == TOLD_BY_ITSELF | set(TOLD_BY_ANOTHER)


WITHOUT_FACTS = """
import sys
from sweeper.config import load
from sweeper.running.prepare import prepare

overrides = ["model=[svm]", "dataset=[digits,digits_dark]", "+dataset.mine={_target_: theirs.Photos}"]
prepare(load(overrides), will_run=lambda: sys.exit(" ".join(sys.modules)))
"""


def test_what_has_no_facts_costs_no_import(tmp_path: Path):
    (tmp_path / "theirs.py").write_text("class Photos: ...\nraise RuntimeError('imported')\n")
    command = [sys.executable, "-c", WITHOUT_FACTS]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    loaded = set(done.stderr.split())
    assert "sweeper.running.fitting" in loaded
    assert loaded.isdisjoint({"numpy", "sweeper.datasets", "sweeper.models", "ray", "sklearn"})
