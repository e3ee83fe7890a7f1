"""Says of stored results that they are still valid, though code, data or libraries have changed since."""

from __future__ import annotations

import getpass
import os
import platform
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from sweeper._version import __version__
from sweeper.common import clock
from sweeper.common.gc_pause import gc_paused
from sweeper.config import Settings, SweepConfig
from sweeper.errors import ConfigError, near_match
from sweeper.planning import decisions
from sweeper.planning.acceptable import Acceptable, Review, review
from sweeper.planning.empty_grid import refuse_empty
from sweeper.planning.grid import expand
from sweeper.revision.acceptance import KINDS, AcceptanceHeader, Accepted, only
from sweeper.revision.revisions import Comparison, Revisions
from sweeper.store import Store, accepted_files
from sweeper.store.parquet import new_name
from sweeper.store.version_defects import DefectLookup

LONGEST_REASON = 500
"""Characters of a reason: it stands in every plan that passes over what was accepted."""


@dataclass(frozen=True)
class ToAccept:
    """What can be accepted, found and not yet written."""

    store: Store
    kinds: tuple[str, ...]
    review: Review
    revisions: Revisions
    unknown: tuple[str, ...]
    """What could not be compared, a sentence each."""

    @property
    def found(self) -> tuple[Acceptable, ...]:
        return self.review.found

    @property
    def notes(self) -> tuple[str, ...]:
        """What to know beside what is accepted, a sentence each."""
        suspects = sum(one.suspect is not None for one in self.found)
        other_data = sum(one.other_data for one in self.found)
        suspect = (
            f"{suspects} of them were measured by an older version of sweeper that may have measured them wrongly: "
            "they stay suspect, are never marked as best, and rerun=missing runs them again"
        )
        data = f"the data of {other_data} of them have changed too, which is not accepted: --changed data accepts that"
        return (*self.unknown, *([suspect] if suspects else []), *([data] if other_data else []))


def kinds_of(settings: Settings, named: str | None) -> tuple[str, ...]:
    """What is to be accepted: the kinds of change that are named, with commas, or else those that make results stale.

    Raises
    ------
    ConfigError
        One is named that is none, or none is named and none makes results stale.
    """
    listed = [] if named is None else [kind.strip() for kind in named.split(",")]
    for kind in listed:
        if kind not in KINDS:
            allowed = ", ".join(KINDS)
            raise ConfigError(f"--changed {named}: {kind!r} is none of {allowed}.{near_match(kind, KINDS)}")
    wanted = set(listed) or {str(trigger) for trigger in settings.rerun_triggers}
    kinds = tuple(kind for kind in KINDS if kind in wanted)
    if not kinds:
        raise ConfigError(
            "accept needs to know what may have changed since: rerun_triggers is [config], and a changed config is "
            "another combination. Add --changed code (or data, libraries), or 'rerun_triggers=[config,code]'."
        )
    return kinds


def checked_reason(text: str | None) -> str:
    """A reason as one line of text.

    Raises
    ------
    ConfigError
        There is none, or it is too long.
    """
    reason = " ".join((text or "").split())
    if not reason:
        raise ConfigError(
            "accept needs a reason, which is stored and shown: sweeper accept --reason 'renamed a variable' "
            "'model=[svm]'. With --dry-run it shows what there is to accept."
        )
    if len(reason) > LONGEST_REASON:
        raise ConfigError(
            f"The reason has {len(reason)} characters; the most is {LONGEST_REASON}. Name a ticket or a commit in it."
        )
    return reason


def look(config: SweepConfig, store: Store, kinds: Sequence[str]) -> ToAccept:
    """Find the results of a config's combinations that were measured with something else. Writes nothing.

    Raises
    ------
    ConfigError
        A rule matches nothing, nothing is left of the grid, or the config resumes a sweep.
    StoreError
        The store cannot be read.
    """
    settings = config.settings
    _refuse_resume(settings)
    with gc_paused():
        expansion = expand(config.grid)
        refuse_empty(config.grid, expansion, allowed=settings.allow_empty)
        pairs = decisions.identify(expansion.combinations, settings.duplicates).pairs
        revisions, choices = Revisions(), pairs.combinations.choices()
        comparison = Comparison(revisions, kinds, choices, store.read_artifact)
        suspicion = DefectLookup(choices)
        details = comparison.needs_details(pairs)
        versions = suspicion.concerned(pairs)
        states = store.attempt_states(pairs.fingerprints, details=details, versions=lambda: versions)
        found = review(pairs, states, kinds, comparison.finder, suspicion.among(states.values()))
    return ToAccept(store, tuple(kinds), found, revisions, tuple(comparison.unknown))


def _refuse_resume(settings: Settings) -> None:
    if settings.resume is not None:
        raise ConfigError(
            f"accept takes combinations from the config, and not from a sweep as resume={settings.resume} does. Leave "
            "resume out, and select with model=, dataset=, only and exclude as for plan."
        )


def accept(found: ToAccept, reason: str) -> AcceptanceHeader | None:
    """Record that what was found counts as made with what there is now; `None` where there is nothing.

    Raises
    ------
    StoreError
        A newer version wrote the store, or it cannot be reached.
    OSError
        The store cannot be written.
    """
    if not found.found:
        return None
    accepted = [_accepted(one, found.revisions) for one in found.found]
    if "code" in found.kinds:
        for path, text in found.revisions.listings().items():
            found.store.write_artifact(path, text)  # so that it can be told later what code was accepted
    header = AcceptanceHeader(
        new_name().removesuffix(".parquet"),
        clock.now(),
        _user(),
        platform.node(),
        reason,
        __version__,
        len(accepted),
        tuple(kind for kind in KINDS if any(kind in one.changed for one in accepted)),
    )
    accepted_files.write(found.store.files, header, accepted)
    return header


def _accepted(one: Acceptable, revisions: Revisions) -> Accepted:
    now = revisions.texts(one.combination, one.changed)
    return Accepted(one.fingerprint, one.combination.names, one.changed, only(one.changed, one.state), now)


def _user() -> str:
    """Who is logged in: what a sweep is told of its user, else the name that the system knows."""
    told = os.environ.get("SWEEPER_PROVENANCE_USER_ID", "")
    with suppress(OSError, KeyError, ImportError):  # there is no such user, as in some containers
        return told or getpass.getuser()
    return f"user {os.getuid()}"
