"""One self-contained HTML page from an analytics store: which model is good enough, where, and why not.

Data flows one way: `reading` reads the store into the frozen data of `report_data`, and `page` writes the page. Beside
them stand the tables that the terminal shows too: `leaderboard`, `families`, `marks`, `strengths` and `verdicts`.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from sweeper.common.extras import how_to_install
from sweeper.errors import MissingExtraError

if TYPE_CHECKING:
    from sweeper.store import Store

__all__ = ["html"]

_NEEDED = {"jinja2": "jinja2", "markdown_it": "markdown-it-py"}


def html(store: Store, sweep: str | None = None, *, repeats: Sequence[str] = ()) -> str:
    """The report on a store as one HTML page that needs nothing beside it.

    Parameters
    ----------
    store
        What `sweeper.open_store` gives.
    sweep
        The id of one sweep, or the name of all sweeps that are to be covered; `None` covers the whole store.
    repeats
        Swept keys that only repeat a run, of which tables show the mean; by default those of the newest sweep.

    Raises
    ------
    MissingExtraError
        The extra `report` is not installed.
    ConfigError
        There is nothing in the store, or no such sweep.
    """
    _require()
    from sweeper.report.page.rendering import render
    from sweeper.report.reading import read_report_data

    return render(read_report_data(store, sweep, repeats))


def _require() -> None:
    for module, package in _NEEDED.items():
        try:
            import_module(module)
        except ImportError as error:
            raise MissingExtraError(
                f"The report needs {package}, which is not installed. {how_to_install('report')}"
            ) from error
