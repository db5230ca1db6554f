"""A file becomes facts, tracks, crops and a pack, whatever kind it is of."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from inference.decoding.extraction import extract
from inference.faces import facepack
from inference.faces.following import Followed
from inference.looks.pdq import pdq
from inference.ports import Extraction
from inference.reading.frames import DecodingLimits, Frame
from moderation.errors import EmptyMedia, UnreadableMedia, UnsupportedMedia
from moderation.media import Container, MediaKind
from moderation.tracks import Crop, CropQuality, Track
from tests.clips import clip
from tests.datasets import picture

QUALITY = CropQuality(face_pixels=20.0, sharpness=50.0, frontality=1.0, detector_score=0.9)


def nobody(frames: Iterable[Frame]) -> Followed:
    for _ in frames:
        pass
    return Followed(tracks=(), crops=(), pixels=np.empty((0, 224, 224, 3), np.uint8))


def somebody(frames: Iterable[Frame]) -> Followed:
    """One person, whose crop of each frame is its mean colour."""
    seen = [(frame.at_seconds, frame.pixels.mean(axis=(0, 1))) for frame in frames]
    crops = tuple(
        Crop(
            crop_id=number,
            track_id=0,
            at_seconds=at_seconds,
            box_xyxy=(0.0, 0.0, 20.0, 20.0),
            quality=QUALITY,
        )
        for number, (at_seconds, _) in enumerate(seen)
    )
    track = Track(
        track_id=0, first_seconds=seen[0][0], last_seconds=seen[-1][0], frames_seen=len(seen)
    )
    pixels = np.stack([np.full((224, 224, 3), colour, np.uint8) for _, colour in seen])
    return Followed(tracks=(track,), crops=crops, pixels=pixels)


def extracted(media: Path, follow=somebody) -> Extraction:
    limits = DecodingLimits(frames=4)
    return extract(media, limits=limits, follow=follow, preprocessing="levelled-v1")


@pytest.fixture
def media(tmp_path: Path) -> Path:
    return tmp_path / "media"


def test_an_image_is_extracted(media: Path) -> None:
    Image.new("RGB", (80, 60), (200, 30, 40)).save(media, "PNG")

    found = extracted(media)

    assert (found.facts.kind, found.facts.container) == (MediaKind.IMAGE, Container.PNG)
    assert (found.facts.width, found.facts.height) == (80, 60)
    assert found.facts.sha256 == hashlib.sha256(media.read_bytes()).hexdigest()
    assert found.facts.size_bytes == media.stat().st_size
    pack = facepack.read(found.pack)
    assert pack.preprocessing == "levelled-v1"
    assert pack.facts == found.facts
    assert pack.pixels[0, 0, 0].tolist() == pytest.approx([200, 30, 40], abs=3)


def test_a_video_is_extracted(media: Path) -> None:
    media.write_bytes(clip(frames=31))

    found = extracted(media)

    assert (found.facts.kind, found.facts.container) == (MediaKind.VIDEO, Container.MP4)
    assert (found.facts.codec, found.facts.frames_sampled) == ("h264", 4)
    assert [crop.at_seconds for crop in found.crops] == pytest.approx([0, 1 / 3, 2 / 3, 1], abs=0.1)


def test_an_image_is_seen_as_it_is_shown(media: Path) -> None:
    Image.fromarray(picture(1)).save(media, "PNG")

    (look,) = extracted(media, follow=nobody).looks

    assert (bytes.fromhex(look.pdq), look.quality) == pdq(picture(1))


def test_each_shot_of_a_video_is_seen(media: Path) -> None:
    reddish = picture(2) // np.array([1, 4, 4], np.uint8)
    media.write_bytes(clip(frames=31, draw=lambda at: picture(1) if at < 15 else reddish))

    looks = extracted(media).looks

    assert [look.at_seconds for look in looks] == pytest.approx([0, 2 / 3], abs=0.1)


def test_without_a_face_there_is_no_pack(media: Path) -> None:
    media.write_bytes(clip(frames=3))

    found = extracted(media, follow=nobody)

    assert (found.tracks, found.crops, found.pack) == ((), (), b"")
    assert found.facts.frames_sampled == 3


def test_what_is_no_media_is_rejected(media: Path) -> None:
    with pytest.raises(UnreadableMedia):
        extracted(media)
    media.touch()
    with pytest.raises(EmptyMedia):
        extracted(media)
    media.write_text("text")
    with pytest.raises(UnsupportedMedia):
        extracted(media)
