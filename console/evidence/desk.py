"""What the pages of evidence read from, and how they note who looked at media."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from console.evidence.reading import Evidence
from console.identity.callers import Caller
from moderation.reasons import PolicyReason
from storage.accounts.ports import Accounts
from storage.accounts.records import MediaAccess, MediaPart
from storage.reviews.ports import ReviewRecords


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """`records` tells what people decided.

    With `impression_first` who may be asked about an upload sees nothing of what detectors say
    of it before they said what they see.
    """

    evidence: Evidence
    records: ReviewRecords
    reasons: Mapping[str, PolicyReason]
    accounts: Accounts
    now: Callable[[], datetime]
    impression_first: bool = False

    async def note(
        self,
        caller: Caller,
        tenant: str,
        upload_id: str,
        part: MediaPart,
        reason: str,
        detail: str,
    ) -> None:
        """Write into the log of media accesses that somebody is about to be sent something."""
        await self.accounts.log.note(
            MediaAccess(
                person_id=caller.somebody.person_id,
                token_id=caller.token.token_id if caller.token else None,
                tenant=tenant,
                upload_id=upload_id,
                part=part,
                reason=reason,
                detail=detail,
                at=self.now(),
            )
        )
