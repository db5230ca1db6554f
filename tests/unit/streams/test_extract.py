from __future__ import annotations

import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest

from inference.ports import Extraction
from moderation.errors import (
    DecodingExceeded,
    MediaStoreUnavailable,
    SourceUnavailable,
    UnreadableMedia,
)
from moderation.looks import Look
from moderation.provenance import Provenance, ProvenanceState
from moderation.upload import Lane
from storage.in_memory import InMemoryMediaStore, InMemorySource
from streams.extract import Extract
from streams.intake import announcement
from streams.messages import FACES, SCORED
from tests.builders import CROP, FACTS, TOPICS, TRACK, an_origin, an_upload

URI = "store:///media/acme/u1"
FOUND = Extraction(
    facts=FACTS, tracks=(TRACK,), crops=(CROP,), pack=b"the pack", preprocessing="crops-1"
)
NOBODY = Extraction(facts=FACTS, tracks=(), crops=(), pack=b"", preprocessing="crops-1")


class Extractor:
    """Answers what it is told to, and notes what it was asked."""

    def __init__(self, answer: Extraction | Exception) -> None:
        self.answer = answer
        self.asked: list[tuple[bytes, bool]] = []

    async def extract(self, media: Path, *, urgent: bool = True) -> Extraction:
        self.asked.append((media.read_bytes(), urgent))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    async def close(self) -> None: ...


class Desk:
    def __init__(
        self, spool: Path, answer: Extraction | Exception, media: bytes | Exception = b"media"
    ) -> None:
        self.store = InMemoryMediaStore()
        self.extractor = Extractor(answer)
        self.spool = spool
        source = InMemorySource({URI: media})
        self.extract = Extract(source, self.extractor, self.store, TOPICS, spool=spool)

    async def handle(self, lane: Lane = Lane.LIVE):
        announced = announcement(an_upload(lane=Lane.LIVE, uri=URI), TOPICS)
        (message,) = await self.extract(an_origin(announced.value, topic=TOPICS.uploads(lane)))
        return message


async def test_faces_go_to_the_next_hop_and_their_pack_into_the_store(tmp_path: Path) -> None:
    desk = Desk(tmp_path, FOUND)
    message = await desk.handle()
    assert message.topic == TOPICS.faces(Lane.LIVE)
    found = FACES.decode(message.value)
    assert (found.media, found.preprocessing) == (FACTS, "crops-1")
    assert await desk.store.read(found.face_pack) == b"the pack"


async def test_the_same_media_give_the_same_message_and_the_same_pack(tmp_path: Path) -> None:
    first, second = Desk(tmp_path, FOUND), Desk(tmp_path, FOUND)
    assert (await first.handle()).value == (await second.handle()).value


async def test_media_without_a_face_go_straight_to_their_end(tmp_path: Path) -> None:
    message = await Desk(tmp_path, NOBODY).handle()
    assert message.topic == TOPICS.scores(Lane.LIVE)
    scored = SCORED.decode(message.value)
    assert (scored.media, scored.scores, scored.rejection) == (FACTS, (), None)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [(UnreadableMedia("cut off"), "unreadable"), (DecodingExceeded(), "decoding_exceeded_limits")],
)
async def test_media_that_cannot_be_judged_are_rejected_with_a_reason(
    tmp_path: Path, answer: Exception, reason: str
) -> None:
    scored = SCORED.decode((await Desk(tmp_path, answer).handle()).value)
    assert scored.rejection is not None
    assert scored.rejection.reason == reason


async def test_a_source_that_fails_is_left_to_be_tried_again(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable):
        await Desk(tmp_path, FOUND, SourceUnavailable()).handle()


async def test_a_spool_that_is_gone_is_waited_for_and_costs_no_upload(tmp_path: Path) -> None:
    with pytest.raises(MediaStoreUnavailable):
        await Desk(tmp_path / "gone", FOUND).handle()


@pytest.mark.parametrize("media", [b"media", SourceUnavailable()])
async def test_a_spool_that_became_read_only_is_waited_for_and_costs_no_upload(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, media: bytes | Exception
) -> None:
    def refused(path: Path, *, missing_ok: bool = False) -> None:
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(path))

    monkeypatch.setattr(Path, "unlink", refused)
    with pytest.raises(MediaStoreUnavailable, match="Read-only"):
        await Desk(tmp_path, FOUND, media).handle()


@pytest.mark.parametrize("answer", [FOUND, NOBODY, UnreadableMedia()])
async def test_nothing_stays_in_the_spool(tmp_path: Path, answer: Extraction | Exception) -> None:
    desk = Desk(tmp_path, answer)
    await desk.handle()
    assert desk.extractor.asked[0][0] == b"media"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("lane", "urgent"), [(Lane.LIVE, True), (Lane.BACKFILL, False)])
async def test_the_lane_of_the_topic_says_who_is_decoded_first(
    tmp_path: Path, lane: Lane, urgent: bool
) -> None:
    desk = Desk(tmp_path, FOUND)
    message = await desk.handle(lane)
    assert desk.extractor.asked[0][1] is urgent
    assert message.topic == TOPICS.faces(lane)


@pytest.mark.parametrize(("found", "codec"), [(FOUND, FACES), (NOBODY, SCORED)])
async def test_how_the_media_looks_goes_along(tmp_path: Path, found: Extraction, codec) -> None:
    looks = (Look(pdq="0f" * 32, quality=60),)
    message = await Desk(tmp_path, replace(found, looks=looks)).handle()
    assert codec.decode(message.value).looks == looks


@pytest.mark.parametrize(("found", "codec"), [(FOUND, FACES), (NOBODY, SCORED)])
async def test_what_the_media_says_of_its_origin_goes_along(
    tmp_path: Path, found: Extraction, codec
) -> None:
    said = Provenance(state=ProvenanceState.VALID, reader="reader 1")
    message = await Desk(tmp_path, replace(found, provenance=said)).handle()
    assert codec.decode(message.value).provenance == said
