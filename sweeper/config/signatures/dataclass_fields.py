"""The parameters of a dataclass, from its annotated attributes. Pure."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence

from sweeper.common.bindings import origin
from sweeper.common.source import Definition, Module
from sweeper.config.signatures.annotations import plain_type
from sweeper.config.signatures.signature import Parameter

_DATACLASS = "dataclasses.dataclass"
Alias = Callable[[Module, str], ast.expr | None]
"""What a name in an annotation of a module is another one for."""


def dataclass_decorator(decorator: ast.expr, module: Module) -> ast.expr | None:
    """The decorator, if it is that of dataclasses."""
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return decorator if origin(module, called) == _DATACLASS else None


def generates_init(node: ast.ClassDef, module: Module) -> bool:
    """Whether a class gets its `__init__` from its fields."""
    found = [one for one in node.decorator_list if dataclass_decorator(one, module) is not None]
    return bool(found) and not (isinstance(found[0], ast.Call) and _sets(found[0].keywords, "init", False))


def field_parameters(lineage: Sequence[Definition], alias: Alias) -> tuple[Parameter, ...]:
    """The parameters of a dataclass from the fields of it and its bases, the last base first."""
    found: dict[str, Parameter | None] = {}
    for cls in lineage:
        assert isinstance(cls.node, ast.ClassDef)
        if any(dataclass_decorator(one, cls.module) is not None for one in cls.node.decorator_list):
            found |= dict(_fields(cls.node, cls.module, alias))
    return tuple(parameter for parameter in found.values() if parameter is not None)


def _fields(node: ast.ClassDef, module: Module, alias: Alias) -> Iterator[tuple[str, Parameter | None]]:
    """Each field by its name; `None` for one that `__init__` does not take."""
    for one in node.body:
        if not isinstance(one, ast.AnnAssign) or not isinstance(one.target, ast.Name):
            continue
        kind = _head(one.annotation, module)
        if kind in ("typing.ClassVar", "dataclasses.KW_ONLY"):
            continue
        annotation = _inside(one.annotation) if kind == "dataclasses.InitVar" else one.annotation
        plain = plain_type(annotation, lambda word: alias(module, word))
        options = _options(one.value, module)
        name = one.target.id
        is_left_out = options is not None and _sets(options, "init", False)
        yield name, None if is_left_out else Parameter(name, not _has_default(one.value, options), plain)


def _head(annotation: ast.expr, module: Module) -> str:
    """What an annotation is made with: `typing.ClassVar` of `ClassVar[int]`."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            annotation = ast.parse(annotation.value, mode="eval").body
        except SyntaxError:
            return ""
    return origin(module, annotation.value if isinstance(annotation, ast.Subscript) else annotation)


def _inside(annotation: ast.expr) -> ast.expr | None:
    return annotation.slice if isinstance(annotation, ast.Subscript) else None


def _options(value: ast.expr | None, module: Module) -> list[ast.keyword] | None:
    """The keywords of `field(...)`; `None` for any other value."""
    is_field = isinstance(value, ast.Call) and origin(module, value.func) == "dataclasses.field"
    return value.keywords if is_field and isinstance(value, ast.Call) else None


def _has_default(value: ast.expr | None, options: list[ast.keyword] | None) -> bool:
    if options is None:
        return value is not None
    return any(one.arg in ("default", "default_factory", None) for one in options)


def _sets(keywords: Sequence[ast.keyword], name: str, value: object) -> bool:
    """Whether keywords set a name to a value, or to one that is not known."""
    given = [one.value for one in keywords if one.arg in (name, None)]
    return any(not isinstance(one, ast.Constant) or one.value == value for one in given)
