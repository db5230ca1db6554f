"""What is asked of uploads that have an end, and what is found; the newest verdict first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from moderation.people import Tenants
from moderation.provenance import ProvenanceState
from moderation.upload import Lane
from moderation.verdict import Action, Label

# How many verdicts one question looks at. What is rare alone is read along an index of its own;
# what is rare only together with something else would else be looked for among all.
MOST_READ = 6_000
# Counting what is not counted already stops there: more is a number too large to matter.
MOST_COUNTED = 2_000

# Of one person.
MOST_SAVED = 50
LONGEST_NAME = 64
LONGEST_QUERY = 2000


class Decided(StrEnum):
    """What stands by a person's decision; `nothing` where nobody's is in force."""

    NOTHING = "nothing"
    PUBLISH = "publish"
    LABEL = "label"
    WITHHOLD = "withhold"


class Span(StrEnum):
    """What verdicts are counted by."""

    HOUR = "hour"
    DAY = "day"

    @property
    def length(self) -> timedelta:
        return timedelta(hours=1) if self is Span.HOUR else timedelta(days=1)

    def start_of(self, moment: datetime) -> datetime:
        """When the hour, or the day in UTC, began."""
        hour = moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        return hour if self is Span.HOUR else hour.replace(hour=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which uploads are meant; None and the empty tuple do not narrow.

    `at_least` and `at_most` bound the probability, both included; `since` is included, `until`
    is not, and both are times of the verdict. `reason` is one of the verdict's, or of a
    rejection's. `generator` is one that the media names. `policy_sha256` may be the beginning
    of it; it and `model_version` narrow the policy and the model that are named. `unbiased` is for
    who may be asked to judge: while a review is open that is not to be told of decisions, an
    upload is as if there was none. `unscored` is for who says first what they see: while such a
    review is open, nothing that detectors say of an upload is told, finds it, or is counted.
    With `holder`, both mean only the reviews that this person took, for who leads those who judge;
    sums of labels (`is_counted`) then have them all the same.

    Raises:
        ValueError: a version of no model, or the hash of no policy.
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
    provenance: ProvenanceState | None = None
    generator: str | None = None
    model: str | None = None
    model_version: str | None = None
    policy: str | None = None
    policy_sha256: str | None = None
    unbiased: bool = False
    unscored: bool = False
    holder: str | None = None

    def __post_init__(self) -> None:
        if self.model is None and self.model_version is not None:
            raise ValueError("a version is that of a model")
        if self.policy is None and self.policy_sha256 is not None:
            raise ValueError("a hash is that of a policy")

    @property
    def is_counted(self) -> bool:
        """Whether nothing narrows but label, tenant, lane and time: those are counted.

        What is kept from who may be asked to judge is not: it changes with every review.
        """
        narrowed = replace(self, labels=(), tenant=None, lane=None, since=None, until=None)
        unscored = self.unscored and self.holder is None
        return replace(narrowed, unbiased=False, unscored=unscored, holder=None) == Wanted()

    @property
    def asks_scores(self) -> bool:
        """Whether something is asked for that detectors, or the media, say."""
        said = (
            *(self.at_least, self.at_most, self.reason, self.provenance, self.generator),
            self.model,
        )
        return bool(self.labels) or any(one is not None for one in said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """After which verdict to go on; before it, towards the newest, where it says `newer`."""

    decided_at: datetime
    verdict_id: str
    newer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """An upload with its current verdict.

    `standing` is what a person's decision asks for, and `decided_by` that person's id. `label` and
    `action` are None where nothing that detectors say is told, see `Wanted.unscored`.
    """

    upload_id: str
    tenant: str
    lane: Lane
    file_name: str | None
    verdict_id: str
    label: Label | None
    action: Action | None
    fake_probability: float | None
    reasons: tuple[str, ...]
    decided_at: datetime
    standing: Action | None
    decided_by: str | None = None
    model: str | None = None
    model_version: str | None = None
    policy: str
    provenance: ProvenanceState | None = None
    generators: tuple[str, ...] = ()

    @property
    def place(self) -> Place:
        return Place(decided_at=self.decided_at, verdict_id=self.verdict_id)

    def unscored(self) -> Found:
        """As it is told to who says first what they see."""
        return replace(
            self,
            label=None,
            action=None,
            fake_probability=None,
            reasons=(),
            model=None,
            model_version=None,
            provenance=None,
            generators=(),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """A page, the newest verdict first whichever way it was read.

    `further` is where to go on in that way, None at its end. It may be there although the
    page is not full: MOST_READ verdicts were looked at.
    """

    found: tuple[Found, ...]
    further: Place | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many uploads have each label; `is_whole` unless only the newest were counted."""

    by_label: Mapping[Label, int]
    is_whole: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How many uploads of a label were decided in the hour, or the day, that begins there."""

    start: datetime
    label: Label
    uploads: int


class UploadSearch(Protocol):
    """Raises LedgerUnavailable when the database cannot be reached, or takes too long."""

    async def find(
        self, which: Wanted, tenants: Tenants, *, start: Place | None = None, limit: int
    ) -> Results:
        """At most `limit`: the newest, or those next to a place."""
        ...

    async def counts(self, which: Wanted, tenants: Tenants) -> Counts:
        """How many there are of each label."""
        ...

    async def over_time(self, which: Wanted, tenants: Tenants, *, per: Span) -> list[Counted]:
        """All of what is counted, the oldest first; hours and days without any are left out.

        An hour or a day in which `since` lies counts as a whole. What else narrows than
        `Wanted.is_counted` allows is not heeded: ask where it holds.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedQuery:
    """A search under a name; `query` is what stands in its address.

    Raises:
        ValueError: the name, or the address, is empty or too long, or not printable.
    """

    name: str
    query: str

    def __post_init__(self) -> None:
        for text, longest in ((self.name, LONGEST_NAME), (self.query, LONGEST_QUERY)):
            if not 0 < len(text) <= longest or not text.isprintable():
                raise ValueError(f"1 to {longest} printable characters are needed")


class SavedQueries(Protocol):
    """Raises LedgerUnavailable when the database cannot be reached, or refuses to write."""

    async def saved(self, person_id: str) -> list[SavedQuery]:
        """Somebody's own, by name."""
        ...

    async def save(self, person_id: str, query: SavedQuery) -> bool:
        """Keep one, in place of the one of that name; False where MOST_SAVED others are kept."""
        ...

    async def forget(self, person_id: str, name: str) -> None: ...
