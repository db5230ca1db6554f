"""Runs an HTTP application inside a process that has other things to do."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import uvicorn
from fastapi import FastAPI

from moderation.errors import InvalidConfiguration


class HttpServer(uvicorn.Server):
    """A uvicorn server that leaves signals to the process it runs in."""

    def __init__(self, app: FastAPI, *, host: str, port: int) -> None:
        """Listen at once, so that a taken port is known before anything else starts.

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
                timeout_graceful_shutdown=5,
            )
        )
        try:
            self._socket = socket.create_server((host, port))
        except OSError as error:
            raise InvalidConfiguration(
                f"cannot listen on {host}:{port} ({error.strerror}): "
                "set VERISCOPE_HTTP__PORT to another port"
            ) from error

    @property
    def url(self) -> str:
        host, port = self._socket.getsockname()[:2]
        return f"http://{f'[{host}]' if ':' in host else host}:{port}"

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none: the process stops its parts in an order of its own."""
        yield

    async def run_until_stopped(self) -> None:
        await self.serve(sockets=[self._socket])

    def stop(self) -> None:
        self.should_exit = True
