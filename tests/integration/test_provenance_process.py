"""Provenance is read in the confined process; one that ends it costs nothing but itself."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from inference.decoding.decoder_process import DecoderProcess
from inference.decoding.decoders import DecoderPool
from inference.decoding.wire import Confines, Work
from inference.faces import facepack
from inference.provenance.search import ProvenanceSearch
from moderation.provenance import ManifestPlace, ProvenanceState, unread
from tests.origins import compressed, packet, picture, trust_list, with_chunks
from tests.signing import an_action, signed, the_identity

SAMPLES = Path(__file__).parents[2] / "samples"
MEBIBYTE = 2**20


@asynccontextmanager
async def decoding(
    search: ProvenanceSearch | None = None,
    *,
    memory_bytes: int = 2048 * MEBIBYTE,
    provenance_seconds: float = 60.0,
) -> AsyncIterator[DecoderPool]:
    work = Work(
        provenance=search or ProvenanceSearch(),
        confines=Confines(memory_bytes=memory_bytes, niceness=0),
    )
    pool = DecoderPool(processes=1, work=work, provenance_seconds=provenance_seconds)
    try:
        yield pool
    finally:
        await pool.close()


def written(folder: Path, content: bytes) -> Path:
    media = folder / "media"
    media.write_bytes(content)
    return media


async def test_credentials_are_read_under_all_the_limits_of_a_decoder(tmp_path: Path) -> None:
    search = ProvenanceSearch(signers=trust_list(the_identity()))
    remote = signed(picture(), remote_url="http://127.0.0.1:1/manifest", is_embedded=False)
    async with decoding(search) as pool:
        found = await pool.extract(written(tmp_path, signed(picture())))
        elsewhere = await pool.extract(written(tmp_path, remote))
        pids = pool.pids
        plain = await pool.extract(written(tmp_path, picture()))
        assert pool.pids == pids
    assert found.provenance.state is ProvenanceState.TRUSTED
    assert elsewhere.provenance.credentials is not None
    assert elsewhere.provenance.credentials.place is ManifestPlace.REMOTE
    assert plain.provenance.state is ProvenanceState.UNKNOWN
    assert plain.provenance.unread == ()


async def test_credentials_change_no_crop(tmp_path: Path) -> None:
    """Whoever is judged by pixels is judged alike, whatever the file says of itself."""
    portrait = (SAMPLES / "portrait.jpg").read_bytes()
    generated = signed(portrait, actions=(an_action("trainedAlgorithmicMedia"),))
    async with decoding() as pool:
        without = await pool.extract(written(tmp_path, portrait))
        with_them = await pool.extract(written(tmp_path, generated))
    assert with_them.provenance.state is ProvenanceState.VALID
    assert (with_them.tracks, with_them.crops) == (without.tracks, without.crops)
    pixels = [facepack.read(one.pack).pixels for one in (without, with_them)]
    assert pixels[0].size
    assert (pixels[0] == pixels[1]).all()


async def test_provenance_that_takes_too_long_is_unknown_and_the_faces_stay() -> None:
    async with decoding(provenance_seconds=0.0) as pool:
        found = await pool.extract(SAMPLES / "portrait.jpg")
        assert pool.pids == []  # what was asked and did not answer is gone
        again = await pool.extract(SAMPLES / "portrait.jpg")
    assert found.provenance == unread("timed_out")
    assert len(found.crops) == len(again.crops) == 1


class Dying(DecoderProcess):
    """Is killed as soon as it is asked for provenance."""

    async def _ask(self, header: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        if header.get("job") == "provenance":
            os.kill(self.pid, signal.SIGKILL)
        return await super()._ask(header)


class DyingPool(DecoderPool):
    async def _start(self) -> DecoderProcess:
        return await Dying.start(Work())


async def test_provenance_that_ends_its_process_is_unknown_and_the_faces_stay() -> None:
    pool = DyingPool(processes=1)
    found = await pool.extract(SAMPLES / "portrait.jpg")
    assert pool.pids == []
    await pool.close()
    assert found.provenance == unread("reader_died")
    assert len(found.crops) == 1


async def test_a_file_that_asks_for_more_memory_than_there_is_keeps_its_faces(
    tmp_path: Path,
) -> None:
    """c2pa-python holds all of a JPEG, what lies behind the picture too."""
    media = written(tmp_path, (SAMPLES / "portrait.jpg").read_bytes())
    with media.open("r+b") as file:
        file.truncate(1024 * MEBIBYTE)  # a hole, which takes no room
    async with decoding(memory_bytes=512 * MEBIBYTE) as pool:
        found = await pool.extract(media)
    assert [part.part for part in found.provenance.unread] in (["credentials"], ["all"])
    assert len(found.crops) == 1


@pytest.mark.parametrize(
    "media",
    [
        with_chunks([compressed("parameters", bytes(MEBIBYTE))]),
        picture("JPEG", xmp=packet(xmp_CreatorTool="<a>" * 80 + "</a>" * 80)),
        signed(picture(), actions=[an_action("composite")] * 2_000),
    ],
)
async def test_a_hostile_file_leaves_the_process_as_it_was(tmp_path: Path, media: bytes) -> None:
    async with decoding() as pool:
        await pool.warm()
        pids = pool.pids
        found = await pool.extract(written(tmp_path, media))
        assert pool.pids == pids
    assert found.provenance.reader is not None
