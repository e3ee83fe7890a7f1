"""Imports targets and says what they take: run as a process of its own, `python -m sweeper.config.signatures.child`.

Reads a JSON list of dotted paths, and writes a line of JSON before and after each, so that a process that dies tells
which import it was. What imports print goes to stderr.
"""

from __future__ import annotations

import ast
import inspect
import json
import os
import sys
import traceback
from collections.abc import Iterator
from pydoc import locate
from typing import Any, TextIO

import sweeper
from sweeper.config.signatures.annotations import plain_type
from sweeper.config.signatures.signature import Parameter, Signature
from sweeper.config.signatures.wire import to_json

_INSTALLED = (sys.base_prefix, os.path.dirname(sweeper.__file__))
_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def main() -> None:
    """Answer what stdin asks for."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for target in json.loads(sys.stdin.read()):
        _write({"begins": target}, answers)
        _write({"target": target, **_answer(target)}, answers)


def _write(line: dict[str, Any], answers: TextIO) -> None:
    answers.write(json.dumps(line) + "\n")
    answers.flush()


def _answer(target: str) -> dict[str, Any]:
    try:
        found = locate(target)
    except BaseException as error:  # noqa: BLE001 - importing runs the user's module, which may raise anything
        return {"error": _error_text(getattr(error, "value", None) or error)}
    if found is None:
        return {"error": "there is no such name."}
    signature = real_signature(found, target.rpartition(".")[2])
    return {"signature": None if signature is None else to_json(signature), "files": [*_files(found, target)]}


def real_signature(found: Any, name: str) -> Signature | None:
    """What a class or function takes, as Python knows it; `None` where it does not.

    What a decorator wraps is not looked at: the wrapper may add arguments or take others.
    """
    try:
        parameters = inspect.signature(found, follow_wrapped=False, eval_str=True).parameters.values()
    except Exception:  # noqa: BLE001 - annotations are code, too
        try:
            parameters = inspect.signature(found, follow_wrapped=False).parameters.values()
        except (TypeError, ValueError):  # of some classes written in C nothing is known
            return None
    if any(one.kind is one.POSITIONAL_ONLY for one in parameters):
        return None
    named = (Parameter(one.name, one.default is one.empty, _plain(one)) for one in parameters if one.kind in _NAMED)
    return Signature(name, tuple(named), takes_any=any(one.kind is one.VAR_KEYWORD for one in parameters))


def _plain(parameter: inspect.Parameter) -> Any:
    if parameter.annotation is parameter.empty:
        return None
    text = parameter.annotation
    text = text if isinstance(text, str) else inspect.formatannotation(text)
    try:
        return plain_type(ast.parse(text, mode="eval").body, lambda _: None)
    except (SyntaxError, ValueError):
        return None


def _error_text(error: BaseException) -> str:
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not frame.filename.startswith("<frozen")]
    place = f" ({frames[-1].filename}, line {frames[-1].lineno})" if frames else ""
    return f"{type(error).__name__}: {error}{place}."


def _files(found: Any, target: str) -> Iterator[str]:
    """The files that a target, its class and its bases come from; where it is the user's own, all of the user's own."""
    classes: list[Any] = list(inspect.getmro(found)) if inspect.isclass(found) else [found]
    steps = target.split(".")
    names = {str(getattr(one, "__module__", "")) for one in classes}
    names |= {".".join(steps[:end]) for end in range(1, len(steps))}
    files = {name: str(getattr(module, "__file__", None) or "") for name, module in list(sys.modules.items())}
    is_own = any(_is_own(files.get(name, "")) for name in names)
    yield from (
        os.path.abspath(file) for name, file in files.items() if name in names or (is_own and _is_own(file)) if file
    )


def _is_own(file: str) -> bool:
    return bool(file) and "site-packages" not in file and not file.startswith(_INSTALLED)


if __name__ == "__main__":
    main()
