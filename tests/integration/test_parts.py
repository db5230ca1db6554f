"""The servers that tests run against are real, and survive what is done to them."""

from __future__ import annotations

import asyncpg
import httpx
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from runtime.embedded.broker import EmbeddedBroker
from runtime.embedded.triton import EmbeddedTriton
from tests.parts.broker import Kafka
from tests.parts.missing import skip_or_fail
from tests.parts.postgres import Postgres


async def test_kafka_keeps_its_messages_when_it_is_killed(kafka: Kafka) -> None:
    await create_topic(kafka.address, "kept")
    await send(kafka.address, "kept", b"before")
    await kafka.server.kill()
    await kafka.server.start()
    assert await read_one(kafka.address, "kept") == b"before"


async def test_tansu_carries_a_message(tansu: EmbeddedBroker) -> None:
    await create_topic(tansu.address, "carried")
    await send(tansu.address, "carried", b"hello")
    assert await read_one(tansu.address, "carried") == b"hello"


async def test_postgresql_keeps_its_rows_when_it_is_restarted(postgres: Postgres) -> None:
    connection = await asyncpg.connect(postgres.url)
    await connection.execute("CREATE TABLE kept AS SELECT 7 AS value")
    await connection.close()
    await postgres.server.restart()
    connection = await asyncpg.connect(postgres.url)
    assert await connection.fetchval("SELECT value FROM kept") == 7
    await connection.execute("DROP TABLE kept")
    await connection.close()


async def test_triton_shows_its_metrics(triton: EmbeddedTriton) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"{triton.metrics}/metrics")
    assert "nv_inference_request_success" in answer.text


def test_a_server_that_is_missing_skips_a_developers_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no java"):
        skip_or_fail("no java")


def test_a_server_that_is_missing_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no java"):
        skip_or_fail("no java")


async def create_topic(address: str, name: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=address)
    await admin.start()
    await admin.create_topics([NewTopic(name, num_partitions=1, replication_factor=1)])
    await admin.close()


async def send(address: str, topic: str, value: bytes) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=address)
    await producer.start()
    await producer.send_and_wait(topic, value)
    await producer.stop()


async def read_one(address: str, topic: str) -> bytes | None:
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=address, group_id=f"{topic}-readers", auto_offset_reset="earliest"
    )
    await consumer.start()
    message = await consumer.getone()
    await consumer.stop()
    return message.value
