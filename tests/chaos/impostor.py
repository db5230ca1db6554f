"""A Triton that says of its models what the real one says, and answers as it was told to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
from tritonclient.grpc import service_pb2_grpc

from tests.parts.scripted_triton import ScriptedTriton, empty, playing, sound

_PATIENCE_SECONDS = 5.0


class Impostor(ScriptedTriton):
    """Passes for the server at `real` until it is asked for scores."""

    def __init__(self, real: grpc.aio.Channel) -> None:
        super().__init__(empty, index={})
        self._real = service_pb2_grpc.GRPCInferenceServiceStub(real)

    async def ModelConfig(self, request: Any, context: Any) -> Any:  # noqa: N802
        return await self._real.ModelConfig(request, timeout=_PATIENCE_SECONDS)

    async def ModelMetadata(self, request: Any, context: Any) -> Any:  # noqa: N802
        return await self._real.ModelMetadata(request, timeout=_PATIENCE_SECONDS)


def one_too_many(crops: int) -> Any:
    return sound(crops + 1)


@asynccontextmanager
async def impostor_of(real: str) -> AsyncIterator[tuple[Impostor, str]]:
    """Serve on loopback; yields the impostor and its address."""
    async with grpc.aio.insecure_channel(real) as channel:
        impostor = Impostor(channel)
        async with playing(impostor) as address:
            yield impostor, address
