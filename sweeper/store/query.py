"""SQL over a store, by DuckDB."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

import pyarrow as pa

from sweeper.common.extras import how_to_install
from sweeper.errors import ConfigError, MissingExtraError, near_match

EXAMPLE = "SELECT * FROM results"
_LISTING = re.compile(
    r"\s*(SHOW\s+(ALL\s+)?(TABLES|VIEWS)|DESCRIBE|PRAGMA\s+show_tables|[.\\]tables|\\d)\s*;?\s*", re.I
)
"""What people ask a database for its tables with; DuckDB itself knows of none before it is given them."""
_NO_FILES: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
}
"""With these DuckDB reads and writes no file, opens no connection and loads no code: a query sees its tables alone."""


def run_sql(readers: Mapping[str, Callable[[], pa.Table]], query: str, *, allow_files: bool = False) -> pa.Table:
    """The answer to a query over tables and views, each read only where the query names it.

    Parameters
    ----------
    readers
        What reads each table or view, by its name.
    query
        One SQL statement.
    allow_files
        Whether it may read and write files, and what else DuckDB can reach, as this process can.

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
    if _LISTING.fullmatch(query):
        return _listed(readers)
    folded = query.casefold()  # names in SQL have no case
    with duckdb.connect(config={} if allow_files else _NO_FILES) as connection:
        for name, read in readers.items():
            if name.casefold() in folded:  # only what the query can mean is read
                connection.register(name, read())
        if not allow_files:
            connection.execute("SET lock_configuration = true")  # or the query could take the limits away
        try:
            answer = connection.sql(query)
            if answer is None:  # pyright: ignore[reportUnnecessaryComparison]  # DuckDB's stubs do not tell
                raise ConfigError(f"The query {query!r} has no answer; give one that has, like {EXAMPLE!r}. {has}")
            return answer.to_arrow_table()
        except duckdb.Error as error:
            raise ConfigError(
                f"{_with_our_hint(error, readers)}\n{has}{'' if allow_files else _hint(error)}"
            ) from error


def _listed(readers: Mapping[str, Callable[[], pa.Table]]) -> pa.Table:
    """What `SHOW TABLES` shows: each table and view with its columns."""
    columns = [", ".join(read().column_names) for read in readers.values()]
    return pa.table({"name": list(readers), "columns": columns})


def _with_our_hint(error: Exception, names: Iterable[str]) -> str:
    """DuckDB's message, with a table of the store in the place of one of its own as what was meant."""
    said = re.sub(r'\nDid you mean "(?:pg_|information_schema|duckdb_|sqlite_)[^\n]*', "", str(error))
    missing = re.search(r"Table with name (\S+) does not exist", said)
    return said + (near_match(missing[1], names) if missing and "Did you mean" not in said else "")


def _hint(error: Exception) -> str:
    """What to do where DuckDB refuses because of `_NO_FILES`."""
    text = str(error).casefold()
    refused = "disabled by configuration" in text or "disabled through configuration" in text or "locked" in text
    return " A query reads the store alone; add --allow-files to let it use files and extensions." if refused else ""
