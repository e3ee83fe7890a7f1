"""What is certainly wrong with a choice, read from source without running a package."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sweeper.checkmaite import check_config
from sweeper.common import source
from sweeper.common.nested import mappings_in
from sweeper.config.own_modules import OwnModules
from sweeper.config.problem import Problem
from sweeper.config.signatures.arguments import wrong_arguments
from sweeper.config.signatures.reading import signature_of
from sweeper.config.signatures.signature import Signature
from sweeper.config.targets import forget_files, problem_of
from sweeper.errors import ConfigError
from sweeper.vocabulary import Choice


@dataclass(frozen=True)
class Found:
    """What was found out of a choice."""

    problems: tuple[Problem, ...]
    files: frozenset[str]
    """The source files that were read for it."""


@dataclass(frozen=True)
class BuiltSpec:
    """A mapping with a `_target_`, at any depth of a choice."""

    where: str
    """How an override addresses it: `model.svm.estimator`."""
    spec: Mapping[str, Any]

    @property
    def target(self) -> str:
        """Its dotted path."""
        return str(self.spec["_target_"])


class ChoiceChecks:
    """Looks at choices, at each target once.

    Parameters
    ----------
    elsewhere
        Whether the jobs run where other packages may be than here.
    """

    def __init__(self, elsewhere: bool) -> None:
        forget_files()
        self._elsewhere = elsewhere
        self._signatures: dict[str, tuple[Signature | None, frozenset[str]]] = {}

    def problems(self, choice: Choice) -> Found:
        """All that is wrong with a choice; arguments are looked at where its targets are there."""
        where = f"{choice.axis}.{choice.base}"
        targets = list(dict.fromkeys(_targets(choice.spec)))
        found = [problem for target in targets for problem in self._of_target(where, target)]
        files = {file for target in targets for file in self._files(target)}
        if not found:
            found = [*self._of_arguments(choice), *_of_config(choice)]
            files |= {file for target in targets for file in self._signature(target)[1]}
        return Found(tuple(found), frozenset(files))

    def _of_target(self, where: str, target: str) -> Iterator[Problem]:
        problem = problem_of(target)
        if problem is not None:
            yield Problem(f"{where}: _target_ {target!r} cannot be imported: {problem[1]}", problem[0])
        elif (broken := self._own.problem_of(target)) is not None:
            yield Problem(f"{where}: _target_ {target!r} cannot be imported: {broken}")

    @cached_property
    def _own(self) -> OwnModules:
        return OwnModules(elsewhere=self._elsewhere)

    def _of_arguments(self, choice: Choice) -> Iterator[Problem]:
        for one in built_specs(choice):
            signature, _ = self._signature(one.target)
            if signature is not None:
                yield from map(Problem, wrong_arguments(one.where, one.spec, signature))

    def _signature(self, target: str) -> tuple[Signature | None, frozenset[str]]:
        if target not in self._signatures:
            source.take_noted()
            signature = signature_of(target)
            self._signatures[target] = signature, frozenset(source.take_noted())
        return self._signatures[target]

    def _files(self, target: str) -> Iterator[str]:
        """The modules that a target is found in, and those of the user's that it runs."""
        home = target.rpartition(".")[0].split(".")
        prefixes = (".".join(home[:end]) for end in range(1, len(home) + 1))
        yield from (str(file) for prefix in prefixes if (file := source.file_of(prefix)) is not None)
        yield from self._own.files(target)


def _of_config(choice: Choice) -> Iterator[Problem]:
    try:
        check_config(choice)
    except ConfigError as error:
        yield Problem(str(error))


def _targets(value: object) -> Iterator[str]:
    yield from (mapping["_target_"] for mapping in mappings_in(value) if isinstance(mapping.get("_target_"), str))


def built_specs(choice: Choice) -> Iterator[BuiltSpec]:
    """Each spec of a choice that is certain to be built with the arguments that it has there."""
    where = f"{choice.axis}.{choice.base}"
    own = {key: value for key, value in choice.spec.items() if key != "config" or choice.axis != "capability"}
    yield from _built(where, own)
    config = choice.spec.get("config") if choice.axis == "capability" else None
    if isinstance(config, Mapping) and "_target_" in config:
        yield from _built(f"{where}.config", config)


def _built(where: str, value: object) -> Iterator[BuiltSpec]:
    if isinstance(value, Mapping):
        if isinstance(value.get("_target_"), str):
            yield BuiltSpec(where, value)
        if value.get("_recursive_", True):
            for key, item in value.items():
                yield from _built(f"{where}.{key}", item)
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _built(f"{where}[{index}]", item)
