"""When a verdict holds again: the same bytes, judged as they would be judged now."""

from __future__ import annotations

from dataclasses import dataclass, replace

from moderation.lineage import Lineage, ModelIdentity
from moderation.policy import ANY, Policy, Rule
from moderation.upload import Lane


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """How verdicts are made here and now: what the lineage of a new one would say.

    `calibration` is that of `model`, `provenance` names what reads the media's own words.
    """

    pipeline: str
    policy: Policy
    preprocessing: str
    provenance: str
    model: ModelIdentity
    calibration: str

    def lineages(self, media_sha256: str) -> frozenset[str]:
        """The digests of what could be said of these bytes now: without a face, and with one."""
        without_face = Lineage(
            pipeline=self.pipeline,
            policy_name=self.policy.name,
            policy_sha256=self.policy.sha256,
            preprocessing=self.preprocessing,
            media_sha256=media_sha256,
            provenance=self.provenance,
        )
        with_face = replace(without_face, model=self.model, calibration=self.calibration)
        return frozenset({without_face.digest, with_face.digest})

    def lanes(self, tenant: str, lane: Lane) -> frozenset[Lane]:
        """The lanes in which a tenant's uploads are judged as in this one."""
        wanted = self._rule(tenant, lane)
        return frozenset(other for other in Lane if self._rule(tenant, other) == wanted)

    def _rule(self, tenant: str, lane: Lane) -> Rule:
        return replace(self.policy.rule_for(tenant, lane), tenant=ANY, lane=None)
