"""Fifty mistakes of a first hour, each with the message that answers it, as tests/data/mistakes.txt keeps them.

python tests/helpers/mistakes.py    # write the messages anew, to be read before they are committed
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "tests" / "data" / "mistakes.txt"
_LISTS = re.compile(
    r"(?P<head>There are|Subcommands|Its groups are|It knows|The config has|It takes):? (?:[\w/.-]+, ){3,}[\w/-]+"
)
"""Lists of all that there is, which grow with what ships."""


@dataclass(frozen=True)
class Mistake:
    """A command line in a folder with some files, of which one is wrong."""

    words: tuple[str, ...]
    files: Mapping[str, str] = field(default_factory=dict[str, str])


def _typed(*words: str) -> Mistake:
    return Mistake(("plan", *words))


def _config(body: str) -> Mistake:
    """A config of one's own, under a defaults list that begins with the shipped one."""
    text = body if body.startswith("defaults") else f"defaults: [config, _self_]\n{body}"
    return Mistake(("plan", "--config-dir", "conf", "--config-name", "mine"), {"conf/mine.yaml": text})


def _model(text: str, name: str = "model/mine.yaml") -> Mistake:
    return Mistake(("plan", "--config-dir", "conf", "model=[mine]"), {f"conf/{name}": text})


def _query(sql: str, *words: str) -> Mistake:
    return Mistake(("query", sql, *words))


SKLEARN = "sweeper.models.SklearnClassifier"
MISTAKES = (
    # words
    *(Mistake((word,)) for word in ("pln", "help", "—json")),
    _typed("svm"),
    _typed("model"),
    _typed("model:svm"),
    _typed("model/svm"),
    _typed("model", "=", "svm"),
    _typed("rerun=", "missing"),
    _typed("model =svm"),
    _typed("model==svm"),
    _typed("dataset=[digits"),
    _typed("model='svm"),
    _typed("“model=[svm]”"),
    _typed("model=svm\u00a0"),
    _typed("model=［svm，knn］"),
    _typed("––json"),
    _typed("--rerun_only_missing"),
    _typed("--model=svm"),
    # overrides
    _typed("modle=svm"),
    _typed("+modle=svm"),
    _typed("moddel.svm.C=1"),
    _typed("model=svm,knn"),
    _typed("model=[svm knn]"),
    _typed("model=SVM"),
    _typed("model=model/svm"),
    _typed("model=[]"),
    _typed("capability=[]"),
    _typed("rerun=Missing"),
    _typed("model.svm.C=1"),
    _typed("sweep=nightly"),
    _typed("retries=two"),
    # config files
    _config("model: [svm]"),
    _config("model: svm"),
    _config("defaults: [config, {model: [svm]}, _self_]"),
    _config("defaults: [config, {override modle: [svm]}, _self_]"),
    _config("defaults: [confg, _self_]"),
    _config("defaults: config"),
    _config("only: {model: svm}"),
    _config("rerun: missing\nrerun: all"),
    _config("job_backend:\n\tkind: inline"),
    _config("rerun= missing"),
    _config("rerun: [missing"),
    _config("  rerun: missing"),
    _config("rerunn: missing"),
    Mistake(("plan", "--config-dir", "cnof")),
    # choice files
    _model(f"_target_: {SKLEARN}"),
    _model(f"min: {{_target_: {SKLEARN}}}"),
    _model(f"mine: {{target: {SKLEARN}}}"),
    _model("mine: {_target_: sweeper.models.SklearnClasifier}"),
    _model("mine: {_target_: mine.Model}"),
    _model("mine:", "model/mine.yml"),
    _model("mine: {_base_: svmm}"),
    # stores
    _query("SELECT 1"),
    _query("SELECT 1", "-o", "answer.csv", "--format", "json"),
    Mistake(("report", "--output", "nowhere/report.html")),
)


def answered(mistake: Mistake) -> str:
    """What is typed, the files, and what is said; run in the working directory, which is left as it was."""
    from command_line import typed

    for name, text in mistake.files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text + "\n", encoding="utf-8")
    try:
        status, out, err = typed(*mistake.words)
    finally:
        shutil.rmtree("conf", ignore_errors=True)
    shown = [f"# {name}\n{text}" for name, text in mistake.files.items()]
    return "\n".join([*shown, f"$ sweeper {shlex.join(mistake.words)}", f"{out}{_plain(err)}exit status {status}"])


def _plain(text: str) -> str:
    text = text.replace(os.getcwd(), "HERE").replace(str(ROOT), "SWEEPER")
    return _LISTS.sub(lambda found: f"{found['head']} (all)", text)


def page() -> str:
    """All of them, with an empty line between."""
    return "\n\n".join(map(answered, MISTAKES)) + "\n"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    sys.path[:0] = [str(ROOT)]
    main()
