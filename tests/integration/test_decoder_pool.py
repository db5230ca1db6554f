"""Decoder processes are confined, replaced when they die, and end with their worker."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from inference.decoding.decoder_process import DecoderProcess
from inference.decoding.decoders import DecoderPool
from inference.decoding.wire import Work
from inference.faces.search import FaceSearch
from moderation.errors import DecoderUnavailable, DecodingExceeded
from tests.clips import clip
from tests.hostile import repeated_gif


@pytest.fixture
async def pool() -> AsyncIterator[DecoderPool]:
    made = DecoderPool(processes=1)
    yield made
    await made.close()


@pytest.fixture
def quick(tmp_path: Path) -> Path:
    media = tmp_path / "quick"
    media.write_bytes(clip(frames=2))
    return media


@pytest.fixture
def slow(tmp_path: Path) -> Path:
    """Takes some seconds."""
    media = tmp_path / "slow"
    media.write_bytes(repeated_gif(1_000, width=1_200, height=1_000))
    return media


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def told_of(pid: int, what: str) -> str:
    """What the system tells of a process."""
    return Path(f"/proc/{pid}/{what}").read_text()


def sandboxes() -> list[int]:
    """The decoder processes of this one, those included that are not ready yet."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = (folder / "stat").read_text().rsplit(")", 1)[1].split()[1]
            if (
                parent == str(os.getpid())
                and b"inference.decoding.sandbox" in (folder / "cmdline").read_bytes()
            ):
                found.append(int(folder.name))
    return found


class OneFails(DecoderPool):
    """Its first process cannot be started."""

    _failed = False

    async def _start(self) -> DecoderProcess:
        if not self._failed:
            self._failed = True
            raise DecoderUnavailable("no process")
        return await super()._start()


async def until_starting() -> list[int]:
    async with asyncio.timeout(30):
        while not (starting := sandboxes()):  # noqa: ASYNC110 - nobody tells of it
            await asyncio.sleep(0.001)
    return starting


async def until_read(media: Path, pid: int) -> None:
    """Wait until a process has a media open."""
    files = Path(f"/proc/{pid}/fd")
    async with asyncio.timeout(30):
        while media not in [file.resolve() for file in files.iterdir()]:  # noqa: ASYNC110 - nobody tells of it
            await asyncio.sleep(0.001)


async def until_gone(pid: int) -> None:
    async with asyncio.timeout(30):
        while lives(pid):  # noqa: ASYNC110 - another process tells nobody
            await asyncio.sleep(0.01)


async def test_a_process_is_kept_for_the_next_media(pool: DecoderPool, quick: Path) -> None:
    await pool.extract(quick)
    first = pool.pids
    await pool.extract(quick)

    assert pool.pids == first


async def test_a_process_is_replaced_after_its_share_of_media(quick: Path) -> None:
    pool = DecoderPool(processes=1, jobs_per_process=2)
    try:
        seen = []
        for _ in range(4):
            await pool.warm()
            seen += pool.pids
            await pool.extract(quick)
        assert seen[0] == seen[1] != seen[2] == seen[3]
        assert not lives(seen[0])
    finally:
        await pool.close()


async def test_warming_starts_all_processes_and_only_once() -> None:
    pool = DecoderPool(processes=2)
    try:
        await pool.warm()
        pids = pool.pids
        await pool.warm()
        assert len(set(pids)) == 2
        assert sorted(pool.pids) == sorted(pids)
    finally:
        await pool.close()
    assert not any(lives(pid) for pid in pids)


async def test_processes_that_start_are_kept_where_another_cannot() -> None:
    pool = OneFails(processes=3)
    try:
        with pytest.raises(DecoderUnavailable, match="no process"):
            await pool.warm()
        kept = pool.pids
        assert sorted(kept) == sorted(sandboxes())
        assert len(kept) == 2
    finally:
        await pool.close()
    assert not any(lives(pid) for pid in kept)


async def test_closing_ends_a_process_that_is_still_starting() -> None:
    pool = DecoderPool(processes=1)
    warming = asyncio.create_task(pool.warm())
    starting = await until_starting()
    assert not pool.pids

    await pool.close()

    assert not any(lives(pid) for pid in starting)
    with pytest.raises(DecoderUnavailable):
        await warming


async def test_a_start_that_is_no_longer_wanted_is_ended() -> None:
    pool = DecoderPool(processes=1)
    warming = asyncio.create_task(pool.warm())
    starting = await until_starting()

    warming.cancel()
    with pytest.raises(asyncio.CancelledError):
        await warming

    assert not any(lives(pid) for pid in starting)
    await pool.close()


async def test_media_is_tried_again_when_its_process_is_killed(
    pool: DecoderPool, slow: Path
) -> None:
    await pool.warm()
    (pid,) = pool.pids
    extraction = asyncio.create_task(pool.extract(slow))
    await asyncio.sleep(0)
    os.kill(pid, signal.SIGKILL)

    found = await extraction

    assert found.facts.frames_sampled == 32
    assert pid not in pool.pids


async def test_media_whose_processes_are_killed_twice_is_too_costly(
    pool: DecoderPool, slow: Path
) -> None:
    await pool.warm()
    extraction = asyncio.create_task(pool.extract(slow))
    while not extraction.done():
        for pid in pool.pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        await asyncio.sleep(0.01)

    with pytest.raises(DecodingExceeded):
        await extraction


async def test_a_process_that_died_while_idle_costs_nothing(pool: DecoderPool, quick: Path) -> None:
    await pool.warm()
    os.kill(pool.pids[0], signal.SIGKILL)

    assert (await pool.extract(quick)).facts.frames_sampled == 2


async def test_a_media_that_is_no_longer_wanted_frees_its_place(
    pool: DecoderPool, slow: Path, quick: Path
) -> None:
    await pool.warm()
    (pid,) = pool.pids
    extraction = asyncio.create_task(pool.extract(slow))
    await until_read(slow, pid)
    extraction.cancel()
    with pytest.raises(asyncio.CancelledError):
        await extraction

    assert not lives(pid)
    assert (await pool.extract(quick)).facts.frames_sampled == 2


async def test_closing_ends_what_is_being_decoded(slow: Path) -> None:
    pool = DecoderPool(processes=1)
    await pool.warm()
    extraction = asyncio.create_task(pool.extract(slow))
    await until_read(slow, *pool.pids)
    await pool.close()

    with pytest.raises(DecoderUnavailable):
        await extraction


async def test_a_pool_that_cannot_start_a_process_is_unavailable(tmp_path: Path) -> None:
    work = Work(faces=FaceSearch(detector=tmp_path / "no-such-detector.onnx"))
    pool = DecoderPool(processes=1, work=work)
    with pytest.raises(DecoderUnavailable, match="no-such-detector"):
        await pool.warm()
    await pool.close()


async def test_a_process_sees_no_secret_of_the_worker(
    monkeypatch: pytest.MonkeyPatch, quick: Path
) -> None:
    monkeypatch.setenv("VERISCOPE_DATABASE__PASSWORD", "do-not-tell")
    pool = DecoderPool(processes=1)
    try:
        await pool.extract(quick)
        assert "do-not-tell" not in told_of(pool.pids[0], "environ")
    finally:
        await pool.close()


async def test_a_process_has_limits_and_no_privileges_to_gain(pool: DecoderPool) -> None:
    await pool.warm()
    (pid,) = pool.pids
    limits = {
        line[:26].strip(): line[26:].split()[0] for line in told_of(pid, "limits").splitlines()
    }

    assert limits["Max core file size"] == limits["Max file size"] == "0"
    assert int(limits["Max data size"]) == 2048 * 2**20
    assert int(limits["Max open files"]) <= 128
    assert limits["Max cpu time"] != "unlimited"
    assert "NoNewPrivs:\t1" in told_of(pid, "status")


async def test_the_pool_says_how_crops_are_made_as_extractions_do(
    pool: DecoderPool, quick: Path
) -> None:
    assert pool.preprocessing is None

    assert (await pool.extract(quick)).preprocessing == pool.preprocessing


async def test_a_process_that_gave_up_the_network_has_none(pool: DecoderPool) -> None:
    await pool.warm()
    if "network" not in pool.given_up:
        pytest.skip("this system lets no process give up the network")
    interfaces = told_of(pool.pids[0], "net/dev").splitlines()[2:]

    assert [line.split(":")[0].strip() for line in interfaces] == ["lo"]


def test_processes_end_with_a_worker_that_is_killed() -> None:
    script = (
        "import asyncio, time\n"
        "from inference.decoding.decoders import DecoderPool\n"
        "async def main():\n"
        "    pool = DecoderPool(processes=1)\n"
        "    await pool.warm()\n"
        "    print(pool.pids[0], flush=True)\n"
        "    time.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    worker = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    with worker:
        pid = int(worker.stdout.readline())
        assert lives(pid)
        worker.kill()
    asyncio.run(until_gone(pid))
