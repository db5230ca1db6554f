"""What was found as rows of a file, and those as CSV that no spreadsheet runs.

Who decided is named by a pseudonym, which stays the same and says nothing.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from moderation.spreadsheets import as_text
from storage.search.ports import Found


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One upload; the columns of a file are these, in this order."""

    upload_id: str
    tenant: str
    lane: str
    file_name: str | None
    label: str
    action: str | None
    fake_probability: float | None
    reasons: Sequence[str]
    decided_at: datetime
    standing: str | None
    decided_by: str | None
    model: str | None
    model_version: str | None
    policy: str
    provenance: str | None
    generators: Sequence[str]


# The label of what is told without what detectors say, see `Wanted.unscored`.
HIDDEN = "hidden"
COLUMNS = tuple(Row.__dataclass_fields__)


def row_of(found: Found, decided_by: str | None) -> Row:
    """`decided_by` is the pseudonym of who made the decision that stands."""
    told = {name: getattr(found, name) for name in COLUMNS}
    return Row(**told | {"decided_by": decided_by, "label": found.label or HIDDEN})


def csv_head() -> str:
    """RFC 4180 with a line of names."""
    return _lines([COLUMNS])


def csv_lines(rows: Iterable[Row]) -> str:
    return _lines([as_text(_cell(getattr(row, name))) for name in COLUMNS] for row in rows)


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.4f}"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return " ".join(value)
    return str(value)


def _lines(lines: Iterable[Sequence[str]]) -> str:
    text = io.StringIO()
    csv.writer(text).writerows(lines)
    return text.getvalue()
