"""What a verdict was derived from: enough to repeat it, and to know when it would change."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from functools import lru_cache


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelIdentity:
    """A model as it is served; `sha256` is that of its weights file."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """Everything that could have made the verdict another one.

    `preprocessing` names how media became crops, `calibration` how logits
    became probabilities; both change when their output changes. `model` is
    None where no model was asked (a rejection, or no face), `media_sha256` and
    `preprocessing` where the media was not read (a rejection). `provenance` names what
    read the media's own words on its origin; None where nothing did. `again_after` is the
    verdict that was superseded when an older lineage was brought back (a policy that was
    taken back, say): it comes to the same, and is told anew.
    """

    pipeline: str
    policy_name: str
    policy_sha256: str
    preprocessing: str | None = None
    media_sha256: str | None = None
    model: ModelIdentity | None = None
    calibration: str | None = None
    provenance: str | None = None
    again_after: str | None = None

    @property
    def digest(self) -> str:
        """SHA-256 over the canonical JSON of all fields: equal lineage, equal digest.

        A lineage from before there were these fields keeps its digest, and its verdict's id.
        """
        return _digest(self)

    def repeats(self, other: Lineage) -> bool:
        """Tell whether both can only come to the same, brought back or not."""
        return replace(self, again_after=None) == replace(other, again_after=None)


@lru_cache(maxsize=256)  # an upload's is asked for five times on its way
def _digest(lineage: Lineage) -> str:
    fields = asdict(lineage)
    for added_later in ("provenance", "again_after"):
        if fields[added_later] is None:
            del fields[added_later]
    canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
