"""Run what is to run of a prepared sweep."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sweeper._version import __version__
from sweeper.checkmaite import heavy_modules
from sweeper.common import clock
from sweeper.common.capacity import unschedulable_reason
from sweeper.common.gc_pause import gc_paused
from sweeper.errors import ConfigError, StoreError
from sweeper.messages.asked import SweepHeader
from sweeper.messages.ending import Ending
from sweeper.messages.outcome import Outcome, Status
from sweeper.messages.requests import OUTCOME_COLUMNS, OutcomesRequest, StoreLocation
from sweeper.planning.combinations import Planned
from sweeper.planning.limits import Defaults, combine
from sweeper.planning.order import WorkGroup, likely_seconds, order, order_beside
from sweeper.planning.resume import asked_for
from sweeper.running.interrupts import Interrupts
from sweeper.running.journals import Journals
from sweeper.running.meanwhile import Meanwhile
from sweeper.running.prepare import Prepared
from sweeper.running.progress import Progress
from sweeper.running.request_builder import RequestBuilder, SweepInfo
from sweeper.running.result import SweepResult
from sweeper.running.start import StartingBackend

if TYPE_CHECKING:
    from sweeper.jobs.protocol import RunnerBackend

NOTHING_RAN = Outcome({status.value: 0 for status in Status})


def execute(prepared: Prepared, backend: StartingBackend, progress: Progress) -> SweepResult:
    if not prepared.plan.to_run:
        _write_asked(prepared, progress)
        _say_ended(prepared, NOTHING_RAN)
    try:
        outcome = _run(prepared, backend, progress) if prepared.plan.to_run else NOTHING_RAN
    except BaseException:
        Journals(prepared.store, progress).flush()
        raise
    outcome = _tidied(prepared, outcome, progress)
    settings = prepared.config.settings
    return SweepResult(
        prepared.sweep_id,
        prepared.plan,
        outcome,
        prepared.store,
        prepared.states,
        requirements=settings.requirements,
        enforce=settings.enforce,
        aggregate=settings.aggregate,
    )


def _run(prepared: Prepared, starting: StartingBackend, progress: Progress) -> Outcome:
    info, items = _sweep_info(prepared), prepared.plan.to_run
    meanwhile = Meanwhile(prepared.completions, items)
    progress.start(len(items), len(prepared.plan.items) - len(items))
    try:
        progress.stage("starting workers")
        with gc_paused():
            work = prepared.work()
            listings = prepared.revisions.look_ahead(item.combination for item in items)
        backend = starting.get()
        for note in (*backend.notes, *_limits_of(backend, items, _defaults(prepared.config.settings))):
            progress.note(note)
        _refuse_unschedulable(items, backend)
        _write_asked(prepared, progress)
        others = _others(prepared)  # at once: of two sweeps, hardly ever do both find the other
        _keep_listings(prepared, listings, progress)
        heavy = heavy_modules(items.identified.combinations.choices())
        if heavy:
            backend.warm_up(heavy)
        if not backend.tells_starts:  # else workers start until one says that it runs, or a combination has ended
            progress.stage("")
        try:
            outcome = _submit_all(prepared, work, backend, info, progress, meanwhile, others)
        except BaseException:
            _say_ended(prepared, None)
            raise
        _say_ended(prepared, outcome)
        return outcome
    finally:
        progress.close()


def _limits_of(backend: RunnerBackend, items: Sequence[Planned], defaults: Defaults) -> Iterator[str]:
    """What the backend cannot do of what this sweep asks for."""
    if backend.outlives_driver and any(combine(item.combination, defaults).timeout_s is not None for item in items):
        yield (
            "a timeout ends a run only while a driver waits for it: what runs too long when none does goes on until "
            "resume= finds it"
        )


def _write_asked(prepared: Prepared, progress: Progress) -> None:
    """Write down what the sweep asks for, once it is sure that it can run and before anything of it does.

    Raises
    ------
    StoreError
        The store cannot be written; where nothing is to run, that is only noted.
    """
    config = prepared.config
    resumed = None if config.asked is None else config.asked.header
    header = SweepHeader(
        sweep_id=prepared.sweep_id,
        name=config.settings.name,
        began=prepared.began,
        sweeper_version=__version__,
        working_folder=os.getcwd(),
        overrides=config.overrides,
        settings=config.stored_settings,
        same=tuple((axis, name, kept) for axis, name, kept in prepared.plan.same),
        resumes=() if resumed is None else (*resumed.resumes, resumed.sweep_id),
        requirements=config.settings.requirements,
    )
    try:
        with gc_paused():
            prepared.store.write_asked(asked_for(header, prepared.plan.items))
    except Exception as error:  # each kind of store fails with errors of its own
        said = f"What this sweep asks for cannot be written to the store {prepared.store.uri}: {error}"
        if prepared.plan.to_run:
            raise StoreError(f"{said} Nothing was run.") from error
        progress.note(said)


def _keep_listings(prepared: Prepared, listings: Mapping[str, bytes], progress: Progress) -> None:
    """Without these lists of modules, a later sweep knows only that some code has changed, and not which."""
    try:
        for path, text in listings.items():
            prepared.store.write_artifact(path, text)
    except Exception as error:  # noqa: BLE001 - each kind of store fails with errors of its own
        progress.note(f"the list of the code that runs is not kept, as the store cannot be written: {error}")


def _say_ended(prepared: Prepared, outcome: Outcome | None) -> None:
    """Write down what was left out, for the report. Also, sweeps that begin later need not make way for this one.

    If that cannot be written, they do, and little is lost.
    """
    from sweeper.store import endings

    plan = prepared.plan
    with suppress(Exception):
        ending = None if outcome is None else Ending.of(outcome, plan.excluded, plan.duplicates)
        endings.write(prepared.store.files, prepared.sweep_id, ending)


def _tidied(prepared: Prepared, outcome: Outcome, progress: Progress) -> Outcome:
    """Flush journals, also those that a crash left, and merge small files after a sweep that ran something.

    What goes wrong here is no reason to lose sight of what the sweep measured.
    """
    try:
        Journals(prepared.store, progress).flush()
        if prepared.plan.to_run:
            prepared.store.compact_if_needed()
    except KeyboardInterrupt:
        progress.note("interrupted: small files of the store were not merged; `sweeper compact` can be run later")
        return replace(outcome, stopped_by="interrupt")
    except Exception as error:  # noqa: BLE001 - as above
        progress.note(f"small files of the store were not merged; `sweeper compact` can be run later: {error}")
    return outcome


def _submit_all(
    prepared: Prepared,
    work: Sequence[WorkGroup],
    backend: RunnerBackend,
    info: SweepInfo,
    progress: Progress,
    meanwhile: Meanwhile,
    others: int,
) -> Outcome:
    from sweeper.running.runner import Runner, RunSettings

    s = prepared.config.settings
    settings = RunSettings(_defaults(s), s.max_in_flight, s.max_failures, s.grace_s)
    with Interrupts() as interrupts:
        runner = Runner(backend, prepared.store, RequestBuilder(info), settings, progress, interrupts, meanwhile)
        at_once = _at_once(work, backend, s.max_in_flight)
        progress.expect(likely_seconds(work, at_once))
        return runner.run(_in_order(prepared, work, at_once, others), at_once)


def _in_order(prepared: Prepared, work: Sequence[WorkGroup], at_once: int, others: int) -> list[Planned]:
    """The longest first, or where other sweeps seem to run on the store, from another place than they."""
    return order_beside(work, at_once, others, prepared.sweep_id) if others else order(work, at_once)


def _others(prepared: Prepared) -> int:
    """How many other sweeps seem to run on the store, with which this one may share the work."""
    from sweeper.store.meanwhile import not_ended

    return 0 if prepared.completions is None else len(not_ended(prepared.store.files, prepared.sweep_id))


def _at_once(work: Sequence[WorkGroup], backend: RunnerBackend, max_in_flight: int | None) -> int:
    """How many there is room for, if all ask for the resources of those that are likely to last longest."""
    longest = max(work, key=lambda group: group.seconds)
    room = backend.max_parallel(combine(longest.items[0].combination, Defaults()).resources)
    return min(room, max_in_flight or backend.default_window)


def _defaults(settings: Any) -> Defaults:
    return Defaults(settings.retries, settings.retry_exceptions, settings.timeout_s, settings.max_same_error)


def _sweep_info(prepared: Prepared) -> SweepInfo:
    from sweeper.store import boot_id

    settings = prepared.config.settings
    return SweepInfo(
        sweep_id=prepared.sweep_id,
        name=settings.name,
        store=_location(prepared),
        sweeper_version=__version__,
        revisions=prepared.revisions,
        log_dir=prepared.store.log_dir(prepared.sweep_id),
        boot_id=boot_id(),
        newest_seen=clock.from_microseconds(max((state.ended_us for state in prepared.states.values()), default=0)),
        persist_predictions=settings.persist_predictions,
        outcomes=_outcomes(prepared),
        live=prepared.config.live,
    )


def _outcomes(prepared: Prepared) -> OutcomesRequest | None:
    """Where what became of each datum is written, with the keys of metadata that comparisons need too."""
    asked = prepared.config.settings.outcomes
    if asked is None:
        return None
    parts = prepared.plan.columns.identified.combinations.choices()
    named = [part.spec.get("cluster_by") for part in parts]
    clusters = [key for key in named if isinstance(key, str) and key not in OUTCOME_COLUMNS]
    return OutcomesRequest(_location(prepared), tuple(dict.fromkeys((*asked, *sorted(clusters)))))


def _location(prepared: Prepared) -> StoreLocation:
    """The store under an address that means the same in every process, whatever its working directory."""
    return replace(prepared.config.settings.store, uri=prepared.store.uri)


def _refuse_unschedulable(items: Sequence[Planned], backend: RunnerBackend) -> None:
    cluster = backend.cluster_resources()
    for item in items:
        problem = unschedulable_reason(combine(item.combination, Defaults()).resources, cluster)
        if problem:
            raise ConfigError(
                f"{item.combination.label()} can never be scheduled: {problem}. Lower its `_sweep_.resources`, "
                "or use a cluster that has them (job_backend.address)."
            )
