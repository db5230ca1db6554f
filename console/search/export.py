"""What was found as CSV that no spreadsheet runs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from storage.search.ports import Found

COLUMNS = (
    "upload_id",
    "tenant",
    "lane",
    "file_name",
    "label",
    "action",
    "fake_probability",
    "reasons",
    "decided_at",
    "standing",
)
# What makes a spreadsheet take a cell for a formula, in half and full width:
# <https://owasp.org/www-community/attacks/CSV_Injection>.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def as_csv(found: Iterable[Found]) -> str:
    """RFC 4180, with a line of names; nobody who decided is named."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for one in found:
        score = "" if one.fake_probability is None else f"{one.fake_probability:.4f}"
        cells = (
            one.upload_id,
            one.tenant,
            one.lane,
            one.file_name or "",
            one.label,
            one.action,
            score,
            " ".join(one.reasons),
            one.decided_at.isoformat(),
            one.standing or "",
        )
        writer.writerow([harmless(cell) for cell in cells])
    return text.getvalue()


def harmless(cell: str) -> str:
    """A cell that is read as text: a quote goes before what would be a formula."""
    return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA) else cell
