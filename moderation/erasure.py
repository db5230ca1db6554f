"""Erasing what was kept of an upload, or of all that somebody sent, and the proof that remains."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

_TARGET = re.compile(r"[!-~]{1,128}")
_REFERENCE = re.compile(r"[A-Za-z0-9._/#-]{0,64}")


class ErasureScope(StrEnum):
    UPLOAD = "upload"
    UPLOADER = "uploader"


class ErasureReason(StrEnum):
    """Why: a closed list, so that nobody writes of a person into a row that stays."""

    SUBJECT_REQUEST = "subject_request"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    LEGAL_ORDER = "legal_order"
    UNLAWFUL_CONTENT = "unlawful_content"
    MISTAKE = "mistake"
    OTHER = "other"


class ErasureState(StrEnum):
    """`settling`: gone, and looked at once more when nothing can be on its way any longer."""

    PENDING = "pending"
    SETTLING = "settling"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureRequest:
    """What somebody asks for. `reference` is a ticket's number, never words about a person.

    Raises:
        ValueError: the target is none that an upload or an uploader could have, or the
            reference holds other characters than a number does.
    """

    tenant: str
    scope: ErasureScope
    target: str
    reason: ErasureReason
    asked_by: str
    reference: str = ""

    def __post_init__(self) -> None:
        if not _TARGET.fullmatch(self.target):
            raise ValueError("name an upload or an uploader: 1 to 128 characters without blanks")
        if not _REFERENCE.fullmatch(self.reference):
            raise ValueError("a reference has at most 64 letters, digits and ._/#-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """One erasure as it stands. When it is done, this is the proof.

    `target` is gone then; `subject` is a keyed hash of it, by which whoever has the key and
    the id can tell that it was this one. `removed` counts rows by table, and `objects` of the
    media store.
    """

    erasure_id: str
    tenant: str
    scope: ErasureScope
    target: str | None
    subject: str
    reason: ErasureReason
    reference: str
    asked_by: str
    asked_at: datetime
    state: ErasureState
    due_at: datetime
    uploads: int = 0
    removed: Mapping[str, int] = field(default_factory=dict)
    finished_at: datetime | None = None


def counted(before: Mapping[str, int], more: Mapping[str, int]) -> dict[str, int]:
    """Both together, without what is nothing."""
    names = sorted(before.keys() | more.keys())
    both = {name: before.get(name, 0) + more.get(name, 0) for name in names}
    return {name: count for name, count in both.items() if count}
