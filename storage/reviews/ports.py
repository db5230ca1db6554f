"""What the console, the command line and the stream need of reviews.

Every method raises LedgerUnavailable when the database cannot be reached or refuses to
write; the docstrings list what else is raised. People are ids. `tenants` None means every tenant.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from moderation.agreement import Agreement
from moderation.decisions import Decision, DecisionKind, Link, Ruling
from moderation.figures import Figures
from moderation.known_items import KnownAnswer, KnownItem
from moderation.review import JobKind, ReviewJob
from moderation.verdict import Verdict
from storage.ports import OutboundMessage

TenantNames = Collection[str] | None


class ReviewQueue(Protocol):
    """Hands out jobs, each to one person at a time."""

    async def next(
        self,
        moderator: str,
        *,
        queue: str | None = None,
        tenants: TenantNames = None,
        lead: bool = False,
    ) -> ReviewJob | None:
        """Lock the free job with the oldest deadline, of one queue or of all, and return it.

        Whoever holds a job already gets that one again, whatever queue it is of. Nobody is given
        what they skipped, nor a second review, an appeal or a known item on an upload that they
        decided about, or where what they decided about another one was taken over; escalated
        jobs are for leads. None: there is nothing for them.
        """
        ...

    async def renew(self, job_id: str, moderator: str) -> ReviewJob:
        """Hold a job for another while. Raises: UnknownReview, NotHeld."""
        ...

    async def release(self, job_id: str, moderator: str, *, skipping: str | None = None) -> None:
        """Let go of a job; with a reason for `skipping` it is never given to them again.

        Raises:
            UnknownReview, NotHeld.
        """
        ...


class Decisions(Protocol):
    """Takes decisions, append-only; each is a link in its tenant's chain."""

    async def decide(self, job_id: str, moderator: str, ruling: Ruling) -> Link:
        """Decide a job that the moderator holds; the same token again is the same decision.

        Raises:
            UnknownReview, NotHeld, VerdictChanged, UnfitRuling, TokenReused.
        """
        ...

    async def undo(
        self, decision_id: str, moderator: str, *, token: str, reason: str = "", lead: bool = False
    ) -> Link:
        """Cancel a decision within its grace time; its job waits again, with who took it back.

        Raises:
            UnknownReview, NotYours, UndoTooLate, TokenReused.
        """
        ...


class Appeals(Protocol):
    """Opens reviews of what stands already; who decided it is given none of them."""

    async def appeal(self, upload_id: str, text: str, tenants: TenantNames = None) -> ReviewJob:
        """Open the uploader's appeal; one that waits and says the same is returned as it is.

        Raises:
            UnknownUpload: there is none, or it is another tenant's.
            NothingToAppeal, AppealOpen.
            ValueError: the text is empty, over 4,000 characters, or cannot be kept.
        """
        ...

    async def reopen(self, upload_id: str, tenants: TenantNames = None) -> ReviewJob:
        """Open a review of a decision that took effect; one that waits is returned as it is.

        Raises:
            UnknownUpload: as `appeal`.
            NothingToReopen.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DueDecision:
    """A decision whose grace time is over; `about` is the one that it looks at again."""

    link: Link
    job: ReviewJob | None
    about: Decision | None


class Settlement(Protocol):
    """Decisions that take effect once nobody can undo them any more."""

    async def due(self, now: datetime, *, limit: int) -> list[DueDecision]:
        """Those whose grace time has passed and that nothing was done about, oldest first."""
        ...

    async def settle(
        self,
        decision: Decision,
        *,
        publish: Sequence[OutboundMessage],
        opens: Sequence[ReviewJob],
    ) -> bool:
        """Let one take effect: what stands, messages and new jobs in one transaction.

        Returns False, and writes nothing, when that was done before or it was undone.
        """
        ...

    async def lapse(self, now: datetime) -> int:
        """Close known items that nobody answered by their deadline, and return how many.

        Everybody may answer one only once: without an end, those that all have answered would
        wait for ever.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptDecision:
    """A decision with its note; None where there was none, or it was erased."""

    link: Link
    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewHistory:
    """All that was asked and decided about an upload, oldest first.

    `standing` is the decision in force, None where only the verdict speaks.
    """

    jobs: tuple[ReviewJob, ...]
    decisions: tuple[KeptDecision, ...]
    standing: Decision | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How many jobs of a queue and kind are open, and when the oldest of them was opened."""

    queue: str
    kind: JobKind
    jobs: int
    oldest: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFilter:
    """Which jobs are meant; None does not narrow."""

    queue: str | None = None
    tenants: TenantNames = None
    kind: JobKind | None = None
    upload_id: str | None = None
    open_only: bool = True


class ReviewRecords(Protocol):
    """What is asked of reviews: reading only."""

    async def job(self, job_id: str) -> ReviewJob:
        """Raises: UnknownReview."""
        ...

    async def history(self, upload_id: str) -> ReviewHistory:
        """All about one upload; empty where nobody was asked."""
        ...

    async def jobs(self, which: JobFilter, *, limit: int) -> list[ReviewJob]:
        """Oldest deadline first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip:
    """Why somebody did not judge what they were given."""

    upload_id: str
    tenant: str
    moderator: str
    reason: str
    skipped_at: datetime


class Skips(Protocol):
    async def skips(
        self, since: datetime, until: datetime, tenants: TenantNames = None, *, limit: int
    ) -> list[Skip]:
        """Those of a time, the newest first."""
        ...


class ReviewStatistics(Protocol):
    async def waiting(self, tenants: TenantNames = None) -> list[Waiting]:
        """Open jobs by queue and kind."""
        ...

    async def agreement(
        self, since: datetime, until: datetime, tenants: TenantNames = None
    ) -> Agreement:
        """How far first and blind second reviewers agree; the second decided in that time."""
        ...

    async def figures(self, year: int, tenants: TenantNames = None) -> Figures:
        """What a yearly transparency report asks for."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Restriction:
    """Something that was restricted, with the verdict behind it; `decision` None: nobody looked."""

    verdict: Verdict
    decision: Decision | None


class Restrictions(Protocol):
    async def restrictions(
        self,
        since: datetime,
        until: datetime,
        tenants: TenantNames = None,
        *,
        automated: bool = False,
    ) -> list[Restriction]:
        """What decisions restricted in that time; `automated` adds verdicts that nobody decided."""
        ...


class KnownItems(Protocol):
    """Uploads whose right answer leads know."""

    async def mark(
        self,
        upload_id: str,
        expected: DecisionKind,
        *,
        by: str,
        at: datetime,
        tenants: TenantNames = None,
    ) -> KnownItem:
        """Make an upload, with its current verdict, a known item, or change its answer.

        Raises:
            UnknownUpload: there is none, it has no verdict, or it is another tenant's.
            UnfitKnownItem.
        """
        ...

    async def forget(self, upload_id: str, tenants: TenantNames = None) -> None:
        """No longer draw an upload; one that is no known item is forgotten already."""
        ...

    async def items(self, tenants: TenantNames = None) -> list[KnownItem]:
        """All there are, the newest first."""
        ...


class KnownAnswers(Protocol):
    async def answers(
        self, since: datetime, until: datetime, tenants: TenantNames = None
    ) -> list[KnownAnswer]:
        """What was answered in a time to what is a known item now, oldest first."""
        ...


class AuditTrail(Protocol):
    """The chains of decisions, for whoever verifies them."""

    async def heads(self) -> dict[str, tuple[int, str]]:
        """The length and the last digest of every tenant's chain, as noted beside it."""
        ...

    async def links(self, tenant: str, *, after: int, limit: int) -> list[Link]:
        """Links of a chain in order, from the one after that sequence on."""
        ...
