"""From a config to a sweep that is decided: compose, expand, identify, look up, decide. Writes nothing."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from sweeper.common.gc_pause import gc_paused
from sweeper.config import Settings, SweepConfig, check_targets, refuse_absent
from sweeper.messages import bounds
from sweeper.messages.requests import StoreLocation
from sweeper.planning import decisions
from sweeper.planning.combinations import Combinations
from sweeper.planning.decisions import Plan, Policy, SameNames
from sweeper.planning.empty_grid import refuse_empty
from sweeper.planning.grid import expand
from sweeper.planning.legacy_fingerprints import legacy_fingerprints, legacy_notes
from sweeper.planning.order import WorkGroup, without_duration, work_groups
from sweeper.planning.resume import find_sweep_id, narrowed, remaining
from sweeper.revision.revisions import Comparison, Revisions
from sweeper.running.fitting import check_parts_fit, may_have_other_packages
from sweeper.store.version_defects import DefectLookup

if TYPE_CHECKING:
    from sweeper.messages.asked import AskedSweep
    from sweeper.store import AttemptState, Store
    from sweeper.store.meanwhile import NewCompletions

Start = Callable[[], None]
MOST_LOOKED_UP = 100
"""Attempts whose durations are looked up for the order, where their files must be opened for that."""


@dataclass(frozen=True)
class Prepared:
    """A sweep that is decided and not yet run."""

    sweep_id: str
    began: datetime
    config: SweepConfig
    plan: Plan
    states: Mapping[str, AttemptState]
    """What the store knew of them."""
    store: Store
    revisions: Revisions
    completions: NewCompletions | None = None
    """What tells what completes from just before the store was asked; `None` where nobody is
    watched: for a plan, and where what has completed runs again."""

    def work(self) -> list[WorkGroup]:
        """What runs, not yet in order: that depends on how much can run at once, which Ray knows."""
        asked = without_duration(self.plan.items, self.states)[:MOST_LOOKED_UP]
        known = {**self.states, **self.store.attempt_states(asked, details=True)} if asked else self.states
        return work_groups(self.plan.items, known)


def prepare(config: SweepConfig, will_run: Start | None = None) -> Prepared:
    """Expand, identify, look up and decide. Writes nothing.

    Calls `will_run` as soon as it is sure that something runs. Without it this is a plan, which watches nobody.

    Raises
    ------
    ConfigError
        A rule matches nothing, nothing is left of the grid and that is not allowed, a target of a combination that
        would run does not exist, a model does not fit a dataset, a file of theirs is missing, duplicates are refused.
    StoreError
        The store cannot be reached.
    """
    config = resumed(config)
    with gc_paused(), bounds.applying(config.settings.bounds):
        return _prepared(config, will_run) if config.asked is None else _prepared_again(config, config.asked, will_run)


def resumed(config: SweepConfig) -> SweepConfig:
    """A config that resumes a sweep with what that sweep asked for; any other as it is.

    Raises
    ------
    ConfigError
        The store has no such sweep.
    StoreError
        The store, or what that sweep asked for, cannot be read.
    """
    wanted = config.settings.resume
    if wanted is None or config.asked is not None:
        return config
    store = _store(config.settings.store)
    asked = store.asked_sweep(find_sweep_id(wanted, store.sweep_ids(), store.attempted_sweeps))
    return config.with_settings_of(asked)


def _prepared_again(config: SweepConfig, asked: AskedSweep, will_run: Start | None) -> Prepared:
    """What another sweep asked for and did not complete, whatever the config says by now."""
    store = _store(config.settings.store)
    completions = None if will_run is None else _watch(store)
    items = narrowed(remaining(asked, store.completed_since(asked.header)), config.grid)
    _check_names(config.settings, items.identified.combinations)
    running = items.identified.combinations.where(items.runs)
    if running:
        refuse_absent(running.choices(), config.live)
        _ready_to_run(running, config, will_run)
    states = store.attempt_states(items.identified.fingerprints)
    began = datetime.now(UTC)
    plan = Plan(items, same=tuple(SameNames(*names) for names in asked.header.same))
    return Prepared(_id_at(began), began, config, plan, states, store, Revisions(), completions)


def _prepared(config: SweepConfig, will_run: Start | None) -> Prepared:
    settings = config.settings
    policy = Policy(settings.rerun, settings.rerun_triggers, settings.duplicates)
    expansion = expand(config.grid)
    refuse_empty(config.grid, expansion, allowed=settings.allow_empty)
    pairs, dropped, same = decisions.identify(expansion.combinations, policy.duplicates)
    _check_names(settings, pairs.combinations)
    if pairs and policy.rerun == "all":
        _ready_to_run(pairs.combinations, config, will_run)
    store = _store(settings.store)
    revisions = Revisions()
    choices = [choice for parts in config.grid.parts.values() for part in parts for choice in part.variants.values()]
    comparison = Comparison(revisions, policy.triggers, choices, store.read_artifact)
    suspicion = DefectLookup(choices if policy.rerun != "all" else ())
    completions = None if will_run is None or policy.rerun == "all" else _watch(store)
    twins = legacy_fingerprints(pairs, config.grid.parts)
    states = store.attempt_states(
        [*pairs.fingerprints, *twins.values()] if twins else pairs.fingerprints,
        details=policy.rerun != "all" and comparison.needs_details(pairs),
        versions=lambda: suspicion.concerned(pairs),
    )
    suspect = suspicion.among(states.values())
    items = decisions.decide(pairs, policy, states, changed=comparison.finder, suspect=suspect)
    running = pairs.combinations.where(items.runs)
    if running and policy.rerun != "all":
        _ready_to_run(running, config, will_run)
    notes = (*legacy_notes(pairs, twins, states), *comparison.notes)
    made = Plan(items, expansion.left_out, dropped, notes, same)
    began = datetime.now(UTC)
    return Prepared(_id_at(began), began, config, made, states, store, revisions, completions)


def _check_names(settings: Settings, combinations: Combinations) -> None:
    """Refuse what names nothing that the sweep has: a key to aggregate, a requirement, a sweep to compare with."""
    if settings.aggregate:
        from sweeper.comparison.repeats import refuse_unswept  # not before it is needed, as few sweeps repeat runs

        refuse_unswept(settings.aggregate, (choice.name for choice in combinations.choices()))
    required = settings.requirements
    if not required:
        return
    from sweeper.comparison.coverage import refuse_unmatched  # not before it is needed, as few sweeps require anything

    refuse_unmatched(required, combinations.axes)
    if any(one.than_sweep is not None for one in required):
        from sweeper.comparison.earlier import refuse_unknown_sweeps

        refuse_unknown_sweeps(_store(settings.store), required, settings.name)


def _id_at(began: datetime) -> str:
    """Sorts by time: three of its hexadecimal digits are the share of the second, three tell those alike apart."""
    return f"{began:%Y%m%dT%H%M%S}-{began.microsecond * 4096 // 1_000_000:03x}{uuid4().hex[:3]}"


def _store(location: StoreLocation) -> Store:
    from sweeper.store.store import open_at  # not before it is needed: Ray starts while its libraries are imported

    return open_at(location)


def _watch(store: Store) -> NewCompletions:
    from sweeper.store.meanwhile import NewCompletions  # likewise

    return NewCompletions(store.files)


def _ready_to_run(combinations: Combinations, config: SweepConfig, will_run: Start | None) -> None:
    check_targets(combinations.choices(), elsewhere=may_have_other_packages(config.settings, os.environ))
    check_parts_fit(combinations, config.live, config.settings)
    if will_run is not None:
        will_run()
