"""A whole console on loopback over SQLite, and uploads whose verdicts went the real way."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import cv2
import numpy as np
from pydantic import SecretStr

from console.identity.registry import Registry
from console.identity.secrets import new_token
from inference.faces.facepack import FacePack, write
from moderation.fusion import Family, Fusion
from moderation.looks import Look
from moderation.media import Container, MediaKind
from moderation.people import ALL_TENANTS, Permission, Person, Role, Tenants
from moderation.provenance import Provenance
from moderation.scores import CropScore
from moderation.tracks import Track
from moderation.upload import Lane, Upload
from runtime import wiring
from runtime.policies import load_policy
from runtime.services import Service, running
from runtime.settings import Console, Database, Http, Media, Review, Settings
from storage import schema
from storage.accounts.records import ApiToken, digest
from storage.database import now_utc
from storage.media import ObstoreMediaStore
from storage.reviews.ports import DueDecision
from storage.reviews.settlement import SqlSettlement
from streams.enact import Enactor
from streams.judging import Judge
from streams.messages import UploadScored
from streams.record import Record
from tests.builders import CROP, FACTS, MODEL
from tests.unit.console.house import CHEAP, PASSWORD

SAMPLES = Path(__file__).parents[2] / "samples"
LONG = timedelta(hours=1)
# Leaves logits as they are, as the verdicts here are made up anyway.
PLAIN = Fusion(id="none", families=(Family(finds="manipulated", weights={"blending": 1.0}),))
FLAGGED = 1.0  # a logit between the thresholds of the packaged policy
_SECONDS = 6.0
_CLIP = replace(
    FACTS,
    kind=MediaKind.VIDEO,
    container=Container.MP4,
    codec="h264",
    duration_seconds=_SECONDS,
    frames_sampled=32,
)


@dataclass(slots=True, kw_only=True)
class Served:
    """A console that is served at `url`."""

    url: str
    settings: Settings
    kept: wiring.Kept
    store: ObstoreMediaStore
    record: Record

    @property
    def registry(self) -> Registry:
        lifetimes = wiring.lifetimes(self.settings)
        return Registry(self.kept.accounts, now=now_utc, lifetimes=lifetimes)

    async def person(self, name: str, role: Role, tenants: Tenants = ALL_TENANTS) -> Person:
        """Somebody with the password PASSWORD."""
        person = await self.registry.add(name, role=role, tenants=tenants)
        await self.kept.accounts.standings.set_password(person.person_id, CHEAP.hash(PASSWORD))
        return person

    async def judge(
        self,
        upload_id: str,
        *logits: float,
        tenant: str = "acme",
        file_name: str | None = "holiday.mp4",
        provenance: Provenance | None = None,
        uploader_id: str | None = None,
        looks: tuple[Look, ...] = (),
    ) -> None:
        """Have a clip of one person judged by the logits of its crops, evenly along it."""
        upload = Upload(
            upload_id=upload_id,
            tenant=tenant,
            lane=Lane.LIVE,
            uri=f"store:///media/{tenant}/{upload_id}/clip",
            announced_at=datetime.now(UTC),
            file_name=file_name,
            uploader_id=uploader_id,
        )
        pack = _pack(len(logits))
        await self.store.put(f"packs/{upload_id}.zip", write(pack))
        await self.record(
            UploadScored(
                upload=upload,
                preprocessing=pack.preprocessing,
                media=replace(pack.facts, sha256=sha256(upload_id.encode()).hexdigest()),
                provenance=provenance,
                face_pack=f"packs/{upload_id}.zip",
                tracks=pack.tracks,
                scores=tuple(
                    CropScore(crop=crop, logits={"blending": logit}, embedding_distance=0.5)
                    for crop, logit in zip(pack.crops, logits, strict=True)
                ),
                model=MODEL,
                looks=looks,
            )
        )

    async def token(self, person: Person, *scopes: Permission) -> str:
        """A token of theirs for a program."""
        secret = new_token()
        token = ApiToken(
            token_id=digest(secret)[:16],
            token_digest=digest(secret),
            name="program",
            person_id=person.person_id,
            scopes=frozenset(scopes),
            tenants=person.tenants,
            created_at=now_utc(),
            expires_at=now_utc() + LONG,
        )
        await self.kept.accounts.tokens.add(token)
        return secret

    async def enact(self, *, second: float = 0.0) -> None:
        """Let every decision take effect, as if its grace time were over.

        `second` is the share of them that somebody else is to judge blindly.
        """
        settlement, plan = _Later(self.kept.engine), replace(self.kept.reviews.plan, second=second)
        topics = wiring.topics(self.settings)
        await Enactor(settlement, self.kept.reviews.statistics, topics, plan).once()


class _Later(SqlSettlement):
    """Takes decisions for due whose grace time is not over yet."""

    async def due(self, now: datetime, *, limit: int) -> list[DueDecision]:
        return await super().due(now + 2 * LONG, limit=limit)


@asynccontextmanager
async def served_console(folder: Path) -> AsyncIterator[Served]:
    """Serve the console as `veriscope serve` wires it."""
    settings = Settings(
        database=Database(url=SecretStr(f"sqlite+aiosqlite:///{folder / 'ledger.sqlite'}")),
        media=Media(store=str(folder / "media")),
        review=Review(grace=LONG, audited=0.0, known=0.0, second=0.0),
        http=Http(port=0),
        console=Console(uploads_without_token=False),
    )
    await schema.upgrade(settings.database.url.get_secret_value())
    async with (
        running(settings, frozenset({Service.API})) as url,
        wiring.open_kept(settings) as kept,
    ):
        policy, topics = load_policy(None), wiring.topics(settings)
        yield Served(
            url=url,
            settings=settings,
            kept=kept,
            store=wiring.media_store(settings),
            record=Record(kept.ledger, Judge(policy, {MODEL: PLAIN}, pipeline="1"), topics),
        )


def _pack(count: int) -> FacePack:
    """Crops of the sample portrait along a clip, brighter from one to the next."""
    portrait = cv2.imread(str(SAMPLES / "portrait.jpg"))[:, :, ::-1]
    face = cv2.resize(portrait[20:280, 100:360], (224, 224))
    pixels = [np.clip(face * (0.7 + 0.6 * n / count), 0, 255) for n in range(count)]
    every = _SECONDS / count
    return FacePack(
        facts=_CLIP,
        tracks=(Track(track_id=0, first_seconds=0.0, last_seconds=_SECONDS, frames_seen=count),),
        crops=tuple(replace(CROP, crop_id=n, at_seconds=n * every) for n in range(count)),
        preprocessing="crops-1",
        pixels=np.stack(pixels).astype(np.uint8),
    )
