"""What the pages of searching read and write."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from storage.accounts.ports import People
from storage.search.ports import SavedQueries, UploadSearch


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchDesk:
    """With `impression_first` who may be asked about an upload finds it without scores."""

    search: UploadSearch
    saved: SavedQueries
    people: People
    now: Callable[[], datetime]
    impression_first: bool = False
