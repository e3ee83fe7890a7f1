"""SQL over a store, by DuckDB."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa

from sweeper.errors import ConfigError, MissingExtraError

if TYPE_CHECKING:
    from sweeper.store.store import Store

EXAMPLE = "SELECT * FROM results"


def run_sql(store: Store, query: str) -> pa.Table:
    """The answer to a query over the tables of a store and its views `completed`, `results` and `asked`.

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
        raise MissingExtraError("SQL needs DuckDB, which is not installed: pip install 'sweeper[sql]'.") from error
    tables = {name: partial(store.table, name) for name in store.tables()}
    tables |= {"completed": store.completed, "results": store.results, "asked": store.asked}
    has = f"Tables and views: {', '.join(tables)}."
    said = query.casefold()  # names in SQL have no case
    with duckdb.connect() as connection:
        for name, read in tables.items():
            if name.casefold() in said:  # only what the query can mean is read
                connection.register(name, read())
        try:
            answer = connection.sql(query)
            if answer is None:  # pyright: ignore[reportUnnecessaryComparison]  # DuckDB's stubs do not tell
                raise ConfigError(f"The query {query!r} has no answer; give one that has, like {EXAMPLE!r}. {has}")
            return answer.to_arrow_table()
        except duckdb.Error as error:
            raise ConfigError(f"{error}\n{has}") from error
