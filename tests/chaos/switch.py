"""A TCP address behind which stands whatever it was last pointed to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from runtime.embedded.processes import LOOPBACK

_CHUNK_BYTES = 64 * 1024


class Switch:
    """Forwards connections to `target` (HOST:PORT); pointed elsewhere, it cuts those it has.

    `traffic` counts chunks from either side, and connections for which nobody listened.
    """

    def __init__(self, target: str) -> None:
        self.traffic = 0
        self._target = target
        self._writers: set[asyncio.StreamWriter] = set()
        self._connections: set[asyncio.Task[None] | None] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()

    def point(self, target: str) -> None:
        self._target = target
        self.cut()

    def hold(self) -> None:
        """Pass nothing on, and lose nothing, until `release`."""
        self._flowing.clear()

    def release(self) -> None:
        self._flowing.set()

    def cut(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one connection to its end."""
        connection = asyncio.current_task()
        self._connections.add(connection)
        try:
            await self._joined(reader, writer)
        finally:
            self._connections.discard(connection)

    async def close(self) -> None:
        """Cut all connections, and return when they are gone."""
        self.release()
        self.cut()
        await asyncio.gather(*filter(None, self._connections))

    async def _joined(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, _, port = self._target.rpartition(":")
        try:
            far_reader, far_writer = await asyncio.open_connection(host, int(port))
        except OSError:
            self.traffic += 1
            writer.transport.abort()
            return
        ends = {writer, far_writer}
        self._writers |= ends
        try:
            await asyncio.gather(self._pass(reader, far_writer), self._pass(far_reader, writer))
        finally:
            self._writers -= ends

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while content := await reader.read(_CHUNK_BYTES):
                self.traffic += 1
                await self._flowing.wait()
                writer.write(content)
                await writer.drain()
        except OSError:  # the other end went away, or `cut` did it
            return
        finally:
            writer.close()


@asynccontextmanager
async def switched(target: str) -> AsyncIterator[tuple[Switch, str]]:
    """Listen on loopback; yields the switch and its address."""
    switch = Switch(target)
    server = await asyncio.start_server(switch.forward, LOOPBACK, 0)
    host, port = server.sockets[0].getsockname()
    try:
        yield switch, f"{host}:{port}"
    finally:
        server.close()
        await switch.close()
        await server.wait_closed()
