"""What is asked of uploads that have an end, and what is found; the newest verdict first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from moderation.people import Tenants
from moderation.upload import Lane
from moderation.verdict import Action, Label

# Counting stops there: more than that is one number too large to matter, and slow to know.
MOST_COUNTED = 10_000


class Decided(StrEnum):
    """What stands by a person's decision; `nothing` where nobody's is in force."""

    NOTHING = "nothing"
    PUBLISH = "publish"
    LABEL = "label"
    WITHHOLD = "withhold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which uploads are meant; None and the empty tuple do not narrow.

    `at_least` and `at_most` bound the probability, both included; `since` is included, `until`
    is not, and both are times of the verdict. `reason` is one of the verdict's, or of a
    rejection's. `unbiased` is for who may be asked to judge: while a review is open that is not
    to be told of decisions, an upload is as if there was none.
    """

    labels: tuple[Label, ...] = ()
    at_least: float | None = None
    at_most: float | None = None
    reason: str | None = None
    tenant: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    lane: Lane | None = None
    decided: Decided | None = None
    upload_id: str | None = None
    unbiased: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """After which verdict to go on."""

    decided_at: datetime
    verdict_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An upload with its current verdict. `standing` is what a person's decision asks for."""

    upload_id: str
    tenant: str
    lane: Lane
    file_name: str | None
    verdict_id: str
    label: Label
    action: Action
    fake_probability: float | None
    reasons: tuple[str, ...]
    decided_at: datetime
    standing: Action | None

    @property
    def place(self) -> Place:
        return Place(decided_at=self.decided_at, verdict_id=self.verdict_id)


class UploadSearch(Protocol):
    """Raises LedgerUnavailable when the database cannot be reached, or takes too long."""

    async def find(
        self, which: Wanted, tenants: Tenants, *, after: Place | None = None, limit: int
    ) -> list[Found]:
        """The newest verdicts first, from the one after that place on."""
        ...

    async def counts(self, which: Wanted, tenants: Tenants) -> Mapping[Label, int]:
        """How many of each label, of the newest MOST_COUNTED + 1."""
        ...
