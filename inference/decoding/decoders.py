"""A pool of decoder processes: a hostile file costs one of them, never the worker."""

from __future__ import annotations

import asyncio
import hashlib
import os
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

from inference.decoding.decoder_process import Crashed, DecoderProcess
from inference.decoding.lanes import Lanes
from inference.decoding.wire import Work
from inference.ports import Extraction
from moderation.errors import DecoderUnavailable, DecodingExceeded, UnreadableMedia
from moderation.provenance import Provenance, unread


class DecoderPool:
    """A FaceExtractor on `processes` sandboxed processes, each with one media at a time.

    A process starts when it is first needed (or in `warm`), waits idle between media,
    and is replaced after `jobs_per_process` of them, or when one went wrong. Media that
    are not urgent leave the last free process to those that are.
    """

    def __init__(
        self,
        *,
        processes: int | None = None,
        work: Work | None = None,
        wall_seconds: float = 180.0,
        provenance_seconds: float = 30.0,
        jobs_per_process: int = 1000,
    ) -> None:
        self._processes = processes or os.cpu_count() or 1
        self._work = work or Work()
        self._wall_seconds = wall_seconds
        self._provenance_seconds = provenance_seconds
        self._jobs_per_process = jobs_per_process
        self._lanes = Lanes(self._processes)
        self._idle: list[DecoderProcess] = []
        self._busy: set[DecoderProcess] = set()
        self._starting: set[asyncio.Task[DecoderProcess]] = set()
        self._closed = False
        self._preprocessing: str | None = None

    @property
    def preprocessing(self) -> str | None:
        """How crops are made, as extractions say; None before the first process got ready."""
        return self._preprocessing

    @property
    def pids(self) -> list[int]:
        """Those of the processes that live."""
        return [process.pid for process in [*self._idle, *self._busy]]

    @property
    def given_up(self) -> frozenset[str]:
        """What every living process could be denied; empty while there is none."""
        alive = [set(process.given_up) for process in [*self._idle, *self._busy]]
        return frozenset(set.intersection(*alive)) if alive else frozenset()

    async def warm(self) -> None:
        """Start all processes now, so that the first media need not wait.

        Raises:
            DecoderUnavailable: one cannot be started; those that could are kept.
        """
        async with AsyncExitStack() as places:
            for _ in range(self._processes):
                await places.enter_async_context(self._lanes.place(urgent=True))
            missing = self._processes - len(self._idle)
            outcomes = await asyncio.gather(
                *(self._add() for _ in range(missing)), return_exceptions=True
            )
            for outcome in outcomes:
                if outcome is not None:
                    raise outcome

    async def extract(self, media: Path, *, urgent: bool = True) -> Extraction:
        """Decode, detect, track and crop a local file, by its absolute path.

        A process that dies may have been brought down by what came before, so the
        media is tried once more, in a fresh one. Provenance is asked for afterwards: one
        that cannot be read ends a process and nothing else.

        Raises:
            MediaRejected: the file cannot be judged, or costs more than it may.
            DecoderUnavailable: no process could be started, or the pool is closed.
            Inconsistent: a defect of our own in the process.
        """
        async with self._lanes.place(urgent=urgent):
            # Before a process sees the file: one that was taken over might change it.
            sha256 = await asyncio.to_thread(_sha256, media)
            try:
                return await self._once(media, sha256, fresh=False)
            except Crashed:
                pass
            try:
                return await self._once(media, sha256, fresh=True)
            except Crashed as crash:
                if crash.killed:  # by the system, which was out of memory
                    raise DecodingExceeded("decoding needed more memory than there is") from crash
                raise UnreadableMedia("decoding it ends the decoder") from crash

    async def close(self) -> None:
        """End all processes; media that are being decoded end with DecoderUnavailable."""
        self._closed = True
        for start in self._starting:
            start.cancel()
        starts = await asyncio.gather(*self._starting, return_exceptions=True)
        started = [process for process in starts if isinstance(process, DecoderProcess)]
        processes = [*started, *self._idle, *self._busy]
        self._idle.clear()
        await asyncio.gather(*(process.kill() for process in processes))

    async def _once(self, media: Path, sha256: str, *, fresh: bool) -> Extraction:
        process = self._idle.pop() if self._idle and not fresh else await self._start()
        self._busy.add(process)
        try:
            found = await process.extract(media, sha256=sha256, wall_seconds=self._wall_seconds)
            return replace(found, provenance=await self._provenance(process, media))
        except Crashed as crash:
            if self._closed:
                raise DecoderUnavailable("the decoders were closed") from crash
            raise
        finally:
            self._busy.discard(process)
            await self._put_back(process)

    async def _provenance(self, process: DecoderProcess, media: Path) -> Provenance:
        try:
            return await process.provenance(media, wall_seconds=self._provenance_seconds)
        except TimeoutError:
            return unread("timed_out")
        except Crashed as crash:
            if self._closed:
                raise
            return unread("timed_out" if crash.out_of_time else "reader_died")

    async def _add(self) -> None:
        await self._put_back(await self._start())

    async def _start(self) -> DecoderProcess:
        """Raises: DecoderUnavailable, also where the pool is closed meanwhile."""
        if self._closed:
            raise DecoderUnavailable("the decoders were closed")
        start = asyncio.create_task(DecoderProcess.start(self._work))
        self._starting.add(start)
        try:
            process = await start
        except asyncio.CancelledError as error:
            caller = asyncio.current_task()
            if caller is not None and caller.cancelling():
                raise
            raise DecoderUnavailable("the decoders were closed") from error
        finally:
            self._starting.discard(start)
        if self._closed:  # in the very moment in which it got ready
            await process.kill()
            raise DecoderUnavailable("the decoders were closed")
        self._preprocessing = process.preprocessing
        return process

    async def _put_back(self, process: DecoderProcess) -> None:
        if process.usable and process.jobs < self._jobs_per_process and not self._closed:
            self._idle.append(process)
            return
        await process.kill()


def _sha256(media: Path) -> str:
    try:
        with media.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError as error:
        raise UnreadableMedia("the file went away before it was read") from error
