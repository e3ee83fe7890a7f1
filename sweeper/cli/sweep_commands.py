"""The commands that tell of the sweeps of a store: status, failures."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, TextIO

from sweeper.cli.again import resume_command
from sweeper.cli.arguments import Arguments
from sweeper.cli.command_table import COLOR
from sweeper.cli.output import json_text
from sweeper.cli.render import failures_text
from sweeper.cli.tables.screen import screen_of
from sweeper.cli.tables.wished import Wished
from sweeper.vocabulary import AXES

if TYPE_CHECKING:
    from sweeper.messages.outcome import Failure
    from sweeper.report.sweep_states import SweepState
    from sweeper.store import Store, Table

SHOWN = 20
"""So many sweeps are listed, the newest."""
WATCH_S = 2.0
_ANEW = "\x1b[H\x1b[J"
"""Moves to the upper left and clears what follows."""


def status(args: Arguments, store: Store, out: TextIO) -> int:
    """List the newest sweeps, or show one of them with what it measured so far; with --watch, until none runs.

    As JSON, each time is one line then.
    """
    if args.has("--printed") or args.value("--only"):
        return printed(args, store, out)
    while True:
        states, text = _status(args, store, out)
        if args.has("--watch") and not args.has("--json") and out.isatty():
            out.write(_ANEW)
        out.write(text)
        out.flush()
        if not args.has("--watch") or not any(state.state == "running" for state in states):
            return 0
        time.sleep(WATCH_S)
        store.files.look_anew()


def printed(args: Arguments, store: Store, out: TextIO) -> int:
    """What the runs of a sweep printed; without an id or a name, of the newest."""
    from sweeper.cli.printed_text import printed_text
    from sweeper.comparison.only import is_covered
    from sweeper.report.sweep_states import find_sweep
    from sweeper.store.printed import printed_in

    sweep_id = find_sweep(store, args.operands[0] if args.operands else None)
    only = _names_only(args).items()
    names = [(one, {axis: getattr(one, axis) for axis in AXES}) for one in printed_in(store, sweep_id)]
    found = [one for one, called in names if all(is_covered(glob, called[axis]) for axis, glob in only)]
    shown = json_text([one.to_dict() for one in found]) if args.has("--json") else printed_text(sweep_id, found)
    out.write(shown)
    return 0


def _names_only(args: Arguments) -> Mapping[str, str]:
    """What --only asks for, by axis.

    Raises
    ------
    ConfigError
        It is not of that form, names the key of a value, or stands where nothing is chosen by names.
    """
    from sweeper.comparison.only import parsed_only
    from sweeper.errors import ConfigError

    only = parsed_only(args.value("--only"))
    if not args.has("--printed"):
        raise ConfigError("--only chooses runs for --printed: add --printed, or leave --only out.")
    if args.has("--watch"):
        raise ConfigError("--printed shows what there is now, and --watch the states of sweeps: leave one of them out.")
    if "key" in only:
        raise ConfigError(f"--only key={only['key']}: what runs print has no key. Choose by {', '.join(AXES)}.")
    return only


def _status(args: Arguments, store: Store, out: TextIO) -> tuple[list[SweepState], str]:
    from sweeper.report.sweep_states import failure_attempts, find_sweep, newest_sweeps, sweep_states

    one = find_sweep(store, args.operands[0]) if args.operands else None
    attempts = None if one is None else failure_attempts(store)
    states = sweep_states(store, newest_sweeps(store, SHOWN) if one is None else [one], attempts)
    if args.has("--json"):
        return states, json_text([state.to_dict() for state in states])
    boards = "" if one is None else _boards(args, store, one, attempts, out)
    return states, f"{_listed(args, states, out)}{boards}"


def _listed(args: Arguments, states: Sequence[SweepState], out: TextIO) -> str:
    from sweeper.cli.tables.cells import Cell
    from sweeper.cli.tables.fit import fitted
    from sweeper.cli.tables.grid import Align, Column, Grid

    if not states:
        return "the store has no sweeps yet\n"
    columns: list[tuple[str, Callable[[SweepState], object], Align]] = [
        ("sweep", lambda one: one.sweep_id, Align.LEFT),
        ("state", lambda one: one.state, Align.LEFT),
        ("to run", lambda one: one.to_run, Align.NUMBER),
        ("completed", lambda one: one.completed, Align.NUMBER),
        ("failed", lambda one: one.failed, Align.NUMBER),
        ("left", lambda one: one.left, Align.NUMBER),
        ("began (UTC)", lambda one: f"{one.began:%Y-%m-%d %H:%M}", Align.LEFT),
        ("name", lambda one: one.name, Align.LEFT),
    ]
    grid = Grid(tuple(Column(head, tuple(Cell(str(of(one))) for one in states), align) for head, of, align in columns))
    screen = screen_of(out, args.value(COLOR.name))
    return screen.text(fitted(grid, screen.width)) + "\n"


def _boards(args: Arguments, store: Store, sweep_id: str, attempts: Table | None, out: TextIO) -> str:
    """The tables of what a sweep measured so far, and of what failed in it."""
    from sweeper.cli.value_text import leaderboards
    from sweeper.comparison.by_datum import DataReader
    from sweeper.messages.outcome import Gap
    from sweeper.report.marks import made
    from sweeper.report.sweep_states import failures_of

    rows = store.results_of(store.asked_combinations(sweep_id)).to_pylist()
    measured = {row["fingerprint"] for row in rows}
    failed = [one for one in failures_of(store, sweep_id, attempts) if one.fingerprint not in measured]
    gaps = [Gap(one.fingerprint, *one.names, status=one.status) for one in failed]
    boards = made(rows, gaps, store.same_names([sweep_id]), (), DataReader(store))
    wished = Wished(screen_of(out, args.value(COLOR.name)), whole=True)
    return f"\n{leaderboards(boards, wished)}\n" if boards else ""


def failures(args: Arguments, store: Store, again: Sequence[str], out: TextIO) -> int:
    """What a sweep left failed, by cause; `again` is what the command that resumes it must be told."""
    from sweeper.report.sweep_states import failures_of, find_sweep

    sweep_id = find_sweep(store, args.operands[0] if args.operands else None)
    found = failures_of(store, sweep_id)
    if args.has("--json"):
        out.write(json_text([failure.to_dict() for failure in found]))
    else:
        resume = resume_command(again, sweep_id)
        out.write("\n".join(_failures(found, sweep_id, resume, whole=args.has("--traceback"))) + "\n")
    return 1 if found else 0


def _failures(found: Sequence[Failure], sweep_id: str, resume: str, *, whole: bool) -> list[str]:
    from sweeper.messages.causes import by_cause

    if not found:
        return [f"sweep {sweep_id}: nothing failed that has not completed since"]
    lines = [f"sweep {sweep_id}: {len(found)} did not complete", *failures_text(found, resume)]
    if whole:
        lines += [line for cause in by_cause(found) for line in ("", *cause.first.traceback.rstrip().splitlines())]
    return [*lines, f"run what it left: {resume}"]
