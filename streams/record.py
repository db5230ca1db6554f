"""Hop 3: scores become a verdict; the verdict, its row and its message are one transaction."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import structlog

from moderation.conditions import settle
from moderation.errors import ScorerMismatch, UnknownUpload
from moderation.fusion import Fusion
from moderation.judging import Judgement, judge, judge_without_face
from moderation.lineage import Lineage, ModelIdentity
from moderation.policy import Policy, Rule
from moderation.verdict import Label, Verdict
from monitoring import metrics
from storage.ports import Ledger, OutboundMessage
from streams.messages import REACHED, UploadScored, VerdictReached
from streams.topics import Topics

log = structlog.get_logger()

_VERDICT_IDS = uuid.UUID("0d3c1a52-6a0b-4b5e-8f0e-1f7f3f1f4c55")


class Record:
    """Fuses, judges by policy, and writes the end of an upload."""

    def __init__(
        self,
        ledger: Ledger,
        policy: Policy,
        fusions: Mapping[ModelIdentity, Fusion],
        topics: Topics,
        *,
        pipeline: str,
    ) -> None:
        self._ledger = ledger
        self._policy = policy
        self._fusions = fusions
        self._topics = topics
        self._pipeline = pipeline

    async def __call__(self, message: UploadScored) -> Sequence[OutboundMessage]:
        """Write one upload's verdict; what is to be published leaves through the outbox.

        Raises:
            LedgerUnavailable, Superseded: try again.
            ScorerMismatch: scores of a model that is not calibrated here.
        """
        upload = message.upload
        current = await self._current(upload.upload_id)
        verdict = self._decide(message, current)
        if current is not None and not verdict.may_supersede(current):
            return []
        reached = REACHED.encode(
            VerdictReached(verdict=verdict),
            topic=self._topics.verdicts,
            upload_id=upload.upload_id,
            at=verdict.decided_at,
        )
        if await self._ledger.conclude(upload, verdict, publish=[reached], looks=message.looks):
            metrics.VERDICTS.labels(upload.lane, verdict.label).inc()
            waited = (verdict.decided_at - upload.announced_at).total_seconds()
            metrics.END_TO_END_SECONDS.labels(upload.lane).observe(max(0.0, waited))
            log.info(
                "verdict.reached",
                upload_id=upload.upload_id,
                label=verdict.label.value,
                fake_probability=verdict.fake_probability,
                seconds=round(waited, 3),
            )
        return []

    async def _current(self, upload_id: str) -> Verdict | None:
        try:
            return (await self._ledger.status(upload_id)).verdict
        except UnknownUpload:
            return None  # scored before intake wrote its row; `conclude` writes it

    def _decide(self, message: UploadScored, current: Verdict | None) -> Verdict:
        upload = message.upload
        rule = self._policy.rule_for(upload.tenant, upload.lane)
        judgement = self._judge(message, rule)
        lineage = self._lineage(message)
        label, provenance = judgement.label, message.provenance
        settled = settle(rule.actions[label], label, provenance, rule.provenance)
        return Verdict(
            verdict_id=str(uuid.uuid5(_VERDICT_IDS, f"{upload.upload_id}:{lineage.digest}")),
            upload_id=upload.upload_id,
            tenant=upload.tenant,
            label=label,
            action=settled.action,
            fake_probability=judgement.fake_probability,
            reasons=judgement.reasons,
            lineage=lineage,
            announced_at=upload.announced_at,
            decided_at=datetime.now(UTC),
            tracks=judgement.tracks,
            media=message.media,
            provenance=provenance,
            face_pack=message.face_pack,
            rejection=message.rejection,
            supersedes=current.verdict_id if current is not None else None,
            action_because=settled.because,
        )

    def _judge(self, message: UploadScored, rule: Rule) -> Judgement:
        if message.rejection is not None or message.media is None:
            return Judgement(label=Label.REJECTED, fake_probability=None, reasons=(), tracks=())
        if not message.tracks:
            return judge_without_face(message.media)
        return judge(
            message.media,
            message.tracks,
            message.scores,
            rule,
            self._fusion(message.model),
            message.track_scores,
        )

    def _fusion(self, model: ModelIdentity | None) -> Fusion:
        fusion = self._fusions.get(model) if model else None
        if fusion is None:
            raise ScorerMismatch(f"no calibration for the scores of {model}")
        return fusion

    def _lineage(self, message: UploadScored) -> Lineage:
        return Lineage(
            pipeline=self._pipeline,
            preprocessing=message.preprocessing,
            policy_name=self._policy.name,
            policy_sha256=self._policy.sha256,
            media_sha256=message.media.sha256 if message.media else None,
            model=message.model,
            calibration=self._fusion(message.model).id if message.model else None,
            provenance=message.provenance.reader if message.provenance else None,
        )
