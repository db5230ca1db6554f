"""What an upload's scores come to by a policy: the hop that records them asks, and a shadow."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from moderation.conditions import Settled, settle
from moderation.errors import ScorerMismatch
from moderation.fusion import Fusion
from moderation.judging import Judgement, judge, judge_without_face
from moderation.lineage import Lineage, ModelIdentity
from moderation.policy import Policy, Rule
from moderation.provenance import Provenance
from moderation.upload import Upload
from moderation.verdict import Action, Label, Reason, Verdict
from streams.messages import UploadScored

_VERDICT_IDS = uuid.UUID("0d3c1a52-6a0b-4b5e-8f0e-1f7f3f1f4c55")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """What a verdict says, before there is one; its id follows from upload and lineage."""

    judgement: Judgement
    action: Action
    action_because: tuple[str, ...]
    lineage: Lineage
    verdict_id: str


class Judge:
    """Fuses by the calibration of the bundle that scored, and judges by one policy."""

    def __init__(
        self, policy: Policy, fusions: Mapping[ModelIdentity, Fusion], *, pipeline: str
    ) -> None:
        self._policy = policy
        self._fusions = fusions
        self._pipeline = pipeline

    def follow(self, policy: Policy) -> None:
        """Take another policy for all that comes from now on."""
        self._policy = policy

    def __call__(self, message: UploadScored) -> Judged:
        """Judge one upload; the same message is always judged alike.

        Raises:
            ScorerMismatch: scores of a model that is not calibrated here.
        """
        upload = message.upload
        rule = self.rule_for(upload)
        judgement = self._judge(message, rule)
        lineage = self._lineage(message)
        settled = self._settle(rule, judgement.label, message.provenance)
        return Judged(
            judgement=judgement,
            action=settled.action,
            action_because=settled.because,
            lineage=lineage,
            verdict_id=verdict_id(upload.upload_id, lineage),
        )

    def again(self, standing: Verdict, upload: Upload) -> Judged:
        """What a verdict on the same bytes comes to for another upload of them."""
        settled = self._settle(self.rule_for(upload), standing.label, standing.provenance)
        return Judged(
            judgement=Judgement(
                label=standing.label,
                fake_probability=standing.fake_probability,
                reasons=tuple(one for one in standing.reasons if one is not Reason.MATCHED),
                tracks=standing.tracks,
            ),
            action=settled.action,
            action_because=settled.because,
            lineage=standing.lineage,
            verdict_id=verdict_id(upload.upload_id, standing.lineage),
        )

    def goes_by(self, lineage: Lineage) -> bool:
        """Whether a verdict of that lineage was reached by the policy that is followed now."""
        return lineage.policy_sha256 == self._policy.sha256

    def rule_for(self, upload: Upload) -> Rule:
        return self._policy.rule_for(upload.tenant, upload.lane)

    @staticmethod
    def _settle(rule: Rule, label: Label, provenance: Provenance | None) -> Settled:
        return settle(rule.actions[label], label, provenance, rule.provenance)

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


def verdict_id(upload_id: str, lineage: Lineage) -> str:
    """The id of the verdict on an upload that has this lineage: the same one however often."""
    return str(uuid.uuid5(_VERDICT_IDS, f"{upload_id}:{lineage.digest}"))
