"""Errors of Hydra and OmegaConf, turned into one message that names the cause and the next step."""

from __future__ import annotations

import re
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sweeper.common.text import escaped
from sweeper.config.config_texts import with_cure, wrong_kind
from sweeper.config.unresolved import unresolved
from sweeper.errors import ConfigError, SweeperError, near_match
from sweeper.vocabulary import AXES

if TYPE_CHECKING:
    from pathlib import Path

    from sweeper.config.hydra_session import Session

_NO_CHOICE = re.compile(r"Could not (?:find|load) '(?P<path>[^']+)'")
_NO_OVERRIDE = re.compile(r"Could not override '(?P<key>[^']+)'")
_NO_DELETION = re.compile(r"Could not delete '(?P<key>[^'=]+)")
_OTHER_KIND = re.compile(r"In '(?P<name>[^']+)'.*Cannot merge \w+Config with \w+Config", re.DOTALL)
_NO_MERGE = "Error merging override"


@contextmanager
def as_config_error(session: Session) -> Generator[None]:
    """Turn what Hydra, OmegaConf and YAML raise while composing into a `ConfigError`."""
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException
    from yaml import YAMLError

    try:
        yield
    # Hydra raises bare ValueErrors for some misuses of config groups.
    except (HydraException, OmegaConfBaseException, YAMLError, ValueError, OSError, RecursionError) as error:
        raise _as_config_error(error, session) from error


@contextmanager
def composing(session: Session) -> Generator[None]:
    """`as_config_error` around what is Hydra's alone: whatever it raises there is caused by the config."""
    try:
        yield
    except SweeperError:
        raise
    except Exception as error:
        raise _as_config_error(error, session) from error


def _as_config_error(error: Exception, session: Session) -> ConfigError:
    from hydra.errors import HydraException
    from omegaconf.errors import InterpolationResolutionError, MissingMandatoryValue

    if isinstance(error, UnicodeDecodeError):
        return ConfigError(_not_utf8(error, session))
    if isinstance(error, RecursionError):
        return ConfigError("The config, or an override, is nested too deeply, or refers to itself.")
    if isinstance(error, OSError) and not isinstance(error, HydraException):  # one of Hydra's is both
        return ConfigError(f"A file of the config cannot be read: {error}.")
    if isinstance(error, InterpolationResolutionError | MissingMandatoryValue):
        return unresolved(error)
    return ConfigError(_explain(_text(error), session))


def _not_utf8(error: UnicodeDecodeError, session: Session) -> str:
    """The config files that cannot be decoded; the error does not name the one that it came from."""
    files = sorted({path for folder in session.folders for path in folder.rglob("*.yaml") if not _is_utf8(path)})
    named = ", ".join(escaped(str(path)) for path in files) or "a config file"
    return f"{named} is not UTF-8 ({error.reason}). Write it in UTF-8, as YAML is."


def _is_utf8(path: Path) -> bool:
    try:
        path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return False
    except OSError:  # a link to nothing, for one
        return True
    return True


def _text(error: BaseException) -> str:
    """Hydra wraps OmegaConf's errors in empty ones, so the first message along the causes is the one that helps."""
    link: BaseException | None = error
    while link is not None:
        text = str(link).strip()
        if text.startswith(_NO_MERGE) and link.__cause__ is not None:
            return f"{text}: {str(link.__cause__).strip().partition(chr(10))[0]}."
        if text:
            return text
        link = link.__cause__
    return type(error).__name__


def _explain(text: str, session: Session) -> str:
    missing = _NO_CHOICE.search(text)
    if missing:
        return _unknown_choice(missing["path"], text, session)
    kind = _OTHER_KIND.search(text)
    if kind and (said := wrong_kind(session.folders, kind["name"])):
        return said
    unused = _NO_OVERRIDE.search(text)
    if unused and "@" not in unused["key"]:
        key = unused["key"]
        if hint := near_match(key, AXES):
            return f"There is no config group {key!r} to override.{hint}"
        return f"{key!r} cannot be overridden, since no defaults list has it. Add it: +{key}=... ({_one_line(text)})"
    deleted = _NO_DELETION.search(text)
    if deleted and deleted["key"] in AXES:
        return f"The choices of an axis are selected, not deleted: '{deleted['key']}=[NAME]', or '{deleted['key']}=[]'."
    return with_cure(_one_line(text))


def _unknown_choice(path: str, text: str, session: Session) -> str:
    group, _, name = path.rpartition("/")
    known = sorted(session.files(group)) if group else []
    ending = _other_ending(path, session)
    if not known:
        return _unknown_config(path, ending, session)
    several = name.split()
    if len(several) > 1 and all(one in known for one in several):
        return f"There is no {group} {name!r}. Several are separated by commas: '{group}=[{','.join(several)}]'."
    return f"There is no {group} {name!r}.{ending or near_match(name, known)} There are: {', '.join(known)}."


def _unknown_config(path: str, ending: str, session: Session) -> str:
    first, _, rest = path.partition("/")
    if rest.startswith(f"{first}/"):
        return f"There is no {first} {rest!r}. A choice is named without its group: {first}={rest.partition('/')[2]}"
    groups = sorted({p.name for folder in session.folders for p in folder.iterdir() if p.is_dir()})
    names = sorted({p.stem for folder in session.folders for p in folder.glob("*.yaml")})
    hint = ending or near_match(path, [*names, *groups])
    return f"There is no config {path!r} on the search path.{hint} Its groups are {', '.join(groups)}."


def _other_ending(path: str, session: Session) -> str:
    """That a file is there under another ending than the one that is read."""
    found = [folder / f"{path}.yml" for folder in session.folders if (folder / f"{path}.yml").is_file()]
    return f" {found[0]} is there, and only files that end in .yaml are read: rename it." if found else ""


def _one_line(text: str) -> str:
    return " ".join(line.strip() for line in text.splitlines() if line.strip())
