"""Queries without what nobody asks for: columns that no later step uses cost time each time a query is put into words."""

from collections.abc import Collection
from typing import Any

import ibis
import ibis.expr.operations as ops


def lean(table: ibis.Table) -> ibis.Table:
    """The same rows and columns; the steps that it is made of keep what a later one uses, down to the first that is more
    than a choice of columns or rows."""
    return _narrowed(table.op(), table.columns, False).to_expr()


def _narrowed(step: Any, names: Collection[str], chosen: bool) -> Any:
    """A step with these columns at least, and no others unless a later step has `chosen` which it takes."""
    if isinstance(step, ops.Project):
        wanted = {name: value for name, value in step.values.items() if name in names}
        below = _used(wanted.values(), step.parent)
        # a table without columns is none
        wanted = wanted or dict([next(iter(step.values.items()))])
        narrower = ops.Project(step.parent, wanted)
    elif isinstance(step, ops.Aggregate):
        below = _used((*step.groups.values(), *step.metrics.values()), step.parent)
        narrower = step
    elif isinstance(step, ops.Filter):
        below = {*names, *_used(step.predicates, step.parent)}
        narrower = step
    else:
        return step
    parent = _narrowed(step.parent, below, chosen or not isinstance(step, ops.Filter))
    if chosen and isinstance(narrower, ops.Project) and _only_passes_on(narrower):
        # the engine has to read and resolve a step that does nothing as any other
        return parent
    if parent is step.parent:
        return narrower
    # what the relation below rests on stays, and is not looked at
    near = (narrower, step.parent)
    return narrower.replace(
        {step.parent: parent}, filter=lambda node: node in near or isinstance(node, ops.Value)
    )


def _only_passes_on(step: Any) -> bool:
    """Whether a choice of columns makes nothing of them, so that the step below does as well."""
    return all(
        isinstance(value, ops.Field) and value.rel == step.parent and value.name == name
        for name, value in step.values.items()
    )


def _used(values: Collection[Any], relation: Any) -> set[str]:
    """The columns of a relation that values are made of."""
    found: set[str] = set()
    seen: set[Any] = set()
    waiting = list(values)
    while waiting:
        node = waiting.pop()
        if node in seen or isinstance(node, ops.Relation):
            continue
        seen.add(node)
        if isinstance(node, ops.Field) and node.rel == relation:
            found.add(node.name)
        else:
            waiting.extend(child for child in node.__children__)
    return found
