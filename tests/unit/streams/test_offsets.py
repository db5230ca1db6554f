"""The commit never passes an unfinished upload; the stock consumer does let it pass."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import faust
import pytest
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from streams.offsets import Consumer, PartitionProgress

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
