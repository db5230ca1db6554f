"""Two bundles of tiny networks in one process: hops, ledger and shadow as the worker wires them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from inference.bundles.store import BundleStore
from inference.faces import facepack
from inference.faces.facepack import FacePack
from inference.scoring.metering import Meter
from moderation.policy import Policy, Rule
from moderation.provenance import Provenance, ProvenanceState
from moderation.shadow import ShadowOutcome, compare
from moderation.thresholds import Thresholds
from moderation.upload import Lane
from moderation.verdict import Label, Verdict
from runtime.settings import Scoring, Settings, Shadow
from runtime.wiring.bundles import fusions, served_bundle
from runtime.wiring.scoring import open_panel, open_scorers
from runtime.wiring.shadow import open_shadow
from storage import schema
from storage.database import open_database, reading
from storage.in_memory import InMemoryMediaStore
from storage.ledger import SqlLedger
from storage.outbox import SqlOutbox
from storage.shadow.database import SqlShadowScores
from storage.shadow.ports import ShadowFilter
from storage.tables import verdicts
from streams.judging import Judge
from streams.messages import REACHED, SCORED, FacesFound
from streams.record import Record
from streams.score import Score
from tests.builders import CROP, FACTS, NOON, TOPICS, TRACK, an_upload
from tests.bundles import BLENDING, SEAMS, make_bundle

KEY = "packs/acme/abab/crops-1.zip"
ALL = ShadowFilter()
POLICY = Policy(
    name="strict", sha256="ab", rules=(Rule(thresholds=Thresholds(suspect=0.5, fake=0.8)),)
)


def faces(upload_id: str, lane: Lane = Lane.LIVE) -> FacesFound:
    return FacesFound(
        upload=an_upload(upload_id, lane=lane),
        media=FACTS,
        provenance=Provenance(state=ProvenanceState.UNKNOWN),
        face_pack=KEY,
        preprocessing="crops-1",
    )


def a_pack() -> bytes:
    """A bright face: above 0 for a rising slope, below for a falling one."""
    pixels = np.full((1, 224, 224, 3), 255, np.uint8)
    return facepack.write(
        FacePack(
            facts=FACTS, tracks=(TRACK,), crops=(CROP,), pixels=pixels, preprocessing="crops-1"
        )
    )


@dataclass(frozen=True, kw_only=True)
class Line:
    """The hops from faces to verdicts, over one database."""

    score: Score
    record: Record
    ledger: SqlLedger
    outbox: SqlOutbox

    async def judge(self, upload_id: str, lane: Lane = Lane.LIVE) -> Verdict:
        (message,) = await self.score(faces(upload_id, lane))
        await self.record(SCORED.decode(message.value))
        verdict = (await self.ledger.status(upload_id)).verdict
        return replace(verdict, decided_at=NOON)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """The first bundle serves; the second says the opposite of every crop."""
    store = BundleStore(tmp_path / "bundles")
    for version, slopes in (("1", (-8.0, -8.0)), ("2", (8.0, 8.0))):
        made = make_bundle(
            tmp_path / version,
            version=version,
            slopes=slopes,
            detectors=(BLENDING, SEAMS),
            reference=None,
        )
        store.install(made.folder)
    return Settings(
        scoring=Scoring(
            backend="in_process", bundles=store.folder, bundle="test-faces:1", threads=1
        )
    )


@pytest.fixture
async def engine(tmp_path: Path) -> AsyncIterator[AsyncEngine]:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    await schema.upgrade(url)
    engine = open_database(url)
    yield engine
    await engine.dispose()


@asynccontextmanager
async def line(settings: Settings, engine: AsyncEngine, **shadow: object) -> AsyncIterator[Line]:
    """What `runtime.wiring.worker` makes of it, without Kafka; notes are written at the end."""
    settings = settings.model_copy(update={"shadow": Shadow(**shadow)})
    bundle, meter = served_bundle(settings), Meter()
    judge = Judge(POLICY, fusions(settings, bundle), pipeline="1")
    ledger = SqlLedger(engine)
    async with (
        open_scorers(settings, bundle) as scorers,
        open_panel(settings, bundle, scorers, meter) as panel,
        open_shadow(settings, SqlShadowScores(engine), POLICY, judge, meter) as beside,
    ):
        media = InMemoryMediaStore({KEY: a_pack()})
        yield Line(
            score=Score(panel, bundle.identity, media, TOPICS, beside=beside),
            record=Record(ledger, judge, TOPICS),
            ledger=ledger,
            outbox=SqlOutbox(engine),
        )


async def scored(engine: AsyncEngine, uploads: int) -> None:
    """Wait until so many were looked at; the test's own time limit ends it."""

    async def seen() -> int:
        return sum(tally.uploads for tally in await SqlShadowScores(engine).tallies(ALL))

    while await seen() < uploads:  # noqa: ASYNC110  # a database calls nobody
        await asyncio.sleep(0.05)


async def test_a_second_bundle_says_the_opposite_and_nothing_heeds_it(
    settings: Settings, engine: AsyncEngine, tmp_path: Path
) -> None:
    async with line(settings, engine) as alone:
        expected = await alone.judge("u1")
    beside = open_database(f"sqlite:///{tmp_path / 'beside.db'}")
    await schema.upgrade(f"sqlite:///{tmp_path / 'beside.db'}")
    async with line(settings, beside, bundle="test-faces:2", share=1.0) as shadowed:
        verdict = await shadowed.judge("u1")
        await scored(beside, 1)
        (message,) = await shadowed.outbox.pending(limit=10)
    told = replace(REACHED.decode(message.message.value).verdict, decided_at=NOON)
    assert told == verdict == expected
    assert verdict.label is Label.CLEAR
    (comparison,) = compare(await SqlShadowScores(beside).tallies(ALL))
    assert comparison.changes == {(Label.CLEAR, Label.FAKE): 1}
    assert (comparison.serving.version, comparison.shadow.version) == ("1", "2")
    assert comparison.cost_ratio > 0
    (score,) = await SqlShadowScores(beside).flipped(ALL, limit=5)
    assert (score.verdict_id, score.lineage_digest) == (
        verdict.verdict_id,
        verdict.lineage.digest,
    )
    await beside.dispose()


async def test_every_upload_has_one_verdict_and_one_score_however_often_it_comes(
    settings: Settings, engine: AsyncEngine
) -> None:
    names = [f"u{number}" for number in range(20)]
    async with line(settings, engine, bundle="test-faces:2", share=1.0) as hops:
        await asyncio.gather(*(hops.judge(name) for name in names))
        await scored(engine, len(names))
        await asyncio.gather(*(hops.judge(name) for name in names))
    async with reading(engine) as connection:
        assert await connection.scalar(select(func.count()).select_from(verdicts)) == 20
    (comparison,) = compare(await SqlShadowScores(engine).tallies(ALL))
    assert comparison.outcomes == {ShadowOutcome.SCORED: 20}


async def test_a_backfill_has_verdicts_and_no_scores(
    settings: Settings, engine: AsyncEngine
) -> None:
    async with line(settings, engine, bundle="test-faces:2", share=1.0) as hops:
        await hops.judge("old", Lane.BACKFILL)
        await hops.judge("new")
        await scored(engine, 1)
    assert [one.upload_id for one in await SqlShadowScores(engine).flipped(ALL, limit=5)] == ["new"]


@pytest.mark.parametrize("spoilt", ["missing", "broken", "slow"])
async def test_a_shadow_that_cannot_be_had_costs_nothing_but_its_scores(
    settings: Settings, engine: AsyncEngine, spoilt: str
) -> None:
    title, within = "test-faces:2", timedelta(minutes=1)
    if spoilt == "missing":
        title = "test-faces:9"
    elif spoilt == "broken":
        (settings.scoring.bundles / "test-faces" / "2" / "seams" / "1" / "model.onnx").unlink()
    else:
        within = timedelta(microseconds=1)
    with capture_logs() as logs:
        async with line(settings, engine, bundle=title, share=1.0, within=within) as hops:
            verdict = await hops.judge("u1")
            if spoilt == "slow":
                await scored(engine, 1)
    assert verdict.label is Label.CLEAR
    assert ("shadow.off" in [line["event"] for line in logs]) == (spoilt != "slow")
    tallies = await SqlShadowScores(engine).tallies(ALL)
    assert [tally.outcome for tally in tallies] == (["late"] if spoilt == "slow" else [])


async def test_what_was_not_done_when_the_worker_stops_is_written_as_such(
    settings: Settings, engine: AsyncEngine
) -> None:
    async with line(settings, engine, bundle="test-faces:2", share=1.0) as hops:
        await hops.judge("u1")
    (tally,) = await SqlShadowScores(engine).tallies(ALL)
    assert tally.outcome in (ShadowOutcome.STOPPED, ShadowOutcome.SCORED)
    assert tally.uploads == 1
