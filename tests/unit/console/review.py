"""Reviews over memory, and the console with their pages."""

from __future__ import annotations

from dataclasses import replace

from console.appeals.routes import appeals_area
from console.bounds import Bounds
from console.evidence.desk import Desk
from console.evidence.pages import evidence_area
from console.evidence.reading import Evidence
from console.evidence.scored import Recorded
from console.evidence.viewing import ViewingChoices
from console.leading.desk import LeadDesk
from console.leading.pages import leads_area
from console.lookalikes.desk import ClusterDesk
from console.lookalikes.pages import lookalikes_area
from console.queue.desk import QueueDesk
from console.queue.pages import queue_area
from console.search.desk import SearchDesk
from console.search.exporting import export_area
from console.search.pages import search_area
from console.search.saving import saving_area
from inference.faces import facepack
from moderation.errors import LedgerUnavailable
from moderation.people import Tenants
from moderation.policy import Policy, Rule
from moderation.verdict import Action, Label, Verdict
from storage.accounts.ports import Accounts, MediaAccessLog
from storage.accounts.records import MediaAccess, Viewing
from storage.comments.in_memory import InMemoryComments
from storage.database import now_utc
from storage.in_memory import InMemoryLedger, InMemoryMediaStore, Memory
from storage.in_memory_history import InMemoryVerdictHistory
from storage.looks.in_memory_clusters import InMemoryClusters
from storage.reviews.in_memory import InMemoryDecisions, InMemoryReviewQueue
from storage.reviews.in_memory_appeals import InMemoryAppeals
from storage.reviews.in_memory_known import InMemoryKnownItems
from storage.reviews.in_memory_records import InMemoryReviewRecords, InMemoryReviewStatistics
from storage.reviews.memory import ReviewMemory
from storage.search.in_memory import InMemorySavedQueries, InMemoryUploadSearch
from tests.contracts.reviews.desk import PLAN, REASONS
from tests.contracts.words import a_verdict, an_upload
from tests.unit.console.house import House
from tests.unit.inference.faces.test_facepack import a_pack

POLICY = Policy(name="strict", sha256="ab" * 32, rules=(Rule(),))


class Log:
    """The access log of the accounts; tests let it fail."""

    def __init__(self, log: MediaAccessLog) -> None:
        self._log = log
        self.fails = False

    async def note(self, access: MediaAccess) -> None:
        if self.fails:
            raise LedgerUnavailable
        await self._log.note(access)

    async def accesses(
        self,
        tenants: Tenants,
        *,
        upload_id: str | None = None,
        person_id: str | None = None,
        limit: int,
    ) -> list[MediaAccess]:
        return await self._log.accesses(
            tenants, upload_id=upload_id, person_id=person_id, limit=limit
        )


class Store(InMemoryMediaStore):
    """Tells what was read of it."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: list[str] = []
        self.parts: list[int] = []

    async def read(self, key: str) -> bytes:
        self.reads.append(key)
        return await super().read(key)

    async def read_part(self, key: str, *, start: int, length: int) -> bytes:
        self.parts.append(length)
        return (await super().read(key))[start : start + length]


class Review:
    """What the pages of the queue and of uploads read and write."""

    def __init__(self, accounts: Accounts, *, clock=now_utc, impression_first=False) -> None:
        self.memory = Memory(clock=clock, reviews=ReviewMemory(plan=PLAN))
        self.store = Store()
        self.log = Log(accounts.log)
        self.ledger = InMemoryLedger(self.memory)
        self.search = InMemoryUploadSearch(self.memory)
        self.saved = InMemorySavedQueries()
        self.comments = InMemoryComments(self.memory)
        self.said: Recorded | None = None
        self.desk = QueueDesk(
            queue=InMemoryReviewQueue(self.memory),
            decisions=InMemoryDecisions(self.memory, REASONS),
            records=InMemoryReviewRecords(self.memory),
            statistics=InMemoryReviewStatistics(self.memory),
            evidence=Evidence(
                self.ledger,
                InMemoryVerdictHistory(self.memory),
                self.store,
                POLICY,
                ViewingChoices(accounts.viewings, Viewing()),
                self.comments,
                self.recorded,
            ),
            accounts=replace(accounts, log=self.log),
            reasons=REASONS,
            now=clock,
            lock=PLAN.lock,
            impression_first=impression_first,
        )

    @property
    def lead_desk(self) -> LeadDesk:
        known = InMemoryKnownItems(self.memory)
        return LeadDesk(
            statistics=self.desk.statistics,
            skips=InMemoryReviewRecords(self.memory),
            known=known,
            answers=known,
            appeals=InMemoryAppeals(self.memory),
            accounts=self.desk.accounts,
            now=self.desk.now,
        )

    @property
    def cluster_desk(self) -> ClusterDesk:
        return ClusterDesk(
            ledger=self.ledger,
            clusters=InMemoryClusters(self.memory),
            decisions=self.desk.decisions,
            reasons=REASONS,
            impression_first=self.desk.impression_first,
        )

    @property
    def search_desk(self) -> SearchDesk:
        return SearchDesk(
            search=self.search,
            saved=self.saved,
            people=self.desk.accounts.people,
            now=self.desk.now,
            impression_first=self.desk.impression_first,
        )

    async def recorded(self, _verdict: Verdict) -> Recorded | None:
        """Implements `RecordedScores` with what a test says was recorded."""
        return self.said

    @property
    def areas(self):
        desk = self.desk
        evidence = Desk(
            evidence=desk.evidence,
            records=desk.records,
            reasons=desk.reasons,
            accounts=desk.accounts,
            now=desk.now,
            impression_first=desk.impression_first,
        )
        return [
            queue_area(desk),
            search_area(self.search_desk),
            export_area(self.search_desk),
            saving_area(self.search_desk),
            evidence_area(evidence),
            appeals_area(InMemoryAppeals(self.memory), bounds=Bounds(max_bytes=1)),
            leads_area(self.lead_desk),
            lookalikes_area(self.cluster_desk),
        ]

    async def flag(
        self,
        upload_id: str = "u1",
        *,
        file_name: str | None = "holiday.mp4",
        uri: str = "https://example.org/clip",
        **changes: object,
    ) -> Verdict:
        """Conclude an upload, by default with a verdict that asks for a review; keep its pack."""
        fields = {"label": Label.SUSPECT, "action": Action.REVIEW, "fake_probability": 0.7}
        verdict = a_verdict(upload_id, **fields | changes)
        upload = an_upload(upload_id, tenant=verdict.tenant, file_name=file_name, uri=uri)
        assert await self.ledger.conclude(upload, verdict, publish=[])
        if verdict.face_pack is not None:
            await self.store.put(verdict.face_pack, facepack.write(a_pack()))
        return verdict

    async def appeal(self, upload_id: str, text: str) -> None:
        await InMemoryAppeals(self.memory).appeal(upload_id, text)


class ReviewHouse(House):
    """The console with the pages that moderators use, over memory."""

    def __init__(self, *, impression_first: bool = False) -> None:
        self.review: Review

        def areas(house: House):
            self.review = Review(
                house.accounts, clock=house.clock, impression_first=impression_first
            )
            return self.review.areas

        super().__init__(areas=areas, impression_first=impression_first)
