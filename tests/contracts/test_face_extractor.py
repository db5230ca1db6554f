"""What every FaceExtractor promises, the fake and the sandboxed one alike."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from inference.decoding.decoders import DecoderPool
from inference.decoding.wire import Confines, Work
from inference.faces import facepack
from inference.in_memory import ScriptedExtractor
from inference.ports import Extraction, FaceExtractor
from moderation.errors import (
    DecoderUnavailable,
    EmptyMedia,
    MediaRejected,
    ModerationError,
    UnreadableMedia,
    UnsupportedMedia,
)
from moderation.media import MediaKind
from tests.parts.loops import run

SAMPLES = Path(__file__).parents[2] / "samples"
NAMES = ("portrait.jpg", "portrait.mp4", "landscape.jpg", "broken.jpg", "not-a-picture.jpg")


@pytest.fixture(scope="module")
def answers() -> dict[bytes, Extraction | ModerationError]:
    """What the real extractor says of the samples: the fake repeats it."""
    return run(_learn())


async def _learn() -> dict[bytes, Extraction | ModerationError]:
    pool = DecoderPool(processes=1)
    learnt: dict[bytes, Extraction | ModerationError] = {}
    for name in NAMES:
        try:
            learnt[(SAMPLES / name).read_bytes()] = await pool.extract(SAMPLES / name)
        except MediaRejected as error:
            learnt[(SAMPLES / name).read_bytes()] = error
    await pool.close()
    return learnt


@pytest.fixture(params=["scripted", "pool"])
async def extractor(
    request: pytest.FixtureRequest, answers: dict[bytes, Extraction | ModerationError]
) -> AsyncIterator[FaceExtractor]:
    made = (
        ScriptedExtractor(answers)
        if request.param == "scripted"
        else DecoderPool(processes=1, work=Work(confines=Confines(niceness=0)))
    )
    yield made
    await made.close()


async def test_a_portrait_yields_one_person_and_a_pack_of_crops(extractor: FaceExtractor) -> None:
    media = SAMPLES / "portrait.jpg"

    found = await extractor.extract(media)

    assert found.facts.kind is MediaKind.IMAGE
    assert found.facts.sha256 == hashlib.sha256(media.read_bytes()).hexdigest()
    assert found.facts.size_bytes == media.stat().st_size
    assert (found.facts.width, found.facts.height) == (512, 512)
    assert len(found.tracks) == len(found.crops) == 1
    pack = facepack.read(found.pack)
    assert (pack.facts, pack.tracks, pack.crops) == (found.facts, found.tracks, found.crops)
    assert pack.pixels.shape == (1, 224, 224, 3)


async def test_a_video_yields_its_person_through_time(extractor: FaceExtractor) -> None:
    found = await extractor.extract(SAMPLES / "portrait.mp4", urgent=False)

    assert found.facts.kind is MediaKind.VIDEO
    assert found.facts.duration_seconds == pytest.approx(5.0, abs=0.1)
    assert found.facts.frames_sampled == 32
    assert len(found.tracks) == 1
    assert found.tracks[0].first_seconds == 0.0
    assert found.tracks[0].last_seconds == pytest.approx(4.9, abs=0.2)
    assert [crop.crop_id for crop in found.crops] == list(range(len(found.crops)))
    assert len(facepack.read(found.pack).pixels) == len(found.crops)


async def test_without_a_face_there_is_no_pack(extractor: FaceExtractor) -> None:
    found = await extractor.extract(SAMPLES / "landscape.jpg")

    assert (found.tracks, found.crops, found.pack) == ((), (), b"")
    assert found.facts.frames_sampled == 1


async def test_a_name_makes_no_picture(extractor: FaceExtractor) -> None:
    with pytest.raises(UnsupportedMedia):
        await extractor.extract(SAMPLES / "not-a-picture.jpg")


async def test_a_damaged_picture_is_unreadable(extractor: FaceExtractor) -> None:
    with pytest.raises(UnreadableMedia):
        await extractor.extract(SAMPLES / "broken.jpg")


async def test_an_empty_file_is_empty(extractor: FaceExtractor, tmp_path: Path) -> None:
    (tmp_path / "media").touch()
    with pytest.raises(EmptyMedia):
        await extractor.extract(tmp_path / "media")


async def test_a_file_that_went_away_is_unreadable(
    extractor: FaceExtractor, tmp_path: Path
) -> None:
    with pytest.raises(UnreadableMedia):
        await extractor.extract(tmp_path / "gone")


async def test_a_rejection_does_not_spoil_what_follows(extractor: FaceExtractor) -> None:
    with pytest.raises(UnsupportedMedia):
        await extractor.extract(SAMPLES / "not-a-picture.jpg")

    assert (await extractor.extract(SAMPLES / "portrait.jpg")).crops


async def test_once_closed_it_extracts_nothing(extractor: FaceExtractor) -> None:
    await extractor.close()
    with pytest.raises(DecoderUnavailable):
        await extractor.extract(SAMPLES / "portrait.jpg")
