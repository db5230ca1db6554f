"""Real Kafka, PostgreSQL and Triton that ask for TLS: who has the right papers is let in."""

from __future__ import annotations

import asyncio
import shutil
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import text

from inference.bundles.bundle import PACKAGED, open_bundle
from inference.scoring.triton import Patience, TritonScorer
from moderation.errors import BrokerUnavailable, LedgerUnavailable, ScorerUnavailable
from moderation.upload import Lane
from runtime import wiring
from runtime.embedded.processes import LOOPBACK, free_ports
from runtime.embedded.triton import embedded_triton
from runtime.settings import Settings
from runtime.wiring.broker import build_faust, membership
from runtime.wiring.securing import database_tls, triton_tls
from storage import schema
from storage.database import open_database, reading
from storage.ports import OutboundMessage
from streams.admin import create_topics
from streams.app import Worker
from streams.consuming import LedgerConsumer
from streams.hops import Hop
from streams.in_memory import InMemoryPublisher
from streams.retries import BackOff, Origin
from streams.tail import tail
from tests.parts.broker import PASSWORD, USER, SecuredKafka, fetch_jars, secured_kafka_broker
from tests.parts.certificates import Authority
from tests.parts.loops import run
from tests.parts.postgres import Postgres, make_folder, postgres_server
from tests.parts.servers import TRITON_ENVIRONMENT

MODEL = open_bundle(PACKAGED).manifest.models[0]
CROPS = np.zeros((1, 224, 224, 3), np.uint8)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ours"))


@pytest.fixture(scope="module")
def ours(authority: Authority) -> dict[str, object]:
    """The settings of a client with a certificate of the authority that the servers know."""
    papers = authority.papers("client")
    return {
        "tls": True,
        "ca": authority.ca,
        "certificate": papers.certificate,
        "key": papers.key,
    }


@pytest.fixture(scope="module")
def strange(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """The settings of a client that knows another authority."""
    return {"tls": True, "ca": Authority(tmp_path_factory.mktemp("other")).ca}


@pytest.fixture(scope="module")
def kafka_doors(
    tmp_path_factory: pytest.TempPathFactory, authority: Authority
) -> Iterator[SecuredKafka]:
    kafka = secured_kafka_broker(tmp_path_factory.mktemp("kafka"), fetch_jars(), authority)
    run(kafka.broker.server.start())
    yield kafka
    run(kafka.broker.server.stop())


@pytest.fixture(scope="module")
def closed_postgres(authority: Authority) -> Iterator[Postgres]:
    folder = make_folder()
    database = postgres_server(folder, authority)
    run(database.server.start())
    yield database
    run(database.server.stop())
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def closed_triton(tmp_path_factory: pytest.TempPathFactory, authority: Authority) -> Iterator[str]:
    """The address of a Triton that serves one model to who has a certificate."""
    papers = authority.papers("triton")
    plain = embedded_triton(
        environment=TRITON_ENVIRONMENT,
        repository=PACKAGED,
        models=[MODEL.model],
        state=tmp_path_factory.mktemp("triton"),
    )
    options = [
        "--grpc-use-ssl=1",
        "--grpc-use-ssl-mutual=1",
        f"--grpc-server-cert={papers.certificate}",
        f"--grpc-server-key={papers.key}",
        f"--grpc-root-cert={authority.ca}",
    ]
    server = replace(plain.server, command=[*plain.server.command, *options])
    run(server.start())
    yield plain.grpc
    run(server.stop())


def kafka_settings(address: str, folder: Path, **secured: object) -> Settings:
    prefix = f"closed-{uuid.uuid4().hex[:8]}"
    kafka = {"bootstrap": address, "prefix": prefix, "group": prefix, "partitions": 1, **secured}
    return Settings.model_validate({"kafka": kafka, "state": folder})


@pytest.mark.parametrize("door", ["certificate", "SCRAM-SHA-512", "PLAIN"])
async def test_all_that_speaks_to_kafka_does_so_encrypted(
    kafka_doors: SecuredKafka, ours: dict[str, object], tmp_path: Path, door: str
) -> None:
    signed_in = {"user": USER, "password": PASSWORD, "mechanism": door, "ca": ours["ca"]}
    settings = (
        kafka_settings(kafka_doors.tls, tmp_path, **ours)
        if door == "certificate"
        else kafka_settings(kafka_doors.sasl, tmp_path, tls=True, **signed_in)
    )
    topics, connection = wiring.topics(settings), wiring.connection(settings)
    await create_topics(connection, topics.every(), replication=1)
    topic = topics.uploads(Lane.LIVE)
    message = OutboundMessage(topic=topic, key="k", value=b"said", headers={"ce_id": b"1"})
    async with wiring.open_publisher(settings) as publisher:
        await publisher.publish([message])
    values = tail(connection, topic, from_beginning=True, follow=False)
    assert [value async for value in values] == [b"said"]
    assert await consumed(settings, topic) == b"said"
    assert await taken_by_faust(settings) == b"said"


async def consumed(settings: Settings, topic: str) -> bytes | None:
    found: asyncio.Queue[Origin] = asyncio.Queue()
    consumer = LedgerConsumer(
        wiring.connection(settings) | membership(settings),
        group=f"{settings.kafka.group}-intake",
        topics=[topic],
        settle=found.put,
    )
    consuming = asyncio.create_task(consumer.run())
    try:
        return (await asyncio.wait_for(found.get(), 60)).value
    finally:
        consuming.cancel()
        await asyncio.gather(consuming, return_exceptions=True)


async def taken_by_faust(settings: Settings) -> bytes | None:
    found: asyncio.Queue[Origin] = asyncio.Queue()

    async def handle(origin: Origin) -> list[OutboundMessage]:
        await found.put(origin)
        return []

    topics = wiring.topics(settings)
    worker = Worker(build_faust(settings), topics, InMemoryPublisher(), back_off=BackOff())
    worker.add(Hop(name="taken", handle=handle, window=1), topics.uploads)
    await worker.start()
    try:
        return (await asyncio.wait_for(found.get(), 60)).value
    finally:
        await worker.stop(within=timedelta(seconds=5))


async def refused_by_kafka(settings: Settings) -> str:
    with pytest.raises(BrokerUnavailable) as refused:
        async with wiring.open_publisher(settings):
            pass
    return str(refused.value)


async def test_a_broker_of_an_authority_that_is_not_ours_is_not_spoken_to(
    kafka_doors: SecuredKafka, strange: dict[str, object], tmp_path: Path
) -> None:
    said = await refused_by_kafka(kafka_settings(kafka_doors.tls, tmp_path, **strange))
    assert f"{kafka_doors.tls} shows a certificate that is not trusted" in said


async def test_a_wrong_password_is_told_apart_from_a_broker_that_is_away(
    kafka_doors: SecuredKafka, ours: dict[str, object], tmp_path: Path
) -> None:
    login = {"tls": True, "ca": ours["ca"], "user": USER}
    wrong = kafka_settings(kafka_doors.sasl, tmp_path, password="hunter2", **login)
    said = await refused_by_kafka(wrong)
    assert "refuses the user or the password" in said
    assert "hunter2" not in said
    nobody = f"{LOOPBACK}:{free_ports(1)[0]}"
    away = kafka_settings(nobody, tmp_path, password=PASSWORD, **login)
    assert f"{nobody} cannot be reached" in await refused_by_kafka(away)


async def test_a_broker_that_asks_for_tls_is_told_by_how_it_hangs_up(
    kafka_doors: SecuredKafka, tmp_path: Path
) -> None:
    said = await refused_by_kafka(kafka_settings(kafka_doors.tls, tmp_path))
    assert "ends the connection, as a broker does that asks for TLS" in said


async def test_postgresql_is_spoken_to_encrypted(
    closed_postgres: Postgres, ours: dict[str, object]
) -> None:
    async with ledger(closed_postgres.url, ours) as (url, tls):
        await schema.upgrade(url, tls=tls)
        assert await schema.current(url, tls=tls) == schema.newest()
        engine = open_database(url, tls=tls)
        asked = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        async with reading(engine) as connection:
            assert (await connection.execute(text(asked))).scalar() is True
        await engine.dispose()


async def test_a_database_of_an_authority_that_is_not_ours_is_not_spoken_to(
    closed_postgres: Postgres, strange: dict[str, object]
) -> None:
    async with ledger(closed_postgres.url, strange) as (url, tls):
        with pytest.raises(LedgerUnavailable, match="database's certificate is not trusted"):
            await schema.current(url, tls=tls)


async def test_a_database_that_asks_for_a_certificate_says_so_to_who_shows_none(
    closed_postgres: Postgres, ours: dict[str, object]
) -> None:
    async with ledger(closed_postgres.url, {"tls": True, "ca": ours["ca"]}) as (url, tls):
        with pytest.raises(LedgerUnavailable, match="certificate"):
            await schema.current(url, tls=tls)


@asynccontextmanager
async def ledger(url: str, secured: dict[str, object]) -> AsyncIterator[tuple[str, object]]:
    settings = Settings.model_validate({"database": {"url": url, **secured}})
    yield settings.database.url.get_secret_value(), database_tls(settings)


@asynccontextmanager
async def scorer(address: str, secured: dict[str, object]) -> AsyncIterator[TritonScorer]:
    settings = Settings.model_validate({"scoring": {"triton": address, **secured}})
    made = TritonScorer(
        settings.scoring.triton,
        model=MODEL.model,
        embedding=MODEL.embedding,
        patience=Patience(budget_seconds=60),
        tls=triton_tls(settings),
    )
    yield made
    await made.close()


async def test_triton_is_spoken_to_encrypted(closed_triton: str, ours: dict[str, object]) -> None:
    async with scorer(closed_triton, ours) as made:
        assert len((await made.score(CROPS)).logits) == 1


async def test_a_triton_of_an_authority_that_is_not_ours_is_refused_at_once(
    closed_triton: str, strange: dict[str, object]
) -> None:
    async with scorer(closed_triton, strange) as made:
        with pytest.raises(ScorerUnavailable, match="a certificate that is not trusted"):
            await asyncio.wait_for(made.identify(), 20)  # not the whole budget
