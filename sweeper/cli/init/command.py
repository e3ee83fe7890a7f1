"""`sweeper init`: looks at what is there, writes the files, and says what is to be done next."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from sweeper.cli.arguments import Arguments
from sweeper.cli.init.choice_file import value_text
from sweeper.cli.init.data_recognition import dataset_draft
from sweeper.cli.init.drafts import Draft
from sweeper.cli.init.fitting import fitted
from sweeper.cli.init.own_parts import own_parts
from sweeper.cli.init.project import COMMAND, CONFIGS, choice_name, project_files
from sweeper.cli.init.recognition import model_draft
from sweeper.cli.init.writing import write_files
from sweeper.errors import ConfigError


@dataclass(frozen=True)
class Written:
    """What init has done: the drafts that it made, the files that it wrote, and the command that runs them."""

    drafts: tuple[Draft, ...]
    files: tuple[Path, ...]
    command: str


def init(args: Arguments, out: TextIO) -> int:
    """Write a project; without a model and data the example of own parts."""
    folder = Path(args.operands[0] if args.operands else ".")
    model, data = args.value("--model"), args.value("--data")
    if (model is None) != (data is None):
        raise ConfigError("init takes --model and --data together, or neither of them for an example of own parts.")
    drafts = _drafts(folder, Path(model), Path(data)) if model is not None and data is not None else ()
    files = project_files(*drafts) if drafts else own_parts()
    paths = write_files(folder, files, force=args.has("--force"))
    command = COMMAND if folder == Path() else f"cd {shlex.quote(str(folder))} && {COMMAND}"
    written = Written(drafts, tuple(paths), command)
    if args.has("--json"):
        out.write(json.dumps(_document(written), indent=2, ensure_ascii=False) + "\n")
    else:
        out.write("\n".join(_lines(written)) + "\n")
    return 0


def _drafts(folder: Path, model: Path, data: Path) -> tuple[Draft, Draft]:
    from sweeper.config.hydra_session import shipped_folder

    def name(path: Path, axis: str) -> str:
        shipped = {file.stem for file in (shipped_folder() / axis).glob("*.yaml")}
        return choice_name(path if path.name else path.resolve(), shipped)

    of_model = model_draft(model.expanduser(), folder, name(model, "model"))
    of_data = dataset_draft(data.expanduser(), folder, name(data, "dataset"))
    if of_model.task != of_data.task:
        raise ConfigError(
            f"{model} is for {_words(of_model)} ({of_model.target}), and {data} is for {_words(of_data)} "
            f"({of_data.target}); a model runs on data of its own task."
        )
    return of_model, fitted(of_data, of_model)


def _words(draft: Draft) -> str:
    return draft.task.replace("_", " ")


def _lines(written: Written) -> Iterator[str]:
    for draft in written.drafts:
        yield f"{draft.axis} {draft.name}: {draft.what}"
        yield from (f"  taken from the files: {line}" for line in draft.taken)
        yield from (f"  set: {one.name}: {value_text(one.value)} ({one.comment})" for one in draft.explained)
        yield from (f"  to be filled in: {one.name}  # {one.comment}" for one in draft.missing)
    yield from (f"wrote {path}" for path in written.files)
    yield _next(written)


def _next(written: Written) -> str:
    if not _missing(written.drafts):
        return f"run it: {written.command}"
    return f"fill in what is ??? in {CONFIGS}, or give it as an override, then run it: {written.command}"


def _missing(drafts: Sequence[Draft]) -> list[str]:
    return [f"{draft.axis}.{draft.name}.{argument.name}" for draft in drafts for argument in draft.missing]


def _document(written: Written) -> dict[str, object]:
    choices = [
        {
            "axis": draft.axis,
            "name": draft.name,
            "target": draft.target,
            "task": draft.task,
            "arguments": {argument.name: argument.value for argument in draft.arguments},
            "taken": list(draft.taken),
        }
        for draft in written.drafts
    ]
    files = [str(path) for path in written.files]
    return {"choices": choices, "missing": _missing(written.drafts), "files": files, "command": written.command}
