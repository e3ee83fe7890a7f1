from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sweeper.errors import ConfigError
from sweeper.planning import decisions as plan
from sweeper.planning.fingerprint import canonical, digest
from sweeper.planning.policy import Rerun
from sweeper.revision.changes import Changes
from sweeper.vocabulary import Arity, Choice, Combination, Runtime


@dataclass(frozen=True)
class State:
    completed: bool
    status: str = "completed"
    code_revision: str | None = None
    data_revision: str | None = None
    libraries_revision: str | None = None
    working_folder: str | None = None
    duration_s: float | None = None
    inference_s: float | None = None
    failed_since: str | None = None

    @property
    def newest_status(self) -> str | None:
        return self.failed_since or (self.status if self.status in ("completed", "failed", "timeout") else None)


def choice(axis: str, name: str, **spec: object) -> Choice:
    text = canonical({"_target_": f"{axis}.{name}", **spec})
    arity = {"datasets": Arity.ONE, "models": Arity.ONE, "metrics": Arity.ONE} if axis == "capability" else None
    return Choice(axis, name, spec, text, digest(text), name, Runtime(arity=arity))


def combination(model: str, dataset: str = "digits", capability: str = "evaluate") -> Combination:
    return Combination(
        choice("capability", capability),
        (choice("dataset", dataset),),
        (choice("model", model),),
        (choice("metric", "f1"),),
    )


NAMES = ("svm", "knn", "mlp")
PAIRS = plan.identify([combination(name) for name in NAMES], "drop").pairs
STATES = {PAIRS[0][1]: State(True, code_revision="a"), PAIRS[1][1]: State(False, "failed")}


def run_of(rerun: str, **kwargs: object) -> dict[str, tuple[bool, str]]:
    policy = plan.Policy(rerun, tuple(kwargs.pop("triggers", ("config",))))  # type: ignore[arg-type]
    items = plan.decide(PAIRS, policy, STATES, **kwargs)  # type: ignore[arg-type]
    return {i.combination.models[0].name: (i.run, i.reason) for i in items}


def test_all_runs_everything():
    assert run_of("all") == dict.fromkeys(NAMES, (True, plan.RUN_ALL))


def test_missing_runs_what_has_no_completed_attempt():
    assert run_of("missing") == {
        "svm": (False, plan.COMPLETED),
        "knn": (True, "no completed attempt (last: failed)"),
        "mlp": (True, plan.NEVER),
    }


def test_failed_runs_only_what_was_attempted_and_never_completed():
    assert {name: run for name, (run, _) in run_of("failed").items()} == {"svm": False, "knn": True, "mlp": False}


@pytest.mark.parametrize(
    ("state", "missing", "failed"),
    [
        (State(True, failed_since="failed"), (False, "completed, but its newest attempt failed"), True),
        (State(True, failed_since="timeout"), (False, "completed, but its newest attempt timed out"), True),
        (State(False, "timeout"), (True, "no completed attempt (last: timeout)"), True),
        (State(False, "lost", failed_since="failed"), (True, "no completed attempt (last: lost)"), True),
        (State(False, "lost"), (True, "no completed attempt (last: lost)"), False),
        (State(False, "cancelled"), (True, "no completed attempt (last: cancelled)"), False),
    ],
)
def test_failed_covers_what_failed_last_and_missing_what_never_completed(
    state: State, missing: tuple[bool, str], failed: bool
):
    decided = [plan.decide(PAIRS[:1], plan.Policy(rerun), {PAIRS[0][1]: state})[0] for rerun in ("missing", "failed")]
    assert (decided[0].run, decided[0].reason) == missing
    assert decided[1].run is failed
    assert ("rerun=missing runs it" in decided[1].reason) is not failed


def differs(**what: str | bool) -> dict[str, object]:
    """Every completed result differs in this from what would run now."""
    return {"changed": lambda _, __: Changes(**what)}  # type: ignore[arg-type]


@pytest.mark.parametrize("trigger", ["code", "data", "libraries"])
def test_a_change_makes_a_result_stale_only_where_its_trigger_is_enabled(trigger: str):
    known = {"code": plan.CODE_CHANGED, "data": plan.DATA_CHANGED, "libraries": plan.LIBRARIES_CHANGED}
    change = differs(**{trigger: "a.py"})
    reason = f"{known[trigger]}: a.py"
    skipped = f"completed, but {reason}" if trigger == "data" else plan.COMPLETED
    assert run_of("missing", **change)["svm"] == (False, skipped)
    assert run_of("missing", **change, triggers=["config", trigger])["svm"] == (True, reason)
    assert run_of("missing", triggers=["config", trigger])["svm"] == (False, plan.COMPLETED)
    assert run_of("all", **change)["svm"] == (True, plan.RUN_ALL)


def test_what_changed_need_not_be_known_by_name():
    assert run_of("missing", **differs(data=""))["svm"] == (False, f"completed, but {plan.DATA_CHANGED}")
    assert run_of("missing", **differs(code=""), triggers=["code"])["svm"] == (True, plan.CODE_CHANGED)


def test_other_data_in_another_folder_are_stale_whatever_the_triggers():
    moved = differs(data="./a is another folder here, and its data differ", is_moved=True)
    assert run_of("missing", **moved)["svm"] == (True, "./a is another folder here, and its data differ")
    assert run_of("failed", **moved)["svm"] == (False, "completed, but ./a is another folder here, and its data differ")


def test_stale_runs_only_stale_results():
    assert {n: r for n, (r, _) in run_of("stale", **differs(code="a.py"), triggers=["code"]).items()} == {
        "svm": True,
        "knn": False,
        "mlp": False,
    }
    assert run_of("stale", **differs(data="a"), triggers=["code"])["svm"] == (
        False,
        f"not stale, but {plan.DATA_CHANGED}: a",
    )


def test_stale_without_a_trigger_is_refused():
    with pytest.raises(ConfigError, match="rerun=stale needs a trigger"):
        plan.Policy("stale")


def test_duplicates_are_dropped_kept_or_refused():
    twice = [combination("svm"), combination("knn"), combination("svm")]
    assert [len(pairs) for pairs in (plan.identify(twice, "drop")[0], plan.identify(twice, "keep")[0])] == [2, 3]
    assert plan.identify(twice, "drop")[1] == 1
    with pytest.raises(ConfigError, match="evaluate · digits · svm · f1"):
        plan.identify(twice, "error")


@given(st.lists(st.sampled_from(NAMES), max_size=8), st.sampled_from(("drop", "keep")))
def test_dropping_keeps_the_first_of_each_and_the_order(names: list[str], policy: str):
    pairs, dropped, _ = plan.identify([combination(n) for n in names], policy)
    kept = [c.models[0].name for c, _ in pairs]
    assert kept == (names if policy == "keep" else list(dict.fromkeys(names)))
    assert len(kept) + dropped == len(names)


@given(st.dictionaries(st.sampled_from(NAMES), st.booleans()), st.sampled_from(list(Rerun)[:3]))
def test_every_combination_is_decided_once_with_a_reason(known: dict[str, bool], rerun: str):
    states = {key: State(known[c.models[0].name]) for c, key in PAIRS if c.models[0].name in known}
    items = plan.decide(PAIRS, plan.Policy(rerun), states)
    assert [i.fingerprint for i in items] == [key for _, key in PAIRS]
    assert all(i.reason for i in items)
    assert not any(i.run for i in items if rerun != "all" and states.get(i.fingerprint, State(False)).completed)
