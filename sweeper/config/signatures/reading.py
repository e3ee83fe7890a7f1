"""The signature of a class or function, from its source alone: no package is run.

`None` where the source does not say it for certain: a decorator, a metaclass, a `__new__`, a base that cannot be
followed, an `__init__` that is bound twice or by a call.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable

from sweeper.common.bindings import bound, definition_of, origin, running
from sweeper.common.source import Definition, Module
from sweeper.config.signatures.annotations import plain_type
from sweeper.config.signatures.dataclass_fields import dataclass_decorator, field_parameters, generates_init
from sweeper.config.signatures.signature import Parameter, Signature

_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef
_DEPTH = 12
_HARMLESS = frozenset(
    f"{module}.{name}"
    for module in ("typing", "typing_extensions", "abc", "builtins")
    for name in ("Generic", "Protocol", "ABC", "object")
)
"""Bases that change nothing of how an object is made."""
_HARMLESS_DECORATORS = frozenset(
    ("typing.final", "typing.runtime_checkable", "typing_extensions.runtime_checkable", "functools.total_ordering")
)
_METACLASSES = frozenset(("abc.ABCMeta",))
_MAKING = frozenset(("__init__", "__new__", "__signature__"))
_OBJECT: tuple[Parameter, ...] = ()
"""What `object` takes."""


class UncertainError(Exception):
    """The source does not say it."""


def signature_of(target: str) -> Signature | None:
    """What a target takes, by its dotted path."""
    found = definition_of(target)
    if found is None:
        return None
    try:
        return _of_definition(found)
    except (UncertainError, RecursionError):
        return None


def _of_definition(found: Definition) -> Signature:
    if isinstance(found.node, ast.ClassDef):
        return of_class(found.node, found.module)
    if isinstance(found.node, _FUNCTIONS) and not found.node.decorator_list:
        return of_function(found.node, found.module, found.node.name, skipped=0)
    raise UncertainError


def of_function(node: _FUNCTIONS, module: Module | None, name: str, *, skipped: int) -> Signature:
    """The signature in the head of a function.

    Parameters
    ----------
    module
        Where names in its annotations are looked up; with `None`, only built-in ones are known.
    skipped
        How many of its parameters are not given by who calls it: 1 for `self`.
    """
    arguments = node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(arguments.defaults))
    pairs = list(zip(positional, [*defaults, *arguments.defaults], strict=True))
    if len(arguments.posonlyargs) > skipped or len(positional) < skipped:
        raise UncertainError
    pairs = [*pairs[skipped:], *zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)]
    parameters = tuple(
        Parameter(one.arg, default is None, plain_type(one.annotation, lambda word: _alias(module, word)))
        for one, default in pairs
    )
    return Signature(name, parameters, takes_any=arguments.kwarg is not None)


def _alias(module: Module | None, name: str) -> ast.expr | None:
    """What a name in an annotation is another one for; what is not sure is given as an expression of no plain type."""
    if module is None:
        return None
    found = bound(module, name)
    if found is not None and isinstance(found.node, ast.expr):
        return found.node
    is_builtin = found is None and origin(module, ast.Name(name)) == f"builtins.{name}"
    return None if is_builtin else ast.List([])


def of_class(node: ast.ClassDef, module: Module) -> Signature:
    """The signature of a class: that of its `__init__`, of its fields if it is a dataclass, or of a base."""
    if any(origin(module, _head(base)).endswith(".Protocol") for base in node.bases):
        raise UncertainError  # what stands for others is not made itself
    parameters = _parameters(Definition(module, node), _DEPTH)
    return Signature(node.name, *parameters) if parameters is not None else Signature(node.name, _OBJECT)


def _parameters(cls: Definition, depth: int) -> tuple[tuple[Parameter, ...], bool] | None:
    """What a class takes, and whether anything else too; `None` if neither it nor a base says so."""
    node, module = _class(cls, depth), cls.module
    bases = _bases(node, module)
    own = _own_init(node)
    if own is not None:
        for base in bases:
            _refuse_odd_lineage(base, depth - 1)
        made = of_function(own, module, node.name, skipped=1)
        return made.parameters, made.takes_any
    inherited = [found for base in bases if (found := _parameters(base, depth - 1)) is not None]
    if generates_init(node, module) and len(bases) < 2:
        return field_parameters([*_lineage(cls)], _alias), False
    if len(inherited) > 1 or generates_init(node, module):
        raise UncertainError
    return inherited[0] if inherited else None


def _refuse_odd_lineage(cls: Definition, depth: int) -> None:
    for base in _bases(_class(cls, depth), cls.module):
        _refuse_odd_lineage(base, depth - 1)


def _class(cls: Definition, depth: int) -> ast.ClassDef:
    """The statement of a class, if its objects are made as usual.

    Raises
    ------
    UncertainError
        They may not be.
    """
    if depth == 0 or not isinstance(cls.node, ast.ClassDef):
        raise UncertainError
    _refuse_other_ways_to_make_it(cls.node, cls.module)
    return cls.node


def _lineage(cls: Definition) -> Iterable[Definition]:
    """The class and its bases, each with one base at most, the last of them first."""
    assert isinstance(cls.node, ast.ClassDef)
    bases = _bases(cls.node, cls.module)
    if len(bases) > 1:
        raise UncertainError
    for base in bases:
        yield from _lineage(base)
    yield cls


def _bases(node: ast.ClassDef, module: Module) -> list[Definition]:
    """The bases that may say how an object is made.

    Raises
    ------
    UncertainError
        One of them cannot be followed.
    """
    found: list[Definition] = []
    for expression in node.bases:
        base = _head(expression)
        if origin(module, base) in _HARMLESS:
            continue
        definition = bound(module, base.id) if isinstance(base, ast.Name) else _by_path(module, base)
        if definition is None or not isinstance(definition.node, ast.ClassDef):
            raise UncertainError
        found.append(definition)
    return found


def _head(base: ast.expr) -> ast.expr:
    """A base without what is in brackets behind it: `Generic` of `Generic[T]`."""
    return base.value if isinstance(base, ast.Subscript) else base


def _by_path(module: Module, base: ast.expr) -> Definition | None:
    """A base that is written with its module: `nn.Module`."""
    return definition_of(path) if (path := origin(module, base)) else None


def _refuse_other_ways_to_make_it(node: ast.ClassDef, module: Module) -> None:
    for keyword in node.keywords:
        if keyword.arg == "metaclass" and origin(module, keyword.value) not in _METACLASSES:
            raise UncertainError
    for decorator in node.decorator_list:
        if dataclass_decorator(decorator, module) is None and origin(module, decorator) not in _HARMLESS_DECORATORS:
            raise UncertainError
    for inner in running(node):
        if isinstance(inner, _FUNCTIONS) and inner.name == "__new__":
            raise UncertainError
        if isinstance(inner, _FUNCTIONS) and inner.name == "__init_subclass__" and _may_change_init(inner):
            raise UncertainError


def _may_change_init(hook: ast.AST) -> bool:
    """Whether an `__init_subclass__` may set `__init__` of a subclass, which it cannot without naming it.

    One that wraps whatever a subclass has hands the same arguments on.
    """
    named = {getattr(node, "attr", None) or getattr(node, "id", None) for node in ast.walk(hook)}
    texts = {node.value for node in ast.walk(hook) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return not _MAKING.isdisjoint(named | texts)


def _own_init(node: ast.ClassDef) -> _FUNCTIONS | None:
    """The `__init__` in the body of a class, undecorated and the only one."""
    inits = [one for one in node.body if isinstance(one, _FUNCTIONS) and one.name == "__init__"]
    every = [one for one in running(node) if _binds_init(one)]
    if len(every) > len(inits) or len(inits) > 1 or any(one.decorator_list for one in inits):
        raise UncertainError
    return inits[0] if inits else None


def _binds_init(node: ast.AST) -> bool:
    if isinstance(node, ast.Name):
        return node.id == "__init__"
    return isinstance(node, _FUNCTIONS) and node.name == "__init__"
