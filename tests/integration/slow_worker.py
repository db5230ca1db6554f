"""A worker process for tests: its only hop appends upload ids to a file, and may hang on one.

Usage: slow_worker.py BROKER PREFIX FILE [HANGS_ON]
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from streams.app import FaustConnection, Worker, build_app
from streams.hops import Hop, decoding
from streams.kafka import KafkaPublisher
from streams.messages import ANNOUNCED, UploadAnnounced
from streams.retries import BackOff
from streams.topics import Topics


async def main(broker: str, prefix: str, file: str, hangs_on: str = "") -> None:
    async def handle(message: UploadAnnounced) -> list[object]:
        if message.upload.upload_id == hangs_on:
            await asyncio.Event().wait()
        with Path(file).open("a") as handled:
            handled.write(f"{message.upload.upload_id}\n")
        return []

    topics = Topics(prefix, partitions=1)
    publisher = KafkaPublisher({"bootstrap_servers": broker}, idempotent=True)
    await publisher.start()
    connection = FaustConnection(broker=broker, group=prefix, data_folder=f"{file}.faust")
    worker = Worker(build_app(connection), topics, publisher, back_off=BackOff())
    worker.add(Hop(name="slow", handle=decoding(ANNOUNCED, handle), window=50), topics.uploads)
    await worker.start()
    await worker.wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
