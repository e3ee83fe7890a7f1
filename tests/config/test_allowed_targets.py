"""`allowed_targets` limits what a config may build, at any depth, before anything starts and again in the worker."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import typed, write_configs

from sweeper.errors import ConfigError
from sweeper.messages import bounds
from sweeper.messages.bounds import Bounds
from sweeper.messages.requests import ObjectSpec
from sweeper.worker.building import build

pytestmark = pytest.mark.usefixtures("empty_folder")
NO_PARTS = "_sweep_:{arity:{datasets:ZERO,models:ZERO,metrics:ZERO}}"
ALLOWED = "allowed_targets=[borrowing_parts.*,sweeper.*,sklearn.*]"
TOUCH = "_target_:os.system,command:'touch made'"
REFUSED = {
    "at the top": f"{{{TOUCH},{NO_PARTS}}}",
    "nested": f"{{_target_:borrowing_parts.Own,given:{{{TOUCH}}},{NO_PARTS}}}",
    "in a list in a list": f"{{_target_:borrowing_parts.Own,given:[[1,{{{TOUCH}}}]],{NO_PARTS}}}",
    "partial": f"{{_target_:borrowing_parts.Own,given:{{_partial_:true,{TOUCH}}},{NO_PARTS}}}",
    "in the config of a capability": f"{{_target_:borrowing_parts.Own,config:{{x:{{{TOUCH}}}}},{NO_PARTS}}}",
    "not recursive": f"{{_target_:borrowing_parts.Own,_recursive_:false,given:{{{TOUCH}}},{NO_PARTS}}}",
    "looked up by Hydra": "{_target_:borrowing_parts.Own,given:{_target_:hydra.utils.get_method,path:os.system},"
    f"{NO_PARTS}}}",
}


@pytest.mark.parametrize("spec", REFUSED.values(), ids=REFUSED)
def test_another_target_is_refused_before_anything_starts(spec: str, empty_folder: Path):
    status, out, err = typed("capability=[]", f"+capability.a={spec}", ALLOWED)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "capability.a: _target_ " in err
    assert "is not allowed: allowed_targets has borrowing_parts.*, sweeper.*, sklearn.*." in err
    assert list(empty_folder.iterdir()) == []


def test_what_base_says_and_what_files_say_is_looked_at(empty_folder: Path):
    write_configs(Path("conf"), {"model/bad": "bad: {_target_: subprocess.call, args: [true]}"})
    for lines in (["model=[bad]"], ["model=[]", "+model.worse={_base_: bad}"]):
        status, _, err = typed("plan", "--config-dir", "conf", *lines, ALLOWED)
        assert (status, "_target_ 'subprocess.call' is not allowed" in err) == (2, True)


def test_without_the_setting_and_with_what_is_shipped_nothing_is_refused():
    assert typed("plan")[0] == 0
    assert typed("plan", "allowed_targets=[sweeper.*,sklearn.*,torchvision.*]")[0] == 0
    assert typed("plan", "allowed_targets=[]")[0] == 2


@pytest.mark.parametrize("target", ["Own", "Own.make", "made"])
def test_what_is_allowed_runs(target: str, backend: str):
    grid = ["capability=[]", f"+capability.a={{_target_:borrowing_parts.{target},{NO_PARTS}}}"]
    status, out, err = typed(*grid, ALLOWED, backend)
    assert (status, "1 completed" in out) == (0, True), err


@pytest.mark.parametrize(
    ("target", "leads_to"),
    [
        ("borrowing_parts.os.system", "os.system"),
        ("borrowing_parts.run_a_command", "posix.system"),
        ("borrowing_parts.call", "subprocess.call"),
        ("sweeper.cli.commands.os.system", "os.system"),
    ],
)
def test_the_worker_refuses_what_an_allowed_path_leads_to(target: str, leads_to: str, backend: str):
    """Only importing tells that, so that the driver cannot."""
    grid = ["capability=[]", f"+capability.a={{_target_:borrowing_parts.Own,given:{{_target_:{target},"
            f"_args_:['touch made']}},{NO_PARTS}}}"]  # fmt: skip
    status, _, err = typed(*grid, ALLOWED, backend)
    assert status == 1
    assert f"'{target} (which is {leads_to})' is not allowed" in err
    assert not Path("made").exists()


def test_the_worker_looks_for_itself():
    """A request need not come from a driver that has looked."""
    spec = ObjectSpec({"_target_": "os.system", "command": "touch made"}, "digest")
    with bounds.applying(Bounds(targets=("sweeper.*",))), pytest.raises(ConfigError, match="not allowed"):
        build(spec)
    hidden = ObjectSpec({"_target_": "borrowing_parts.made", "given": {"_target_": "${x}"}, "x": "os.system"}, "other")
    with bounds.applying(Bounds(targets=("borrowing_parts.*",))), pytest.raises(ConfigError, match="not allowed"):
        build(hidden)
    assert not Path("made").exists()


def test_names_that_lead_anywhere_are_never_allowed():
    status, _, err = typed(
        "plan", "capability=[]", f"+capability.a={{_target_:borrowing_parts.Own.__init__.__globals__.get,{NO_PARTS}}}",
        "allowed_targets=['*']",
    )  # fmt: skip
    assert (status, "is not allowed" in err) == (2, True)


def test_a_resumed_sweep_is_bound_by_the_config_that_resumes_it():
    grid = ["capability=[]", f"+capability.a={{_target_:fault_parts.Leaves,{NO_PARTS}}}"]
    assert typed(*grid, "job_backend.kind=inline", "allowed_targets=['*']")[0] == 1
    from sweeper.store import open_store

    (sweep,) = open_store("analytics_store").sweep_ids()
    status, _, err = typed(f"resume={sweep}", "job_backend.kind=inline", "allowed_targets=[sweeper.*]")
    assert (status, "'fault_parts.Leaves' is not allowed" in err) == (2, True)
