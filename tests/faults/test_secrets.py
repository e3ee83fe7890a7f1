"""What is marked secret stands in no output, message, log, report or file, whoever says it."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import typed, write_configs
from invariant import assert_nothing_lost

from sweeper.store import open_store

pytestmark = [pytest.mark.faults, pytest.mark.usefixtures("empty_folder")]
WORD = "sentinel9f2c"
NO_PARTS = "_sweep_:{arity:{datasets:ZERO,models:ZERO,metrics:ZERO},report:0.5}"
CONFIG = f"""
defaults: [config, _self_]
analytics_store: {{storage_options: {{key: {WORD}-file-1, client_kwargs: {{secret: {WORD}-file-2, short: q9}}}}}}
job_backend: {{runtime_env: {{env_vars: {{TALKATIVE_TOKEN: {WORD}-token}}}}}}
"""
WHERE = ["--config-dir", "conf", "--config-name", "mine"]
TYPED = [f"++analytics_store.storage_options.typed={WORD}-typed-1",
         f"++job_backend.runtime_env.env_vars.OTHER='{WORD} typed 2'"]  # fmt: skip
SHOWN = [["--cfg", "job"], ["--cfg", "all"], ["--cfg", "hydra"], ["--cfg", "job", "--resolve"],
         ["--cfg", "job", "-p", "analytics_store"], ["--info", "all"], ["--info", "config"], ["--help"],
         ["--multirun", "model=svm,knn", "--cfg", "job"]]  # fmt: skip
WRONG = [["model=[nope]"], ["analytics_store.storage_options=" + WORD], ["job_backend.runtime_env=" + WORD],
         [f"++analytics_store.storage_options.x={{a: {WORD}"], ["rerun=" + "x"], ["resume=20200101T000000"],
         ["analytics_store.uri=s3://127.0.0.1:9/x?secret"]]  # fmt: skip


@pytest.fixture(autouse=True)
def configs(empty_folder: Path) -> None:
    write_configs(Path("conf"), {"mine": CONFIG})


@pytest.mark.parametrize("words", SHOWN, ids=" ".join)
def test_what_hydra_shows_has_keys_and_no_values(words: list[str], capfd: pytest.CaptureFixture[str]):
    status, out, err = typed(*words, *WHERE, *TYPED)
    assert status == 0
    said = out + err + "".join(capfd.readouterr())
    assert WORD not in said
    assert "q9" not in said
    if words[:2] == ["--cfg", "job"]:
        assert "typed: '***'" in out


@pytest.mark.parametrize("words", WRONG, ids=lambda words: words[0][:30])
def test_no_message_about_what_is_wrong_shows_it(words: list[str]):
    status, out, err = typed("plan", *WHERE, *TYPED, *words)
    assert WORD not in out + err
    assert status in (0, 2)


@pytest.mark.parametrize("kind", ["inline", "ray-simple"])  # which starts no Ray for the second
def test_what_a_part_says_of_it_is_hidden_everywhere(
    backend: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
):
    """By `runtime_env` in a worker of its own Ray, and by the environment of this process without one."""
    if "ray" in backend:
        import ray

        ray.shutdown()
    else:
        monkeypatch.setenv("TALKATIVE_TOKEN", f"{WORD}-token")
    grid = ["capability=[]", f"+capability.a={{_target_:fault_parts.Talkative,{NO_PARTS}}}",
            f"+capability.b={{_target_:parts.Tiny,report:'# Fine',{NO_PARTS}}}"]  # fmt: skip
    status, out, err = typed(*grid, *WHERE, *TYPED, backend, "job_backend.num_cpus=2", "--json")
    assert status == 1, err
    assert typed("report", *WHERE)[0] == 0
    said = [out, err, *(typed(*words, *WHERE)[1] for words in (["check"], ["query", "SELECT * FROM attempts"]))]
    if "ray" in backend:
        said += capfd.readouterr()  # the inline backend leaves the output of a part alone
    files = [path for path in (*Path("analytics_store").rglob("*"), Path("report.html")) if path.is_file()]
    assert [text for text in said if WORD in text] == []
    assert [path for path in files if WORD.encode() in path.read_bytes()] == []
    rows = open_store("analytics_store").attempts().to_pylist()
    (failed,) = [row for row in rows if row["status"] == "failed"]
    assert "ConnectionError" in failed["error_type"]
    assert "***" in failed["error_message"] + failed["traceback"]
    if "ray" in backend:
        assert "the token is ***" in Path(failed["log_uri"]).read_text()
    assert_nothing_lost("analytics_store", [row["fingerprint"] for row in rows])
