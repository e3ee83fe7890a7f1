"""The command `accept`: what is asked for on the command line, and what is shown of it."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TextIO

from sweeper.cli.arguments import Arguments
from sweeper.cli.json_documents import named_parts
from sweeper.cli.output import json_text
from sweeper.cli.plan_text import LISTED
from sweeper.cli.tables.cells import Cell, shown
from sweeper.cli.tables.fit import fitted
from sweeper.cli.tables.grid import Align, Column, Grid
from sweeper.cli.tables.prose import broken
from sweeper.cli.tables.screen import Screen, screen_of
from sweeper.errors import ConfigError

if TYPE_CHECKING:
    from sweeper.config import SweepConfig
    from sweeper.planning.acceptable import Acceptable
    from sweeper.revision.acceptance import AcceptanceHeader
    from sweeper.running.accepting import ToAccept
    from sweeper.store import Store

_FINGERPRINT = 12
"""So many characters of a fingerprint are shown."""
_TIME = "%Y-%m-%d %H:%M"


def accept(args: Arguments, config: SweepConfig, store: Store, out: TextIO) -> int:
    """Accept what a config selects, or with --dry-run show what there is to accept; returns the exit status.

    Raises
    ------
    ConfigError
        No reason is given, or it is not known what may have changed.
    """
    from sweeper.running import accepting

    dry = args.has("--dry-run")
    kinds = accepting.kinds_of(config.settings, args.value("--changed"))
    reason = "" if dry else accepting.checked_reason(args.value("--reason"))
    found = accepting.look(config, store, kinds)
    header = None if dry else accepting.accept(found, reason)
    if args.has("--json"):
        out.write(json_text(_document(found, header)))
    else:
        listed = sys.maxsize if args.has("--all-combinations") else LISTED
        screen = screen_of(out, None)
        lines = [_head(found, dry), *_combinations(found.found, listed), *(f"note: {note}" for note in found.notes)]
        out.write("".join(f"{part}\n" for line in lines for part in broken(shown(line), screen.width, 8)))
    return 0


def _head(found: ToAccept, dry: bool) -> str:
    count, review = len(found.found), found.review
    if not count:
        kinds = " or ".join(found.kinds)
        left = f"{review.combinations} combinations have {review.completed} results, none of which has changed {kinds}"
        return f"nothing to accept: {left}"
    word = f"would accept {count}" if dry else f"accepted {count}"
    return f"{word} of {review.completed} results:"


def _combinations(found: Sequence[Acceptable], listed: int) -> Iterator[str]:
    """Each of a few, the counts of many by what changed."""
    if len(found) > listed:
        yield from (f"{n:>6} {words}" for words, n in Counter(one.words for one in found).most_common())
        return
    for one in found:
        yield f"  {one.fingerprint[:_FINGERPRINT]}  {one.combination.label()}  ({one.words})"


def _document(found: ToAccept, header: AcceptanceHeader | None) -> dict[str, object]:
    return {
        "accepted": 0,
        "found": len(found.found),
        "results": found.review.completed,
        **({} if header is None else _about(header)),
        "notes": list(found.notes),
        "combinations": [_combination(one) for one in found.found],
    }


def _combination(one: Acceptable) -> dict[str, object]:
    said = {"changed": list(one.changed), "reason": one.words, "suspect": one.suspect}
    return {**named_parts(one.fingerprint, one.combination), **said}


def _about(header: AcceptanceHeader) -> dict[str, object]:
    return {
        "acceptance_id": header.acceptance_id,
        "accepted_at": header.accepted_at.isoformat(),
        "accepted_by": header.accepted_by,
        "host": header.host,
        "reason": header.reason,
        "changed": list(header.changed),
        "accepted": header.combinations,
    }


def listed(args: Arguments, store: Store, out: TextIO) -> int:
    """List what was accepted before, the newest first; returns the exit status.

    Raises
    ------
    ConfigError
        A reason is given, as if something were to be accepted.
    """
    from sweeper.store import accepted_files

    if args.has("--reason"):
        raise ConfigError("accept --list accepts nothing and takes no --reason. Leave out one of them.")
    headers = accepted_files.headers(store.files)[::-1]
    if args.has("--json"):
        out.write(json_text([_about(header) for header in headers]))
    else:
        out.write(_table(headers, screen_of(out, None)) if headers else "nothing was accepted in this store\n")
    return 0


def _table(headers: Sequence[AcceptanceHeader], screen: Screen) -> str:
    columns = {
        "accepted (UTC)": [f"{one.accepted_at:{_TIME}}" for one in headers],
        "by": [f"{one.accepted_by}@{one.host}" for one in headers],
        "changed": [", ".join(one.changed) for one in headers],
        "results": [str(one.combinations) for one in headers],
        "reason": [one.reason for one in headers],
    }
    made = (
        Column(head, tuple(Cell(shown(text)) for text in texts), Align.NUMBER if head == "results" else Align.LEFT)
        for head, texts in columns.items()
    )
    return f"{screen.text(fitted(Grid(tuple(made)), screen.width))}\n"
