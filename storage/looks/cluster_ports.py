"""What is asked of clusters: an upload with those of the same bytes, and those that look alike.

Every method raises LedgerUnavailable when the database cannot be reached or refuses.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from moderation.review import ReviewJob
from moderation.verdict import Action, Label


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """An upload of a cluster. `distance` is None where the bytes are the same.

    `standing` is what people decided, None where only the verdict speaks.
    """

    upload_id: str
    tenant: str
    file_name: str | None
    verdict_id: str
    label: Label
    action: Action
    fake_probability: float | None
    decided_at: datetime
    distance: int | None
    standing: Action | None


class Clusters(Protocol):
    async def members(self, upload_id: str, tenant: str, *, limit: int) -> list[Member]:
        """The tenant's uploads that have a verdict and are, or look like, what this one is.

        Itself first, then those of the same bytes, then the closest; empty where nothing is
        known of it. They are not looked for around each other: what looks like a look-alike
        may be something else.
        """
        ...

    async def hold(
        self, upload_id: str, verdict_id: str, moderator: str, *, token: str
    ) -> ReviewJob:
        """Give a moderator the review of one of them, to decide it: the open one, or a new one.

        `token` is that of the decision; held twice for one decision, it is the same review.

        Raises:
            UnknownUpload: there is none.
            VerdictChanged: another verdict is current.
            NotHeld: somebody else is looking at it, or an appeal is open or decided it.
        """
        ...
