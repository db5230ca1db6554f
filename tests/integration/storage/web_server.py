"""A web server on loopback that answers each path with the bytes it was given for it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

STALL = b"<stall>"


@dataclass(slots=True)
class WebServer:
    """`answers` are whole responses, head and body; `STALL` in one stops it there for good."""

    port: int
    answers: dict[str, bytes] = field(default_factory=dict)
    requests: list[bytes] = field(default_factory=list)

    def url(self, path: str, host: str = "127.0.0.1", scheme: str = "http") -> str:
        return f"{scheme}://{host}:{self.port}{path}"


def answer(status: str = "200 OK", body: bytes = b"", **headers: str) -> bytes:
    """A response; a header's underscores stand for dashes, and its length is right by itself."""
    named = {"Content_Length": str(len(body)), "Connection": "close"} | headers
    head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in named.items())
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body


@asynccontextmanager
async def web_server(
    tls: ssl.SSLContext | None = None, *, host: str = "127.0.0.1"
) -> AsyncIterator[WebServer]:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, ssl.SSLError):
            request = await reader.readuntil(b"\r\n\r\n")
            web.requests.append(request)
            path = request.split(b" ", 2)[1].decode()
            content, stall, _ = web.answers.get(path, answer("404 Not Found")).partition(STALL)
            writer.write(content)
            await writer.drain()
            if stall:
                await reader.read()  # until the client goes away
        writer.close()

    server = await asyncio.start_server(serve, host, 0, ssl=tls)
    web = WebServer(port=server.sockets[0].getsockname()[1])
    async with server:
        yield web
