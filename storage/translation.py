"""Turns what a library raises into Veriscope's errors, by a table that its adapter keeps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeAlias

from moderation.errors import ModerationError

ErrorTable: TypeAlias = Sequence[tuple[type[BaseException], type[ModerationError]]]


def translation(error: BaseException, table: ErrorTable) -> type[ModerationError] | None:
    """What an error means: the first row whose type it is of."""
    return next((ours for foreign, ours in table if isinstance(error, foreign)), None)


@contextmanager
def translated(table: ErrorTable) -> Iterator[None]:
    """Raise Veriscope's error from each of the table's; all others pass as they are."""
    try:
        yield
    except ModerationError:
        raise
    except Exception as error:
        ours = translation(error, table)
        if ours is None:
            raise
        raise ours(first_line(error)) from error


def first_line(error: BaseException) -> str:
    """The error's name and the first line it says, without what a library adds below."""
    # SQLAlchemy keeps the driver's error here; its own message repeats the statement's values.
    cause = getattr(error, "orig", None) or error
    lines = str(cause).strip().splitlines()
    return f"{type(cause).__name__}: {lines[0][:300]}" if lines else type(cause).__name__
