"""The pure and the small pieces under the job backends."""

from __future__ import annotations

import gc
import io
import logging
import os
import pickle
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from parts import TwoArgumentsError, UnpicklableError
from patience import LIMIT_S

from sweeper import jobs
from sweeper.common.processes import here
from sweeper.jobs.locations import store_location
from sweeper.jobs.ray_simple.packing import IdentityCache
from sweeper.jobs.ray_simple.start_board import StartBoard
from sweeper.jobs.resources import options, resolve
from sweeper.messages.failures import WorkerFailure
from sweeper.messages.requests import StoreLocation
from sweeper.worker.capture import captured

# Resources


@pytest.mark.parametrize(
    ("resources", "config", "capability", "expected"),
    [
        (None, None, None, (1.0, 0.0)),
        (None, None, SimpleNamespace(default_num_cpus=2, default_num_gpus=0.5), (2.0, 0.5)),
        (None, SimpleNamespace(num_cpus=0.5), SimpleNamespace(default_num_cpus=2, default_num_gpus=1), (0.5, 1.0)),
        (None, {"num_gpus": 0.25}, SimpleNamespace(default_num_gpus=1), (1.0, 0.25)),
        ({"num_cpus": 3}, {"num_cpus": 2}, SimpleNamespace(default_num_cpus=1), (3.0, 0.0)),
        ({"num_cpus": 0}, {"num_cpus": 2}, None, (0.0, 0.0)),
    ],
)
def test_resources_go_from_the_most_to_the_least_explicit(
    resources: Any, config: Any, capability: Any, expected: tuple[float, float]
) -> None:
    found = resolve(resources, config, capability)
    assert (found["num_cpus"], found["num_gpus"]) == expected


def test_custom_resources_and_memory_are_passed_on() -> None:
    found = resolve({"accelerator_slot": 0.5, "memory": 1e9}, None, None)
    assert options(found) == {"num_cpus": 1.0, "num_gpus": 0.0, "memory": 1e9, "resources": {"accelerator_slot": 0.5}}
    assert options(resolve(None, None, None)) == {"num_cpus": 1.0, "num_gpus": 0.0}


@pytest.mark.parametrize("amount", [-1, float("nan"), float("inf")])
def test_impossible_amounts_are_refused(amount: float) -> None:
    with pytest.raises(ValueError, match="zero or more"):
        resolve({"num_cpus": amount}, None, None)


# Store location


def test_a_store_location_is_absolute_and_hides_its_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    expected = StoreLocation(str(tmp_path / "store"))
    for given in ("./store", Path("store"), {"uri": "store"}, {"backend": "parquet", "uri": Path("store")}, expected):
        assert store_location(given) == expected
    assert store_location("s3://bucket/x").uri == "s3://bucket/x"
    secret = store_location({"uri": "s3://b", "storage_options": {"secret": "hush"}})
    assert secret.storage_options == {"secret": "hush"}
    assert "hush" not in repr(secret)


def test_a_pydantic_store_config_is_taken_as_it_is() -> None:
    dumped = SimpleNamespace(model_dump=lambda mode: {"backend": "parquet", "uri": "/s", "storage_options": {}})
    assert store_location(dumped) == StoreLocation("/s")


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (3, TypeError, "give a mapping"),
        ({"backend": "csv", "uri": "x"}, ValueError, "'csv'; the one there is is 'parquet'"),
        ({"backend": "parquet"}, ValueError, "needs a uri"),
        ({"uri": "x", "storage_option": {}}, ValueError, "Did you mean 'storage_options'"),
    ],
)
def test_a_store_that_names_no_place_is_refused(given: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        store_location(given)


# Once per object


@dataclass(eq=False)
class Thing:
    name: str = "thing"


def test_an_object_is_made_once_while_it_lives_and_its_entry_goes_with_it() -> None:
    made: list[str] = []
    once = IdentityCache(lambda item: made.append(item.name) or len(made), worth_it=bool)
    thing = Thing()
    assert [once.of(thing), once.of(thing)] == [1, 1]
    del thing
    gc.collect()
    assert len(once) == 0


def test_an_id_that_is_used_again_is_another_object() -> None:
    once = IdentityCache(lambda item: item.name, worth_it=bool)
    for n in range(1000):
        thing = Thing(f"{n}")
        assert once.of(thing) == f"{n}"
        del thing


def test_objects_without_weak_references_are_held_within_bounds() -> None:
    once = IdentityCache(len, worth_it=lambda _: True)
    for n in range(200):
        assert once.of((0,) * n) == n
    assert len(once) == 64
    once.clear()
    assert len(once) == 0


def test_what_is_not_worth_it_or_forgotten_is_made_anew() -> None:
    made: list[Any] = []
    once = IdentityCache(lambda item: made.append(item) or len(made), worth_it=lambda n: n > 1)
    thing = Thing()
    assert [once.of(thing), once.of(thing), once.of(thing)] == [1, 2, 2]
    once.forget(thing)
    assert once.of(thing) == 3


# Failures


def raised(error: BaseException) -> BaseException:
    try:
        raise error
    except BaseException as caught:  # noqa: BLE001 - with its traceback
        return caught


def test_a_failure_opens_to_the_original_with_the_worker_traceback_as_a_note() -> None:
    failure = pickle.loads(pickle.dumps(WorkerFailure.of(raised(KeyError("k")))))
    original = failure.original()
    assert type(original) is KeyError
    assert "in raised" in original.__notes__[0]
    assert str(failure) == "KeyError: 'k'"


@pytest.mark.parametrize("error", [UnpicklableError("words"), TwoArgumentsError("some", "words")])
def test_a_failure_that_cannot_open_keeps_the_words(error: Exception) -> None:
    failure = pickle.loads(pickle.dumps(WorkerFailure.of(raised(error))))
    assert failure.original() is failure
    assert failure.info.kind == f"parts.{type(error).__name__}"
    assert "words" in failure.info.message
    assert "in raised" in failure.info.trace


class MuteError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


def test_an_error_without_words_is_told_nevertheless() -> None:
    info = WorkerFailure.of(raised(MuteError())).info
    assert info.kind.endswith("MuteError")
    assert "RuntimeError" in info.message
    assert "in raised" in info.trace


# Provenance


def test_a_provenance_that_cannot_be_set_is_refused_with_the_near_match() -> None:
    with pytest.raises(TypeError, match=r"'user'.*Did you mean 'user_id'"):
        jobs.configure_provenance(user="ann")
    with pytest.raises(TypeError, match=r"user_id is 3 \(int\)"):
        jobs.configure_provenance(user_id=3)  # type: ignore[arg-type]


# Output of a run


def test_what_a_run_prints_and_logs_goes_to_its_own_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (sys.stdout, sys.stderr)
    logger = logging.getLogger("tests.capture")
    handler = logging.StreamHandler(sys.stderr)
    logger.addHandler(handler)
    later = logging.StreamHandler()
    try:
        with captured(str(tmp_path / "one.log")) as log:
            print("printed ☃")
            logger.warning("logged")
            later = logging.StreamHandler()
            logger.addHandler(later)
            assert log is not None
        with captured(str(tmp_path / "two.log")):
            logger.removeHandler(handler)
            logger.warning("by a handler of the first run")
        print("between runs")
        with captured(str(tmp_path / "none" / "quiet.log")):
            pass
    finally:
        logger.removeHandler(handler)
        logger.removeHandler(later)
        sys.stdout, sys.stderr = before
    assert (tmp_path / "one.log").read_text(encoding="utf-8") == "printed ☃\nlogged\n"
    assert (tmp_path / "two.log").read_text(encoding="utf-8") == "by a handler of the first run\n"
    assert not (tmp_path / "none").exists()
    assert capsys.readouterr().out == "between runs\n"


def test_the_stream_of_a_run_may_outlive_the_one_that_it_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    replaced = io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr(sys, "stdout", replaced)
    with captured(str(tmp_path / "one.log")):
        redirected = sys.stdout
    assert redirected is not replaced
    replaced.close()
    redirected.close()  # as Python does when it deletes one; it tells of errors there from 3.13 on
    assert redirected.closed


def test_without_a_file_streams_are_left_alone() -> None:
    before = sys.stdout
    with captured(None) as log:
        assert log is None
        assert sys.stdout is before


# The board


def test_the_board_gives_each_start_once_with_its_age() -> None:
    board = StartBoard()
    place = here()
    board.started("a", place)
    taken = board.take()
    assert {job_id: where for job_id, (_, where) in taken.items()} == {"a": place}
    assert 0 <= taken["a"][0] < LIMIT_S
    assert board.take() == {}


# Import paths


def test_import_paths_beside_pythons_own_folders_travel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from sweeper.jobs.import_paths import own_paths

    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(sys, "base_prefix", str(tmp_path))
    library, standard = map(sysconfig.get_path, ("purelib", "stdlib"))
    ours = [str(tmp_path / "src" / "app"), f"{standard}-of-mine"]
    pythons = [library, os.path.join(library, "vendored"), standard]
    here = os.path.realpath(".")
    assert own_paths((*pythons, *ours, "", here), os.getcwd()) == (*map(os.path.realpath, ours), here)
