"""Keys and region of a profile in the files that AWS tools share, `~/.aws/credentials` and `~/.aws/config`.

Only keys that stand in the files are read. Profiles that get theirs from elsewhere (SSO, an assumed role, a process)
are refused when they are named, with the command that exports them.
"""

from __future__ import annotations

import configparser
import os
from collections.abc import Mapping

from sweeper.errors import StoreError, near_match

_NAMES = {
    "aws_access_key_id": "access_key_id",
    "aws_secret_access_key": "secret_access_key",
    "aws_session_token": "session_token",
    "region": "region",
    "endpoint_url": "endpoint",
}
_ELSEWHERE = ("sso_session", "sso_start_url", "role_arn", "credential_process", "web_identity_token_file")


def of_profile(name: str | None, environ: Mapping[str, str]) -> dict[str, str]:
    """What a profile says, under obstore's names; without a name, `AWS_PROFILE` or `default`.

    Raises
    ------
    StoreError
        A profile that is named does not exist, or has no keys in these files.
    """
    asked = name or environ.get("AWS_PROFILE") or environ.get("AWS_DEFAULT_PROFILE")
    profiles = _profiles(environ)
    found = profiles.get(asked or "default")
    if found is None:
        if asked:
            known = ", ".join(sorted(profiles)) or "none"
            raise StoreError(
                f"There is no AWS profile {asked!r}{near_match(asked, profiles)}; ~/.aws/credentials and ~/.aws/config "
                f"have {known}. Name one of them with AWS_PROFILE or analytics_store.storage_options.profile."
            )
        return {}
    if asked and "aws_access_key_id" not in found and any(word in found for word in _ELSEWHERE):
        raise StoreError(
            f"The AWS profile {asked!r} has no keys of its own, but gets them from elsewhere (SSO, a role, a process), "
            'which sweeper does not do. Run eval "$(aws configure export-credentials --profile '
            f'{asked} --format env)" before it.'
        )
    return {ours: found[theirs] for theirs, ours in _NAMES.items() if theirs in found}


def _profiles(environ: Mapping[str, str]) -> dict[str, dict[str, str]]:
    """The keys of each profile of both files; those of `credentials` hold."""
    home = os.path.join(environ.get("HOME", os.path.expanduser("~")), ".aws")
    config = _read(environ.get("AWS_CONFIG_FILE") or os.path.join(home, "config"))
    shared = _read(environ.get("AWS_SHARED_CREDENTIALS_FILE") or os.path.join(home, "credentials"))
    named = {name.removeprefix("profile ").strip(): values for name, values in config.items()}
    return {name: named.get(name, {}) | shared.get(name, {}) for name in (*named, *shared)}


def _read(path: str) -> dict[str, dict[str, str]]:
    parser = configparser.RawConfigParser()
    try:
        parser.read(os.path.expanduser(path), encoding="utf-8")
    except (configparser.Error, OSError, ValueError) as error:
        raise StoreError(
            f"The AWS file {path} cannot be read: {type(error).__name__}. Mend it or remove it."
        ) from error
    return {name: dict(parser.items(name)) for name in parser.sections()}
