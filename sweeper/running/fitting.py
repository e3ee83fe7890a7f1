"""Whether the models of a sweep take what its datasets give, seen before Ray starts from what their files say."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping

from sweeper.checks.fit import Side, misfits
from sweeper.checks.rules import Rules
from sweeper.common.facts import Facts
from sweeper.config import Settings
from sweeper.config.part_facts import PartFacts, arguments_of
from sweeper.errors import ConfigError, PartError
from sweeper.planning.combinations import Combinations
from sweeper.running.fitting_text import Pair, misfits_text, unreadable_text
from sweeper.vocabulary import Choice, Combination


def check_parts_fit(combinations: Combinations, live: Mapping[str, object], settings: Settings) -> None:
    """Refuse models and datasets that do not fit each other, and files that are missing or broken.

    Each distinct part is asked once, and only a part that can tell something. Where the jobs run on other machines, the
    files may be there and not here: what cannot be read here is then left to the workers.

    Raises
    ------
    ConfigError
        Naming every model and dataset that do not fit, with what each of them has, or every part whose files cannot be
        read; of many, the first ones and their number.
    """
    known = _known_facts(combinations, live, elsewhere=may_run_elsewhere(settings, os.environ))
    if not known:
        return
    wrong = [pair for pair in _pairs(combinations, known) if pair.misfits]
    if wrong:
        raise ConfigError(misfits_text(wrong))


def may_run_elsewhere(settings: Settings, environment: Mapping[str, str]) -> bool:
    """Whether the jobs may run where other files are than here: in a Ray that is not started for this sweep."""
    backend = settings.job_backend
    place = backend.address or environment.get("RAY_ADDRESS") or "local"
    return backend.kind != "inline" and place != "local"


def may_have_other_packages(settings: Settings, environment: Mapping[str, str]) -> bool:
    """Whether a worker may have packages or modules that are not here: on other machines, or by its `runtime_env`."""
    return bool(settings.job_backend.runtime_env) or may_run_elsewhere(settings, environment)


def _known_facts(combinations: Combinations, live: Mapping[str, object], *, elsewhere: bool) -> dict[Choice, Facts]:
    """The facts of each dataset and model that has some."""
    asked = PartFacts(live)
    known: dict[Choice, Facts] = {}
    unreadable: list[tuple[Choice, str]] = []
    for choice in _datasets_and_models(combinations):
        try:
            facts = asked.of(choice.spec, choice.digest)
        except ConfigError as error:
            raise ConfigError(f"{choice.axis}.{choice.base}: {error}") from error
        except Exception as error:  # noqa: BLE001 - a broken file may make any library raise anything
            said = str(error) if isinstance(error, PartError) else f"{type(error).__name__}: {error}"
            unreadable.append((choice, said))
            continue
        if facts is not None:
            known[choice] = facts
    if unreadable and not elsewhere:
        raise ConfigError(unreadable_text(unreadable))
    return known


def _datasets_and_models(combinations: Combinations) -> list[Choice]:
    return [choice for choice in combinations.choices() if choice.axis in ("dataset", "model")]


def _pairs(combinations: Combinations, known: Mapping[Choice, Facts]) -> Iterator[Pair]:
    """Each model and dataset that meet in a combination, once for each set of rules, where both are known."""
    from sweeper.running.request_builder import rules_of  # a plan of parts without facts does not need it

    seen: set[tuple[Choice, Choice, Rules]] = set()
    for combination in _distinct(combinations):
        rules = rules_of(combination)
        for model, dataset in _meeting(combination, known):
            if (model, dataset, rules) not in seen:
                seen.add((model, dataset, rules))
                found = misfits(Side(model.name, known[model]), Side(dataset.name, known[dataset]), rules)
                takes = arguments_of(dataset.spec)
                yield Pair(model, dataset, known[model], known[dataset], tuple(found), takes)


def _meeting(combination: Combination, known: Mapping[Choice, Facts]) -> Iterable[tuple[Choice, Choice]]:
    models = [model for model in combination.models if model in known]
    datasets = [dataset for dataset in combination.datasets if dataset in known]
    return ((model, dataset) for model in models for dataset in datasets)


def _distinct(combinations: Combinations) -> Iterator[Combination]:
    """One combination for each capability, datasets and models that stand together: metrics change nothing here."""
    capabilities, datasets, models, _ = combinations.axes
    places: dict[tuple[int, int, int], int] = {}
    for place, together in enumerate(zip(capabilities.codes, datasets.codes, models.codes, strict=True)):
        places.setdefault(together, place)
    return map(combinations.item, places.values())
