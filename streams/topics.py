"""Which topics there are, and how each is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from moderation.upload import Lane

WEEK = timedelta(days=7)
COMPACTED_WITHIN = timedelta(days=1)
LARGEST_DEAD_LETTER_BYTES = 2 * 1024 * 1024  # twice what Kafka takes on other topics by default


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A topic as it is created.

    `retention` None keeps the last message of each key, `largest_bytes` None is the
    broker's own limit.
    """

    name: str
    partitions: int
    retention: timedelta | None
    largest_bytes: int | None = None

    @property
    def config(self) -> dict[str, str]:
        """The broker's own names for how long messages stay, and how large they may be."""
        size = {} if self.largest_bytes is None else {"max.message.bytes": str(self.largest_bytes)}
        if self.retention is None:
            # Without it a tombstone may wait for years for its segment to fill: nothing that was
            # erased stays longer (KIP-354).
            longest = int(COMPACTED_WITHIN.total_seconds() * 1000)
            return {"cleanup.policy": "compact", "max.compaction.lag.ms": str(longest), **size}
        milliseconds = int(self.retention.total_seconds() * 1000)
        return {"cleanup.policy": "delete", "retention.ms": str(milliseconds), **size}


class Topics:
    """The names of all topics under one prefix.

    Every hop up to the verdict has a topic for each lane: within one topic a
    million backfilled uploads would stand in front of a live one.
    """

    def __init__(self, prefix: str = "veriscope", *, partitions: int = 12) -> None:
        self.prefix = prefix
        self._partitions = partitions
        self.verdicts = f"{prefix}.verdicts"
        self.decisions = f"{prefix}.decisions"
        self.dead_letters = f"{prefix}.dead-letters"

    def uploads(self, lane: Lane) -> str:
        return f"{self.prefix}.uploads.{lane}"

    def faces(self, lane: Lane) -> str:
        return f"{self.prefix}.faces.{lane}"

    def scores(self, lane: Lane) -> str:
        return f"{self.prefix}.scores.{lane}"

    def lane_of(self, topic: str) -> Lane:
        return Lane(topic.rpartition(".")[2])

    def every(self) -> list[Topic]:
        """All topics, in the order in which an upload passes them."""
        by_lane = (
            Topic(name=name(lane), partitions=self._partitions, retention=WEEK)
            for name in (self.uploads, self.faces, self.scores)
            for lane in Lane
        )
        return [
            *by_lane,
            Topic(name=self.verdicts, partitions=self._partitions, retention=None),
            # Compacted like verdicts: what stands for an upload must be there for who comes late.
            Topic(name=self.decisions, partitions=self._partitions, retention=None),
            # A dead letter holds another message whole, and says what was wrong with it.
            Topic(
                name=self.dead_letters,
                partitions=1,
                retention=4 * WEEK,
                largest_bytes=LARGEST_DEAD_LETTER_BYTES,
            ),
        ]
