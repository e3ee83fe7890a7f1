"""The shipped choices for checkmaite: held to its classes where it is there, readable and refused where it is not."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from hydra.utils import get_class
from omegaconf import OmegaConf

import sweeper
from sweeper.checkmaite import check_config, heavy_modules
from sweeper.config import load
from sweeper.errors import ConfigError, MissingExtraError, PartError
from sweeper.planning import grid
from sweeper.vocabulary import Choice
from sweeper.worker.checkmaite_adapter import adapted, typed_config

CONF = Path(__file__).parents[2] / "conf"
EXAMPLE = Path(__file__).parents[2] / "examples" / "checkmaite" / "conf"
INSTALLED = importlib.util.find_spec("checkmaite") is not None
needs_checkmaite = pytest.mark.skipif(not INSTALLED, reason="needs the extra: pip install '.[checkmaite]'")
TASKS = {"ic": "image_classification", "od": "object_detection", "mot": "multiobject_tracking"}


def names(axis: str) -> list[str]:
    return sorted(path.stem for path in (CONF / axis / "checkmaite").glob("*.yaml"))


def composed(axis: str, name: str, *overrides: str) -> dict[str, Any]:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose(f"{axis}/checkmaite/{name}", list(overrides))
    return OmegaConf.to_container(config, resolve=False)  # pyright: ignore[reportReturnType]


def spec_of(capability: str, *overrides: str) -> dict[str, Any]:
    """A capability's choice as a worker gets it."""
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose(f"capability/checkmaite/{capability}", list(overrides))
    spec: Any = OmegaConf.to_container(config, resolve=True)
    return spec["capability"]["checkmaite"][capability]


ALL = [(axis, name) for axis in ("capability", "dataset", "model", "metric") for name in names(axis)]
EACH_CAPABILITY = pytest.mark.parametrize("name", names("capability"))


@pytest.mark.parametrize(("axis", "name"), ALL)
def test_a_choice_composes_alone_under_its_own_name_and_says_its_task(axis: str, name: str) -> None:
    config = composed(axis, name)
    assert set(config) <= {axis, "part"}
    assert list(config[axis]["checkmaite"]) == [name]
    task = config[axis]["checkmaite"][name]["_sweep_"]["task"]
    assert task in TASKS.values()
    if name.split("_")[0] in TASKS:
        assert task == TASKS[name.split("_")[0]]


@pytest.mark.parametrize("name", sorted(path.stem for path in (CONF / "part" / "perturber").glob("*.yaml")))
def test_a_perturber_is_chosen_by_name(name: str) -> None:
    key = "part/perturber@capability.checkmaite.ic_robustness.config.perturber_factory"
    factory = spec_of("ic_robustness", f"{key}={name}")["config"]["perturber_factory"]
    assert factory["_target_"].startswith("nrtk.")
    if INSTALLED:
        config = typed_config(get_class(spec_of("ic_robustness")["_target_"])(), {"perturber_factory": factory})
        image = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
        seen = [np.asarray(perturber(image=image)[0]) for perturber in config.perturber_factory]
        assert len(seen) == 1 if name == "one_step" else len(seen) >= 3
        assert {made.shape for made in seen} == {image.shape}
        assert len({made.tobytes() for made in seen}) == len(seen), "two strengths do the same"


@pytest.mark.skipif(INSTALLED, reason="checkmaite is installed here")
def test_the_command_line_names_a_missing_extra_in_one_message(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sweeper", "capability=[checkmaite/ic_cleaning]", "dataset=[digits]"]
    done = subprocess.run([*command, f"analytics_store.uri={tmp_path}/store"], capture_output=True, text=True)
    assert done.returncode == 2
    assert "pip install '.[checkmaite]'" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "store").exists()


@pytest.mark.skipif(INSTALLED, reason="checkmaite is installed here")
def test_a_missing_extra_is_refused_in_the_plan_with_the_command_that_installs_it() -> None:
    overrides = ["capability=[checkmaite/ic_cleaning]", "dataset=[digits]", "rerun=missing"]
    with pytest.raises(MissingExtraError, match=r"pip install '\.\[checkmaite\]'"):
        sweeper.plan(overrides)


def example(*overrides: str) -> list[Any]:
    config = load(list(overrides), config_dir=str(EXAMPLE), config_name="digits")
    return grid.expand(config.grid).combinations


def test_the_example_crosses_what_fits_and_nothing_else() -> None:
    assert len(example()) == 28
    assert {len(c.datasets) for c in example() if c.capability.name == "checkmaite/ic_shift"} == {2}


def test_metrics_together_are_those_of_the_task() -> None:
    together = example("capability.checkmaite.ic_evaluation._sweep_.metrics=together")
    metrics = [tuple(m.name for m in c.metrics) for c in together if c.capability.name == "checkmaite/ic_evaluation"]
    assert metrics == [("checkmaite/ic_accuracy", "checkmaite/ic_f1")] * 6


def test_metrics_are_said_to_be_taken_together_only_beside_an_arity() -> None:
    with pytest.raises(ConfigError, match=r"_sweep_.metrics says how many metrics .* give its .*_sweep_.arity too"):
        load(["+capability.mine={_target_: my.Capability, _sweep_: {metrics: together}}"])


def test_workers_import_checkmaite_ahead_only_where_it_is_used() -> None:
    assert heavy_modules(part for c in example() for part in c.choices) == ("checkmaite",)
    assert heavy_modules([choice("sweeper.capabilities.Evaluate", {})]) == ()


# Configs, read from source


def choice(target: str, config: Any) -> Choice:
    return Choice("capability", "mine", {"_target_": target, "config": config}, "", "", "mine")


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package whose modules fail when they are run, laid out as checkmaite's are."""
    name = "unrunnable_parts"
    folder = tmp_path / name
    folder.mkdir()
    (folder / "__init__.py").write_text("from .public import Derived as Capability\nraise RuntimeError\n")
    (folder / "public.py").write_text(
        textwrap.dedent(
            f"""
            from {name}.base import Base

            class Derived(Base[int]):
                pass
            """
        )
    )
    (folder / "base.py").write_text(
        textwrap.dedent(
            """
            from typing import Annotated
            from pydantic import BaseModel, Field

            class Inner(BaseModel):
                depth: int = 1

            Spec = Annotated[Inner, Field(description="one")]

            class CapabilityConfigBase(BaseModel):
                pass

            class Common(CapabilityConfigBase):
                batch_size: int = 1

            class Config(Common):
                model_config: dict = {}
                inner: "Spec | None" = None
                other: dict = {}

            class Base:
                @classmethod
                def _create_config(cls) -> Config:
                    return Config()
            """
        )
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    return name


def test_known_keys_pass_without_the_package_being_run(package: str) -> None:
    known = {"batch_size": 2, "inner": {"depth": 3}, "other": {"anything": 1}}
    check_config(choice(f"{package}.Capability", known))
    check_config(choice(f"{package}.Capability", {"inner": {"_target_": "anything.At.All", "x": 1}}))


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"batchsize": 2}, r"capability.mine.config has no 'batchsize'.*Did you mean 'batch_size'\?"),
        ({"inner": {"dept": 3}}, r"capability.mine.config.inner has no 'dept'.*Did you mean 'depth'\?"),
        ({"model_config": {}}, "has no 'model_config'"),
    ],
)
def test_unknown_keys_are_refused_with_the_near_match(package: str, config: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        check_config(choice(f"{package}.Capability", config))


@pytest.mark.parametrize("target", ["no_such_package.Thing", "json.dumps", "sweeper.capabilities.Evaluate", "Alone"])
def test_what_cannot_be_followed_is_left_to_the_worker(target: str) -> None:
    check_config(choice(target, {"anything": 1}))


# Held to checkmaite


@needs_checkmaite
@EACH_CAPABILITY
def test_arity_is_that_of_the_class(name: str) -> None:
    spec = spec_of(name)
    capability = get_class(spec["_target_"])()
    for axis, said in spec["_sweep_"]["arity"].items():
        number = getattr(capability, f"supports_{axis}").name
        assert said == number


@needs_checkmaite
@EACH_CAPABILITY
def test_a_choice_lists_every_key_of_the_config_with_checkmaites_default(name: str) -> None:
    spec = spec_of(name)
    capability = get_class(spec["_target_"])()
    ours = typed_config(capability, spec.get("config", {}))
    kind = type(ours)
    assert set(spec.get("config", {})) | {"run_cache_schema_version", "extra_metrics"} >= set(kind.model_fields)
    differs = {"perturber_factory", "saliency_generator", "num_iters", "verbose"}  # chosen to repeat, and to be small
    differs |= {"device"}  # the best there is, and what a worker is given is the same for all of them
    theirs = kind(**({"num_iters": 1000} if name == "ic_sufficiency" else {}))
    for field in set(kind.model_fields) - differs:
        assert getattr(ours, field) == getattr(theirs, field), field


@needs_checkmaite
@EACH_CAPABILITY
def test_the_fields_read_from_source_are_those_of_the_class(name: str) -> None:
    spec = spec_of(name)
    capability = get_class(spec["_target_"])()
    fields = set(type(typed_config(capability, spec.get("config", {}))).model_fields)
    for field in fields:
        check_config(choice(spec["_target_"], {field: 1}))
    with pytest.raises(ConfigError):
        check_config(choice(spec["_target_"], {"no_such_field": 1}))


@needs_checkmaite
@pytest.mark.filterwarnings("ignore:Using extra keyword arguments on `Field`")  # of Ray Serve, when it is imported
@pytest.mark.parametrize(("axis", "name"), [p for p in ALL if p[0] != "capability"])
def test_every_key_of_a_part_is_a_parameter_of_its_factory(axis: str, name: str) -> None:
    import inspect

    from hydra.utils import get_object

    spec = composed(axis, name)[axis]["checkmaite"][name]
    inspect.signature(get_object(spec["_target_"])).bind(
        **{key: None for key in spec if key not in ("_target_", "_sweep_")}
    )


@needs_checkmaite
def test_every_model_that_checkmaite_wraps_is_a_choice() -> None:
    from checkmaite.core.image_classification.models import SUPPORTED_MODELS as CLASSIFIERS
    from checkmaite.core.object_detection.models import SUPPORTED_MODELS as DETECTORS
    from checkmaite.core.object_detection.models import SUPPORTED_VISDRONE_MODELS as CENTERNETS

    specs = {name: composed("model", name)["model"]["checkmaite"][name] for name in names("model")}
    wrapped = {(spec["_sweep_"]["task"], spec["model_name"]) for spec in specs.values() if "model_name" in spec}
    expected = {(TASKS["ic"], name) for name in CLASSIFIERS} | {(TASKS["od"], name) for name in DETECTORS}
    assert wrapped == {pair for pair in expected if pair[1] not in {"jatic_onnx", *CENTERNETS}}
    assert {"ic_onnx", "od_onnx", "ic_rayserve", "od_rayserve", "visdrone_centernet"} <= set(specs)


@needs_checkmaite
def test_every_capability_of_checkmaite_is_a_choice() -> None:
    from checkmaite.core.capability_core import Capability

    for task in TASKS.values():
        importlib.import_module(f"checkmaite.core.{task}")
    importlib.import_module("checkmaite.core.image_classification.dataeval_sufficiency_capability")
    chosen = {get_class(spec_of(name)["_target_"]) for name in names("capability")}
    assert chosen == {each for each in _below(Capability) if not each.__abstractmethods__ and _is_for_a_task(each)}


def _below(cls: type) -> set[type]:
    return {found for child in cls.__subclasses__() for found in {child, *_below(child)}}


def _is_for_a_task(cls: type) -> bool:
    return any(cls.__module__.startswith(f"checkmaite.core.{task}.") for task in TASKS.values())


@needs_checkmaite
def test_a_worker_refuses_what_the_driver_could_not_see() -> None:
    from checkmaite.core.image_classification import DataevalBias, MaiteEvaluation

    with pytest.raises(PartError, match=r"no 'batchsize'.*Did you mean 'batch_size'\?"):
        typed_config(MaiteEvaluation(), {"batchsize": 1})
    with pytest.raises(PartError, match="feature_extractor_spec has no 'nam'"):
        typed_config(DataevalBias(), {"feature_extractor_spec": {"source": "torchvision", "nam": "resnet18"}})
    with pytest.raises(PartError, match="takes ONE of its models; got 0"):
        adapted(MaiteEvaluation()).run([], [object()], [object()])


@needs_checkmaite
def test_nested_objects_come_by_target_or_in_their_own_form() -> None:
    from checkmaite.core.image_classification import NrtkRobustness

    kind = "nrtk.impls.perturb_image_factory.PerturberOneStepFactory"
    brightness = "nrtk.impls.perturb_image.photometric.enhance.BrightnessPerturber"
    said = {"theta_key": "factor", "theta_value": 0.5}
    own = {"type": kind, kind: {"perturber": brightness, **said}}
    target = {"_target_": kind, "perturber": {"_target_": "hydra.utils.get_class", "path": brightness}, **said}
    one, other = (typed_config(NrtkRobustness(), {"perturber_factory": form}) for form in (own, target))
    assert one.model_dump(mode="json") == other.model_dump(mode="json")


@needs_checkmaite
def test_what_is_not_checkmaites_is_left_alone() -> None:
    from checkmaite.core.image_classification import MaiteEvaluation, MaiteEvaluationConfig

    from sweeper.capabilities import Evaluate

    mine, config = Evaluate(), MaiteEvaluationConfig(batch_size=3)
    assert adapted(mine) is mine
    assert typed_config(MaiteEvaluation(), config) is config
    assert typed_config(MaiteEvaluation(), None) is None


def test_a_base_brings_its_parts_beside_those_that_are_there() -> None:
    config = load(["+metric.mine={_base_: checkmaite/ic_accuracy, num_classes: 3}"])
    made = {part.base: part.first.spec for part in config.grid.parts["metric"]}
    assert made["mine"]["num_classes"] == 3
    assert "checkmaite/ic_accuracy" not in made
