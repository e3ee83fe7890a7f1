"""What may stand in the place of an override: its key, step by step, or its value."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from sweeper.cli.completion.candidates import Candidate, in_list, single
from sweeper.cli.completion.sources import Sources, paths
from sweeper.config.classification import ROOT_FIELDS
from sweeper.config.settings import LISTS, MEANINGS, WORDS
from sweeper.vocabulary import AXES

_SIGN = re.compile(r"~|\+{0,2}")
_STEP = re.compile(r"[\w-]+")
"""A key that can be written in an override as it is."""
_LIST = Candidate("[", "several of them", False)
_PATH = re.compile(r"(\.{0,2}|~)/|\.{1,2}$")
"""How a value begins that is a path, whatever its key is."""
_BOOL = (Candidate("true"), Candidate("false"))


def of_override(current: str, sources: Sources) -> list[Candidate]:
    """Candidates for a word that is, or may become, an override."""
    key, equals, value = current.partition("=")
    if equals:
        return _values(key.lstrip("+~"), f"{key}=", value, sources)
    found = _SIGN.match(key)
    sign = found[0] if found else ""
    return list(_keys(sign, key[len(sign) :], sources))


# Keys


def _keys(sign: str, typed: str, sources: Sources) -> Iterator[Candidate]:
    """Keys that exist; behind `+` those that do not, as far as they are known."""
    path, dot, _ = typed.rpartition(".")
    node = _at(sources.config.content, path) if dot else sources.config.content
    if not dot:
        yield from _roots(sign, node, sources)
    elif sign != "+":
        for name, value in node.items():
            yield from _key(sign, f"{path}.{name}", value)


def _roots(sign: str, content: Mapping[str, object], sources: Sources) -> Iterator[Candidate]:
    selected = {*AXES, *sources.config.groups}
    for group in sources.groups:
        if (group in selected) == (sign != "+"):
            yield from _group(sign, group, sources)
    known = {**dict.fromkeys(ROOT_FIELDS), **content}
    for name, value in known.items():
        if sign == "++" or (name in content) == (sign != "+"):
            yield from _key(sign, name, value, is_group=name in sources.groups)


def _group(sign: str, group: str, sources: Sources) -> Iterator[Candidate]:
    if sign != "~":
        yield Candidate(f"{sign}{group}=", f"select from the config group {group}", False)


def _key(sign: str, path: str, value: object, *, is_group: bool = False) -> Iterator[Candidate]:
    if not _STEP.fullmatch(path.rpartition(".")[2]):
        return
    if isinstance(value, Mapping) and value:
        yield Candidate(f"{sign}{path}.", "what is in it", False)
    elif is_group:
        return
    elif sign == "~":
        yield Candidate(f"~{path}", "take it out")
    else:
        yield Candidate(f"{sign}{path}=", _plain(MEANINGS.get(path, "")), False)


def _plain(markdown: str) -> str:
    return re.sub(r"\[([^]]*)]\([^)]*\)", r"\1", markdown).replace("`", "")


def _at(content: Mapping[str, object], path: str) -> Mapping[str, object]:
    node: object = content
    for step in path.split("."):
        node = node.get(step) if isinstance(node, Mapping) else None
    return node if isinstance(node, Mapping) else {}


# Values


def _values(key: str, before: str, value: str, sources: Sources) -> list[Candidate]:
    if value.startswith("[") and value.endswith("]"):
        return [Candidate(before + value)]
    if key in sources.groups:
        return _choices(key, before, value, sources)
    if key in WORDS:
        words = [Candidate(word) for word in WORDS[key]]
        return _of_list(before, words, value) if key in LISTS else single(before, words)
    if key == "resume":
        return single(before, sources.sweeps)
    if key == "job_backend.address":
        return single(before, [Candidate("auto", "a Ray that runs on this machine")])
    if key == "analytics_store.uri" or _PATH.match(value):
        return single(before, paths(value, folders_only=key == "analytics_store.uri"))
    path, _, last = key.rpartition(".")
    present = _at(sources.config.content, path).get(last) if path else sources.config.content.get(last)
    return single(before, _BOOL) if isinstance(present, bool) else []


def _choices(group: str, before: str, value: str, sources: Sources) -> list[Candidate]:
    """One choice, a list of them, or what `--multirun` takes as a list: names with commas between."""
    choices = sources.choices(group)
    if group in AXES:
        return _of_list(before, choices, value)
    return single(before, choices)


def _of_list(before: str, items: list[Candidate], value: str) -> list[Candidate]:
    if value.startswith("["):
        return in_list(before, items, value)
    head, comma, _ = value.rpartition(",")
    if comma:
        taken = head.split(",")
        return single(f"{before}{head},", [item for item in items if item.text not in taken])
    return single(before, [*items, _LIST])
