"""The page of the ray-simple job backend, sentence by sentence, against `sweeper.jobs` and against `checkmaite.jobs`.

pytest tests/checkmaite/test_job_contract.py -s      # with the table, at the end

Every sentence holds for both backends of sweeper. What holds for checkmaite's own backend is seen where the extra is
installed, and is in the table; a sentence that does not hold there fails no test here.
"""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator
from pathlib import Path

import job_system
import pytest
from job_sentences import SENTENCES, Sentence
from job_system import System
from ray import cloudpickle
from tabulate import tabulate

from conftest import start_ray

SYSTEMS = {"inline": "sweeper.jobs", "ray-simple": "sweeper.jobs", "checkmaite": "checkmaite.jobs"}
pytestmark = pytest.mark.usefixtures("ray_session")
outcomes: dict[tuple[str, str], str] = {}
"""What came of each sentence for each system."""


@pytest.fixture(scope="module", autouse=True)
def table() -> Iterator[None]:
    """Parts travel by value, as those of a notebook do; the table is printed at the end."""
    cloudpickle.register_pickle_by_value(job_system)
    yield
    cloudpickle.unregister_pickle_by_value(job_system)
    rows = [[s.text, *(outcomes.get((s.text, name), "") for name in SYSTEMS)] for s in SENTENCES]
    count = [sum(row[column] == "holds" for row in rows) for column in range(1, 4)]
    print("\n" + tabulate([*rows, [f"of {len(rows)} sentences", *count]], ["sentence", *SYSTEMS]))


@pytest.fixture
def system(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[System]:
    name: str = request.param
    if name == "checkmaite" and importlib.util.find_spec("checkmaite") is None:
        pytest.skip("needs the extra: pip install '.[checkmaite]'")
    start_ray()
    made = System(
        name, importlib.import_module(SYSTEMS[name]), "inline" if name == "inline" else "ray-simple", tmp_path
    )
    made.configure()
    yield made
    made.jobs.shutdown_job_backend(wait=False)


@pytest.mark.parametrize("sentence", SENTENCES, ids=lambda sentence: sentence.text.replace("/", " ")[:60])
@pytest.mark.parametrize("system", SYSTEMS, indirect=True)
def test_the_page_holds(system: System, sentence: Sentence) -> None:
    key = (sentence.text, system.name)
    if sentence.on_ray and not system.on_ray:
        outcomes[key] = "-"
        return
    try:
        sentence.check(system)
    except Exception as error:
        outcomes[key] = f"fails: {str(error).splitlines()[0][:60] if str(error) else type(error).__name__}"
        if not system.theirs:
            raise
    else:
        outcomes[key] = "holds"
