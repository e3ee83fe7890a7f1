"""The commands that the page names to show what it leaves out."""

from __future__ import annotations

import shlex

from sweeper.common.quoting import quoted
from sweeper.report.report_data import ReportData
from sweeper.vocabulary import AXES

_INCOMPLETE = (
    "SELECT capability, dataset, model, metric, status, error_type, error_message FROM attempts "
    "LEFT JOIN (SELECT fingerprint, newest_status FROM completed) AS done USING (fingerprint) "
    "WHERE newest_status IS NULL OR (newest_status <> 'completed' AND status IN ('failed', 'timeout')) "
    "QUALIFY row_number() OVER (PARTITION BY fingerprint ORDER BY finished_at DESC) = 1 ORDER BY ALL"
)
"""The newest attempt of each combination that never completed, or failed or timed out since it did."""


def left_out(store: str) -> dict[str, str]:
    """Commands that show what the page leaves out."""
    return {
        "sweeps": command(store, "SELECT sweep_id, sweep_name, count(*) FROM attempts GROUP BY ALL ORDER BY sweep_id"),
        "results": command(store, "SELECT * FROM results"),
        "incomplete": command(store, _INCOMPLETE),
        "costs": command(
            store,
            "SELECT model, count(*), sum(duration_s) FROM completed GROUP BY model ORDER BY model",
        ),
        "specs": command(store, "SELECT capability, dataset, model, metric, spec FROM completed"),
        "environments": command(
            store,
            "SELECT sweep_id, host, sweeper_version, libraries_revision, code_revision, count(*) FROM completed "
            "GROUP BY ALL",
        ),
        "attempts": command(store, "SELECT * FROM completed"),
        "reports": command(
            store,
            "SELECT capability, dataset, model, metric, report_uri FROM completed WHERE report_uri IS NOT NULL",
        ),
    }


def older(contents: ReportData) -> str:
    """The command that lists the results behind `ReportData.older`, to see in what their specs differ."""
    names = ", ".join(AXES)
    sweep = (contents.sweep or "").replace("'", "''")
    which = f" AND '{sweep}' IN (sweep_id, sweep_name)" if sweep else ""
    return command(
        contents.store,
        f"SELECT {names}, max(finished_at) AS completed_at, fingerprint, any_value(spec) AS spec FROM attempts "
        f"WHERE status = 'completed'{which} GROUP BY {names}, fingerprint "
        f"QUALIFY row_number() OVER (PARTITION BY {names} ORDER BY max(finished_at) DESC) > 1 ORDER BY ALL",
    )


def command(store: str, sql: str) -> str:
    """The command line that asks a store, quoted for a shell."""
    quoted = shlex.quote(sql) if set('"$`\\!') & set(sql) else f'"{sql}"'
    return f"python -m sweeper query {quoted} analytics_store.uri={shlex.quote(store)}"


def rerun(store: str, sweep_id: str, rule: str | None) -> str:
    """The command line that resumes a sweep, or only what of it a rule matches."""
    only = [f"only=[{rule}]"] if rule else []
    place = f"analytics_store.uri={quoted(store)}"
    return f"python -m sweeper {shlex.join([f'resume={sweep_id}', *only, place])}"
