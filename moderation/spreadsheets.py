"""Cells that a spreadsheet reads as text and does not run."""

from __future__ import annotations

# What makes a spreadsheet take a cell for a formula, in half and full width:
# <https://owasp.org/www-community/attacks/CSV_Injection>.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def as_text(cell: str) -> str:
    """A cell that is read as text: a quote goes before what would be a formula."""
    return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA) else cell
