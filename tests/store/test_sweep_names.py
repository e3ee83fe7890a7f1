"""The names of sweeps are those that the store itself reads, and a damaged file costs a name and nothing else."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from damage_parts import asked

from sweeper.store import open_store
from sweeper.store.sweep_names import newest_sweeps


def test_ids_and_names_are_those_of_the_store(tmp_path: Path):
    store, sweep = open_store(tmp_path), asked()
    names = {"20260102T000000-1": "first", "20260102T000001-2": 'nächtlich {"x"}', "20260102T000002-3": ""}
    settings = {"job_backend": {"kind": "inline"}, "long": "x" * 70_000}
    for sweep_id, name in names.items():
        header = replace(sweep.header, sweep_id=sweep_id, name=name, settings=settings)
        store.write_asked(replace(sweep, header=header))
    assert list(newest_sweeps(tmp_path, 5)) == list(names.items())[::-1]
    assert [sweep_id for sweep_id, _ in newest_sweeps(tmp_path, 5)] == store.sweep_ids()[::-1]
    assert len(list(newest_sweeps(tmp_path, 2))) == 2


def test_what_cannot_be_read_has_no_name(tmp_path: Path):
    folder = tmp_path / ".sweeper" / "sweeps"
    folder.mkdir(parents=True)
    for name, content in {"1": b"", "2": b"PAR1", "3": b'sweeper xx{"name"' + b"\x11\0\0\0PAR1"}.items():
        (folder / f"{name}.parquet").write_bytes(content)
    assert list(newest_sweeps(tmp_path, 9)) == [("3", ""), ("2", ""), ("1", "")]
    assert list(newest_sweeps(tmp_path / "nothing", 9)) == []
