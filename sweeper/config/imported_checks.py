"""What importing the targets of a sweep tells of their arguments: `sweeper plan --check`.

The targets are imported in a process of its own, so that this one stays light. A choice that was found sound is not
imported again until a file changes: see `sweeper.config.sound_choices`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sweeper.config.choice_problems import built_specs
from sweeper.config.early_checks import is_live, key_of, refuse
from sweeper.config.problem import Problem
from sweeper.config.signatures.arguments import wrong_arguments
from sweeper.config.signatures.wire import from_json
from sweeper.config.sound_choices import SoundChoices
from sweeper.vocabulary import Choice

LIMIT_S = 600.0
"""Importing all targets may take so long."""
Answers = Mapping[str, Mapping[str, Any]]
"""By target, what the child process said."""


def check_imported(choices: Iterable[Choice]) -> int:
    """Import the targets of choices in a child process, and refuse arguments that they do not take.

    Returns
    -------
    int
        How many targets were imported; those of choices that were found sound before are not.

    Raises
    ------
    ConfigError
        A target cannot be imported, or an argument is unknown, missing or mistyped; all of it in one error.
    """
    sound = SoundChoices("imported")
    new = [choice for choice in choices if not is_live(choice) and not sound.has(key_of(choice))]
    targets = list(dict.fromkeys(one.target for choice in new for one in built_specs(choice)))
    answers = _answers(targets) if targets else {}
    problems: list[Problem] = []
    for choice in new:
        found = [*_problems(choice, answers)]
        if not found:
            sound.add(key_of(choice), [file for one in built_specs(choice) for file in answers[one.target]["files"]])
        problems += found
    sound.keep()
    refuse(problems)
    return len(targets)


def _problems(choice: Choice, answers: Answers) -> Iterator[Problem]:
    for one in built_specs(choice):
        answer = answers[one.target]
        if "error" in answer:
            yield Problem(f"{one.where}: _target_ {one.target!r} cannot be imported: {answer['error']}")
        elif answer["signature"] is not None:
            yield from map(Problem, wrong_arguments(one.where, one.spec, from_json(answer["signature"])))


def _answers(targets: Sequence[str]) -> Answers:
    command = [sys.executable, "-m", "sweeper.config.signatures.child"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    try:
        done = subprocess.run(
            command, input=json.dumps(targets), env=environment, capture_output=True, text=True, timeout=LIMIT_S
        )
        said, ending = done.stdout, f"the process that imported it ended with {done.returncode}. {done.stderr[-500:]}"
    except subprocess.TimeoutExpired as error:
        said = error.stdout.decode() if isinstance(error.stdout, bytes) else error.stdout or ""
        ending = f"importing took longer than {LIMIT_S:g} s."
    return _read(targets, said, ending.strip())


def _read(targets: Sequence[str], said: str, ending: str) -> Answers:
    """What the lines of a child say; what it did not get to ends as the one does that it died of."""
    lines = [json.loads(line) for line in said.splitlines() if line.endswith("}")]
    answers: dict[str, Mapping[str, Any]] = {line["target"]: line for line in lines if "target" in line}
    begun = next((line["begins"] for line in reversed(lines) if "begins" in line), targets[0])
    for target in targets:
        blamed = "" if target == begun else f"{begun!r} had to be imported first: "
        answers.setdefault(target, {"error": f"{blamed}{ending}"})
    return answers
