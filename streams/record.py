"""Hop 3: scores become a verdict; the verdict, its row and its message are one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import structlog

from moderation.errors import UnknownUpload
from moderation.matching import with_matches
from moderation.upload import Upload
from moderation.verdict import Verdict
from monitoring import metrics, tracing
from storage.ports import Ledger, OutboundMessage
from streams.before import Before
from streams.judging import Judge, Judged
from streams.messages import REACHED, UploadScored, VerdictReached
from streams.topics import Topics

log = structlog.get_logger()


class Record:
    """Fuses, judges by policy, and writes the end of an upload; `before` knows of others."""

    def __init__(
        self, ledger: Ledger, judge: Judge, topics: Topics, before: Before | None = None
    ) -> None:
        self._ledger = ledger
        self._judge = judge
        self._topics = topics
        self._before = before

    async def __call__(self, message: UploadScored) -> Sequence[OutboundMessage]:
        """Write one upload's verdict; what is to be published leaves through the outbox.

        Raises:
            LedgerUnavailable, Superseded: try again.
            ScorerMismatch: scores of a model that is not calibrated here.
        """
        upload = message.upload
        current = await self._current(upload.upload_id)
        verdict = await self.matched(message, self.decide(message, current))
        if current is None or verdict.may_supersede(current):
            await self.conclude(message, verdict)
        return []

    async def take_over(self, upload: Upload, standing: Verdict) -> bool:
        """End an upload by the verdict that stands on its bytes; False where none does any more.

        Raises:
            LedgerUnavailable.
            Superseded: the upload has another verdict already.
        """
        if not self._judge.goes_by(standing.lineage):
            return False  # the policy may have become another one while it was looked for
        message = UploadScored(
            upload=upload,
            media=standing.media,
            provenance=standing.provenance,
            face_pack=standing.face_pack,
        )
        verdict = _verdict(message, self._judge.again(standing, upload), None)
        await self.conclude(message, await self.matched(message, verdict, standing))
        return True

    async def conclude(self, message: UploadScored, verdict: Verdict) -> bool:
        """Write a verdict that was decided from a message, and what is to be published of it.

        Returns False when one of equal lineage was written before.

        Raises:
            LedgerUnavailable, Superseded.
        """
        upload = message.upload
        reached = REACHED.encode(
            VerdictReached(verdict=verdict),
            topic=self._topics.verdicts,
            upload_id=upload.upload_id,
            at=verdict.decided_at,
        )
        if not await self._ledger.conclude(upload, verdict, publish=[reached], looks=message.looks):
            return False
        _tell(upload, verdict)
        return True

    async def _current(self, upload_id: str) -> Verdict | None:
        try:
            return (await self._ledger.status(upload_id)).verdict
        except UnknownUpload:
            return None  # scored before intake wrote its row; `conclude` writes it

    def decide(self, message: UploadScored, current: Verdict | None) -> Verdict:
        """Say what the verdict would be, and write nothing.

        Raises:
            ScorerMismatch: scores of a model that is not calibrated here.
        """
        return _verdict(message, self._judge(message), current)

    async def matched(
        self, message: UploadScored, verdict: Verdict, standing: Verdict | None = None
    ) -> Verdict:
        """A verdict with what is known of its bytes and of look-alikes.

        Raises:
            LedgerUnavailable.
        """
        if self._before is None or verdict.media is None:
            return verdict
        upload, sha256 = message.upload, verdict.media.sha256
        # Before anything is awaited: meanwhile the policy may become another than the verdict's.
        conditions = self._judge.rule_for(upload).matches
        matches = await self._before.matches(upload, sha256, message.looks, standing)
        return with_matches(verdict, matches, conditions)


def _verdict(message: UploadScored, judged: Judged, current: Verdict | None) -> Verdict:
    upload, judgement = message.upload, judged.judgement
    return Verdict(
        verdict_id=judged.verdict_id,
        upload_id=upload.upload_id,
        tenant=upload.tenant,
        label=judgement.label,
        action=judged.action,
        fake_probability=judgement.fake_probability,
        reasons=judgement.reasons,
        lineage=judged.lineage,
        announced_at=upload.announced_at,
        decided_at=datetime.now(UTC),
        tracks=judgement.tracks,
        media=message.media,
        provenance=message.provenance,
        face_pack=message.face_pack,
        rejection=message.rejection,
        supersedes=current.verdict_id if current is not None else None,
        action_because=judged.action_because,
    )


def _tell(upload: Upload, verdict: Verdict) -> None:
    metrics.VERDICTS.labels(upload.lane, verdict.label).inc()
    for kind in {match.kind for match in verdict.matched}:
        metrics.VERDICTS_MATCHED.labels(kind).inc()
    if verdict.fake_probability is not None:
        metrics.PROBABILITIES.labels(min(int(verdict.fake_probability * 10), 9)).inc()
    waited = (verdict.decided_at - upload.announced_at).total_seconds()
    metrics.END_TO_END_SECONDS.labels(upload.lane).observe(
        max(0.0, waited), exemplar=tracing.exemplar()
    )
    log.info(
        "verdict.reached",
        upload_id=upload.upload_id,
        label=verdict.label.value,
        fake_probability=verdict.fake_probability,
        seconds=round(waited, 3),
    )
