"""The page of the ray-simple job backend, sentence by sentence, against `checkmaite.jobs`.

pytest tests/checkmaite/test_job_contract.py -s      # with the table, at the end

Every sentence holds for `sweeper.jobs`, see `tests/jobs/test_page.py`. Which of them hold for checkmaite's own backend
is in the table; one that does not fails no test here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from job_sentences import EACH_SENTENCE, SENTENCES, Sentence
from job_system import System, parts_by_value
from tabulate import tabulate

pytest.importorskip("checkmaite", reason="needs the extra: pip install '.[checkmaite]'")

pytestmark = pytest.mark.usefixtures("ray_session")
outcomes: dict[str, str] = {}
"""What came of each sentence."""


@pytest.fixture(scope="module", autouse=True)
def table() -> Iterator[None]:
    """Parts travel by value; the table is printed at the end."""
    with parts_by_value():
        yield
    rows = [(sentence.text, outcomes.get(sentence.text, "")) for sentence in SENTENCES]
    count = (f"of {len(rows)} sentences", [outcome for _, outcome in rows].count("holds"))
    print("\n" + tabulate([*rows, count], ["sentence", "checkmaite"]))


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[System]:
    from checkmaite import jobs

    # Who asks checkmaite for a result after Ray was left has Ray begin by itself, with whatever cluster an address file
    # of this machine names: one that is gone is waited for a quarter of an hour.
    monkeypatch.setenv("RAY_ADDRESS", "local")
    made = System("checkmaite", jobs, "ray-simple", tmp_path)
    made.configure()
    yield made
    jobs.shutdown_job_backend(wait=False)


@EACH_SENTENCE
def test_the_page_is_compared(system: System, sentence: Sentence) -> None:
    try:
        sentence.check(system)
    except Exception as error:  # noqa: BLE001 - it is shown what holds
        outcomes[sentence.text] = f"fails: {str(error).splitlines()[0][:60] if str(error) else type(error).__name__}"
    else:
        outcomes[sentence.text] = "holds"
