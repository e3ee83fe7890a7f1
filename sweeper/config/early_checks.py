"""What can be seen of the choices of a sweep before Ray starts, without running a package: all of it in one error."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence

from sweeper.config.problem import Problem
from sweeper.config.sound_choices import SoundChoices
from sweeper.errors import ConfigError, MissingExtraError
from sweeper.messages import bounds
from sweeper.messages.allowed_targets import refuse_other_targets
from sweeper.messages.live import LIVE_TARGET
from sweeper.vocabulary import Choice

MOST_SHOWN = 10
"""So many problems are told; of more, their number."""


def check_targets(choices: Iterable[Choice], *, elsewhere: bool = False) -> None:
    """Refuse what is certain to fail: nothing is imported, and what only importing would tell is left to the worker.

    Parameters
    ----------
    elsewhere
        Whether the jobs run where other packages and files may be than here.

    Raises
    ------
    ConfigError
        A target is none of `allowed_targets`; a package, module or name is not there; a module of the user's cannot be
        read as Python, or imports what is not there; an argument is unknown, missing or mistyped; a file that
        `_sweep_.files` lists is not there; a capability's config does not know one of its keys. All problems are in one
        error, each with its choice and the near match.
    """
    built = [choice for choice in choices if not is_live(choice)]
    for choice in built:
        refuse_other_targets(choice.spec, bounds.current().targets, f"{choice.axis}.{choice.base}")
    files = [] if elsewhere else [problem for choice in built for problem in _absent_files(choice)]
    refuse([*_found(built, elsewhere), *files])


def is_live(choice: Choice) -> bool:
    """Whether an object was given in the place of a spec, so that nothing is built."""
    return choice.spec.get("_target_") == LIVE_TARGET


def refuse(problems: Sequence[Problem]) -> None:
    """Raise one error that tells all problems; none where there are none.

    Raises
    ------
    ConfigError
        There are some; `MissingExtraError` where each of them is one.
    """
    texts = list(dict.fromkeys(problem.text for problem in problems))
    if not texts:
        return
    kind = MissingExtraError if all(problem.kind is MissingExtraError for problem in problems) else ConfigError
    if len(texts) == 1:
        raise kind(texts[0])
    shown = "".join(f"\n  - {text}" for text in texts[:MOST_SHOWN])
    more = f"\n  and {len(texts) - MOST_SHOWN} more" if len(texts) > MOST_SHOWN else ""
    raise kind(f"{len(texts)} problems were found before anything ran:{shown}{more}")


def _found(choices: Sequence[Choice], elsewhere: bool) -> list[Problem]:
    """What is wrong with the choices that were not found sound before."""
    sound = SoundChoices("seen-elsewhere" if elsewhere else "seen")
    new = [choice for choice in choices if not sound.has(key_of(choice))]
    if not new:
        return []
    from sweeper.config.choice_problems import ChoiceChecks  # not before it is needed: most plans know all choices

    checks = ChoiceChecks(elsewhere)
    problems: list[Problem] = []
    for choice in new:
        found = checks.problems(choice)
        if not found.problems and choice.digest:
            sound.add(key_of(choice), found.files)
        problems += found.problems
    sound.keep()
    return problems


def key_of(choice: Choice) -> str:
    """What a choice is remembered by."""
    return f"{choice.axis} {choice.digest}"


def _absent_files(choice: Choice) -> Iterator[Problem]:
    for path in choice.runtime.files:
        if not os.path.lexists(os.path.expanduser(path)):
            yield Problem(
                f"{choice.axis}.{choice.base}: there is no file or folder {path!r}, which _sweep_.files lists. "
                "Put it there, or take it out of the list."
            )
