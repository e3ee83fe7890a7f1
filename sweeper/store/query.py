"""SQL over a store, by DuckDB."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pyarrow as pa

from sweeper.common.extras import how_to_install
from sweeper.errors import ConfigError, MissingExtraError

EXAMPLE = "SELECT * FROM results"


def run_sql(readers: Mapping[str, Callable[[], pa.Table]], query: str) -> pa.Table:
    """The answer to a query over tables and views, each read only where the query names it.

    Parameters
    ----------
    readers
        What reads each table or view, by its name.
    query
        One SQL statement.

    Raises
    ------
    MissingExtraError
        DuckDB is not installed.
    ConfigError
        DuckDB refuses the query, and the message is its own, or the query answers nothing; either names the tables.
    """
    try:
        import duckdb
    except ImportError as error:
        raise MissingExtraError(f"SQL needs DuckDB, which is not installed. {how_to_install('sql')}") from error
    has = f"Tables and views: {', '.join(readers)}."
    folded = query.casefold()  # names in SQL have no case
    with duckdb.connect() as connection:
        for name, read in readers.items():
            if name.casefold() in folded:  # only what the query can mean is read
                connection.register(name, read())
        try:
            answer = connection.sql(query)
            if answer is None:  # pyright: ignore[reportUnnecessaryComparison]  # DuckDB's stubs do not tell
                raise ConfigError(f"The query {query!r} has no answer; give one that has, like {EXAMPLE!r}. {has}")
            return answer.to_arrow_table()
        except duckdb.Error as error:
            raise ConfigError(f"{error}\n{has}") from error
