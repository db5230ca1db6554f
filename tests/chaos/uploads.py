"""Uploads that can be told apart, announced at a steady pace whatever breaks meanwhile."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from PIL import Image

from moderation.upload import Lane, Upload
from streams.intake import announcement
from streams.kafka import KafkaPublisher
from streams.retries import FOR_EVER, patiently
from streams.topics import Topics
from tests.chaos import bucket

SAMPLE = Path(__file__).parents[2] / "samples" / "portrait.jpg"
PIXELS = 320


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """An upload to be; of a `broken` one nothing can be judged."""

    upload_id: str
    uri: str
    lane: Lane
    broken: bool


def make_uploads(folder: Path, count: int, *, seed: int) -> list[Planned]:
    """Write pictures that differ in their noise: every twentieth breaks off, every tenth is a
    repetition of another one's bytes, every third lies in the bucket.
    """
    folder.mkdir()
    portrait = Image.open(SAMPLE).convert("RGB").resize((PIXELS, PIXELS))
    pixels = np.asarray(portrait, np.int16)
    chance = np.random.default_rng(seed)
    for number in range(count):
        whole = _noisy(pixels, chance)
        (folder / f"{number}.jpg").write_bytes(whole[:600] if _is_broken(number) else whole)
    return [_planned(folder, number) for number in range(count)]


def _is_broken(number: int) -> bool:
    return number % 20 == 7


def _planned(folder: Path, number: int) -> Planned:
    shown = number - 2 if number % 10 == 9 else number
    name = f"{shown}.jpg"
    in_bucket = number % 3 == 1
    return Planned(
        upload_id=f"upload-{number}",
        uri=f"s3://{bucket.NAME}/{name}" if in_bucket else (folder / name).as_uri(),
        lane=Lane.LIVE if number % 4 else Lane.BACKFILL,
        broken=_is_broken(shown),
    )


def _noisy(pixels: np.ndarray, chance: np.random.Generator) -> bytes:
    noise = chance.integers(-6, 7, pixels.shape, np.int16)  # H W C, as are the pixels
    content = io.BytesIO()
    picture = Image.fromarray(np.clip(pixels + noise, 0, 255).astype(np.uint8))
    picture.save(content, "JPEG", quality=80)
    return content.getvalue()


async def announce(
    uploads: Sequence[Planned], *, kafka: str, topics: Topics, within_seconds: float
) -> None:
    """Announce as any producer may, and return when the broker has all of them."""
    clock = asyncio.get_running_loop().time
    began, every = clock(), within_seconds / len(uploads)
    publisher = KafkaPublisher({"bootstrap_servers": kafka}, idempotent=True)
    await publisher.start()
    try:
        for number, planned in enumerate(uploads):
            await asyncio.sleep(began + number * every - clock())
            message = announcement(_upload(planned), topics)
            await patiently(lambda message=message: publisher.publish([message]), FOR_EVER)
    finally:
        await publisher.close()


def _upload(planned: Planned) -> Upload:
    return Upload(
        upload_id=planned.upload_id,
        tenant="acme",
        lane=planned.lane,
        uri=planned.uri,
        announced_at=datetime.now(UTC),
    )
