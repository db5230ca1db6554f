"""How long what was kept of uploads stays: by part, and by tenant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from itertools import pairwise

SHORTEST = timedelta(hours=1)


class Part(StrEnum):
    """What has a time of its own, in the order in which it goes.

    `media`: the bytes as they were sent. `packs`: crops, logits and embeddings. `evidence`: file
    names and addresses, what media said of their origin, looks, notes, comments, words of
    appeals. `verdicts`: the upload itself with all verdicts.
    """

    MEDIA = "media"
    PACKS = "packs"
    EVIDENCE = "evidence"
    VERDICTS = "verdicts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long each part stays after an upload came to its end; None: until it is erased.

    The defaults leave crops for the six months in which decisions can be appealed against
    (Digital Services Act, article 20), and verdicts for three yearly reports.

    Raises:
        ValueError: a time is under an hour, or a part stays longer than one that goes after it.
    """

    media: timedelta | None = timedelta(days=30)
    packs: timedelta | None = timedelta(days=210)
    evidence: timedelta | None = timedelta(days=210)
    verdicts: timedelta | None = timedelta(days=1095)

    def __post_init__(self) -> None:
        times = [(part, self.of(part)) for part in Part]
        for part, time in times:
            if time is not None and time < SHORTEST:
                raise ValueError(f"{part} must stay for an hour at least")
        for (first, one), (second, other) in pairwise(times):
            if other is not None and (one is None or one > other):
                raise ValueError(f"{first} must not stay longer than {second}")

    def of(self, part: Part) -> timedelta | None:
        time: timedelta | None = getattr(self, part.value)
        return time


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionPlan:
    """How long things stay, and for which tenants it is otherwise."""

    default: Retention = field(default_factory=Retention)
    tenants: Mapping[str, Retention] = field(default_factory=dict)

    def of(self, tenant: str) -> Retention:
        return self.tenants.get(tenant, self.default)
