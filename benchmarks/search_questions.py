"""What moderators ask of search: one thing at a time, of each kind, common and rare, and together.

They fit the rows of `benchmarks.search_rows`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from benchmarks.search_rows import LAST, TENANTS
from moderation.people import ALL_TENANTS, Tenants
from moderation.provenance import ProvenanceState
from moderation.upload import Lane
from moderation.verdict import Label
from storage.search.ports import Decided, Wanted

_FLAGGED = (Label.FAKE, Label.SUSPECT)

WHO: Mapping[str, Tenants] = {
    "all tenants": ALL_TENANTS,
    "the largest tenant": Tenants.named(TENANTS[0]),
    "a small tenant": Tenants.named(TENANTS[7]),
    "two tenants": Tenants.named(TENANTS[3], TENANTS[7]),
}
QUESTIONS: Mapping[str, Wanted] = {
    "the newest": Wanted(),
    "one label": Wanted(labels=(Label.FAKE,)),
    "flagged": Wanted(labels=_FLAGGED),
    "flagged, of last June": Wanted(
        labels=_FLAGGED, since=LAST - timedelta(days=214), until=LAST - timedelta(days=184)
    ),
    "score at least 0.5": Wanted(at_least=0.5),
    "score at least 0.9998": Wanted(at_least=0.9998),
    "score from 0.55 to 0.56": Wanted(at_least=0.55, at_most=0.56),
    "suspect from 0.85 on": Wanted(labels=(Label.SUSPECT,), at_least=0.85),
    "a common reason": Wanted(reason="near_threshold"),
    "a very rare reason": Wanted(reason="occluded"),
    "a reason that is nowhere": Wanted(reason="rescreened"),
    "backfill, half a year ago": Wanted(lane=Lane.BACKFILL),
    "credentials unknown": Wanted(provenance=ProvenanceState.UNKNOWN),
    "credentials trusted": Wanted(provenance=ProvenanceState.TRUSTED),
    "a common generator": Wanted(generator="Often"),
    "a very rare generator": Wanted(generator="Rarely"),
    "a model": Wanted(model="faces"),
    "a superseded version of it": Wanted(model="faces", model_version="1"),
    "a very rare version of it": Wanted(model="faces", model_version="canary"),
    "a policy by its hash": Wanted(policy="standard", policy_sha256="a1a1"),
    "withheld by decision": Wanted(decided=Decided.WITHHOLD),
    "suspect, nobody decided": Wanted(labels=(Label.SUSPECT,), decided=Decided.NOTHING),
    "an id": Wanted(upload_id=f"upload-{77:012}"),
    "rare together": Wanted(generator="Often", reason="blurred", labels=(Label.FAKE,)),
    "never together": Wanted(labels=(Label.REJECTED,), reason="near_threshold", lane=Lane.BACKFILL),
}
