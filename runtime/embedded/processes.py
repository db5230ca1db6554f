"""A server started beside Veriscope: until it is ready, until it is ended, and never longer."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from moderation.errors import PartUnavailable

GUARD = Path(__file__).with_name("guard.py")
LOOPBACK = "127.0.0.1"

_POLL_SECONDS = 0.05
_WATCH_SECONDS = 0.5
_SHOWN_LOG_LINES = 8


def free_ports(count: int) -> list[int]:
    """Ports of loopback on which nobody listens, all different.

    Another process may take one before it is used; a start that fails for it
    says so in its log.
    """
    sockets = [socket.create_server((LOOPBACK, 0)) for _ in range(count)]
    ports = [opened.getsockname()[1] for opened in sockets]
    for opened in sockets:
        opened.close()
    return ports


async def accepts_connections(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(LOOPBACK, port)
    except OSError:
        return False
    writer.close()
    return True


@dataclass(kw_only=True)
class Server:
    """One command, run under `guard.py`; it can be started again after it ended.

    `ready` says whether it serves. Its output is appended to `log`. `tidy` removes
    what it leaves behind when it is killed; it is called before each start and
    after each end. Nothing here
    belongs to an event loop, so that tests may share a server between loops.
    """

    name: str
    command: Sequence[str]
    log: Path
    ready: Callable[[], Awaitable[bool]]
    environment: Mapping[str, str] = field(default_factory=dict)
    start_seconds: float = 60.0
    stop_seconds: float = 10.0
    stop_signal: signal.Signals = signal.SIGTERM
    tidy: Callable[[], None] = lambda: None
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    async def ended(self) -> int:
        """Wait until it ends by itself, and return its exit code as a shell tells it."""
        process = self._process
        if process is None:
            raise RuntimeError(f"{self.name} was not started")
        while (code := process.poll()) is None:  # noqa: ASYNC110 (no loop owns it)
            await asyncio.sleep(_WATCH_SECONDS)
        return code if code >= 0 else 128 - code

    async def start(self) -> None:
        """Start the command, and return once it is ready.

        Raises:
            PartUnavailable: it ended, or was not ready in time; it is not left running.
        """
        if self.running:
            return
        await self.kill()  # what is left of one that ended by itself
        self.tidy()
        self._launch()
        try:
            await self._until_ready()
        except BaseException:
            await self.kill()
            raise

    async def stop(self) -> None:
        """Ask it to end; kill it when it has not after `stop_seconds`."""
        if self._process is None:
            return
        if self.running:
            self._process.send_signal(self.stop_signal)
            await self._until_ended(self.stop_seconds)
        await self.kill()

    async def kill(self) -> None:
        """End it and all it started at once, as a lost machine would."""
        if self._process is None:
            return
        if self._process.stdin is not None:
            self._process.stdin.close()  # what the guard waits for
        if not await self._until_ended(self.stop_seconds):
            self._process.kill()
        self._process.wait()
        self._process = None
        self.tidy()

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    async def __aenter__(self) -> Server:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    def _launch(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(  # noqa: S603 (our own command, no shell)
                # -I -S: the guard needs the standard library only, and starts in 20 ms.
                [sys.executable, "-I", "-S", str(GUARD), *self.command],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self.environment},
                start_new_session=True,  # a Ctrl-C in the terminal is Veriscope's alone
            )

    async def _until_ready(self) -> None:
        until = time.monotonic() + self.start_seconds
        while not await self.ready():
            if not self.running:
                raise PartUnavailable(f"{self.name} ended while it started: {self._last_words()}")
            if time.monotonic() > until:
                raise PartUnavailable(
                    f"{self.name} was not ready after {self.start_seconds:g} s: "
                    f"{self._last_words()}"
                )
            await asyncio.sleep(_POLL_SECONDS)

    async def _until_ended(self, seconds: float) -> bool:
        until = time.monotonic() + seconds
        while self.running and time.monotonic() < until:  # noqa: ASYNC110 (no loop owns it)
            await asyncio.sleep(_POLL_SECONDS)
        return not self.running

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-_SHOWN_LOG_LINES:]
        return " | ".join(line.strip() for line in lines) or "it said nothing"


@asynccontextmanager
async def watched(server: Server, tell: Callable[[int], None]) -> AsyncIterator[None]:
    """Run a server while the block lasts; should it end before, `tell` is given its exit code."""

    async def watch() -> None:
        tell(await server.ended())

    async with server:
        watching = asyncio.create_task(watch())
        try:
            yield
        finally:
            watching.cancel()
