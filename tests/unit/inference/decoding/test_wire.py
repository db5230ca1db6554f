"""What passes over a decoder's pipe arrives as it was sent, or is recognised as nonsense."""

from __future__ import annotations

import asyncio
import io
import json
import struct
from pathlib import Path

import pytest

from inference.decoding.decoder_process import REJECTIONS
from inference.decoding.wire import (
    LARGEST_BODY,
    LARGEST_HEADER,
    Confines,
    FaceSearch,
    Work,
    extraction_from,
    extraction_record,
    packed,
    receive,
    receive_async,
)
from inference.ports import Extraction
from inference.reading.frames import DecodingLimits
from moderation import errors
from moderation.looks import MOST_LOOKS, Look
from moderation.media import Container, MediaFacts, MediaKind
from moderation.tracks import Crop, CropQuality, Track


def an_extraction() -> Extraction:
    return Extraction(
        facts=MediaFacts(
            sha256="0" * 64,
            size_bytes=5,
            kind=MediaKind.VIDEO,
            container=Container.MP4,
            codec="h264",
            width=64,
            height=48,
            duration_seconds=None,
            frames_sampled=2,
            warnings=("damaged", "truncated"),
        ),
        tracks=(Track(track_id=0, first_seconds=0.0, last_seconds=0.5, frames_seen=2),),
        crops=(
            Crop(
                crop_id=0,
                track_id=0,
                at_seconds=0.5,
                box_xyxy=(1.0, 2.0, 3.0, 4.0),
                quality=CropQuality(
                    face_pixels=2.0, sharpness=9.5, frontality=0.5, detector_score=0.75
                ),
            ),
        ),
        preprocessing="mtcnn+levelled-v1",
        pack=b"\x00\xffpack",
        looks=(Look(pdq="0f" * 32, quality=60, at_seconds=0.5),),
    )


async def received(content: bytes) -> tuple[dict[str, object], bytes]:
    source = asyncio.StreamReader()
    source.feed_data(content)
    source.feed_eof()
    return await receive_async(source)


async def test_a_message_arrives_as_it_was_sent() -> None:
    message = packed({"media": "/spool/ü"}, b"\x00body")

    assert receive(io.BytesIO(message)) == ({"media": "/spool/ü"}, b"\x00body")
    assert await received(message) == ({"media": "/spool/ü"}, b"\x00body")


def test_a_pipe_that_was_closed_holds_no_message() -> None:
    assert receive(io.BytesIO(b"")) is None


@pytest.mark.parametrize("kept", [0, 3, 8, 12, -1])
async def test_a_message_that_ends_early_is_noticed(kept: int) -> None:
    with pytest.raises(asyncio.IncompleteReadError):
        await received(packed({"ready": []}, b"body")[:kept])


@pytest.mark.parametrize(
    "lengths", [(LARGEST_HEADER + 1, 0), (2, LARGEST_BODY + 1), (2**32 - 1, 2**32 - 1)]
)
async def test_a_message_larger_than_any_of_ours_is_not_read(lengths: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="message of"):
        await received(struct.pack(">II", *lengths) + b"{}")


@pytest.mark.parametrize("header", [b"nonsense", b"[]", b"\xff\xfe"])
async def test_a_header_that_is_no_object_is_nonsense(header: bytes) -> None:
    with pytest.raises(ValueError, match=r"codec|column|header"):
        await received(struct.pack(">II", len(header), 0) + header)


def test_an_extraction_comes_back_equal() -> None:
    found = an_extraction()
    record = json.loads(json.dumps(extraction_record(found)))

    assert extraction_from(record, found.pack) == found


@pytest.mark.parametrize("part", ["facts", "tracks", "crops", "looks"])
def test_an_extraction_with_a_part_that_is_wrong_is_nonsense(part: str) -> None:
    record = json.loads(json.dumps(extraction_record(an_extraction())))
    for wrong in ({**record, part: [{"surprise": 1}]}, {**record, part: 7}):
        with pytest.raises((KeyError, TypeError, ValueError)):
            extraction_from(wrong, b"")


@pytest.mark.parametrize("looks", [MOST_LOOKS, MOST_LOOKS + 1])
def test_a_process_that_tells_more_looks_than_a_message_carries_tells_nonsense(looks: int) -> None:
    record = extraction_record(an_extraction())
    many = {**record, "looks": record["looks"] * looks}
    if looks <= MOST_LOOKS:
        assert len(extraction_from(many, b"").looks) == looks
        return
    with pytest.raises(ValueError, match="looks"):
        extraction_from(many, b"")


def test_work_comes_back_equal() -> None:
    work = Work(
        limits=DecodingLimits(frames=5, seconds=1.5),
        faces=FaceSearch(detector=Path("/models/face.onnx"), tracks=3),
        confines=Confines(cpu_seconds=7),
    )

    assert Work.of(json.loads(json.dumps(work.record()))) == work
    assert Work.of(json.loads(json.dumps(Work().record()))) == Work()


def test_every_rejection_can_come_back_by_its_name() -> None:
    named = {
        name: error
        for name, error in vars(errors).items()
        if isinstance(error, type) and issubclass(error, errors.MediaRejected)
    }

    assert named.items() <= REJECTIONS.items()
