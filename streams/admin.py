"""Topics are created explicitly; what is there already is left as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from moderation.errors import BrokerUnavailable
from streams.topics import Topic


async def create_topics(
    connection: Mapping[str, Any], topics: Sequence[Topic], *, replication: int
) -> list[str]:
    """Create the topics that do not exist, and return their names.

    Raises:
        BrokerUnavailable: Kafka cannot be reached, or refuses one of them.
    """
    admin = AIOKafkaAdminClient(**connection)
    try:
        await admin.start()
        present = set(await admin.list_topics())
        missing = [topic for topic in topics if topic.name not in present]
        if missing:
            answer = await admin.create_topics([_new(topic, replication) for topic in missing])
            _check(answer)
        return [topic.name for topic in missing]
    except (KafkaError, OSError) as error:
        raise BrokerUnavailable(f"cannot create topics: {error!r}") from error
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
