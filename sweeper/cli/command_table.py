"""Every command and every flag of the command line: parsing, help and docs/command-line.md are made of these tables.

A new command is an entry of `COMMANDS`, and a function of `sweeper.cli.store_commands` or `sweeper.cli.commands` that
does it.
"""

from __future__ import annotations

from sweeper.cli.command import Command, Example, Operand, Option

HELP = Option(("--help", "-h"), "show this text", runs_nothing=True)
VERSION = Option(("--version",), "show the versions of sweeper and Hydra", runs_nothing=True)
STORE = Option(("--store",), "where results are (analytics_store.uri=URI)", "URI", override="analytics_store.uri={}")
CONFIG_DIR = Option(("--config-dir", "-cd"), "a folder of your own configs, beside the shipped ones", "DIR")
CONFIG_NAME = Option(("--config-name", "-cn"), "the config to begin with, instead of `config`", "NAME")
MULTIRUN = Option(("--multirun", "-m"), "a=1,2 sweeps: Hydra's multirun grammar, as one grid")
CFG = Option(("--cfg", "-c"), "show the composed config instead", "KIND", ("job", "hydra", "all"), runs_nothing=True)
INFO = Option(
    ("--info", "-i"),
    "show what Hydra knows of the config",
    "KIND",
    ("all", "config", "defaults", "defaults-tree", "plugins", "searchpath"),
    alone="all",
    runs_nothing=True,
)
HYDRA_HELP = Option(("--hydra-help",), "show Hydra's own help", runs_nothing=True)
COMPLETION = Option(("--shell-completion", "-sc"), "install completion: -sc install=bash", runs_nothing=True)

HYDRA = (
    MULTIRUN,
    CONFIG_DIR,
    CONFIG_NAME,
    Option(("--config-path", "-cp"), "a folder of configs, in place of the working directory's", "DIR"),
    CFG,
    Option(("--package", "-p"), "with --cfg: the part of the config to show", "KEY"),
    Option(("--resolve",), "with --cfg: show interpolations by their values"),
    INFO,
    HYDRA_HELP,
    COMPLETION,
    Option(("--run", "-r"), "run once, which is what happens without --multirun"),
)
"""Hydra's own flags, all but `--experimental-rerun`. Every command takes them."""
EVERYWHERE = (STORE, *HYDRA, HELP, VERSION)
"""What every command takes."""

_MISSING = Option(
    ("--rerun-only-missing",), "run what has no completed attempt (rerun=missing)", override="rerun=missing"
)
_EMPTY = Option(("--allow-empty",), "rules may leave out everything (allow_empty=true)", override="allow_empty=true")
CHECK_IMPORTS = Option(("--check",), "import every class in a process of its own, and check its arguments")
_JSON = Option(("--json",), "one JSON document on stdout, and nothing else there")
_ALL = Option(("--all-combinations",), "list every combination and every value, however many")
_INTERVALS = Option(("--intervals",), "show the interval of each value beside it")
COLOR = Option(("--color",), "colour on a terminal", "WHEN", ("auto", "always", "never"), default="auto")
DRY_RUN = Option(("--dry-run",), "print the plan and stop, as the command plan does")
_OUTPUT = ("--output", "-o")

WRONG = {2: "the command line or the config is wrong, or stdout cannot be written"}
_STORE_ENDS = {0: "done", **WRONG}
RUN_ENDS = {
    0: "everything asked for is complete",
    1: "a combination failed",
    **WRONG,
    3: "stopped early, by a limit or for want of Ray or of the store",
    4: "an enforced requirement is not met",
    130: "interrupted",
    141: "who read stdout had enough, as `| head` has",
}

RUN = Command(
    "run",
    "run the sweep; this is what happens without a command",
    "Run the combinations of capability x dataset x model x metric of a config.",
    (
        Example("sweeper 'model=[logreg,svm]' 'dataset=[digits]'", "a part"),
        Example("sweeper -m model=svm model.svm.estimator.C=0.1,1.0", "two variants of svm"),
        Example("sweeper --rerun-only-missing", "go on after a crash"),
    ),
    RUN_ENDS,
    options=(_MISSING, DRY_RUN, _JSON, _ALL, _INTERVALS, COLOR, _EMPTY),
)
PLAN = Command(
    "plan",
    "print what would run and why; starts no Ray, writes nothing",
    "Print what would run, and why each combination runs or is skipped. Starts no Ray and writes nothing.",
    (
        Example("sweeper plan 'model=[svm,knn]' rerun=missing", "what is still missing"),
        Example("sweeper plan --json --all-combinations > plan.json", "for a program"),
    ),
    {0: "the plan is printed", **WRONG},
    options=(_MISSING, CHECK_IMPORTS, _JSON, _ALL, COLOR, _EMPTY, DRY_RUN),
)
_LS = Command(
    "ls",
    "list the choices: capabilities, datasets, models, metrics, sweeps",
    "List the choices of a config group, or of all, each with what it is, its task, how many parts a capability takes, "
    "and the extra that it needs. Your own files are listed too: name their folder with --config-dir.",
    (
        Example("sweeper ls model", "every model"),
        Example("sweeper ls --config-dir conf", "yours too"),
    ),
    {0: "listed", **WRONG},
    (Operand("GROUP"),),
    (_JSON, COLOR),
)
_DESCRIBE = Command(
    "describe",
    "show a choice: its file, its classes and their parameters",
    "Show one choice: the file that makes it, and what its class says of itself and of its parameters.",
    (
        Example("sweeper describe svm", "a model"),
        Example("sweeper describe capability/robustness", "where several groups have that name"),
    ),
    {0: "shown", **WRONG},
    (Operand("NAME", "describe needs the name of a choice, e.g. sweeper describe svm."),),
    (_JSON,),
)
_INIT = Command(
    "init",
    "write a conf folder for your model and data, or an example",
    "Look at a model file (.onnx, .pt2, .pt, .pth) and at data (class folders, COCO, YOLO, a table, Hugging Face), and "
    "write a conf folder for them. Without both, write an example of own parts. Nothing that is there is replaced.",
    (
        Example("sweeper init --model m.onnx --data ./images", "into ./conf"),
        Example("sweeper init my_project", "a part of each kind in Python"),
    ),
    {0: "written", **WRONG},
    (Operand("FOLDER"),),
    (
        Option(("--model",), "the model file", "FILE"),
        Option(("--data",), "the folder or file of data", "PATH"),
        Option(("--force",), "replace files that init has written before"),
        _JSON,
    ),
)
TRY = Command(
    "try",
    "build parts and try them on one batch, without Ray or a store",
    "Build datasets, models, metrics and capabilities and try them together on one batch, by the checks of a run: what "
    "each of them is and gives, or why it fails. Starts no Ray and writes nothing.",
    (
        Example("sweeper try digits svm", "a model on a batch of a dataset"),
        Example("sweeper try mine digits accuracy --config-dir conf", "your own parts"),
        Example("sweeper try digits svm model.svm.estimator.C=10", "with overrides"),
    ),
    {0: "every part did what it must", 1: "a part failed", **WRONG},
    (Operand("NAME", "try needs the name of a choice, e.g. sweeper try digits svm.", repeats=True),),
    (Option(("--batch-size",), "how many data are read", "NUMBER", default="64"), _JSON),
)
_STATUS = Command(
    "status",
    "how far sweeps have come: completed, failed, left; --watch",
    "List the newest sweeps of the store: what runs, what completed, what failed and what is left. With the id or the "
    "name of a sweep, show that one and its values so far.",
    (
        Example("sweeper status", "the newest sweeps"),
        Example("sweeper status nightly --watch", "one, until it has ended"),
        Example("sweeper status nightly --printed --only 'model=svm*'", "what runs printed"),
    ),
    {0: "shown", **WRONG},
    (Operand("SWEEP"),),
    (
        Option(("--watch",), "show it again every 2 s while a sweep runs"),
        Option(("--printed",), "instead, what the runs of one sweep printed"),
        Option(("--only",), "with --printed: runs under these names: model=svm*", "AXIS=GLOB"),
        COLOR,
        Option(("--json",), "one JSON document on stdout; with --watch one in each line"),
    ),
)
_FAILURES = Command(
    "failures",
    "what of a sweep failed, by cause, and how to run it again",
    "Show what of a sweep did not complete and has not since, by cause: how often, the first one, its log, and the "
    "command that runs just these again. Without an id or a name it is the newest sweep.",
    (
        Example("sweeper failures", "the newest sweep"),
        Example("sweeper failures nightly --traceback", "with the tracebacks"),
    ),
    {0: "nothing failed", 1: "something failed", **WRONG},
    (Operand("SWEEP"),),
    (Option(("--traceback",), "the whole traceback of the first of each cause"), _JSON),
)
_ACCEPT = Command(
    "accept",
    "say that results of older code, data or libraries are still valid",
    "Record that the stored results of these combinations count as made with the code, data or libraries that there "
    "are now, until these change again. plan shows what has changed. Without --changed it is as rerun_triggers says.",
    (
        Example("sweeper accept --changed code --reason 'a new name' 'model=[svm]'", "a part"),
        Example("sweeper accept --changed data --dry-run", "what there is to accept"),
    ),
    {0: "accepted, or there was nothing to accept", **WRONG},
    options=(
        Option(("--reason",), "why they are still valid; it is stored and shown", "TEXT"),
        Option(("--changed",), "what has changed: of code, data, libraries, joined by commas", "KINDS"),
        Option(("--dry-run",), "show what would be accepted, and stop"),
        Option(("--list",), "list what was accepted before, and accept nothing"),
        _JSON,
        _ALL,
    ),
)
_REPORT = Command(
    "report",
    "write one HTML page: leaderboards, plots, what did not complete",
    "Write one HTML page, which loads nothing from elsewhere: leaderboards, plots, what did not complete and why; or "
    "Markdown for a pull request.",
    (
        Example("sweeper report", "the whole store"),
        Example("sweeper report --sweep nightly --against main", "beside another sweep"),
        Example("sweeper report --against 2026-03-01 -o report.md", "for a pull request"),
    ),
    {0: "it is written", **WRONG},
    options=(
        Option(("--sweep",), "only the sweeps of that id or name", "SWEEP"),
        Option(("--against",), "show what changed: a sweep, date or store as in compare", "BASELINE"),
        Option(("--format",), "by default what FILE ends with, else html", "FORM", ("html", "md")),
        Option(_OUTPUT, "file to write: report.html, for md stdout", "FILE"),
    ),
)
_VIEW = Command(
    "view",
    "show the page of report in a browser, fresh while sweeps run",
    "Serve the page of `sweeper report` to a browser of this machine, and make it anew when the store has changed. "
    "What was opened, sorted and filtered in it stays so. Ctrl-C ends it.",
    (
        Example("sweeper view", "the whole store"),
        Example("sweeper view --sweep nightly --port 8080", "some sweeps"),
    ),
    {0: "it was ended by Ctrl-C", **WRONG},
    options=(
        Option(("--sweep",), "only the sweeps of that id or name", "SWEEP"),
        Option(("--port",), "the port; by default the first free one from 8642 on", "NUMBER"),
        Option(("--no-browser",), "open no browser, and only print the address"),
    ),
)
_COMPARE = Command(
    "compare",
    "what is better, what is worse: two models, sweeps, dates or stores",
    "Compare B with A, value by value: the difference, its interval on the same data, and in what their specs differ. "
    "Each is a model, a sweep, a date or a store; model:, sweep:, date: or store: before it says which.",
    (
        Example("sweeper compare svm knn", "two models"),
        Example("sweeper compare 2026-03-01 2026-03-15", "now and then"),
        Example("sweeper compare main ./new --tolerance 0.01", "fail if it got worse"),
    ),
    {0: "compared, and nothing is past the tolerance", 1: "something is past the tolerance", **WRONG},
    (
        Operand("A", "compare needs two of them, e.g. sweeper compare svm knn."),
        Operand("B", "compare needs two of them, e.g. sweeper compare svm knn."),
    ),
    (
        Option(("--tolerance",), "exit status 1 if B is worse by more, or lacks a value", "NUMBER"),
        Option(("--judge",), "what must be beyond it", "WHICH", ("value", "interval"), default="value"),
        Option(("--confidence",), "of the intervals", "SHARE", default="0.95"),
        Option(("--only",), "values under these names: model=svm*,metric=accuracy", "AXIS=GLOB"),
        _JSON,
        COLOR,
    ),
)
_QUERY = Command(
    "query",
    "run SQL over the tables and views of the store",
    "Run one SQL statement, in DuckDB's dialect, over the store: the views results, asked, completed and outcomes, and "
    "the tables attempts, runs and one for each capability.",
    (
        Example('sweeper query "SELECT model, dataset, value FROM results"', "every value"),
        Example('sweeper query "SELECT * FROM attempts" -o a.csv', "to a file"),
    ),
    {0: "the answer is written", **WRONG},
    (Operand("SQL", "query needs one SQL statement, e.g. sweeper query 'SELECT * FROM results'."),),
    (
        Option(("--format",), "form of the answer", "FORM", ("table", "csv", "json", "parquet", "md"), default="table"),
        Option(_OUTPUT, "file to write, in the form that its ending says", "FILE"),
        COLOR,
        Option(("--allow-files",), "let the SQL read and write files, and load extensions"),
    ),
)
_EXPORT = Command(
    "export",
    "write the newest results as a store, CSV, Markdown or MLflow",
    "Write the newest results for other programs: every value in one flat table (csv, parquet), the tables to compare "
    "by (markdown), a run for each model on each dataset (mlflow), or a store in which each run stands once.",
    (
        Example("sweeper export --format csv -o values.csv", "every value"),
        Example("sweeper export --format markdown --sweep nightly", "tables of one sweep"),
        Example("sweeper export --latest ./latest", "a store of its own"),
    ),
    {0: "it is written", **WRONG},
    options=(
        Option(("--format",), "what to write", "FORM", ("csv", "parquet", "markdown", "mlflow", "store")),
        Option(("--latest",), "write a store, into a new or empty folder", "FOLDER"),
        Option(_OUTPUT, "file to write, instead of stdout; tracking store of MLflow", "FILE"),
        Option(("--sweep",), "what this sweep asked for: its id, how that begins, or its name", "SWEEP"),
        Option(("--only",), "values under these names: model=svm*,metric=accuracy", "AXIS=GLOB"),
        _JSON,
    ),
)
_COMPACT = Command(
    "compact",
    "merge the small files of the store; safe while sweeps run",
    "Merge the small files of the store into large ones, which are read faster. Safe while sweeps run.",
    (
        Example("sweeper compact", "./analytics_store"),
        Example("sweeper compact --store s3://bucket/results", "another one"),
    ),
    _STORE_ENDS,
)
_CHECK = Command(
    "check",
    "look for damaged or foreign files in the store",
    "Look for damaged or foreign files in the store, and name each of them with what is wrong.",
    (
        Example("sweeper check", "name them"),
        Example("sweeper check --repair", "move them aside, into .sweeper/quarantine/"),
    ),
    {0: "nothing is wrong, or it was repaired", 1: "something is wrong", **WRONG},
    options=(Option(("--repair",), "move aside what is damaged or foreign"),),
)
_COMPLETION = Command(
    "completion",
    "print the script that completes command lines in bash or zsh",
    "Print what a shell reads so that Tab completes commands, flags, choices, keys and values. For the shell that "
    "runs, type source <(sweeper completion bash), or zsh in the place of bash; put that line into ~/.bashrc or "
    "~/.zshrc.",
    (
        Example("sweeper completion bash > sweeper.bash", "a file for ~/.bashrc to source"),
        Example("sweeper completion zsh > _sweeper", "a file for a folder of $fpath"),
    ),
    {0: "printed", **WRONG},
    (Operand("SHELL", "completion needs the name of a shell, bash or zsh, e.g. sweeper completion bash."),),
    (Option(("--line",), "what may end this line, as the script asks", "LINE"),),
)

COMMANDS = {
    command.name: command
    for command in (
        *(
            RUN,
            PLAN,
            _INIT,
            _LS,
            _DESCRIBE,
            TRY,
            _STATUS,
            _FAILURES,
            _ACCEPT,
            _REPORT,
            _VIEW,
            _COMPARE,
            _QUERY,
            _EXPORT,
            _COMPACT,
            _CHECK,
            _COMPLETION,
        ),
    )
}
"""Every command by its name, in the order in which help lists them."""
