"""What a decoder process answers is held against what the worker knows itself."""

from __future__ import annotations

import asyncio
import hashlib
import json
import struct
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from inference.decoding.decoder_process import Crashed, DecoderProcess
from inference.decoding.decoders import DecoderPool
from inference.decoding.wire import extraction_record, packed
from inference.ports import Extraction
from moderation.errors import UnreadableMedia
from tests.builders import CROP, FACTS, TRACK

MEDIA = b"media"
OWN = hashlib.sha256(MEDIA).hexdigest()
OTHERS = hashlib.sha256(b"another's media").hexdigest()
FOUND = Extraction(
    facts=replace(FACTS, sha256=OWN),
    tracks=(TRACK,),
    crops=(CROP,),
    pack=b"the pack",
    preprocessing="crops-1",
)


class Pipe:
    """A process's standard input; nobody reads it."""

    def write(self, _: bytes) -> None: ...

    async def drain(self) -> None: ...

    def close(self) -> None: ...


class Process:
    """Says what it was given to say, whatever it is asked."""

    pid = 1

    def __init__(self, says: bytes) -> None:
        self.stdin = Pipe()
        self.stdout = asyncio.StreamReader()
        self.stdout.feed_data(says)
        self.stdout.feed_eof()
        self.killed = False

    def kill(self) -> None:
        self.killed = True

    async def wait(self) -> int:
        return 0


def a_decoder(says: bytes) -> tuple[DecoderProcess, Process]:
    process = Process(says)
    decoder = DecoderProcess(cast("asyncio.subprocess.Process", process), (), "crops-1")
    return decoder, process


def told(found: Extraction, **facts: object) -> bytes:
    record = json.loads(json.dumps(extraction_record(found)))
    record["facts"] |= facts
    return packed({"found": record}, found.pack)


async def extracted(says: bytes) -> Extraction:
    decoder, _ = a_decoder(says)
    return await decoder.extract(Path("media"), sha256=OWN, wall_seconds=5.0)


async def test_what_was_found_in_the_bytes_is_taken() -> None:
    assert await extracted(told(FOUND)) == FOUND


async def test_a_process_that_tells_of_other_bytes_tells_nonsense() -> None:
    with pytest.raises(Crashed):
        await extracted(told(FOUND, sha256=OTHERS))


async def test_a_process_that_makes_crops_otherwise_than_it_said_tells_nonsense() -> None:
    with pytest.raises(Crashed):
        await extracted(told(replace(FOUND, preprocessing="../crops-2")))


async def test_facts_that_cannot_be_are_nonsense() -> None:
    with pytest.raises(Crashed):
        await extracted(told(FOUND, frames_sampled=-1))


async def test_a_header_nested_deeper_than_can_be_read_is_nonsense() -> None:
    header = b'{"found":' + b"[" * 100_000
    decoder, process = a_decoder(struct.pack(">II", len(header), 0) + header)

    with pytest.raises(Crashed):
        await decoder.extract(Path("media"), sha256=OWN, wall_seconds=5.0)
    assert process.killed


class Liars(DecoderPool):
    """Its processes tell of another's bytes."""

    def __init__(self) -> None:
        super().__init__(processes=1)
        self.started: list[Process] = []

    async def _start(self) -> DecoderProcess:
        decoder, process = a_decoder(told(FOUND, sha256=OTHERS))
        self.started.append(process)
        return decoder


async def test_who_tells_of_other_bytes_is_ended_and_nothing_is_taken_from_it(
    tmp_path: Path,
) -> None:
    media = tmp_path / "media"
    media.write_bytes(MEDIA)
    pool = Liars()

    with pytest.raises(UnreadableMedia):
        await pool.extract(media)

    assert [process.killed for process in pool.started] == [True, True]
    assert pool.pids == []
