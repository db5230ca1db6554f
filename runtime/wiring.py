"""The only file that names every adapter: settings in, parts out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from inference.batching import Batcher, SentRequest
from inference.calibration import Calibration, EmbeddingReference
from inference.decoders import DecoderPool
from inference.frames import DecodingLimits
from inference.local import LocalScorer
from inference.ports import CropScorer
from inference.triton import Patience, TritonScorer
from inference.weights import REPOSITORY, identify_weights
from inference.wire import Confines, FaceSearch, Work
from moderation.errors import InvalidConfiguration, ScorerMismatch
from moderation.lineage import ModelIdentity
from moderation.upload import Lane
from monitoring import metrics
from runtime.policies import load_policy
from runtime.settings import Settings
from storage.database import open_database
from storage.dead_letters import SqlDeadLetters
from storage.deadlines import SqlDeadlines
from storage.ledger import SqlLedger
from storage.media import ObstoreMediaStore, open_media_store
from storage.outbox import SqlOutbox
from storage.schema import current_of, newest
from storage.sources.addresses import AddressGuard
from storage.sources.buckets import BucketSource, open_buckets
from storage.sources.dispatch import SourceByScheme
from storage.sources.local import LocalSource
from storage.sources.stored import StoredSource
from storage.sources.web import Patience as FetchPatience
from storage.sources.web import WebSource
from streams.app import FaustConnection, Worker, build_app
from streams.consuming import LedgerConsumer
from streams.dead_letters import KeepDeadLetters
from streams.extract import Extract
from streams.hops import Handle, Hop, Settler, decoding
from streams.intake import Deadlines, Intake
from streams.kafka import KafkaPublisher
from streams.messages import ANNOUNCED, FACES, SCORED
from streams.offsets import App
from streams.ports import Publisher
from streams.record import Record
from streams.retries import BackOff
from streams.score import Score
from streams.topics import Topics

VERSION = version("veriscope")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Everything that stands in the database."""

    engine: AsyncEngine
    ledger: SqlLedger
    deadlines: SqlDeadlines
    outbox: SqlOutbox
    dead_letters: SqlDeadLetters


@asynccontextmanager
async def open_kept(settings: Settings) -> AsyncIterator[Kept]:
    """Open the ledger.

    Raises:
        LedgerUnavailable: it cannot be reached.
        InvalidConfiguration: its schema is not the one this version writes.
    """
    engine = open_database(settings.database.url.get_secret_value())
    try:
        found = await current_of(engine)
        if found != newest():
            raise InvalidConfiguration(
                f"the database's schema is {found or 'missing'}, not {newest()}: "
                "run `veriscope db upgrade`"
            )
        yield Kept(
            engine=engine,
            ledger=SqlLedger(engine),
            deadlines=SqlDeadlines(engine),
            outbox=SqlOutbox(engine),
            dead_letters=SqlDeadLetters(engine),
        )
    finally:
        await engine.dispose()


def topics(settings: Settings) -> Topics:
    return Topics(settings.kafka.prefix, partitions=settings.kafka.partitions)


def connection(settings: Settings) -> dict[str, Any]:
    """What every aiokafka client is given."""
    return {"bootstrap_servers": settings.kafka.bootstrap, "client_id": "veriscope"}


def membership(settings: Settings) -> dict[str, int]:
    """What every aiokafka consumer of a group is given, besides its connection."""
    session_ms = int(settings.kafka.session.total_seconds() * 1000)
    return {
        "session_timeout_ms": session_ms,
        "heartbeat_interval_ms": session_ms // 4,
        # A broker answers as soon as it has something; Tansu does not, and nobody waits for these.
        "fetch_max_wait_ms": 5_000,
    }


@asynccontextmanager
async def open_publisher(settings: Settings) -> AsyncIterator[KafkaPublisher]:
    """Raises: BrokerUnavailable."""
    publisher = KafkaPublisher(connection(settings), idempotent=settings.kafka.idempotent)
    await publisher.start()
    try:
        yield publisher
    finally:
        await publisher.close()


def media_store(settings: Settings) -> ObstoreMediaStore:
    return open_media_store(settings.media.store)


def deadlines(settings: Settings) -> Deadlines:
    return Deadlines(live=settings.stream.live_deadline, backfill=settings.stream.backfill_deadline)


def intake(settings: Settings, kept: Kept) -> Intake:
    return Intake(kept.ledger, topics(settings), deadlines(settings))


def model_folder(settings: Settings) -> Path:
    """Raises: InvalidConfiguration, when there is no such model."""
    folder = (settings.scoring.models or REPOSITORY) / settings.scoring.model
    if not (folder / settings.scoring.version).is_dir():
        raise InvalidConfiguration(
            f"no version {settings.scoring.version} of model {settings.scoring.model} in "
            f"{folder.parent}"
        )
    return folder


def scorer(settings: Settings) -> CropScorer:
    """Raises: InvalidConfiguration, ScorerMismatch."""
    if settings.scoring.backend == "in_process":
        return LocalScorer(model_folder(settings), threads=settings.scoring.threads)
    return TritonScorer(
        settings.scoring.triton,
        model=settings.scoring.model,
        version=settings.scoring.version,
        patience=Patience(deadline_seconds=settings.scoring.deadline.total_seconds()),
    )


async def served_model(settings: Settings, answering: CropScorer) -> ModelIdentity:
    """Ask the scorer which model it serves, and check that it is the one calibrated here.

    Raises:
        ScorerUnavailable: it does not answer.
        ScorerMismatch: it serves other weights.
    """
    ours = identify_weights(model_folder(settings), settings.scoring.version)
    served = await answering.identify()
    if served != ours:
        raise ScorerMismatch(f"the scorer serves {served}, but {ours} is calibrated here")
    return ours


def source(settings: Settings, store: ObstoreMediaStore) -> SourceByScheme:
    """What addresses may be fetched, and how.

    Raises:
        InvalidConfiguration: a bucket that is allowed cannot be opened.
    """
    media = settings.media
    buckets = BucketSource(open_buckets(media.allowed_buckets), limit_bytes=media.max_bytes)
    web = WebSource(
        limit_bytes=media.max_bytes,
        guard=AddressGuard([str(network) for network in media.allowed_networks]),
        patience=FetchPatience(total_seconds=media.fetch_within.total_seconds()),
    )
    return SourceByScheme(
        {
            "store": StoredSource(store, limit_bytes=media.max_bytes),
            "file": LocalSource(media.allowed_roots, limit_bytes=media.max_bytes),
            **dict.fromkeys(("s3", "gs", "az"), buckets),
            **dict.fromkeys(("http", "https"), web),
        }
    )


@asynccontextmanager
async def open_decoders(settings: Settings) -> AsyncIterator[DecoderPool]:
    media, decoding_, faces = settings.media, settings.decoding, settings.faces
    pool = DecoderPool(
        processes=decoding_.processes,
        work=Work(
            limits=DecodingLimits(
                pixels=media.max_pixels,
                seconds=media.max_duration.total_seconds(),
                frames=faces.frames,
            ),
            faces=FaceSearch(
                detector=faces.detector,
                smallest_face=faces.smallest_face,
                crops_per_track=faces.crops_per_track,
                tracks=faces.tracks,
            ),
            confines=Confines(
                memory_bytes=decoding_.memory_bytes,
                cpu_seconds=int(decoding_.cpu.total_seconds()),
            ),
        ),
        wall_seconds=decoding_.wall.total_seconds(),
        jobs_per_process=decoding_.uploads_per_process,
    )
    try:
        yield pool
    finally:
        await pool.close()


def ledger_consumers(settings: Settings, kept: Kept, publisher: Publisher) -> list[LedgerConsumer]:
    """The consumers whose work is one write: of announcements, and of dead letters."""
    names = topics(settings)
    consumed: dict[str, tuple[list[str], Handle]] = {
        "intake": ([names.uploads(lane) for lane in Lane], intake(settings, kept)),
        "dead-letters": ([names.dead_letters], KeepDeadLetters(kept.dead_letters)),
    }
    return [
        LedgerConsumer(
            connection(settings) | membership(settings),
            group=f"{settings.kafka.group}-{name}",
            topics=sources,
            settle=Settler(
                name,
                handle,
                publisher,
                dead_letters=names.dead_letters,
                back_off=BackOff(attempts=None),
            ).settle,
        )
        for name, (sources, handle) in consumed.items()
    ]


@asynccontextmanager
async def open_worker(
    settings: Settings, kept: Kept, publisher: Publisher
) -> AsyncIterator[Worker]:
    """Put the three Faust hops together; the caller starts and stops them.

    Raises:
        InvalidConfiguration, ScorerMismatch, ScorerUnavailable, DecoderUnavailable.
    """
    names = topics(settings)
    store = media_store(settings)
    policy = load_policy(settings.policy)
    async with (
        open_scorer(settings) as answering,
        open_decoders(settings) as pool,
    ):
        model, _ = await asyncio.gather(served_model(settings, answering), pool.warm())
        if "network" not in pool.given_up:
            log.warning("decoders.keep_network", why="this system lets no process leave it")
        worker = Worker(
            build_faust(settings),
            names,
            publisher,
            back_off=BackOff(attempts=settings.stream.attempts),
        )
        stream = settings.stream
        folder = model_folder(settings) / settings.scoring.version
        extract = Extract(
            source(settings, store),
            pool,
            store,
            names,
            spool=spool(settings),
        )
        batcher = Batcher(
            answering, in_flight=settings.scoring.requests_in_flight, observe=_observe
        )
        score = Score(batcher, model, EmbeddingReference.load(folder), store, names)
        record = Record(
            kept.ledger, policy, {model: Calibration.load(folder)}, names, pipeline=VERSION
        )
        for name, handle, window, topic_of in (
            ("extract", decoding(ANNOUNCED, extract), stream.extract_window, names.uploads),
            ("score", decoding(FACES, score), stream.score_window, names.faces),
            ("record", decoding(SCORED, record), stream.record_window, names.scores),
        ):
            worker.add(Hop(name=name, handle=handle, window=window), topic_of)
        yield worker


@asynccontextmanager
async def open_scorer(settings: Settings) -> AsyncIterator[CropScorer]:
    answering = scorer(settings)
    try:
        yield answering
    finally:
        await answering.close()


def spool(settings: Settings) -> Path:
    """A folder for media while they are worked on."""
    folder = settings.state.absolute() / "spool"  # the decoders work elsewhere
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def build_faust(settings: Settings) -> App:
    return build_app(
        FaustConnection(
            broker=settings.kafka.bootstrap,
            group=f"{settings.kafka.group}-worker",
            session=settings.kafka.session,
            fetch_wait=settings.kafka.fetch_wait,
            data_folder=str(settings.state / "faust"),
        )
    )


def _observe(sent: SentRequest) -> None:
    metrics.BATCH_CROPS.observe(sent.crops)
    metrics.SCORER_SECONDS.observe(sent.seconds)
