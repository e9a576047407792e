"""Filters of relations by values of ours: DuckDB gets each as a value, never as a part of SQL."""

from collections.abc import Iterable
from typing import Any

from duckdb import ColumnExpression, ConstantExpression, Expression, FunctionExpression


def is_value(column: str, value: Any) -> Expression:
    """Return the condition that a column is this value; true of no row where it is null."""
    return ColumnExpression(column) == ConstantExpression(value)


def is_among(column: str, values: Iterable[Any]) -> Expression:
    """Return the condition that a column is one of these values, of which there is at least one."""
    return ColumnExpression(column).isin(*map(ConstantExpression, values))


def has_any(column: str, values: Iterable[Any]) -> Expression:
    """Return the condition that a column of lists has one of these values among its own."""
    return FunctionExpression(
        "list_has_any", ColumnExpression(column), ConstantExpression(list(values))
    )
