"""Which topics there are, and how each is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from moderation.upload import Lane

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """A topic as it is created. `retention` None keeps the last message of each key."""

    name: str
    partitions: int
    retention: timedelta | None

    @property
    def config(self) -> dict[str, str]:
        """The broker's own names for how long messages stay."""
        if self.retention is None:
            return {"cleanup.policy": "compact"}
        milliseconds = int(self.retention.total_seconds() * 1000)
        return {"cleanup.policy": "delete", "retention.ms": str(milliseconds)}


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
            Topic(name=self.decisions, partitions=self._partitions, retention=4 * WEEK),
            Topic(name=self.dead_letters, partitions=1, retention=4 * WEEK),
        ]
