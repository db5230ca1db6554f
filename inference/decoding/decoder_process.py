"""One decoder process, seen from the worker: started, given one media at a time, killed."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from inference.decoding.confinement import close_to_others
from inference.decoding.wire import Work, extraction_from, packed, receive_async
from inference.ports import Extraction
from inference.provenance.records import provenance_from
from moderation.errors import DecoderUnavailable, DecodingExceeded, Inconsistent, MediaRejected
from moderation.provenance import Provenance, unread

_START_SECONDS = 60.0
_END_SECONDS = 10.0
_BUFFER_BYTES = 2**20

# What a decoder process gets to see of the worker's environment: no secret, no setting.
_ENVIRONMENT = ("PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "VIRTUAL_ENV", "TZ")


class Crashed(Exception):
    """A decoder process died over a media, or answered nonsense."""

    def __init__(self, returncode: int | None) -> None:
        super().__init__(f"a decoder process ended with {returncode}")
        self.killed = returncode == -signal.SIGKILL
        self.out_of_time = returncode == -signal.SIGXCPU


def _by_name(branch: type[MediaRejected]) -> Iterator[tuple[str, type[MediaRejected]]]:
    yield branch.__name__, branch
    for error in branch.__subclasses__():
        yield from _by_name(error)


# The errors that may come back over the pipe, by their names.
REJECTIONS = dict(_by_name(MediaRejected))


class DecoderProcess:
    """`usable` is False while a media is in it, and for ever once that went wrong.

    `given_up` says what the process could be denied (see `inference.decoding.confinement`),
    `preprocessing` how it makes crops.
    """

    def __init__(
        self, process: Process, given_up: tuple[str, ...] = (), preprocessing: str = ""
    ) -> None:
        self._process = process
        self.given_up = given_up
        self.preprocessing = preprocessing
        self.jobs = 0
        self.usable = True

    @property
    def pid(self) -> int:
        return self._process.pid

    @classmethod
    async def start(cls, work: Work) -> DecoderProcess:
        """Start a process and wait until it is ready; it cannot read this one's memory.

        Raises:
            DecoderUnavailable: it cannot be started, or does not get ready.
        """
        close_to_others()
        try:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-P", "-m", "inference.decoding.sandbox"),
                stdin=PIPE,
                stdout=PIPE,
                stderr=None if sys.stderr is sys.__stderr__ else DEVNULL,
                limit=_BUFFER_BYTES,
                env=_environment(work),
                cwd="/",
                start_new_session=True,  # a Ctrl-C in the terminal is the worker's to handle
            )
        except (OSError, ValueError) as error:
            raise DecoderUnavailable(f"no decoder process can be started: {error}") from error
        starting = cls(process)
        try:
            async with asyncio.timeout(_START_SECONDS):
                answer, _ = await starting._ask({"work": work.record(), "parent": os.getpid()})
            if "ready" in answer:
                return cls(process, tuple(answer["ready"]), str(answer["preprocessing"]))
            await starting.kill()
            raise DecoderUnavailable(f"a decoder process cannot work: {answer['unready']}")
        except (Crashed, TimeoutError, KeyError, TypeError) as error:
            await starting.kill()
            raise DecoderUnavailable("a decoder process does not get ready") from error
        except BaseException:
            await starting.kill()
            raise

    async def extract(self, media: Path, *, sha256: str, wall_seconds: float) -> Extraction:
        """Do one media, of which `sha256` is the hash.

        Raises:
            MediaRejected: the process says so, or exceeded the processor time or `wall_seconds`.
            Inconsistent: a defect of our own code in the process.
            Crashed: the process died over it, or answered nonsense.
        """
        self.jobs += 1
        try:
            answer, body = await self._do("extract", media, wall_seconds)
        except TimeoutError as error:
            raise DecodingExceeded(f"not decoded within {wall_seconds:.0f} s") from error
        except Crashed as error:
            if error.out_of_time:
                raise DecodingExceeded("decoding took too much processor time") from error
            raise
        found = _understood(answer, body)
        if isinstance(found, Extraction) and (
            (found.facts.sha256, found.preprocessing) != (sha256, self.preprocessing)
        ):
            raise Crashed(None)  # it would put a verdict on other bytes than it was given
        self.usable = True
        if isinstance(found, Exception):
            raise found
        return found

    async def provenance(self, media: Path, *, wall_seconds: float) -> Provenance:
        """Read what a media says of its origin, after it was extracted.

        Raises:
            TimeoutError: not within `wall_seconds`.
            Crashed: the process died over it, or answered nonsense.
        """
        answer, _ = await self._do("provenance", media, wall_seconds)
        try:
            told = provenance_from(answer["told"]) if "told" in answer else unread("reader_failed")
        except (KeyError, TypeError, ValueError) as error:
            raise Crashed(None) from error
        self.usable = True
        return told

    async def _do(self, job: str, media: Path, wall_seconds: float) -> tuple[dict[str, Any], bytes]:
        """Raises: TimeoutError, Crashed."""
        self.usable = False
        async with asyncio.timeout(wall_seconds):
            return await self._ask({"job": job, "media": str(media)})

    async def kill(self) -> None:
        """End the process, whatever it does, and wait until it is gone."""
        self.usable = False
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._gone()

    async def _gone(self) -> int:
        """Wait until the process has ended; its return code.

        asyncio tells of the end only when the pipes are read to theirs, and it stops
        reading an answer that nobody takes.
        """
        if self._process.stdin is not None:
            self._process.stdin.close()
        if self._process.stdout is not None:
            with suppress(RuntimeError):  # somebody else is reading it to its end
                await self._process.stdout.read()
        return await self._process.wait()

    async def _ask(self, header: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        """Raises: Crashed."""
        target, source = self._process.stdin, self._process.stdout
        if target is None or source is None:
            raise Inconsistent("a decoder process without pipes")
        try:
            target.write(packed(header))
            await target.drain()
            return await receive_async(source)
        except (OSError, EOFError) as error:
            raise Crashed(await self._returncode()) from error
        except (ValueError, RecursionError) as error:  # JSON may be nested deeper than Python reads
            await self.kill()
            raise Crashed(None) from error

    async def _returncode(self) -> int | None:
        """Say how a process ended that hung up.

        It is not killed to be sure: Popen's `kill` would reap it before asyncio does, and
        the signal that tells why it ended would be lost.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(_END_SECONDS):
                return await self._gone()
        await self.kill()
        return None


def _understood(answer: dict[str, Any], body: bytes) -> Extraction | MediaRejected | Inconsistent:
    """Raises: Crashed, where the process answers what none of ours would."""
    try:
        if "found" in answer:
            return extraction_from(answer["found"], body)
        if "rejected" in answer:
            return REJECTIONS[answer["rejected"]](str(answer["detail"])[:500])
        return Inconsistent(f"a defect in a decoder process: {answer['defect']}")
    except (KeyError, TypeError, ValueError) as error:
        raise Crashed(None) from error


def _environment(work: Work) -> dict[str, str]:
    threads = str(work.limits.threads)
    kept = {name: os.environ[name] for name in _ENVIRONMENT if name in os.environ}
    return {
        **kept,
        "LANG": "C.UTF-8",
        "MALLOC_ARENA_MAX": "2",  # each thread's own arena would count, and stay
        "OMP_NUM_THREADS": threads,
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
