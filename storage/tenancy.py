"""The one condition by which rows are narrowed to the tenants that somebody sees."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, ColumnElement, true

from moderation.people import Tenants


def seen_by(tenants: Tenants, column: Column[Any]) -> ColumnElement[bool]:
    """Rows whose tenant is one of those; put into every query that reads for somebody."""
    return true() if tenants.every else column.in_(sorted(tenants.names))
