"""An upload with everything that is ever kept of one, and an eraser over it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlalchemy import Table, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from moderation.erasure import ErasureReason, ErasureRequest, ErasureScope
from moderation.looks import Look
from moderation.media import Container, MediaFacts, MediaKind
from moderation.provenance import Provenance, ProvenanceState
from storage.accounts.database import accounts_in
from storage.database import reading
from storage.dead_letters import SqlDeadLetters
from storage.erasure.asking import SqlErasures
from storage.erasure.tombstones import SqlErasedUploads
from storage.erasure.working import SqlErasureWork
from storage.in_memory import InMemoryMediaStore
from storage.ports import StoredObject
from storage.retention.leases import SqlLeases
from streams.erase import Eraser
from streams.in_memory import InMemoryPublisher
from streams.relay import Relay
from streams.topics import Topics
from tests.contracts.reviews.desk import Desk, sql_desk, suspect
from tests.contracts.words import Clock, a_letter, an_upload

SETTLE = timedelta(hours=1)
_OF_VERDICT = ("label", "action", "decided_at")
SHA256 = "e5" * 32


class DatedStore(InMemoryMediaStore):
    """Knows when each object was written, by a clock."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.written: dict[str, datetime] = {}

    async def put(self, key: str, content: bytes) -> None:
        await super().put(key, content)
        self.written[key] = self.clock()

    async def stored(self, place: str):
        async for one in super().stored(place):
            yield StoredObject(key=one.key, written_at=self.written[one.key])


@dataclass(slots=True, kw_only=True)
class House:
    """Everything over one database. `desk.clock` is the clock of all."""

    engine: AsyncEngine
    desk: Desk
    store: DatedStore
    erasures: SqlErasures
    erased: SqlErasedUploads
    work: SqlErasureWork
    publisher: InMemoryPublisher = field(default_factory=InMemoryPublisher)

    def eraser(self, **changes: object) -> Eraser:
        clock = self.desk.clock
        parts = {"work": self.work, "store": self.store} | changes
        lease = SqlLeases(self.engine, clock=clock)
        return Eraser(**parts, lease=lease, topics=Topics("test"), settle=SETTLE, now=clock)

    async def ask(self, target: str = "u1", **changes: object):
        return await self.erasures.ask(a_request(target, **changes))

    async def erase(self, target: str = "u1", **changes: object):
        """Ask, and let both passes run."""
        await self.ask(target, **changes)
        return await self.finish()

    async def finish(self):
        await self.eraser().once()
        self.desk.clock.now += SETTLE
        return await self.end()

    async def end(self):
        """Let the second pass run, and then the relay: only then it is done."""
        await self.eraser().once()
        await self.relay()
        (done,) = await self.eraser().once()
        return done

    async def relay(self) -> None:
        """Publish what waits, as the relay does, in its order."""
        relay = Relay(self.desk.outbox, SqlDeadLetters(self.engine), self.publisher)
        while await relay.once():
            pass

    async def keep(self, upload_id: str = "u1", *, sha256: str = SHA256, **changes: object) -> None:
        """Let an upload come to an end, with a file name, looks, bytes and packs of its own.

        `changes` are of the upload, or of the verdict.
        """
        ends = {name: changes.pop(name) for name in _OF_VERDICT if name in changes}
        upload = replace(
            an_upload(upload_id, uri=f"store:///media/acme/{upload_id}/0f", uploader_id="ann-x"),
            **changes,
        )
        pack = f"packs/{upload.tenant}/{sha256}/crops-1.zip"
        for key in (f"media/{upload.tenant}/{upload_id}/0f", pack, pack.replace("zip", "f.npz")):
            await self.store.put(key, sha256.encode())
        verdict = suspect(
            upload_id,
            tenant=upload.tenant,
            media=media(sha256),
            face_pack=pack,
            provenance=Provenance(state=ProvenanceState.UNKNOWN),
            **ends,
        )
        looks = (Look(pdq="3c" * 32, quality=90, at_seconds=0.5),)
        assert await self.desk.ledger.conclude(upload, verdict, publish=[], looks=looks)

    async def use(self, upload_id: str = "u1") -> None:
        """Skip, decide with a note, appeal, and let something fail."""
        desk = self.desk
        job = await desk.take("bob")
        await desk.queue.release(job.job_id, "bob", skipping=f"I know {upload_id}")
        job = await desk.take()
        ruling = desk.ruling(job, note=f"a note on {upload_id}")
        await desk.decisions.decide(job.job_id, "ann", ruling)
        await desk.settle_all()
        await desk.appeals.appeal(upload_id, f"this is me, {upload_id}")
        letter = a_letter(key=upload_id.encode(), detail=f"no {upload_id}")
        assert await SqlDeadLetters(self.engine).keep(letter)


def a_house(engine: AsyncEngine) -> House:
    desk = sql_desk(engine)
    return House(
        engine=engine,
        desk=desk,
        store=DatedStore(desk.clock),
        erasures=SqlErasures(engine, clock=desk.clock),
        erased=SqlErasedUploads(engine),
        work=SqlErasureWork(engine),
    )


def a_request(target: str = "u1", **changes: object) -> ErasureRequest:
    request = ErasureRequest(
        tenant="acme",
        scope=ErasureScope.UPLOAD,
        target=target,
        reason=ErasureReason.SUBJECT_REQUEST,
        asked_by="admin-1",
        reference="case-7",
    )
    return replace(request, **changes)


def media(sha256: str = SHA256) -> MediaFacts:
    return MediaFacts(
        sha256=sha256,
        size_bytes=1000,
        kind=MediaKind.IMAGE,
        container=Container.JPEG,
        codec="jpeg",
        width=640,
        height=480,
        duration_seconds=None,
        frames_sampled=1,
    )


async def count(engine: AsyncEngine, table: Table) -> int:
    async with reading(engine) as connection:
        return await connection.scalar(select(func.count()).select_from(table)) or 0


def accounts(engine: AsyncEngine):
    return accounts_in(engine)
