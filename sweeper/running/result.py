"""What a sweep did, and a view on what it measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sweeper.common.columns import Column
from sweeper.common.html_text import paragraph
from sweeper.messages.causes import by_cause
from sweeper.messages.outcome import NOT_MET, Failure, Gap, Outcome
from sweeper.messages.requirements import Requirement
from sweeper.planning import gaps
from sweeper.planning.combinations import PlannedItems, Slot
from sweeper.planning.decisions import Plan
from sweeper.planning.excerpt import excerpt
from sweeper.records import OVERALL
from sweeper.revision.data_caveats import caveats_of_combinations
from sweeper.running.result_html import boards_html, causes_html, counts_line, verdicts_html

if TYPE_CHECKING:
    import pandas

    from sweeper.comparison.judged import JudgedModel
    from sweeper.report.leaderboard import Leaderboard
    from sweeper.store import AttemptState, Store, Table
    from sweeper.store.printed import Printed


@dataclass(frozen=True)
class SweepResult:
    """What a sweep did, and a view on what it measured."""

    sweep_id: str
    plan: Plan
    outcome: Outcome
    store: Store
    states: Mapping[str, AttemptState] = field(default_factory=dict[str, "AttemptState"], repr=False)
    """What the store knew of the plan's combinations before the sweep."""
    requirements: tuple[Requirement, ...] = ()
    enforce: bool = False
    aggregate: tuple[str, ...] = ()
    """Swept keys that only repeat a run: leaderboards have the mean in the place of the runs."""

    def __repr__(self) -> str:
        return f"<SweepResult {self.sweep_id}: {self._line}; in {self.store.uri}>"

    def _repr_html_(self) -> str:
        part = self.excerpt()
        shown = (verdicts_html(self.verdicts), boards_html(part.leaderboards), causes_html(by_cause(self.failures)))
        return "".join((paragraph(f"Sweep {self.sweep_id}: {self._line}\nResults: {self.store.uri}"), *shown))

    @property
    def _line(self) -> str:
        return counts_line(self.counts, self.plan.skipped)

    @property
    def counts(self) -> Mapping[str, int]:
        return self.outcome.counts

    @property
    def failures(self) -> tuple[Failure, ...]:
        return self.outcome.failures

    @property
    def printed(self) -> list[Printed]:
        """What its runs printed, and the inferences that they read, as far as something was; read anew each time."""
        from sweeper.store.printed import printed_in

        return printed_in(self.store, self.sweep_id)

    @property
    def exit_status(self) -> int:
        """How it ended; where all is complete and requirements are enforced, 4 if a model does not meet one."""
        if self.outcome.exit_status or not self.enforce:
            return self.outcome.exit_status
        return NOT_MET if any(one.outcome == "not met" for one in self.verdicts) else 0

    @cached_property
    def table(self) -> Table:
        """One flat row per measured value of every combination of the plan, skipped ones included, in its order.

        Names are those of the plan, also where an earlier sweep measured a combination under others.
        """
        return self.store.results_of(self._named, self._changed)

    @cached_property
    def leaderboards(self) -> list[Leaderboard]:
        """The values as tables to compare by, with what cannot be told apart from the best of each column."""
        from sweeper.comparison.by_datum import DataReader  # not before it is needed: so is what these import
        from sweeper.report.marks import made
        from sweeper.store.compute import pc

        # No table shows other values, and there may be thousands by class and slice for each that sums a run up.
        rows = self.table.filter(pc.equal(self.table["scope"], OVERALL)).to_pylist()
        return made(rows, self.gaps, self.plan.same, self.aggregate, DataReader(self.store))

    @cached_property
    def verdicts(self) -> tuple[JudgedModel, ...]:
        """The verdict of each requirement on each model that it is for."""
        if not self.requirements:
            return ()
        from sweeper.comparison.by_datum import DataReader  # likewise
        from sweeper.comparison.coverage import needed
        from sweeper.comparison.earlier import earlier_values
        from sweeper.comparison.judging import by_names, judge

        part = self._part(self.plan.columns.where(needed(self.requirements, self._slots)))
        earlier = earlier_values(self.store, self.requirements, self.sweep_id)
        ends = {(gap.capability, gap.dataset, gap.model, gap.metric): gap.status for gap in part.gaps}
        return judge(self.requirements, part._slots, by_names(part.rows), DataReader(self.store), earlier, ends)

    @cached_property
    def _changed(self) -> dict[str, str]:
        """What is to be said against values whose files are no longer what they were, by fingerprint."""
        planned, choices = self.plan.columns.identified, self.plan.columns.identified.combinations.choices()
        return caveats_of_combinations(planned, choices, lambda keys: self.store.attempt_states(keys, details=True))

    @cached_property
    def gaps(self) -> list[Gap]:
        """Combinations of the plan without a value that were attempted: failed, timed out, lost, or without records."""
        without = gaps.unmeasured(self.plan.columns, set(self.table["fingerprint"].to_pylist()))
        return gaps.gaps(without, self.store.attempt_states({item.fingerprint for item in without}))

    @cached_property
    def earlier_failures(self) -> tuple[Failure, ...]:
        """Of combinations that were skipped, those whose newest attempt had failed or timed out, and why."""
        failing = gaps.failing_before(self.plan.columns, self.states)
        rows = self.store.newest_failures({item.fingerprint for item in failing}) if failing else {}
        return gaps.earlier(failing, rows)

    @cached_property
    def shared_ids(self) -> list[tuple[str, str, list[str]]]:
        """Axis, id and names of choices with different specs whose objects call themselves by one `metadata["id"]`.

        Payload tables carry these ids, so by them alone such choices cannot be told apart; fingerprints can.
        """
        choices = self.plan.columns.identified.combinations.choices()
        digests = {(part.axis, part.name): part.digest for part in choices}
        called: dict[tuple[str, str], set[str]] = {}
        for axis, name, entity in self.store.entities(self._named):
            called.setdefault((axis, entity), set()).add(name)
        alike = {key: sorted(names) for key, names in called.items()}
        return [(*key, names) for key, names in alike.items() if len({digests.get((key[0], n)) for n in names}) > 1]

    def excerpt(self) -> SweepResult:
        """The same sweep with the part of its plan whose values fit on a terminal; itself where all of them do.

        What is asked of it is read for that part alone: values, and combinations without one.
        """
        return self._part(excerpt(self.plan.columns))

    def _part(self, items: PlannedItems) -> SweepResult:
        """The same sweep with a part of its plan."""
        return self if items is self.plan.columns else replace(self, plan=replace(self.plan, items=items))

    @property
    def _slots(self) -> tuple[Column[Slot], ...]:
        return self.plan.columns.identified.combinations.axes

    @property
    def _named(self) -> list[tuple[str, ...]]:
        planned = self.plan.columns.identified
        return [(key, *names) for key, names in zip(planned.fingerprints, planned.combinations.names(), strict=True)]

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """`table` as dictionaries."""
        return self.table.to_pylist()

    def to_pandas(self) -> pandas.DataFrame:
        """`table` as a data frame."""
        return self.table.to_pandas()
