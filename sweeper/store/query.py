"""SQL over a store, by DuckDB."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pyarrow as pa

from sweeper.errors import ConfigError, MissingExtraError

if TYPE_CHECKING:
    from sweeper.store.store import Store


def run_sql(store: Store, query: str) -> pa.Table:
    """The answer to a query over the tables of a store and its views `completed` and `results`.

    Raises
    ------
    MissingExtraError
        DuckDB is not installed.
    ConfigError
        DuckDB refuses the query; the message is its own and names the tables there are.
    """
    try:
        import duckdb
    except ImportError as error:
        raise MissingExtraError("SQL needs DuckDB, which is not installed: pip install 'sweeper[sql]'.") from error
    tables = {name: partial(store.table, name) for name in store.tables()}
    tables |= {"completed": store.completed, "results": store.results}
    with duckdb.connect() as connection:
        for name, read in tables.items():
            if name in query:  # only what the query can mean is read
                connection.register(name, read())
        try:
            return connection.sql(query).to_arrow_table()
        except duckdb.Error as error:
            raise ConfigError(f"{error}\nTables and views: {', '.join(tables)}.") from error
