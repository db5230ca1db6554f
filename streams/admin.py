"""Topics are created explicitly; what is there already is left as it is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from moderation.errors import BrokerUnavailable
from streams.connections import unavailable
from streams.topics import Topic


async def missing_topics(connection: Mapping[str, Any], topics: Sequence[Topic]) -> list[str]:
    """Name the topics that do not exist.

    Raises:
        BrokerUnavailable: Kafka cannot be reached.
    """
    async with _admin(connection) as admin:
        present = set(await admin.list_topics())
        return [topic.name for topic in topics if topic.name not in present]


async def create_topics(
    connection: Mapping[str, Any], topics: Sequence[Topic], *, replication: int
) -> list[str]:
    """Create the topics that do not exist, and return their names.

    Raises:
        BrokerUnavailable: Kafka cannot be reached, or refuses one of them.
    """
    missing = await missing_topics(connection, topics)
    if missing:
        async with _admin(connection) as admin:
            wanted = [_new(topic, replication) for topic in topics if topic.name in missing]
            _check(await admin.create_topics(wanted))
    return missing


@asynccontextmanager
async def _admin(connection: Mapping[str, Any]) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(**connection)
    try:
        await admin.start()
        yield admin
    except (KafkaError, OSError) as error:
        raise await unavailable("Kafka", connection, error) from error
    finally:
        await admin.close()


def _new(topic: Topic, replication: int) -> NewTopic:
    return NewTopic(
        topic.name,
        num_partitions=topic.partitions,
        replication_factor=replication,
        topic_configs=topic.config,
    )


def _check(answer: Any) -> None:
    for name, code, *rest in answer.topic_errors:
        error = for_code(code)
        if code != 0 and error is not TopicAlreadyExistsError:
            raise BrokerUnavailable(f"topic {name}: {rest[0] if rest else error.__name__}")
