"""The one condition by which rows are narrowed to the tenants that somebody sees."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Column, ColumnElement, true

from moderation.people import Tenants


def seen_by(tenants: Tenants, column: Column[Any]) -> ColumnElement[bool]:
    """Rows whose tenant is one of those; put into every query that reads for somebody."""
    return among(None if tenants.every else sorted(tenants.names), column)


def among(tenants: Collection[str] | None, column: Column[Any]) -> ColumnElement[bool]:
    """The same for names alone, None for every tenant, as `storage.reviews.ports` has them."""
    return true() if tenants is None else column.in_(tenants)
