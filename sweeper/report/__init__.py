"""One self-contained HTML page, or Markdown, from a store: which model is good enough, where, and why not.

Data flows one way: `reading` reads the store into the frozen data of `report_data`, and `page` writes the page. Beside
them stand the tables that the terminal shows too: `leaderboard`, `families`, `marks`, `strengths` and `verdicts`;
`changes`, what is new against a baseline; and `pull_request`, which writes the same data as Markdown.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

from sweeper.common.extras import Extra, how_to_install
from sweeper.errors import MissingExtraError

if TYPE_CHECKING:
    from sweeper.comparison.sides import Side
    from sweeper.store import Store

__all__ = ["html", "markdown", "served_html"]

_NEEDED = {"jinja2": "jinja2", "markdown_it": "markdown-it-py"}
_SERVING = {"werkzeug": "werkzeug"}


def html(store: Store, sweep: str | None = None, *, repeats: Sequence[str] = (), against: Side | None = None) -> str:
    """The report on a store as one HTML page that needs nothing beside it.

    Parameters
    ----------
    store
        What `sweeper.open_store` gives.
    sweep
        The id of one sweep, or the name of all sweeps that are to be covered; `None` covers the whole store.
    repeats
        Swept keys that only repeat a run, of which tables show the mean; by default those of the newest sweep.
    against
        The baseline that values are shown beside, as `sweeper.comparison.sides.Sides` finds it.

    Raises
    ------
    MissingExtraError
        The extra `report` is not installed.
    ConfigError
        There is nothing in the store, no such sweep, or nothing that the baseline has too.
    """
    require("report")
    from sweeper.report.page.rendering import render
    from sweeper.report.reading import read_report_data

    return render(read_report_data(store, sweep, repeats, against))


def markdown(
    store: Store, sweep: str | None = None, *, repeats: Sequence[str] = (), against: Side | None = None
) -> str:
    """The report as Markdown for a pull request, of less than the 65,536 characters that GitHub takes.

    Verdicts come first, then what changed against a baseline, leaderboards (large ones summed up) and what did not
    complete. Parameters and errors are those of `html`; the extra `report` is not needed.
    """
    from sweeper.report.pull_request import as_markdown
    from sweeper.report.reading import read_report_data

    return as_markdown(read_report_data(store, sweep, repeats, against))


def served_html(store: Store, mark: str, sweep: str | None = None, *, repeats: Sequence[str] = ()) -> str:
    """The same page as `sweeper view` serves it: it asks its server whether there is a newer one than that of `mark`.

    Parameters and errors are those of `html`; the extra `view` is needed.
    """
    require("view")
    from sweeper.report.page.rendering import render
    from sweeper.report.reading import read_report_data

    return render(read_report_data(store, sweep, repeats), served=mark)


def require(extra: Extra) -> None:
    """Raise a MissingExtraError where a package of the extra `report` or `view` is not installed."""
    for module, package in (_NEEDED | _SERVING if extra == "view" else _NEEDED).items():
        try:
            import_module(module)
        except ImportError as error:
            raise MissingExtraError(
                f"The {extra} needs {package}, which is not installed. {how_to_install(extra)}"
            ) from error
