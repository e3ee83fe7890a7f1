"""What is wrong with the arguments that a spec gives, as sentences. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sweeper.config.signatures.signature import Parameter, Signature
from sweeper.errors import near_match

OF_HYDRA = frozenset(("_target_", "_convert_", "_recursive_", "_partial_", "_args_"))
"""Keys of a spec that are no arguments."""
_MOST_SHOWN = 12


def wrong_arguments(where: str, spec: Mapping[str, object], signature: Signature) -> Iterator[str]:
    """A sentence for each argument that the target does not take, needs and is not given, or that has a wrong value.

    Parameters
    ----------
    where
        How an override addresses the spec: `model.svm.estimator`.
    """
    given = {name: value for name, value in spec.items() if name not in OF_HYDRA}
    if not signature.takes_any:
        yield from (_unknown(where, name, signature) for name in given if name not in signature.names)
    if not (spec.get("_partial_") or "_args_" in spec):
        lacking = [one for one in signature.parameters if one.is_required and one.name not in given]
        yield from (_missing(where, one, signature) for one in lacking)
    for parameter in signature.parameters:
        if parameter.name in given and _is_refused(parameter, given[parameter.name]):
            yield _mistyped(where, parameter, given[parameter.name], signature)


def _is_refused(parameter: Parameter, value: object) -> bool:
    is_built = isinstance(value, Mapping) and "_target_" in value
    return parameter.plain is not None and not is_built and parameter.plain.refuses(value)


def _unknown(where: str, name: str, signature: Signature) -> str:
    hint = near_match(name, signature.names)
    return f"{where}.{name}: {signature.name} takes no {name!r}.{hint} {_takes(signature)} Rename it, or take it out."


def _missing(where: str, parameter: Parameter, signature: Signature) -> str:
    kind = f", {parameter.plain.text}" if parameter.plain is not None else ""
    return (
        f"{where}: {signature.name} needs {parameter.name!r}{kind}, which is not given. "
        f"Add it to the choice, or give it as +{where}.{parameter.name}=VALUE."
    )


def _mistyped(where: str, parameter: Parameter, value: object, signature: Signature) -> str:
    allowed = "" if parameter.plain is None else parameter.plain.text
    words = [word for word in parameter.plain.words if isinstance(word, str)] if parameter.plain is not None else []
    hint = near_match(value, words) if isinstance(value, str) else ""
    key = f"{where}.{parameter.name}"
    return (
        f"{key} is {value!r} ({type(value).__name__}).{hint} {signature.name} takes {allowed} there. "
        f"Change it in the choice, or give {key}=VALUE."
    )


def _takes(signature: Signature) -> str:
    shown = signature.names[:_MOST_SHOWN]
    if not shown:
        return "It takes no arguments."
    more = len(signature.names) - len(shown)
    return f"It takes {', '.join(shown)}{f' and {more} more' if more else ''}."
