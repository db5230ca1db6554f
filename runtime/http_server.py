"""Runs an HTTP application inside a process that has other things to do."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator, Sequence

import uvicorn
from fastapi import FastAPI

from moderation.errors import InvalidConfiguration


class HttpServer(uvicorn.Server):
    """A uvicorn server that leaves signals to the process it runs in."""

    def __init__(self, app: FastAPI, *, host: str, port: int, proxies: Sequence[str] = ()) -> None:
        """Listen at once, so that a taken port is known before anything else starts.

        What `proxies` say of whom they ask for is believed, and nobody else.

        Raises:
            InvalidConfiguration: nothing can listen there.
        """
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                lifespan="off",
                server_header=False,
                proxy_headers=bool(proxies),
                forwarded_allow_ips=list(proxies),
                timeout_graceful_shutdown=5,
            )
        )
        self._socket = _listen(host, port)

    @property
    def url(self) -> str:
        return url_of(*self._socket.getsockname()[:2])

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none: the process stops its parts in an order of its own."""
        yield

    async def run_until_stopped(self) -> None:
        await self.serve(sockets=[self._socket])

    def stop(self) -> None:
        self.should_exit = True


def url_of(host: str, port: int) -> str:
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def check_port(host: str, port: int) -> None:
    """Raises: InvalidConfiguration, when nothing can listen there."""
    _listen(host, port).close()


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port))
    except OSError as error:
        why = os.strerror(error.errno) if error.errno else str(error)
        raise InvalidConfiguration(
            f"cannot listen on {host}:{port} ({why}): set VERISCOPE_HTTP__PORT to another port"
        ) from error
