"""Spans of SQL statements, within those of the work that they are for."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Engine, event

from monitoring import tracing

_TABLE = re.compile(r"\b(?:FROM|INTO|UPDATE)\s+\"?(\w+)", re.IGNORECASE)
_OPEN = "veriscope_span"


def trace_statements(engine: Engine) -> None:
    """Make a span of each statement about a table that is part of a trace.

    What loops ask by themselves begins none. Statements and their values are not told: values are
    people's.
    """
    event.listen(engine, "before_cursor_execute", _begin)
    event.listen(engine, "after_cursor_execute", _end)
    event.listen(engine, "handle_error", _fail)


def _begin(
    connection: Any, _cursor: object, statement: str, _values: object, _context: object, _many: bool
) -> None:
    connection.info.pop(_OPEN, None)  # of a statement that was cancelled
    table = _TABLE.search(statement) if tracing.carried() else None
    if table is None:
        return
    operation = statement.split(None, 1)[0].upper()
    said = {
        "db.system.name": connection.dialect.name,
        "db.operation.name": operation,
        "db.collection.name": table[1],
    }
    opened = tracing.span(f"{operation} {table[1]}", "client", said)
    opened.__enter__()  # its end is another event
    connection.info[_OPEN] = opened


def _end(connection: Any, *_: object) -> None:
    _close(connection, None)


def _fail(failure: Any) -> None:
    if failure.connection is not None:
        _close(failure.connection, failure.original_exception)


def _close(connection: Any, error: BaseException | None) -> None:
    opened = connection.info.pop(_OPEN, None)
    if opened is None:
        return
    if error is None:
        opened.__exit__(None, None, None)
        return
    try:
        opened.__exit__(type(error), error, error.__traceback__)
    except type(error):
        return  # it is on its way already
