"""`Revisions` gives what is recorded with a result, and `Comparison` tells what has changed since."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cached_property

from sweeper.common import small_json
from sweeper.common.small_json import Damaged
from sweeper.revision import code, libraries
from sweeper.revision.acceptance import KINDS, Acceptance, RevisionTexts, in_words, only
from sweeper.revision.changes import NO_CHANGES, Changes, RecordedRevisions
from sweeper.revision.code import CodeRevisions, Listing, Sources
from sweeper.revision.data import DataRevisions
from sweeper.revision.libraries import LibraryRevisions
from sweeper.vocabulary import Choice, Combination

_CHANGED_DATA = (
    "{} completed results were measured on files that have changed since, and are never marked as best; "
    "'rerun_triggers=[config,data]' runs them again"
)


class Revisions:
    """What is recorded with each combination of one sweep; each choice, path and module is looked at once."""

    def __init__(self) -> None:
        self.data = DataRevisions()

    @cached_property
    def code(self) -> CodeRevisions:
        """Revisions of the user's own modules."""
        return CodeRevisions(self._sources)

    @cached_property
    def libraries(self) -> LibraryRevisions:
        """Revisions of installed distributions."""
        return LibraryRevisions(self._sources)

    @cached_property
    def _sources(self) -> Sources:
        return Sources()

    def predictions(self, combination: Combination) -> tuple[str, ...]:
        """What predictions depend on beyond specs: the same for copies of the data, and for every metric."""
        without = combination._replace(metrics=())
        return self.data.content(without.choices), self.code.text(without), self.libraries.text(without)

    def texts(self, combination: Combination, kinds: Collection[str]) -> RevisionTexts:
        """What is recorded with a combination, as far as it is of these kinds."""
        known = {f"{kind}_revision": getattr(self, kind).text(combination) for kind in kinds}
        return RevisionTexts(**known, working_folder=self.data.here if "data" in kinds else None)

    def look_ahead(self, combinations: Iterable[Combination]) -> dict[str, bytes]:
        """Work out what will be recorded; returns the files by which a later plan can name what changed."""
        for combination in combinations:
            self.data.text(combination)
            self.libraries.text(combination)
            self.code.text(combination)
        return self.listings()

    def listings(self) -> dict[str, bytes]:
        """What the code revisions that were worked out stand for, as files to keep."""
        return {
            listing_path(digest): _listing_file(listing) for digest, listing in self.code.listings.items() if digest
        }


def listing_path(digest: str) -> str:
    """Where the store keeps the files that a digest of a code revision stands for."""
    return f"code/{digest}.json"


def _listing_file(listing: Listing) -> bytes:
    return json.dumps(listing, indent=0, sort_keys=True).encode()


class Comparison:
    """Compares what would run now with what is stored, as far as somebody wants to know.

    Parameters
    ----------
    triggers
        Kinds of change that make a result stale: code and libraries are looked at only where they are named.
    choices
        Every choice that may take part: where none of them names a file, no combination is looked at.
    read
        Reads a file of the store.
    """

    def __init__(
        self,
        revisions: Revisions,
        triggers: Sequence[str],
        choices: Iterable[Choice],
        read: Callable[[str], bytes | None] = lambda _: None,
    ) -> None:
        self._revisions, self._triggers, self._read = revisions, frozenset(triggers), read
        self._reads_all = bool(self._triggers & {"code", "libraries"})
        self._names_files = any(map(revisions.data.paths, choices))
        self._unknown: Counter[str] = Counter()
        self._changed = 0
        self._listings: dict[str, Listing | None] = {}

    def needs_details(self, pairs: Iterable[tuple[Combination, str]]) -> bool | list[str]:
        """Whose recorded revisions are asked for: of all, or the fingerprints of those that name files."""
        naming = self._revisions.data.naming
        if self._reads_all:
            return True
        return [key for combination, key in pairs if naming(combination)] if self._names_files else []

    @property
    def notes(self) -> list[str]:
        """What could not be compared, and what is shown without being run again."""
        return [*self.unknown, *([_CHANGED_DATA.format(self._changed)] if self._changed else [])]

    @property
    def unknown(self) -> list[str]:
        """What could not be compared."""
        return [
            f"{count} completed results have no {kind} revision that can be compared, stored as they were by an older "
            "version of sweeper: they count as current"
            for kind, count in sorted(self._unknown.items())
        ]

    @property
    def finder(self) -> Callable[[Combination, RecordedRevisions], Changes] | None:
        """`changes`, or `None` where it finds nothing for any combination."""
        return self.changes if self._names_files or self._reads_all else None

    def changes(self, combination: Combination, state: RecordedRevisions) -> Changes:
        """What differs from what a completed attempt recorded, and was not accepted as it is now."""
        if not self._names_files and not self._reads_all:
            return NO_CHANGES
        found = self._differences(combination, state)
        if state.accepted:
            found = self._without_accepted(found, combination, state)
        self._changed += found.data is not None and not found.is_moved and "data" not in self._triggers
        return found

    def _differences(self, combination: Combination, state: RecordedRevisions) -> Changes:
        data = self._revisions.data
        said = data.changed(combination, state.data_revision, state.working_folder)
        is_moved = said is not None and data.is_moved(state.working_folder)
        if not self._reads_all:
            return NO_CHANGES if said is None else Changes(said, is_moved)
        return Changes(
            said,
            is_moved,
            self._code(combination, state.code_revision) if "code" in self._triggers else None,
            self._libraries(combination, state.libraries_revision) if "libraries" in self._triggers else None,
        )

    def _without_accepted(self, found: Changes, combination: Combination, state: RecordedRevisions) -> Changes:
        differing = [kind for kind in KINDS if getattr(found, kind) is not None]
        accepted = {kind: one for kind in differing if (one := self._acceptance(kind, combination, state))}
        if not accepted:
            return found
        left = Changes(**{kind: getattr(found, kind) for kind in KINDS if kind not in accepted})
        return left._replace(
            is_moved=found.is_moved and left.data is not None, accepted=in_words(list(accepted.values()))
        )

    def _acceptance(self, kind: str, combination: Combination, state: RecordedRevisions) -> Acceptance | None:
        """The newest acceptance of what a result was measured with, in the place of what there is now."""
        about = (one for one in reversed(state.accepted) if one.is_about(kind, state))
        return next((one for one in about if self._is_now(kind, combination, one.now)), None)

    def _is_now(self, kind: str, combination: Combination, accepted: RevisionTexts) -> bool:
        if kind == "data":
            return self._revisions.data.is_present(combination, accepted.data_revision)
        return self._revisions.texts(combination, (kind,)) == only((kind,), accepted)

    def _code(self, combination: Combination, recorded: str | None) -> str | None:
        if recorded is None or not recorded.startswith(code.SCHEME):
            self._unknown["code"] += 1
            return None
        now = self._revisions.code.text(combination)
        if now == recorded:
            return None
        before = [self._listing(digest) for digest in code.digests_of(recorded)]
        current = [self._revisions.code.listings[digest] for digest in code.digests_of(now)]
        known = [listing for listing in before if listing is not None]
        return code.differing(_all(known), _all(current)) if len(known) == len(before) else ""

    def _listing(self, digest: str) -> Listing | None:
        if digest not in self._listings:
            text = self._read(listing_path(digest))
            listing = small_json.parsed(text or b"", small_json.texts_of(digest))
            self._listings[digest] = None if isinstance(listing, Damaged) else listing
        return self._listings[digest]

    def _libraries(self, combination: Combination, recorded: str | None) -> str | None:
        if recorded is None or not recorded.startswith(libraries.SCHEME):
            self._unknown["libraries"] += 1
            return None
        now = self._revisions.libraries.text(combination)
        return None if now == recorded else libraries.differing(recorded, now)


def _all(listings: Iterable[Listing]) -> Listing:
    found: dict[str, str] = {}
    for listing in listings:
        found |= listing
    return found
