"""Results that older versions stored under the same words, with the numbers in them converted. Pure.

They stay the results of what was stored and are never reused for what is asked now; the plan says how to ask for them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from sweeper.planning.decisions import State
from sweeper.planning.fingerprint import fingerprint
from sweeper.planning.grid import Part
from sweeper.vocabulary import Choice, Combination

Identified = Sequence[tuple[Combination, str]]


def legacy_fingerprints(pairs: Identified, parts: Mapping[str, Iterable[Part]]) -> dict[str, str]:
    """Fingerprints with those that older versions gave the same words, where those are others.

    Of what the sweep asks for itself none is named, and nothing is computed where no choice has a twin.
    """
    if not any(c.former for on_axis in parts.values() for part in on_axis for c in part.variants.values()):
        return {}
    asked = {key for _, key in pairs}
    twins = {key: fingerprint(_before(c)) for c, key in pairs if any(part.former for part in c.choices)}
    return {key: twin for key, twin in twins.items() if twin not in asked}


def legacy_notes(pairs: Identified, twins: Mapping[str, str], states: Mapping[str, State]) -> tuple[str, ...]:
    """What to say of the twins that have a result where the combination itself has none, each once."""
    notes: dict[str, None] = {}
    for combination, key in pairs if twins else ():
        if key in twins and _has_result(states.get(twins[key])) and not _has_result(states.get(key)):
            notes |= dict.fromkeys(note for part in combination.choices if part.former for note in part.former.notes)
    return tuple(notes)


def _has_result(state: State | None) -> bool:
    return state is not None and state.completed


def _before(combination: Combination) -> Combination:
    capability, *axes = combination
    datasets, models, metrics = (tuple(map(_older, choices)) for choices in axes)
    return Combination(_older(capability), datasets, models, metrics)


def _older(choice: Choice) -> Choice:
    return choice.former.choice if choice.former else choice
