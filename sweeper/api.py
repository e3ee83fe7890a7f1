"""A sweep from config to result, for the command line and for Python.

`prepare` composes, expands, identifies and decides; `execute` runs what is to run. Ray is started in a thread as soon
as it is sure that something will run, so that the rest of the planning overlaps with it, and never otherwise.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sweeper import near_twins, planning, standing
from sweeper._version import __version__
from sweeper.asked import About
from sweeper.checkmaite import heavy_modules
from sweeper.config import SweepConfig, check_targets, load, load_mapping
from sweeper.errors import BackendError, ConfigError, StoreError
from sweeper.garbage import no_collection
from sweeper.grid import expand
from sweeper.interrupts import Interrupts
from sweeper.limits import Defaults, combine, unschedulable
from sweeper.outcome import STATUSES, Failure, Gap, Outcome
from sweeper.planning import Plan, Planned, Policy, Same
from sweeper.progress import Progress, Silent, for_stream
from sweeper.request import StoreLocation
from sweeper.requests import RequestBuilder, SweepInfo
from sweeper.resume import asked_for, left_of, sweep_of
from sweeper.revision import Comparison, Revisions
from sweeper.revision.since import of_combinations
from sweeper.schedule import Block, blocks, order, unknown
from sweeper.spec import Choice, Combination
from sweeper.suspects import Suspicion

if TYPE_CHECKING:
    import pandas
    import pyarrow

    from sweeper.asked import AskedSweep
    from sweeper.jobs.protocol import RunnerBackend
    from sweeper.store import AttemptState, Store

Start = Callable[[], None]
MOST_LOOKED_UP = 100
"""Attempts whose durations are looked up for the order, where their files must be opened for that."""
HEAD_START_S = 0.7
"""How long the rest of the planning waits while a backend starts.

A local Ray starts its processes one after another for so long, and then waits for them two seconds more. Planning takes
0.1 s, two thirds of it imports: beside Ray's first steps it held them up for 0.2 s, after them it costs nothing.
"""
NOTHING_RAN = Outcome(dict.fromkeys((*STATUSES, "not_attempted"), 0))


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

    def work(self) -> list[Block]:
        """What runs, not yet in order: that depends on how much can run at once, which Ray knows."""
        asked = unknown(self.plan.items, self.states)[:MOST_LOOKED_UP]
        known = {**self.states, **self.store.attempt_states(asked, details=True)} if asked else self.states
        return blocks(self.plan.items, known)


@dataclass(frozen=True)
class SweepResult:
    """What a sweep did, and a view on what it measured."""

    sweep_id: str
    plan: Plan
    outcome: Outcome
    store: Store
    states: Mapping[str, AttemptState] = field(default_factory=dict[str, "AttemptState"], repr=False)
    """What the store knew of the plan's combinations before the sweep."""

    @property
    def counts(self) -> Mapping[str, int]:
        return self.outcome.counts

    @property
    def failures(self) -> tuple[Failure, ...]:
        return self.outcome.failures

    @property
    def exit_status(self) -> int:
        return self.outcome.exit_status

    @cached_property
    def table(self) -> pyarrow.Table:
        """One flat row per measured value of every combination of the plan, skipped ones included, in its order.

        Names are those of the plan, also where an earlier sweep measured a combination under others.
        """
        return self.store.results_of(self._named, self._changed)

    @cached_property
    def _changed(self) -> dict[str, str]:
        """What is to be said against values whose files are no longer what they were, by fingerprint."""
        planned = ((item.fingerprint, item.combination) for item in self.plan.items)
        return of_combinations(planned, lambda keys: self.store.attempt_states(keys, details=True))

    @cached_property
    def gaps(self) -> list[Gap]:
        """Combinations of the plan without a value that were attempted: failed, timed out, lost, or without records."""
        without = standing.unmeasured(self.plan.items, set(self.table["fingerprint"].to_pylist()))
        return standing.gaps(without, self.store.attempt_states({item.fingerprint for item in without}))

    @cached_property
    def earlier_failures(self) -> tuple[Failure, ...]:
        """Of combinations that were skipped, those whose newest attempt had failed or timed out, and why."""
        failing = standing.failing_before(self.plan.items, self.states)
        rows = self.store.newest_failures({item.fingerprint for item in failing}) if failing else {}
        return standing.earlier(failing, rows)

    @cached_property
    def shared_ids(self) -> list[tuple[str, str, list[str]]]:
        """Axis, id and names of choices with different specs whose objects call themselves by one `metadata["id"]`.

        Payload tables carry these ids, so by them alone such choices cannot be told apart; fingerprints can.
        """
        digests = {(part.axis, part.name): part.digest for item in self.plan.items for part in item.combination.parts}
        called: dict[tuple[str, str], set[str]] = {}
        for axis, name, entity in self.store.entities(self._named):
            called.setdefault((axis, entity), set()).add(name)
        alike = {key: sorted(names) for key, names in called.items()}
        return [(*key, names) for key, names in alike.items() if len({digests.get((key[0], n)) for n in names}) > 1]

    @property
    def _named(self) -> list[tuple[str, ...]]:
        return [(item.fingerprint, *item.combination.names) for item in self.plan.items]

    @property
    def rows(self) -> list[dict[str, Any]]:
        """`table` as dictionaries."""
        return self.table.to_pylist()

    def to_pandas(self) -> pandas.DataFrame:
        """`table` as a data frame."""
        return self.table.to_pandas()


def sweep(
    config: Mapping[str, Any] | Sequence[str] = (), *, progress: bool | Progress = True, **where: Any
) -> SweepResult:
    """Run a sweep and return when it has ended.

    Parameters
    ----------
    config
        Hydra overrides as on the command line (`["model=[svm]", "rerun=missing"]`), or a composed config as a mapping.
    progress
        Whether to show a bar, or an object that is told of everything.
    **where
        `config_name`, `config_dir`, `config_path` and `multirun`, as on the command line.

    Raises
    ------
    ConfigError
        The config is wrong; nothing was run and Ray was not started.
    StoreError
        The analytics store cannot be reached.
    """
    shown = progress if not isinstance(progress, bool) else for_stream() if progress else Silent()
    return run_config(_configured(config, where), shown)


def plan(config: Mapping[str, Any] | Sequence[str] = (), **where: Any) -> Plan:
    """What `sweep` would run and why; starts nothing and writes nothing. Parameters and errors as for `sweep`."""
    return prepare(_configured(config, where)).plan


def _configured(config: Mapping[str, Any] | Sequence[str], where: Mapping[str, Any]) -> SweepConfig:
    return load_mapping(config, **where) if isinstance(config, Mapping) else load(list(config), **where)


def run_config(config: SweepConfig, progress: Progress) -> SweepResult:
    """Prepare and execute; Ray starts beside the planning and is stopped if it was started here."""
    config = resumed(config)
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="sweeper-backend") as pool:
        backend = _Starting(config, pool)
        try:
            prepared = prepare(config, will_run=backend.start)
            for note in prepared.plan.notes:
                progress.note(f"note: {note}")
            return _execute(prepared, backend, progress)
        finally:
            backend.close()


class _Starting:
    """A job backend that is started in a thread, once, when it is known that something will run."""

    def __init__(self, config: SweepConfig, pool: ThreadPoolExecutor) -> None:
        self._config, self._pool = config, pool
        self._future: Future[RunnerBackend] | None = None

    def start(self) -> None:
        """Begin to start, once the store is known to be there.

        What the backend needs is imported here and now, and it has a head start: two threads that import get in each
        other's way. Then Ray is only waited for, and the store's libraries are imported meanwhile.
        """
        from sweeper.jobs import backend_maker
        from sweeper.store.files import open_files
        from sweeper.store.formats import announce

        settings = self._config.settings
        files = open_files(settings.store.uri, settings.store.storage_options)
        files.check()
        announce(files)
        self._future = self._pool.submit(backend_maker(settings.job_backend, settings.store))
        wait([self._future], timeout=HEAD_START_S)

    def get(self) -> RunnerBackend:
        """The backend, once it is there."""
        from sweeper.jobs import import_ahead

        if self._future is None:
            raise RuntimeError("the backend is asked for before it was started")
        import_ahead(self._config.settings.job_backend.kind)
        try:
            return self._future.result()
        except (OSError, RuntimeError, TypeError, ValueError) as error:
            at = self._config.settings.job_backend
            raise BackendError(
                f"The job backend {at.kind} cannot be started (job_backend.address={at.address}): {error} "
                "Check job_backend.address, which may be left out for a Ray of its own, and job_backend.runtime_env; "
                "nothing was run."
            ) from error

    def close(self) -> None:
        if self._future is not None and self._future.exception() is None:
            self._future.result().close()


def prepare(config: SweepConfig, will_run: Start = lambda: None) -> Prepared:
    """Expand, identify, look up and decide. Calls `will_run` as soon as it is sure that something runs; writes nothing.

    Raises
    ------
    ConfigError
        A rule matches nothing, a target of a combination that would run does not exist, duplicates are refused.
    StoreError
        The store cannot be reached.
    """
    config = resumed(config)
    with no_collection():
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
    asked = store.asked_sweep(sweep_of(wanted, store.sweep_ids(), store.attempted_sweeps))
    return config.after(asked)


def _prepared_again(config: SweepConfig, asked: AskedSweep, will_run: Start) -> Prepared:
    """What another sweep asked for and did not complete, whatever the config says by now."""
    store = _store(config.settings.store)
    items = left_of(asked, store.completed_since(asked.about))
    running = [item.combination for item in items if item.run]
    if running:
        _ready_to_run(running, will_run)
    states = store.attempt_states([item.fingerprint for item in items])
    began = datetime.now(UTC)
    plan = Plan(items, same=tuple(Same(*names) for names in asked.about.same))
    return Prepared(_id_at(began), began, config, plan, states, store, Revisions())


def _prepared(config: SweepConfig, will_run: Start) -> Prepared:
    settings = config.settings
    policy = Policy(settings.rerun, settings.rerun_triggers, settings.duplicates)
    expansion = expand(config.grid)
    pairs, dropped = planning.identify(expansion.combinations, policy.duplicates)
    if pairs and policy.rerun == "all":
        _ready_to_run((combination for combination, _ in pairs), will_run)
    store = _store(settings.store)
    revisions = Revisions()
    choices = (choice for parts in config.grid.parts.values() for part in parts for choice in part.variants.values())
    comparison = Comparison(revisions, policy.triggers, choices, store.read_artifact)
    suspicion = Suspicion(_parts(combination for combination, _ in pairs) if policy.rerun != "all" else ())
    twins = near_twins.near_twins(pairs, config.grid.parts)
    states = store.attempt_states(
        [*(key for _, key in pairs), *twins.values()],
        details=policy.rerun != "all" and comparison.details(pairs),
        versions=lambda: suspicion.concerned(pairs),
    )
    items = planning.decide(pairs, policy, states, changed=comparison.of, suspect=suspicion.of)
    running = [item for item in items if item.run]
    if running and policy.rerun != "all":
        _ready_to_run((item.combination for item in running), will_run)
    notes = (*near_twins.notes(pairs, twins, states), *comparison.notes)
    same = planning.same_names(expansion.combinations, (kept for kept, _ in pairs)) if dropped else ()
    made = Plan(items, expansion.left_out, dropped, notes, same)
    began = datetime.now(UTC)
    return Prepared(_id_at(began), began, config, made, states, store, revisions)


def _id_at(began: datetime) -> str:
    """Sorts by time: three of its hexadecimal digits are the share of the second, three tell those alike apart."""
    return f"{began:%Y%m%dT%H%M%S}-{began.microsecond * 4096 // 1_000_000:03x}{uuid4().hex[:3]}"


def _store(location: StoreLocation) -> Store:
    from sweeper.store import open_store  # not before it is needed: Ray starts while its libraries are imported

    return open_store(location.uri, location.storage_options)


def _ready_to_run(combinations: Iterable[Combination], will_run: Start) -> None:
    check_targets(_parts(combinations))
    will_run()


def _parts(combinations: Iterable[Combination]) -> list[Choice]:
    """Every choice that takes part, once."""
    seen: dict[int, Choice] = {}
    axes: set[tuple[Choice, ...]] = set()
    for combination in combinations:
        for axis in ((combination.capability,), *combination[1:]):
            if axis not in axes:
                axes.add(axis)
                seen.update((id(part), part) for part in axis)
    return list(seen.values())


def _execute(prepared: Prepared, backend: _Starting, progress: Progress) -> SweepResult:
    from sweeper.runner import fold

    if not prepared.plan.to_run:
        _write_asked(prepared, progress)
    try:
        outcome = _run(prepared, backend, progress) if prepared.plan.to_run else NOTHING_RAN
    finally:
        fold(prepared.store, progress)  # also what a crash left
    return SweepResult(prepared.sweep_id, prepared.plan, outcome, prepared.store, prepared.states)


def _run(prepared: Prepared, starting: _Starting, progress: Progress) -> Outcome:
    info, items = _sweep_info(prepared), prepared.plan.to_run
    progress.start(len(items), len(prepared.plan.items) - len(items))
    try:
        progress.stage("starting workers")
        with no_collection():
            work = prepared.work()
            listings = prepared.revisions.look_ahead(item.combination for item in items)
        backend = starting.get()
        _refuse_unschedulable(items, backend)
        _write_asked(prepared, progress)
        for path, text in listings.items():
            prepared.store.write_artifact(path, text)
        heavy = heavy_modules(_parts(item.combination for item in items))
        if heavy:
            backend.warm_up(heavy)  # workers are still starting until the first combination ends
        else:
            progress.stage("")
        return _submit_all(prepared, work, backend, info, progress)
    finally:
        progress.close()
        _merge_small_files(prepared.store, progress)


def _write_asked(prepared: Prepared, progress: Progress) -> None:
    """Write down what the sweep asks for, once it is sure that it can run and before anything of it does.

    Raises
    ------
    StoreError
        The store cannot be written; where nothing is to run, that is only noted.
    """
    config = prepared.config
    about = About(
        sweep_id=prepared.sweep_id,
        name=config.settings.name,
        began=prepared.began,
        sweeper_version=__version__,
        working_folder=os.getcwd(),
        overrides=config.overrides,
        settings=config.said,
        same=tuple((axis, name, kept) for axis, name, kept in prepared.plan.same),
    )
    try:
        prepared.store.write_asked(asked_for(about, prepared.plan.items))
    except OSError as error:
        said = f"What this sweep asks for cannot be written to the store {prepared.store.uri}: {error}"
        if prepared.plan.to_run:
            raise StoreError(f"{said} Nothing was run.") from error
        progress.note(said)


def _merge_small_files(store: Store, progress: Progress) -> None:
    """What goes wrong here is no reason to lose sight of what the sweep measured."""
    try:
        store.compact_if_needed()
    except (OSError, StoreError) as error:
        progress.note(f"small files of the store were not merged; `sweeper compact` can be run later: {error}")


def _submit_all(
    prepared: Prepared, work: Sequence[Block], backend: RunnerBackend, info: SweepInfo, progress: Progress
) -> Outcome:
    from sweeper.runner import Runner, RunSettings

    s = prepared.config.settings
    settings = RunSettings(_defaults(s), s.max_in_flight, s.max_failures, s.grace_s)
    with Interrupts() as interrupts:
        runner = Runner(backend, prepared.store, RequestBuilder(info), settings, progress, interrupts)
        at_once = _at_once(work, backend, s.max_in_flight)
        return runner.run(order(work, lanes=at_once), at_once)


def _at_once(work: Sequence[Block], backend: RunnerBackend, max_in_flight: int | None) -> int:
    """How many there is room for, if all ask for the resources of those that are likely to last longest."""
    longest = max(work, key=lambda block: block.seconds)
    room = backend.slots(combine(longest.items[0].combination, Defaults()).resources)
    return min(room, max_in_flight or backend.default_window)


def _defaults(settings: Any) -> Defaults:
    return Defaults(settings.retries, settings.retry_exceptions, settings.timeout_s)


def _sweep_info(prepared: Prepared) -> SweepInfo:
    from sweeper.store import kernel

    settings = prepared.config.settings
    return SweepInfo(
        sweep_id=prepared.sweep_id,
        name=settings.name,
        store=_location(prepared),
        sweeper_version=__version__,
        revisions=prepared.revisions,
        log_dir=prepared.store.log_dir(prepared.sweep_id),
        kernel=kernel(),
        persist_predictions=settings.persist_predictions,
    )


def _location(prepared: Prepared) -> StoreLocation:
    """The store under an address that means the same in every process, whatever its working directory."""
    return StoreLocation(prepared.store.uri, prepared.config.settings.store.storage_options)


def _refuse_unschedulable(items: Sequence[Planned], backend: RunnerBackend) -> None:
    cluster = backend.cluster_resources()
    for item in items:
        problem = unschedulable(combine(item.combination, Defaults()).resources, cluster)
        if problem:
            raise ConfigError(
                f"{item.combination.label()} can never be scheduled: {problem}. Lower its `_sweep_.resources`, "
                "or use a cluster that has them (job_backend.address)."
            )
