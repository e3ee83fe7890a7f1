"""Command lines and config files that nobody would write on purpose: status 0 or 2 and a message, and no traceback."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from sweeper.cli.commands import run_command

LONG = int(os.environ.get("SWEEPER_FUZZ", "0"))
"""How many inputs the long run makes of each kind: SWEEPER_FUZZ=5000 pytest -m slow tests/project/test_fuzz.py."""
FEW = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    derandomize=True,
)
MANY = settings(
    max_examples=LONG or 5000,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
    database=None,
)


def words(text: str) -> list[str]:
    return text.split()


SCALARS = st.sampled_from(
    words(r"""
1 -1 0 1.5 1e400 nan inf null true '' ' ' svm knn digits é ~ * ? , / . .. ??? _self_ ${a}
${model.svm} a=b 'a b' "x" [ ] { } ( ) 9999999999999999999999 0x1 1_0 ${oc.env:NOPE} \ ' " : @ & ; $
% ^
""")
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{','.join(items)}]")
        | st.lists(st.tuples(SCALARS, inner), max_size=3).map(
            lambda items: "{" + ",".join(f"{k}: {v}" for k, v in items) + "}"
        )
        | st.tuples(
            st.sampled_from(["choice", "range", "glob", "interval", "sort", "int", "tag", "shuffle"]), inner
        ).map(lambda call: f"{call[0]}({call[1]})")
    ),
    max_leaves=6,
)
KEYS = st.sampled_from(
    words(r"""
model dataset capability metric model.svm model.svm.estimator model.svm.estimator.C
model.svm._target_ model.x model.svm._sweep_ model.svm._sweep_.resources dataset.digits rerun
rerun_triggers duplicates exclude only union zip max_failures retries timeout_s grace_s name
job_backend job_backend.num_cpus job_backend.runtime_env resume analytics_store
analytics_store.storage_options predictions sweep part part.digits_train hydra hydra.mode
hydra.job.name hydra.searchpath hydra/launcher hydra/sweeper seed a.b model@x model@ . x[0]
model.svm[0]
""")
)
OVERRIDES = st.builds(
    lambda sign, key, equals, value: f"{sign}{key}{equals}{value}",
    st.sampled_from(["", "", "", "+", "++", "~"]),
    KEYS,
    st.sampled_from(["=", "=", "=", "=", "", "=="]),
    VALUES,
)
FLAGS = st.sampled_from(
    words(r"""
--multirun -m --json --rerun-only-missing --config-name --config-dir --format -x -- x
""")
)
ODD = st.text(st.characters(codec=None, exclude_characters="/"), max_size=12)  # lone surrogates and control codes too
LINES = st.lists(st.one_of(OVERRIDES, OVERRIDES, OVERRIDES, FLAGS, ODD), max_size=4)


@pytest.fixture(autouse=True, scope="module")
def own_folder() -> Iterator[None]:
    """One empty folder for all inputs, in which nothing may appear."""
    before = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        yield
        os.chdir(before)


def check(*argv: str) -> None:
    """Plan, in process, and hold what comes out to its contract."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):  # what Hydra prints itself
        status = run_command(["plan", *argv], out, err)
    assert status in (0, 2), (status, err.getvalue())
    if status == 2:
        assert err.getvalue().splitlines()[-1].strip(), argv
        assert "sweeper: " in err.getvalue()
        assert "Traceback" not in err.getvalue()
    assert os.listdir() in ([], ["conf"])


def command_lines(line: list[str]) -> None:
    check(*line)


@FEW
@given(LINES)
@example(["model=[1]"])
@example(["model=[[svm]]"])
@example(["+model.x={_base_: 1}"])
@example(["--multirun", "model=" + "[" * 200 + "]" * 200])
@example(["analytics_store.uri='a\0b'"])
@example(["--config-dir", "~model=1"])
@example(["--config-dir", "a\0b"])
@example(["--config-name", "a\0b"])
def test_any_command_line_has_a_plan_or_a_message(line: list[str]):
    command_lines(line)


@pytest.mark.slow
@MANY
@given(LINES)
def test_many_command_lines_have_a_plan_or_a_message(line: list[str]):
    command_lines(line)


# Config files

YAML = st.recursive(
    st.sampled_from(
        words(r"""
1 1.5 null true '' svm digits ??? ${model} ${a.b} ${model.x} .nan .inf 0x1F 2001-01-01 !!binary
!!python/name:os &a *a 9999999999999999999999 ~ _self_ [] {} é "\ud800"
""")
    ),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
        | st.lists(
            st.tuples(
                st.sampled_from(
                    words(r"""
x model dataset capability metric defaults _target_ _base_ _sweep_ resources override rerun 1 null
analytics_store hydra optional /model <<
""")
                ),
                inner,
            ),
            max_size=3,
        ).map(lambda items: "{" + ", ".join(f"{k}: {v}" for k, v in items) + "}")
    ),
    max_leaves=8,
)
ROOTS = st.lists(
    st.tuples(
        st.sampled_from(
            words(r"""
defaults model rerun exclude union retries x analytics_store job_backend hydra
""")
        ),
        YAML,
    ),
    max_size=4,
).map(lambda items: "defaults: [config, _self_]\n" + "".join(f"{k}: {v}\n" for k, v in dict(items).items()))
CHOICES = YAML.map(lambda value: f"x: {value}\n") | YAML.map(lambda value: f"{value}\n")
FILES = st.tuples(
    ROOTS.map(str.encode) | YAML.map(str.encode) | st.binary(max_size=30),
    CHOICES.map(str.encode) | st.binary(max_size=30),
)
BOMB = b"a: &a [1,1,1,1,1,1,1,1,1]\n" + b"".join(
    f"{n}: &{n} [*{o},*{o},*{o},*{o},*{o},*{o},*{o},*{o},*{o}]\n".encode() for o, n in ["ab", "bc", "cd"]
)


def config_files(files: tuple[bytes, bytes]) -> None:
    root, choice = files
    folder = Path("conf/model")
    folder.mkdir(parents=True, exist_ok=True)
    Path("conf/own.yaml").write_bytes(root)
    (folder / "x.yaml").write_bytes(choice)
    for more in ([], ["model=[x]"]):
        check("--config-dir", "conf", "--config-name", "own", *more)


@FEW
@given(FILES)
@example((b"{model: 1}", b""))
@example((b"\xff\xfe", b"x: 1"))
@example((b"defaults: [own]", b"x: {}"))
@example((b"defaults: [config, _self_]\nx: ${x}\n", b"x: {_target_: a.b, v: *a}"))
@example((b"defaults: [config, _self_]\n" + BOMB, b"x: 1"))
def test_any_config_file_has_a_plan_or_a_message(files: tuple[bytes, bytes]):
    config_files(files)


@pytest.mark.slow
@MANY
@given(FILES)
def test_many_config_files_have_a_plan_or_a_message(files: tuple[bytes, bytes]):
    config_files(files)
