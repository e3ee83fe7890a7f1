"""Annotations as they stand in source, read as plain types. Pure."""

from __future__ import annotations

import ast
from collections.abc import Callable

from sweeper.config.signatures.signature import PlainType

Resolve = Callable[[str], ast.expr | None]
"""What a name stands for where it is an alias of a type; `None` where that is not known."""
_KINDS = frozenset(("int", "float", "str", "bool"))
_NONE = PlainType(frozenset())


def plain_type(annotation: ast.expr | None, resolve: Resolve) -> PlainType | None:
    """The plain type that an annotation is; `None` for any other, and for one of `None` alone."""
    found = None if annotation is None else _read(annotation, resolve)
    return found if found is not None and found != _NONE else None


def _read(annotation: ast.expr, resolve: Resolve) -> PlainType | None:
    if isinstance(annotation, ast.Constant):
        return _constant(annotation.value, resolve)
    if isinstance(annotation, ast.BinOp) and isinstance(annotation.op, ast.BitOr):
        return _joined([annotation.left, annotation.right], resolve)
    if isinstance(annotation, ast.Subscript):
        return _subscript(annotation, resolve)
    if isinstance(annotation, ast.Name):
        return _named(annotation.id, resolve)
    return None


def _constant(value: object, resolve: Resolve) -> PlainType | None:
    if value is None:
        return _NONE
    if not isinstance(value, str):
        return None
    try:
        return _read(ast.parse(value, mode="eval").body, resolve)
    except (SyntaxError, ValueError):
        return None


def _named(name: str, resolve: Resolve) -> PlainType | None:
    meant = resolve(name)
    if meant is not None:
        return _read(meant, resolve)
    return PlainType(frozenset((name,))) if name in _KINDS else None


def _subscript(annotation: ast.Subscript, resolve: Resolve) -> PlainType | None:
    head = annotation.value
    name = head.attr if isinstance(head, ast.Attribute) else head.id if isinstance(head, ast.Name) else ""
    inner = annotation.slice.elts if isinstance(annotation.slice, ast.Tuple) else [annotation.slice]
    if name == "Literal":
        return _literal(inner)
    if name == "Optional":
        return _joined(inner, resolve)
    return _joined(inner, resolve) if name == "Union" else None


def _literal(members: list[ast.expr]) -> PlainType | None:
    values = [member.value if isinstance(member, ast.Constant) else ... for member in members]
    words = tuple(value for value in values if isinstance(value, str | int))
    return PlainType(frozenset(), words) if all(v is None or isinstance(v, str | int) for v in values) else None


def _joined(parts: list[ast.expr], resolve: Resolve) -> PlainType | None:
    found = [_read(part, resolve) for part in parts]
    plain = [each for each in found if each is not None]
    if len(plain) < len(found):
        return None
    return PlainType(
        frozenset(kind for each in plain for kind in each.kinds), tuple(word for each in plain for word in each.words)
    )
