"""What people say of an upload to one another, beside what they decide."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from moderation.decisions import check_text

LONGEST_COMMENT = 2000


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """One remark; `author` is a person's id. It is never changed, and goes with its upload.

    Raises:
        ValueError: it says nothing, is too long, or holds what cannot be kept.
    """

    comment_id: str
    tenant: str
    upload_id: str
    author: str
    text: str
    made_at: datetime

    def __post_init__(self) -> None:
        if not self.text.strip():
            raise ValueError("write something")
        check_text(self.text, longest=LONGEST_COMMENT)
