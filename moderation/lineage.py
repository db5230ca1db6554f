"""What a verdict was derived from: enough to repeat it, and to know when it would change."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass


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
    read the media's own words on its origin; None where nothing did.
    """

    pipeline: str
    policy_name: str
    policy_sha256: str
    preprocessing: str | None = None
    media_sha256: str | None = None
    model: ModelIdentity | None = None
    calibration: str | None = None
    provenance: str | None = None

    @property
    def digest(self) -> str:
        """SHA-256 over the canonical JSON of all fields: equal lineage, equal digest.

        A lineage from before there was provenance keeps its digest, and its verdict's id.
        """
        fields = asdict(self)
        if self.provenance is None:
            del fields["provenance"]
        canonical = json.dumps(fields, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()
