"""What of the user's own modules is sent to nodes that are other machines."""

from __future__ import annotations

from pathlib import Path

import pytest

from sweeper.jobs.ray_simple.upload import own_files, refuse_too_much, said, staged


def tree(root: Path, *files: str, size: int = 10) -> str:
    for file in files:
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_bytes(bytes(size))
    return str(root)


def test_code_and_configs_are_sent_and_stores_data_outputs_and_environments_are_not(tmp_path: Path):
    left_out = ["data/a.npy", "outputs/x.log", ".git/HEAD", ".env", "env/pyvenv.cfg", "env/lib/x.py", "my.egg-info/x"]
    left_out += ["store/.sweeper/format.json", "store/runs/a.parquet", "__pycache__/a.pyc", "sweeper/_version.py"]
    root = tree(tmp_path, "mine.py", "pkg/__init__.py", "pkg/deep/part.py", "conf/model/m.yaml", *left_out)
    assert sorted(file.relative for file in own_files([root])) == [
        "conf/model/m.yaml",
        "mine.py",
        "pkg/__init__.py",
        "pkg/deep/part.py",
    ]


def test_folders_become_one_in_which_the_first_of_a_name_wins_as_in_an_import(tmp_path: Path):
    first, second = tree(tmp_path / "a", "mine.py", size=1), tree(tmp_path / "b", "mine.py", "other.py", size=2)
    folder = Path(staged(own_files([first, second, str(tmp_path / "none")])))
    assert {path.name: path.stat().st_size for path in folder.iterdir()} == {"mine.py": 1, "other.py": 2}


def test_what_is_too_large_is_refused_with_the_largest_folders(tmp_path: Path):
    root = tree(tmp_path, "weights/model.bin", size=3_000_000)
    tree(tmp_path, "mine.py")
    files = own_files([root])
    assert said(files, [root]) == f"sent to the nodes of the cluster: 2 files (3.00 MB) of {root}"
    refuse_too_much(files, [root], 3.1)
    with pytest.raises(ValueError, match=r"weights \(3.0 MB\).*upload_limit|upload_limit=2 .*weights \(3.0 MB\)"):
        refuse_too_much(files, [root], 2)
