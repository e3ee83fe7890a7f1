"""The page of the ray-simple job backend, sentence by sentence: each holds for both backends of `sweeper.jobs`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from job_sentences import EACH_SENTENCE, Sentence
from job_system import System, parts_by_value

from sweeper import jobs


@pytest.fixture(scope="module", autouse=True)
def by_value() -> Iterator[None]:
    with parts_by_value():
        yield


@pytest.fixture
def system(kind: str, tmp_path: Path) -> Iterator[System]:
    made = System("sweeper", jobs, kind, tmp_path)
    made.configure()
    yield made
    jobs.shutdown_job_backend(wait=False)


@EACH_SENTENCE
def test_the_page_holds(system: System, sentence: Sentence) -> None:
    if system.on_ray or not sentence.on_ray:
        sentence.check(system)
