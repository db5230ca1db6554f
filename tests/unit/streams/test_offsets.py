"""The commit never passes an unfinished upload; the stock consumer does let it pass."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any

import faust
import pytest
from aiokafka import AIOKafkaConsumer
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from streams.offsets import Consumer, ConsumerThread, PartitionProgress, Place

PARTITION = TP("veriscope.uploads.live", 0)
STOCK = pytest.param(
    driver.Consumer,
    marks=pytest.mark.xfail(reason="faust-streaming issue 606", strict=True),
    id="stock",
)
OURS = pytest.param(Consumer, id="ours")


class Deliveries:
    """A consumer without a broker: offsets are delivered and settled by hand."""

    def __init__(self, consumer: type[driver.Consumer], *, committed: int | None) -> None:
        self.app = faust.App("test", broker="kafka://127.0.0.1:1", web_enabled=False)
        self.app.consumer_generation_id = 1
        self.app.topics._acking_topics.add(PARTITION.topic)
        self.app.flow_control.resume()
        self.consumer = consumer(
            self.app.transport,
            callback=_nothing,
            on_partitions_revoked=_nothing,
            on_partitions_assigned=_nothing,
        )
        self.consumer._committed_offset[PARTITION] = committed

    def deliver(self, offset: int) -> Any:
        record = SimpleNamespace(
            topic=PARTITION.topic,
            partition=0,
            offset=offset,
            timestamp=0,
            timestamp_type=0,
            headers=(),
            key=b"",
            value=b"",
            checksum=None,
            serialized_key_size=0,
            serialized_value_size=0,
        )
        message = self.consumer._to_message(PARTITION, record)
        message.incref()
        return message

    def committable(self) -> int | None:
        return self.consumer._filter_committable_offsets([PARTITION]).get(PARTITION)


async def _nothing(*_args: Any) -> None: ...


@pytest.mark.parametrize("consumer", [OURS, STOCK])
@pytest.mark.parametrize("committed", [None, 0])
async def test_an_unfinished_first_upload_holds_the_commit_back(
    consumer: type[driver.Consumer], committed: int | None
) -> None:
    deliveries = Deliveries(consumer, committed=committed)
    deliveries.deliver(0)
    deliveries.deliver(1).ack(deliveries.consumer)
    assert deliveries.committable() in (None, 0)


@pytest.mark.parametrize("consumer", [OURS, STOCK])
async def test_an_unfinished_upload_at_the_committed_offset_holds_the_commit_back(
    consumer: type[driver.Consumer],
) -> None:
    deliveries = Deliveries(consumer, committed=5)
    deliveries.deliver(5)
    deliveries.deliver(6).ack(deliveries.consumer)
    assert deliveries.committable() is None


async def test_the_commit_moves_on_once_the_gap_is_closed() -> None:
    deliveries = Deliveries(Consumer, committed=5)
    first, second = deliveries.deliver(5), deliveries.deliver(6)
    second.ack(deliveries.consumer)
    first.ack(deliveries.consumer)
    assert deliveries.committable() == 7


async def test_a_message_of_an_earlier_assignment_does_not_settle_its_new_delivery() -> None:
    deliveries = Deliveries(Consumer, committed=5)
    before = deliveries.deliver(5)
    deliveries.app.consumer_generation_id = 2
    deliveries.consumer._forget([PARTITION])
    deliveries.deliver(5)
    before.ack(deliveries.consumer)
    assert deliveries.committable() is None


def test_nothing_delivered_commits_nothing() -> None:
    assert PartitionProgress().committable is None


def test_holes_left_by_compaction_do_not_hold_the_commit_back() -> None:
    progress = PartitionProgress()
    for offset in (3, 7, 12):
        progress.deliver(offset)
        progress.settle(offset)
    assert progress.committable == 13


def test_the_smallest_unsettled_offset_is_where_a_crash_goes_on() -> None:
    progress = PartitionProgress()
    for offset in (3, 4, 5):
        progress.deliver(offset)
    progress.settle(4)
    assert progress.committable == 3


def test_a_second_delivery_of_a_settled_offset_is_not_waited_for() -> None:
    progress = PartitionProgress()
    progress.deliver(3)
    progress.settle(3)
    progress.deliver(3)
    assert progress.committable == 4


class HereThread(ConsumerThread):
    """Asks aiokafka on the loop of the test; `before` is what happens until it comes to that."""

    def __init__(self, consumer: Consumer, client: Client, before: Callable[[], None]) -> None:
        super().__init__(consumer)
        self.thread_loop.close()
        self._consumer = client
        self._before = before

    async def call_thread(self, fun: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self._before()
        return await fun(*args, **kwargs)


def _no_change() -> None: ...


OTHER = TP(PARTITION.topic, 1)


class Client(AIOKafkaConsumer):
    """aiokafka's consumer, with partitions given by hand that it has read to 3 of 5."""

    def __init__(self) -> None:
        super().__init__(bootstrap_servers="127.0.0.1:1")
        self.before_position: Callable[[], None] = _no_change

    def give(self, *assigned: TP) -> None:
        self.unsubscribe()
        self.assign(assigned)
        for tp in assigned:
            state = self._subscription.subscription.assignment.state_value(tp)
            state.reset_to(3)
            state.highwater = 5

    async def position(self, partition: TP) -> int:
        self.before_position()
        return await super().position(partition)


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    client = Client()
    yield client
    await client.stop()


def on(client: Client, *, before: Callable[[], None] = _no_change) -> Consumer:
    consumer: Consumer = Deliveries(Consumer, committed=None).consumer
    consumer._thread = HereThread(consumer, client, before)
    return consumer


HALF_READ = Place(settled=None, unsettled=0, position=3, unread=2)


async def test_every_assigned_partition_has_a_place(client: Client) -> None:
    client.give(PARTITION, OTHER)
    assert await on(client).places() == {PARTITION: HALF_READ, OTHER: HALF_READ}


async def test_a_partition_that_went_to_another_worker_meanwhile_has_no_place(
    client: Client,
) -> None:
    client.give(PARTITION, OTHER)
    consumer = on(client, before=lambda: client.give(PARTITION))
    assert await consumer.places() == {PARTITION: HALF_READ}


async def test_a_partition_that_goes_while_its_position_is_asked_for_has_no_place(
    client: Client,
) -> None:
    client.give(PARTITION)
    client.before_position = lambda: client.give(OTHER)
    assert await on(client).places() == {}


async def test_nothing_has_a_place_after_the_thread_has_ended(client: Client) -> None:
    client.give(PARTITION)
    consumer = on(client)
    consumer._thread = ConsumerThread(consumer)
    consumer._thread.thread_loop.close()
    consumer.assignment = lambda: {PARTITION}
    assert await consumer.places() == {}


class Fetching(ConsumerThread):
    """Notes which partitions are asked for, and how long messages of them are waited for."""

    def __init__(self, consumer: Consumer) -> None:
        super().__init__(consumer)
        self.thread_loop.close()
        self.asked: list[tuple[set[TP], float]] = []

    async def getmany(self, active_partitions: set[TP], timeout: float) -> dict[TP, list[object]]:
        self.asked.append((active_partitions, timeout))
        return {}


LIVE, BACKFILL = TP("faces.live", 0), TP("faces.backfill", 0)


def with_in_hand(count: int) -> tuple[Consumer, Fetching]:
    """A consumer with so many messages of the backfill in hand, where three are enough."""
    consumer: Consumer = Deliveries(Consumer, committed=None).consumer
    consumer.app.enough = {LIVE.topic: 3, BACKFILL.topic: 3}
    thread = consumer._thread = Fetching(consumer)
    progress = consumer.progress[BACKFILL] = PartitionProgress()
    for offset in range(count):
        progress.deliver(offset)
    return consumer, thread


async def test_a_topic_of_which_enough_is_in_hand_is_left_out_and_soon_looked_at_again() -> None:
    consumer, thread = with_in_hand(3)
    await consumer._getmany({LIVE, BACKFILL}, 1.0)
    consumer.progress[BACKFILL].settle(0)
    await consumer._getmany({LIVE, BACKFILL}, 1.0)
    (first, soon), second = thread.asked
    assert first == {LIVE}
    assert soon < 0.2
    assert second == ({LIVE, BACKFILL}, 1.0)


async def test_nothing_is_fetched_while_enough_of_all_topics_is_in_hand() -> None:
    consumer, thread = with_in_hand(4)
    assert await consumer._getmany({BACKFILL}, 1.0) == {}
    assert thread.asked == []
