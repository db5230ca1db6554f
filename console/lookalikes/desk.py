"""What the pages of clusters read and do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from console.forms import Form
from console.identity.callers import Caller
from moderation.clusters import ruling_on, token_for
from moderation.errors import NotHeld, UnfitRuling, UnknownReview, UnknownUpload, VerdictChanged
from moderation.reasons import PolicyReason
from moderation.upload import Upload
from moderation.verdict import Action
from storage.looks.cluster_ports import Clusters, Member
from storage.ports import Ledger
from storage.reviews.ports import Decisions

# Of one page, and of one decision.
MOST_MEMBERS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterDesk:
    """With `impression_first` only who decides clusters is told what detectors say."""

    ledger: Ledger
    clusters: Clusters
    decisions: Decisions
    reasons: Mapping[str, PolicyReason]
    impression_first: bool = False

    async def upload(self, caller: Caller, upload_id: str) -> Upload:
        """Raises: UnknownUpload: there is none, or it is another tenant's."""
        upload = (await self.ledger.status(upload_id)).upload
        caller.check_sees(upload.tenant, upload_id)
        return upload

    async def members(self, upload: Upload) -> list[Member]:
        return await self.clusters.members(upload.upload_id, upload.tenant, limit=MOST_MEMBERS)

    async def decide(self, caller: Caller, upload: Upload, sent: Form) -> tuple[int, int]:
        """Decide all that were chosen; how many were, and how many were left as they are.

        Raises:
            UnfitRuling: there is no such reason or action, or they do not fit.
            TokenReused, ValueError: the form does not hold.
        """
        action = self._action(sent)
        chosen = dict(one.split("/", 1) for one in sent.every("chosen") if "/" in one)
        decided = 0
        for member in await self.members(upload):
            if chosen.get(member.upload_id) == member.verdict_id:
                decided += await self._decide(caller, member, sent, action)
        return decided, len(chosen) - decided

    async def _decide(self, caller: Caller, member: Member, sent: Form, action: Action) -> bool:
        """Decide one upload, by the way on which it is decided from the queue.

        False where others were faster, also between the two steps: the next ones still go on.
        """
        mine, token = caller.somebody.person_id, token_for(sent.one("token"), member.upload_id)
        reason, note = sent.one("reason"), sent.one("note")
        try:
            job = await self.clusters.hold(member.upload_id, member.verdict_id, mine, token=token)
            ruling = ruling_on(job, action, reason=reason, token=token, note=note)
            await self.decisions.decide(job.job_id, mine, ruling)
        except (NotHeld, VerdictChanged, UnknownReview, UnknownUpload):
            return False
        return True

    def _action(self, sent: Form) -> Action:
        if not sent.one("token"):
            raise UnfitRuling("the form is damaged; load the page again")
        reason, action = self.reasons.get(sent.one("reason")), Action(sent.one("action"))
        if reason is None:
            raise UnfitRuling(f"there is no policy reason {sent.one('reason')}")
        if reason.restricts != action.restricts:
            raise UnfitRuling(f"{reason.key} is no reason to {action}")
        return action
