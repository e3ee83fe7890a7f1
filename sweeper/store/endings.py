"""The word that each sweep leaves at its end, under `.sweeper/ended/`: that it has ended, and what it left out."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sweeper.common.small_json import Damaged, Shape, parsed
from sweeper.messages.ending import Ending
from sweeper.store import json_files, sweep_files
from sweeper.store.files import PRIVATE, Files, UnreadableFileError

FOLDER = f"{PRIVATE}/ended"
_NO_MORE = b"ended\n"
"""What a sweep that died of an error says, and what older versions said."""


def write(files: Files, sweep_id: str, ending: Ending | None = None) -> None:
    """Leave word that a sweep writes nothing any more, and where it is known what it left out."""
    files.put(FOLDER, sweep_id, _NO_MORE if ending is None else _encoded(sweep_id, ending))


def ended(files: Files) -> list[str]:
    """Ids of the sweeps that have said that they ended."""
    return files.names(FOLDER, "")


def read(files: Files, sweep_ids: Iterable[str]) -> dict[str, Ending | None]:
    """What these sweeps left out; `None` for one that has not said that it ended.

    A sweep is not in it of which nothing is known: it ended with an error, or another version or a damaged file says no
    more. So is one that did not write down what it asked for, since it may have ended before sweeps said so.
    """
    asked, said = set(sweep_files.ids(files)), set(ended(files))
    wanted = [sweep_id for sweep_id in sweep_ids if sweep_id in asked]
    found = {sweep_id: _read(files, sweep_id) for sweep_id in wanted if sweep_id in said}
    known: dict[str, Ending | None] = {key: one for key, one in found.items() if isinstance(one, Ending)}
    return known | {sweep_id: None for sweep_id in wanted if sweep_id not in said}


def damaged(files: Files) -> dict[str, str]:
    """Names of the files that do not say what they should, each with the reason."""
    found = ((name, _read(files, name)) for name in ended(files))
    return {name: one.reason for name, one in found if isinstance(one, Damaged)}


def _read(files: Files, sweep_id: str) -> Ending | Damaged | None:
    try:
        data = files.get(FOLDER, sweep_id)
    except UnreadableFileError as error:
        return Damaged(error.reason)
    return None if data == _NO_MORE else parsed(data, _shape(sweep_id))


def _encoded(sweep_id: str, ending: Ending) -> bytes:
    said = ending.to_dict()
    return json.dumps({**said, "crc": json_files.crc([sweep_id, said])}).encode()


def _shape(sweep_id: str) -> Shape[Ending]:
    def shape(content: Any) -> Ending:
        said = {name: value for name, value in content.items() if name != "crc"}
        if content["crc"] != json_files.crc([sweep_id, said]):
            raise ValueError("its checksum is not that of what it says")
        return Ending.from_dict(said)

    return shape
